/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PAM module that does nothing: what loading any module costs. Built and loaded by bench_pam.c alone. */
#include <security/pam_modules.h>

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
