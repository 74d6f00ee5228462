/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the services of /etc/pam.d and /usr/lib/pam.d make of our lines: whether a refusal refuses, whether the line is
 * asked at all, whether whom we have no say about gets in, whether libpam can use the file. Serves check-config and
 * `pkg-admin status`.
 */
#pragma once

#include "common/findings.h"

/* Whether packages.d defines it. */
typedef bool pamcheck_is_package(const char *name, void *data);

/*
 * Walks through all services below `root` ("": this host) and tells of each line of ours that does not do what it should,
 * once: "FILE:7: what is wrong; how to write it". is_package may be NULL: packages are not judged. Into `guarded`, which
 * may be NULL, go the services that let nobody in whom our line refuses: "sshd", and "su (mode=report)" for one that only
 * tells. 0; -errno when the folder cannot be read.
 */
int pamcheck(const char *root, pamcheck_is_package *is_package, void *data, struct findings *findings,
             struct findings *guarded);
