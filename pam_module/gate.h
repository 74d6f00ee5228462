/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The phases of pam_accesspkg.so as a whole, in an object of their own (PATH_GATE): pam_accesspkg.so loads it for whoever is
 * not simply let in, and for sessions. While an upgrade replaces the two files they may be of two versions: what is here
 * must not change.
 */
#pragma once

#include <security/pam_modules.h>

/* As pam_sm_acct_mgmt and pam_sm_open_session. */
typedef int gate_phase(pam_handle_t *pamh, int flags, int argc, const char **argv);

/* What the object exports, as GATE_SYMBOL. */
struct gate_phases {
    gate_phase *account, *session;
};
#define GATE_SYMBOL "accesspkg_gate"
extern const struct gate_phases accesspkg_gate;

gate_phase gate_account; /* gate.c */
gate_phase gate_session; /* session.c */
