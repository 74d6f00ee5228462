/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files a request for a user without a grant: asks accesspkg-submit with what the application says, and checks its
 * answer. No answer can let a user in: only the grant file does (rule 1).
 */
#pragma once

#include "common/gate_options.h"
#include "pam_module/protocol.h"
#include "pam_module/verdict.h"

#include "common/names.h"

/* Texts are "" where the answer had none, and safe to show and log. */
struct submission {
    enum verdict verdict;
    char request[PROTOCOL_REQUEST_MAX + 1];
    char package[NAME_PACKAGE_MAX + 1];
    char state[NAME_PACKAGE_MAX + 1];       /* as people see it: "Pending approval" */
    char message[PROTOCOL_MESSAGE_MAX + 1]; /* one or two lines */
    char why[PROTOCOL_WHY_MAX + 1];
    char denial[PROTOCOL_DENIAL_MAX + 1]; /* a sentence about the request before, which was denied */
    /* What the person may take in an emergency. */
    char emergencies[GATE_PACKAGES_MAX][NAME_PACKAGE_MAX + 1];
    size_t n_emergencies;
    char waits[PROTOCOL_WAITS_MAX + 1];     /* what it waits for; "": waiting makes no sense */
    char outside[PROTOCOL_OUTSIDE_MAX + 1]; /* approvers who cannot get in here */
};

/* What the question says beyond user and packages: at most one of can_ask, justification and request. */
struct submission_terms {
    bool report;               /* file nothing, say what would become of it */
    bool can_ask;              /* answer VERDICT_REASON_WANTED rather than file without a justification */
    const char *justification; /* one line, UTF-8, at most BUS_TEXT_MAX bytes; NULL: none */
    const char *request;       /* report the state of this one; NULL: submit */
    const char *outside;       /* then: what was answered of it before; NULL: nothing */
    const char *emergency;     /* the one package to take in an emergency, with a justification; NULL: none */
    bool own_login_id; /* the process belongs to the judged user (su, sudo), and so does its login id */
};

/* `user` is canonical. Takes at most options->timeout seconds and a moment. Keeps no copy of a justification. */
void submission_file(pam_handle_t *pamh, const struct gate_options *options, const char *user,
                     const struct submission_terms *terms, struct submission *ret);

/*
 * Asks what waits for a decision of this user (a canonical name). ret->message is one line, or "" when nothing waits or
 * the question failed; ret->why says why it failed. ret->verdict means nothing. Takes at most `seconds` and a moment.
 */
void submission_waiting(const char *user, unsigned seconds, struct submission *ret);

/* Reads an answer of accesspkg-submit, or of any program that ran in its place. */
void submission_read(struct protocol_message *answer, struct submission *ret);
