/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks our lines in /etc/pam.d and /usr/lib/pam.d: does a refusal refuse, is the line asked at all, do exempt users
 * (such as root) get in, can libpam use the file? For check-config and `pkg-admin status`.
 */
#pragma once

#include "common/findings.h"

/* Says whether packages.d defines this package. */
typedef bool pamcheck_is_package(const char *name, void *data);

/*
 * Checks all services below `root` ("": this host); adds one finding for each line of ours that does not do what it
 * should: "FILE:7: what is wrong; how to write it". With is_package NULL, names of packages are not checked. `guarded`
 * (may be NULL) gets the services that refuse every user whom our line refuses: "sshd", or "su (mode=report)" for one
 * that only logs. 0; -errno when the folder cannot be read.
 */
int pamcheck(const char *root, pamcheck_is_package *is_package, void *data, struct findings *findings,
             struct findings *guarded);
