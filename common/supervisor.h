/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Speaks with the service manager that started this program: sd_notify(3) and sd_listen_fds(3) describe the protocol,
 * which others than systemd have, too. Programs started by hand have none.
 */
#pragma once

/* Tells it, as "READY=1". Nothing is told where nobody listens. */
void supervisor_notify(const char *state);

/* How many sockets it passed to this process, from descriptor 3 on. */
int supervisor_sockets(void);
