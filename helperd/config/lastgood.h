/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last policy that was good, kept as a copy of packages.d in the state folder: a start whose packages.d has
 * errors falls back to it, so that a typing error and a reboot do not lock everybody out.
 */
#pragma once

/* Copies the folder's *.conf to STATE/policy, replacing the copy before it. 0 or -errno (logged; the copy before
 * stays). */
int lastgood_save(const char *packages, const char *state);

/* Where the copy is. */
#define LASTGOOD_FOLDER "policy"
