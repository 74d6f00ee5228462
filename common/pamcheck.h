/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks our lines in /etc/pam.d and /usr/lib/pam.d: does a refusal refuse, is the line asked at all, do exempt users
 * (such as root) get in, can libpam use the file? For check-config and `pkg-admin status`.
 */
#pragma once

#include "common/findings.h"
#include "common/pamstack.h"

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

/*
 * The same for the account phase of one service, whose file may not be written yet. Without names of packages. True when it
 * has a line of ours; *ret_guarded when that refuses whom it should, or tells of them.
 */
bool pamcheck_service(const struct pamstack_place *place, const char *service, struct findings *findings,
                      bool *ret_guarded);

/* Calls `visit` with each service that has a file of its own, "other" left out. 0; -errno when there is no folder. */
typedef void pamcheck_visit(const char *service, void *data);
int pamcheck_each_service(const char *root, pamcheck_visit *visit, void *data);
