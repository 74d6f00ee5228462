/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of pam_accesspkg.so, from one table of names and defaults. Pure: no PAM, no log. An argument that is
 * not understood is reported to the caller and leaves the default, which is the stricter one. The module obeys the
 * options; pamcheck reports beforehand which arguments the module will ignore.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { GATE_PACKAGES_MAX = 16, GATE_TIMEOUT_MAX = 60, GATE_WAIT_MAX = 60 };

struct gate_options {
    const char *packages[GATE_PACKAGES_MAX]; /* point into argv; any one of them lets in */
    size_t n_packages;                       /* 0: the gate refuses every user */
    bool report;                             /* mode=report */
    bool submit;
    bool judge_user; /* judge=user: PAM_USER, also in a set-uid program */
    bool enforce_for_root;
    bool quiet;
    bool debug;
    unsigned timeout; /* seconds, 1 to GATE_TIMEOUT_MAX; of each exchange with accesspkgd */
    unsigned wait;    /* seconds for which a refused person may stay and retry, 0 to GATE_WAIT_MAX */
};

/* Called once for each ignored argument. */
typedef void gate_options_complain(const char *argument, const char *why, void *data);

void gate_options_parse(int argc, const char **argv, struct gate_options *ret,
                        gate_options_complain *complain, void *data);
