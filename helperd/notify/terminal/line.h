/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Composes one line for a terminal from a notice, by the table of common/outbox.h: its summary and the first command to
 * paste. Uses only its event, summary and commands. All text is made visible (rule 10). Pure.
 */
#pragma once

#include <jansson.h>

enum {
    LINE_SIZE = 512, /* with its zero */

    LINE_E_NOT_HERE = 1, /* the event is not for terminals, or unknown */
};

/* 0; LINE_E_NOT_HERE; -EINVAL: it lacks its event or its summary. */
int line_compose(const json_t *notice, char ret[LINE_SIZE]);
