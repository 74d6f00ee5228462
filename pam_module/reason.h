/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the person for the reason of a request. */
#pragma once

#include "dbus/contract.h"

#include <security/pam_modules.h>
#include <stdbool.h>

/* Says whether accesspkgd accepts this reason: one line of visible UTF-8, not blank, at most BUS_TEXT_MAX bytes. */
bool reason_is_good(const char *text);

enum reason_purpose {
    REASON_ACCESS,    /* the request is filed without a reason, too */
    REASON_EMERGENCY, /* the package is not taken without a reason */
};

struct reason_question {
    enum reason_purpose purpose;
    const char *package;
    /* An answer that equals it comes from a program that answers every prompt with the name, and counts as none. */
    const char *user;
    const char *before; /* a sentence to show first; "": none */
};

/*
 * Prompts, and once more after an answer that is not accepted. True with a reason, which the caller has to wipe.
 */
bool reason_ask(pam_handle_t *pamh, const struct reason_question *question, char ret[BUS_TEXT_MAX + 1]);
