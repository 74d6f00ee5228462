/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the administrator wrote behind pam_accesspkg.so. One table of names, defaults and help (options.c). Pure: no
 * PAM, no log; what cannot be understood is told to the caller, and leaves the default, which is the stricter one. The
 * module obeys them; pamcheck says beforehand which it will not understand.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { GATE_PACKAGES_MAX = 16, GATE_TIMEOUT_MAX = 60, GATE_WAIT_MAX = 60 };

struct gate_options {
    const char *packages[GATE_PACKAGES_MAX]; /* point into argv; any of them lets in */
    size_t n_packages;                       /* 0: nobody can hold what is asked for; the gate refuses */
    bool report;                             /* mode=report */
    bool submit;
    bool judge_user; /* judge=user: PAM_USER, also in a set-uid program */
    bool enforce_for_root;
    bool quiet;
    bool debug;
    unsigned timeout; /* seconds, 1 to GATE_TIMEOUT_MAX; of each exchange with accesspkgd */
    unsigned wait;    /* seconds for which the person is asked whether to look again, 0 to GATE_WAIT_MAX */
};

/* Told once for each argument that is left out of account, and why. */
typedef void gate_options_complain(const char *argument, const char *why, void *data);

void gate_options_parse(int argc, const char **argv, struct gate_options *ret,
                        gate_options_complain *complain, void *data);
