/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeps a copy of the last accesspkg.conf and packages.d without errors in the state folder. A start falls back to it
 * where the one or the other has errors, so that a typing error and a reboot do not lock all users out.
 */
#pragma once

/* Below the state folder. */
#define LASTGOOD_FOLDER "policy"

/* The settings there; empty where none were made. Its name is no package's. Copies of older versions lack it. */
#define LASTGOOD_CONFIG LASTGOOD_FOLDER "/settings"

/* Replaces the copy by the file `config`, which may be missing, and the *.conf files of the folder `packages`. 0, or
 * -errno (logged; the old copy stays). */
int lastgood_save(const char *config, const char *packages, const char *state);
