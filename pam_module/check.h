/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether who is judged holds one of the packages now, from the grant file alone (rule 1). The user's uid is looked
 * up after the file was read, so that the file of a user who was removed and made anew in between counts for nobody.
 */
#pragma once

#include "common/gate_options.h"
#include "common/grantfile.h"
#include "pam_module/judge.h"

#include <stdint.h>

enum check_outcome {
    CHECK_UNKNOWN_USER = 0, /* no such user; nothing else is set */
    CHECK_UNANSWERED,       /* whether there is one was not answered; nothing but `error` is set */
    CHECK_NONE,             /* no valid grant; `fault` says what is wrong with the file, NULL: nothing is */
    CHECK_HOLDS,
};

struct check {
    enum check_outcome outcome;
    const char *name; /* canonical, as getpwnam returns it; belongs to the handle */
    uid_t uid;
    const char *fault;  /* words for the log; static */
    int error;          /* an errno; 0 unless CHECK_UNANSWERED */
    int64_t assignment; /* by which the package is held; 0 unless CHECK_HOLDS */
};

/*
 * The grant file of who is judged: true with *ret_file, to be released with grant_user_deinit, where there is one that
 * can be trusted and is theirs. *ret is filled in any case, and never says CHECK_HOLDS. `state` is PATH_STATE but in
 * tests; `now` in seconds since the epoch.
 */
bool check_file(pam_handle_t *pamh, const char *state, const struct judged *judged, int64_t now,
                struct grant_user *ret_file, struct check *ret);

/* Whether that file gives one of the packages of the options now. */
void check_grant(pam_handle_t *pamh, const char *state, const struct judged *judged,
                 const struct gate_options *options, int64_t now, struct check *ret);
