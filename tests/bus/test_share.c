/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that are ready in the same moment share a commit, and each is answered with what became of its own (rule 2). The
 * moment is made: their look-ups wait for a word of this suite, and the daemon is stopped until all are answered.
 */
#include "dbus/variant.h"
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PACKAGES = 5, USERS = 3, CALLS = PACKAGES * USERS }; /* fewer than there are look-up processes */

#define WAL    "/var/lib/accesspkg/state.db-wal"
#define LOOKUP "/usr/libexec/accesspkg/accesspkg-lookup"
#define GATE   "/tmp/gate"

/* Who is in a group is asked of a process. */
#define GIVES      "[package]\ngroups = dbadmins\n[policy]\n"
#define REQUESTORS "requestors = alice carol dave %daemon\n"

static const char *const users[USERS] = {"alice", "carol", "dave"};

struct asking {
    const char *package;
    const char *expected; /* the state; NULL: they may not ask for it */
};

static bool is_answer(DBusMessage *answer, const struct asking *asking)
{
    json_t *values = variant_read_message(answer);
    const json_t *value = json_array_get(values, 0);
    const char *package = json_string_value(json_object_get(value, "package"));
    const char *state = json_string_value(json_object_get(value, "state"));
    const bool is =
        package && state && strcmp(package, asking->package) == 0 && strcmp(state, asking->expected) == 0;
    json_decref(values);
    return is;
}

static int ask(void *data)
{
    const struct asking *asking = data;
    struct client client;
    struct client_error error = {0};
    DBusMessage *call = dbus_message_new_method_call(BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "Submit");
    json_t *arguments = json_pack("[s, [s], {}]", "", asking->package);
    if (client_open(&client, &error) < 0 || variant_append_message(call, "sasa{sv}", arguments) < 0)
        return 1;
    DBusError refusal = DBUS_ERROR_INIT;
    DBusMessage *answer = dbus_connection_send_with_reply_and_block(client.connection, call, 60000, &refusal);
    if (!answer && !asking->expected)
        return dbus_error_has_name(&refusal, bus_error_name(BUS_ERROR_POLICY_REFUSED)) ? 0 : 2;
    if (!answer)
        fprintf(stderr, "%s\n", refusal.message);
    return answer && is_answer(answer, asking) ? 0 : 3;
}

/* Of the transactions that the log begins with now (the file format's own words: a frame with a size ends one). */
static int count_commits(void)
{
    unsigned char header[32], frame[24];
    int commits = 0;
    FILE *wal = fopen(WAL, "re");
    ck_assert_ptr_nonnull(wal);
    ck_assert_int_eq(fread(header, sizeof(header), 1, wal), 1);
    const long page =
        (long)header[8] << 24 | (long)header[9] << 16 | (long)header[10] << 8 | (long)header[11];
    while (fread(frame, sizeof(frame), 1, wal) == 1 && memcmp(frame + 8, header + 16, 8) == 0) {
        commits += (frame[4] | frame[5] | frame[6] | frame[7]) != 0;
        ck_assert_int_eq(fseek(wal, page, SEEK_CUR), 0);
    }
    fclose(wal);
    return commits;
}

static void start(void)
{
    FILE *config = fopen("/etc/accesspkg/accesspkg.conf", "we");
    ck_assert_ptr_nonnull(config);
    fputs("[decisions]\naccount_state = no\n[lookup]\ntimeout = 60s\n", config);
    fclose(config);
    live_start("p0", GIVES REQUESTORS "approval = none\n", NULL);
    for (int p = 1; p < PACKAGES; p++) {
        char name[16];
        snprintf(name, sizeof(name), "p%d", p);
        live_write_package(name, p < PACKAGES - 1 ? GIVES REQUESTORS "approvers = bob\n"
                                                  : GIVES "requestors = %daemon\napprovers = bob\n");
    }
    ck_assert_msg(live_run("root", "pkg-admin reload") == 0, "%s", live_output);
    /* A look-up opens the gate before it reads its question, and waits there for somebody who opens it, too. */
    live_expect("root",
                "cp " LOOKUP " /tmp/lookup && mkfifo -m 666 " GATE " && printf '#!/bin/sh\n: <" GATE
                "\nexec /tmp/lookup\n' >/tmp/waiting"
                " && chmod 755 /tmp/waiting && mount --bind /tmp/waiting " LOOKUP,
                0, "");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
}

static pid_t daemon_pid(void)
{
    ck_assert_int_eq(live_run("root", "pgrep -x accesspkgd"), 0);
    return (pid_t)strtol(live_output, NULL, 10);
}

/* Children of the daemon that are this program and wait in this call of the kernel's, with this first argument. */
static int count_waiting(pid_t daemon, const char *program, const char *waits)
{
    char command[256];
    snprintf(command, sizeof(command),
             "for p in $(pgrep -P %d -x %s); do cat /proc/$p/syscall; done | grep -c '^%s'", (int)daemon,
             program, waits);
    live_run("root", command);
    return atoi(live_output);
}

START_TEST(test_same_moment)
{
    static struct asking askings[PACKAGES];
    static char names[PACKAGES][16];
    pid_t pids[CALLS];
    const pid_t daemon = daemon_pid();
    const int before = count_commits();
    char opens[16], reads[16];
    snprintf(opens, sizeof(opens), "%d ", SYS_openat);
    snprintf(reads, sizeof(reads), "%d 0x0 ", SYS_read);
    for (int i = 0; i < CALLS; i++) {
        const int p = i / USERS;
        const bool refused = p == PACKAGES - 1;
        snprintf(names[p], sizeof(names[p]), "p%d", p);
        askings[p] = (struct asking){names[p], refused ? NULL : p == 0 ? "fulfilled" : "pending-approval"};
        pids[i] = live_fork(users[i % USERS], ask, &askings[p]);
    }
    while (count_waiting(daemon, "accesspkg-looku", opens) < CALLS)
        continue;
    ck_assert_int_eq(kill(daemon, SIGSTOP), 0);
    const int gate = open(GATE, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(gate, 0);
    while (count_waiting(daemon, "lookup", reads) < CALLS)
        continue;
    ck_assert_int_eq(kill(daemon, SIGCONT), 0);
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(live_join(pids[i]), 0);
    close(gate);
    const int commits = count_commits() - before; /* a second one may strike out notes of grant files */
    ck_assert_msg(commits == 1 || commits == 2, "%d", commits);
    for (int u = 0; u < USERS; u++)
        ck_assert(live_in_group(users[u], "dbadmins"));
}
END_TEST

int main(void)
{
    suite_case("share", start, live_stop);
    suite_add(test_same_moment);
    return suite_run();
}
