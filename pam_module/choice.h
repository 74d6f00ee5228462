/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the person at the gate, who waits for a decision, what to do next. Takes no decision itself. */
#pragma once

#include "common/names.h"
#include "pam_module/submission.h"

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>

enum choice { CHOICE_LEAVE = 0, CHOICE_LOOK, CHOICE_EMERGENCY };

struct choice_question {
    const struct submission *submission; /* how the request stands now */
    const struct submission *first; /* the answer that filed it: its denial and its emergencies are offered */
    int64_t end;                    /* when the login has waited for long enough (monotonic_ms) */
    bool again;                     /* it was asked before: what was said then is not repeated */
};

/*
 * Prompts until the answer is Enter, q or e. Anything else is answered with what they do; who answers otherwise three
 * times in a row (a program, which answers every prompt) leaves. With CHOICE_EMERGENCY ret has the package to take.
 */
enum choice choice_ask(pam_handle_t *pamh, const struct choice_question *question,
                       char ret[NAME_PACKAGE_MAX + 1]);
