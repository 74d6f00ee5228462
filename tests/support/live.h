/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The product running for real inside a private root: a system bus, accesspkgd as its own user, the installed
 * programs. For suites that tests/run starts through private-root. Waits for events, each bounded by a time-out.
 */
#pragma once

#include "dbus/client.h"

#include <stdbool.h>
#include <sys/types.h>

enum { LIVE_OUTPUT_MAX = 65536 };

/* Starts the bus, writes the packages (name, text, ..., NULL), the allow-list, and starts accesspkgd. */
void live_start(const char *first_name, ...) __attribute__((sentinel));
/* Ends what runs; the state stays in the private root until live_start, which begins anew. */
void live_stop(void);

void live_write_package(const char *name, const char *text);
void live_remove_package(const char *name);

/* accesspkgd alone. Starting waits until it says that it is ready; stopping gives its exit status, or minus the
 * signal that ended it. */
void live_start_daemon(void);
int live_stop_daemon(int signal);
/* The bus alone; live_start starts one. SIGSTOP makes it mute. */
void live_start_bus(void);
void live_signal_bus(int signal);
void live_kill_bus(void);

/*
 * accesspkg-privileged, as the bus would start it; gone when nothing was asked of it for `idle` seconds. Starting
 * returns when it has its name. Stopping and waiting give its exit status, as above.
 */
void live_start_privileged(unsigned idle);
int live_stop_privileged(int signal);
int live_wait_privileged(void);
void live_signal_privileged(int signal); /* SIGSTOP makes it mute */
/* True once when it has told its manager, since it was started, that it goes. */
bool live_privileged_stops(void);

/* Until somebody, or nobody, has this name on the bus. */
void live_wait_name(const char *name, bool owned);

/* accesspkg-notify with these limits (seconds), as its own user, out of this suite's way. Starting returns when it has
 * its name. Stopping gives its exit status, as above. notify.d is empty after live_start. */
void live_start_notify(const char *deadline, const char *pause);
int live_stop_notify(int signal);

/* Runs a shell command as this user; stdout and stderr in live_output. Its exit status. */
extern char live_output[LIVE_OUTPUT_MAX];
int live_run(const char *user, const char *command);
/* The same, which has to end with this status and to print these words. */
void live_expect(const char *user, const char *command, int status, const char *says);
/* Whether a look-up of the user's groups, as a login makes it, shows this one. */
bool live_in_group(const char *user, const char *group);
/* Reports changes of files in a folder: watch first, then look, then wait for the next one. False: none in 30 seconds. */
int live_watch(const char *folder);
bool live_changes(int watch);
/* Whether the user stands in the group's line of /etc/group. */
bool live_stands(const char *user, const char *group);

/*
 * A raw call on the bus from a process of this user's (arguments as client_call's). 0 with *ret_value, or the error.
 * loginuid: what the process sets as its own first; -1: leaves it.
 */
enum bus_error live_call(const char *user, long loginuid, const char *method, const char *signature,
                         json_t *arguments, json_t **ret_value);
extern char live_message[2048]; /* of the last error */
/* Whether this machine lets a test set its audit login uid. */
bool live_can_set_loginuid(void);

/* Runs `body` in a process of this user's; its return value is the exit status. Returns at once. */
pid_t live_fork(const char *user, int (*body)(void *data), void *data);
int live_join(pid_t pid);
