/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the person why they want in. */
#pragma once

#include "dbus/contract.h"

#include <security/pam_modules.h>
#include <stdbool.h>

/* Whether accesspkgd takes it for a reason: one line of visible UTF-8 with something in it, BUS_TEXT_MAX bytes at most. */
bool reason_is_good(const char *text);

enum reason_purpose {
    REASON_ACCESS,    /* without one it is asked for all the same */
    REASON_EMERGENCY, /* without one it is not taken */
};

/*
 * Prompts, once more where the answer cannot be taken. Whether there is a reason; it is the caller's to wipe. `user`:
 * an answer that is just this name comes from a program that answers prompts by rote, and is none.
 */
bool reason_ask(pam_handle_t *pamh, enum reason_purpose purpose, const char *package, const char *user,
                char ret[BUS_TEXT_MAX + 1]);
