/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two forms of a time, in the process's zone: one for people (commands, mail, messages, the gate), one for programs
 * and for what is read on other hosts (JSON, the journal, the audit log): RFC 3339. Both return ret; the number itself
 * when it is no valid time.
 */
#pragma once

#include <stdint.h>

enum { TIME_TEXT_MAX = 48 };

/* "Mon 2026-11-23 22:40 CET" */
char *time_people(int64_t time, char ret[TIME_TEXT_MAX]);

/* "2026-11-23T22:40:55+01:00" */
char *time_programs(int64_t time, char ret[TIME_TEXT_MAX]);
