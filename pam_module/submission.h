/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Having a request filed for who lacks a grant: the question made from what the application says, the answer of
 * accesspkg-submit taken apart and checked. Nothing that comes back can let anybody in: only the grant file does
 * (rule 1).
 */
#pragma once

#include "common/gate_options.h"
#include "pam_module/protocol.h"
#include "pam_module/verdict.h"

#include "common/names.h"

/* Texts are "" where the answer had none, and safe to be shown and logged. */
struct submission {
    enum verdict verdict;
    char request[PROTOCOL_REQUEST_MAX + 1];
    char package[NAME_PACKAGE_MAX + 1];
    char state[NAME_PACKAGE_MAX + 1];       /* as people see it: "Pending approval" */
    char message[PROTOCOL_MESSAGE_MAX + 1]; /* one or two lines */
    char why[PROTOCOL_WHY_MAX + 1];
    bool may_emergency;                 /* the person may take the package in an emergency */
    char waits[PROTOCOL_WAITS_MAX + 1]; /* whom or what it waits for; "": there is no use in waiting */
};

/* What is asked beyond the user and the packages; one of them, or none; but an emergency has its justification. */
struct submission_terms {
    bool can_ask;              /* answer VERDICT_REASON_WANTED rather than to file without a justification */
    const char *justification; /* one line, UTF-8, at most BUS_TEXT_MAX bytes; NULL: none */
    const char *request;       /* only look how this one stands; NULL: submit */
    const char *emergency;     /* the package that is taken in an emergency, alone; NULL: none */
    bool own_login_id; /* the process is of the user who is judged (su, sudo): its login id is theirs */
};

/* `user` is canonical. Takes options->timeout seconds at most, and a moment. Keeps no copy of a justification. */
void submission_file(pam_handle_t *pamh, const struct gate_options *options, const char *user,
                     const struct submission_terms *terms, struct submission *ret);

/*
 * What waits for a decision of this user, who is canonical: `message` is one line, "" where nothing is to be said; then
 * `why` may say why it could not be found out. `verdict` means nothing. Takes `seconds` at most, and a moment.
 */
void submission_waiting(const char *user, unsigned seconds, struct submission *ret);

/* The answer's side alone: what a message from accesspkg-submit (or from whatever ran in its place) amounts to. */
void submission_read(struct protocol_message *answer, struct submission *ret);
