/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Having a request filed for who lacks a grant: the question made from what the application says, the answer of
 * accesspkg-submit taken apart and checked. Nothing that comes back can let anybody in: only the grant file does
 * (rule 1).
 */
#pragma once

#include "pam_module/options.h"
#include "pam_module/protocol.h"
#include "pam_module/verdict.h"

#include "common/names.h"

enum { SUBMISSION_REQUEST_MAX = 19 }; /* digits of a request's number */

/* Texts are "" where the answer had none, and safe to be shown and logged. */
struct submission {
    enum verdict verdict;
    char request[SUBMISSION_REQUEST_MAX + 1];
    char package[NAME_PACKAGE_MAX + 1];
    char state[NAME_PACKAGE_MAX + 1];
    char message[PROTOCOL_MESSAGE_MAX + 1]; /* one or two lines */
    char why[PROTOCOL_WHY_MAX + 1];
};

/* `user` is canonical. Takes options->timeout seconds at most, and a moment. */
void submission_file(pam_handle_t *pamh, const struct options *options, const char *user,
                     struct submission *ret);

/* The answer's side alone: what a message from accesspkg-submit (or from whatever ran in its place) amounts to. */
void submission_read(struct protocol_message *answer, struct submission *ret);
