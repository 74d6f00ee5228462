/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A notice as one line for a terminal, by the table of common/outbox.h: what happened, and the first command that may be
 * pasted. Of the notice only event, summary and commands are used. Visible text alone, whatever stood there (rule 10).
 * Pure.
 */
#pragma once

#include <jansson.h>

enum {
    LINE_SIZE = 512, /* with its zero */

    LINE_E_NOT_HERE = 1, /* such an event is not for terminals; so is one that this version does not know */
};

/* 0; LINE_E_NOT_HERE; -EINVAL: it lacks its event or its summary. */
int line_compose(const json_t *notice, char ret[LINE_SIZE]);
