/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does the judged user hold one of the packages now? The grant file alone says so (rule 1). The uid is looked up after
 * the file was read, so that an account removed and created again in between does not get its predecessor's file.
 */
#pragma once

#include "common/gate_options.h"
#include "common/grantfile.h"
#include "common/usage.h"
#include "pam_module/judge.h"
#include "pam_module/verdict.h"

#include <stdint.h>

enum check_outcome {
    CHECK_UNKNOWN_USER = 0, /* no such user; nothing else is set */
    CHECK_UNANSWERED,       /* the user's look-up failed; nothing but `error` is set */
    CHECK_NONE,             /* no valid grant; `fault` says what is wrong with the file, NULL: nothing */
    CHECK_HOLDS,
};

struct check {
    enum check_outcome outcome;
    const char *name; /* canonical, as getpwnam returns it; belongs to the handle */
    uid_t uid;
    bool locked;              /* pkg-admin lock */
    const char *fault;        /* words for the log; static */
    int error;                /* an errno; 0 unless CHECK_UNANSWERED */
    struct usage_subject use; /* the assignment that gives the package; 0 unless CHECK_HOLDS */
};

/* Where and when to look. */
struct check_context {
    pam_handle_t *pamh;
    const char *state; /* PATH_STATE, except in tests */
    int64_t now;       /* seconds since the epoch */
};

/*
 * Reads the judged user's grant file. True when it can be trusted and is theirs; then *ret_file is to be released with
 * grant_user_deinit. Fills *ret in any case, never with CHECK_HOLDS.
 */
bool check_read_file(const struct check_context *context, const struct judged *judged,
                     struct grant_user *ret_file, struct check *ret);

/* Reads that file and looks for a package of the options that holds now. */
void check_grant(const struct check_context *context, const struct judged *judged,
                 const struct gate_options *options, struct check *ret);

/* What follows from that without asking anybody; VERDICT_NO_GRANT where somebody may be asked. */
enum verdict check_verdict(const struct check *check, const struct gate_options *options);
