/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units of systemd that ask PAM themselves, before a service starts. Reads their files alone. */
#pragma once

/* The first unit below `root` with PAMName= of this service ("report.service"): new memory; NULL: none. */
char *configure_units_find(const char *root, const char *service);
