/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a copy of the last packages.d without errors in the state folder. A start falls back to it when packages.d has
 * errors, so that a typing error and a reboot do not lock all users out.
 */
#pragma once

/* Below the state folder. */
#define LASTGOOD_FOLDER "policy"

/* Replaces the copy by the *.conf files of the folder `packages`. 0, or -errno (logged; the old copy stays). */
int lastgood_save(const char *packages, const char *state);
