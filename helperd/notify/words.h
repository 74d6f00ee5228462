/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Composes the text of a notice for people, by the tables of common/outbox.h and words.c. Text that a user typed is
 * made visible (rule 10). Pure, except for the time zone.
 */
#pragma once

#include <jansson.h>

/*
 * Adds "summary" (one line), "text" (lines) and "commands" (an array of lines to paste), and of a request, where `url` of
 * the page for Cockpit is not NULL, "link", which opens the page there. 0; -EINVAL: its event is missing or unknown;
 * -ENOMEM.
 */
int words_add(json_t *notice, const char *url);

/* Makes its times text, as programs read them (common/timetext.h). 0, or -ENOMEM. */
int words_write_times(json_t *notice);
