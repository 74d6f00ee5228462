/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A second daemon, floods and calls at random, on the real daemon: nothing stops for others. */
#include "tests/support/live.h"
#include "tests/support/live_calls.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASKED "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\napprovers = bob\n"
#define FREE  "[package]\ngroups = dbadmins backup\n[policy]\napproval = none\nduration = 1h\n"

static void teardown(void)
{
    live_stop();
    live_run("root", "for user in alice carol dave; do for group in "
                     "dbadmins backup; do gpasswd -d $user $group; done; done");
}

/* ---- a second daemon ---- */

static void setup(void)
{
    live_start("asked", ASKED, "free", FREE, NULL);
}

/* It ends before it has touched anything, and says why; the first one goes on. */
START_TEST(test_second_daemon)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root",
                "find /var/lib/accesspkg -newer /etc/accesspkg -printf '%p %T@\\n' | sort >/tmp/before", 0,
                "");
    live_expect("accesspkg", "/usr/sbin/accesspkgd", 69, "another accesspkgd is running");
    live_expect(
        "root",
        "find /var/lib/accesspkg -newer /etc/accesspkg -printf '%p %T@\\n' | sort | diff /tmp/before -", 0,
        "");
    live_expect("carol", "pkg-request submit free", 0, "You hold free");
    ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL); /* the lock goes with it */
    live_start_daemon();
    live_expect("carol", "pkg-request return free", 0, "handed back");
}
END_TEST

/* Nobody who may not read the store can keep the daemon from starting. */
START_TEST(test_lock_is_the_daemon_s)
{
    live_expect("alice", "flock -n /var/lib/accesspkg/state.lock true", 66, "Permission denied");
    live_expect("root", "stat -c '%U %a' /var/lib/accesspkg/state.lock", 0, "accesspkg 600");
}
END_TEST

/* ---- floods ---- */

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

#define CROWD                                                                                                \
    "[package]\ngroups = dbadmins\n[policy]\nemergency = carol\n[stage 1]\napprovers = bob %crowd\n"         \
    "fallback_approvers = %crowd\nescalate_after = 1h\n"

/* A group of 500 people who all exist, of 5,000 in `make check-load`. */
static void setup_crowd(void)
{
    live_expect("root", "cp /etc/passwd /etc/group /root/", 0, "");
    setenv("LAST", suite_load(0, 1) ? "25000" : "20500", 1);
    live_expect("root", "seq 20001 $LAST | sed 's,.*,u&:x:&:100::/nonexistent:/bin/sh,' >>/etc/passwd", 0,
                "");
    live_expect("root", "seq -s, -f 'u%g' 20001 $LAST | sed 's/^/crowd:x:3000:/' >>/etc/group", 0, "");
    live_start("crowd", CROWD, "asked", ASKED, NULL);
}

static void teardown_crowd(void)
{
    live_expect("root", "cat /root/passwd >/etc/passwd && cat /root/group >/etc/group", 0, "");
    teardown();
}

enum { FLOOD = 100 };

/* One after the other, whatever the answer is; 0 when each was one. */
static int flood(void *data)
{
    const char *method = data;
    const bool is_delegate = strcmp(method, "Delegate") == 0;
    struct client client;
    struct client_error error;
    client_deadline(60);
    if (client_open(&client, &error) < 0)
        return 1;
    for (int i = 0; i < FLOOD; i++) {
        json_t *value = NULL;
        json_t *arguments = json_pack("[s, s]", "crowd", i % 2 ? "" : "a\nb\033[2J");
        if (is_delegate)
            arguments = json_pack("[s, {s:I}]", i % 2 ? "bob" : "nobody-of-this-name", "until",
                                  (json_int_t)(time(NULL) + 600));
        const int r = client_call(&client, client_message(method, is_delegate ? "sa{sv}" : "ss", arguments),
                                  &value, &error);
        json_decref(value);
        if (r < 0 && error.code == BUS_ERROR_UNAVAILABLE && !strstr(error.message, "in time"))
            return 2;
    }
    client_close(&client);
    return 0;
}

/* Files, but for those of who called, of which a number is kept (dbus/server_caller.c); or KiB of memory. */
static long daemon_holds(const char *what)
{
    char command[256];
    snprintf(command, sizeof(command), "pid=$(pidof accesspkgd) && %s",
             strcmp(what, "files") == 0 ? "ls -l /proc/$pid/fd | grep -vc loginuid"
                                        : "sed -n 's/^VmRSS: *\\([0-9]*\\) kB/\\1/p' /proc/$pid/status");
    ck_assert_int_eq(live_run("root", command), 0);
    return strtol(live_output, NULL, 10);
}

static void flood_all(void)
{
    pid_t floods[] = {
        live_fork("alice", flood, (void *)"Explain"), live_fork("alice", flood, (void *)"Explain"),
        live_fork("dave", flood, (void *)"Delegate"), live_fork("carol", flood, (void *)"Emergency")};
    const time_t began = now();
    json_t *request = NULL;
    ck_assert_int_eq(
        live_call("erin", -1, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "", "asked"), &request), 0);
    ck_assert_int_eq(live_deny("bob", json_integer_value(json_object_get(request, "id")), "no"), 0);
    json_decref(request);
    ck_assert_int_lt(now() - began, 10);
    for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++)
        ck_assert_int_eq(live_join(floods[i]), 0);
}

/* Who asks costly questions without an end waits for themselves; nothing of it is kept. */
START_TEST(test_floods)
{
    flood_all();
    const long files = daemon_holds("files");
    const long memory = daemon_holds("memory");
    flood_all();
    flood_all();
    ck_assert_int_le(daemon_holds("files"), files + 4);
    ck_assert_int_le(daemon_holds("memory"), memory + 4096);
    live_expect("root", "pkg-admin status", 0, "");
}
END_TEST

/* ---- calls at random ---- */

static const struct {
    const char *name;
    const char *signature;
} methods[] = {
    {"Submit", "sasa{sv}"},  {"Cancel", "xs"},         {"Approve", "xa{sv}"},    {"Deny", "xa{sv}"},
    {"Extend", "sa{sv}"},    {"Return", "ss"},         {"Assign", "ssa{sv}"},    {"Import", "ssasa{sv}"},
    {"Revoke", "sss"},       {"Retry", "ss"},          {"GetRequest", "x"},      {"ListRequests", "a{sv}"},
    {"Emergency", "ss"},     {"Review", "xs"},         {"Delegate", "sa{sv}"},   {"Undelegate", "s"},
    {"ListDelegations", ""}, {"ListPackages", ""},     {"Explain", "ss"},        {"GetStatus", ""},
    {"Lock", "s"},           {"Unlock", "s"},          {"Reload", ""},           {"Report", "a{sv}"},
    {"Audit", "a{sv}"},      {"ListHolders", "a{sv}"}, {"AcceptStore", ""},      {"Backup", "h"},
    {"Diff", "h"},           {"GetMetrics", ""},       {"ListHistory", "a{sv}"},
};

enum { METHODS = sizeof(methods) / sizeof(methods[0]), RANDOM_CALLS = 400 };

static json_t *random_text(void)
{
    static const char *const texts[] = {"",
                                        "alice",
                                        "bob",
                                        "carol",
                                        "dave",
                                        "root",
                                        "crowd",
                                        "free",
                                        "asked",
                                        "dbadmins",
                                        "why",
                                        "../x",
                                        "-r",
                                        "a:b",
                                        "a,root",
                                        "%41",
                                        "a\nb",
                                        "\033[2J",
                                        "\xe2\x80\xae",
                                        "nobody",
                                        "requestor",
                                        "all",
                                        "approver",
                                        "decided",
                                        "fulfilled",
                                        "pending-approval",
                                        "u20001"};
    char large[5000];
    if (rand() % 40 == 0) {
        memset(large, 'x', sizeof(large) - 1);
        large[sizeof(large) - 1] = '\0';
        return json_string(large);
    }
    return json_string(texts[(size_t)rand() % (sizeof(texts) / sizeof(texts[0]))]);
}

static json_t *random_number(void)
{
    const json_int_t numbers[] = {
        0, 1, 2, -1, INT64_MAX, INT64_MIN, INT64_MAX - 1, time(NULL), time(NULL) + 2, 3600};
    return rand() % 2 ? json_integer(1 + rand() % 60)
                      : json_integer(numbers[(size_t)rand() % (sizeof(numbers) / sizeof(numbers[0]))]);
}

static json_t *random_options(void)
{
    static const char *const names[] = {
        "justification", "duration",  "start",     "override", "dry_run", "gate",    "host",
        "reason",        "until",     "role",      "state",    "before",  "limit",   "user",
        "package",       "since",     "before_at", "request",  "other",   "forever", "can_ask",
        "login_id",      "emergency", "digest",    "name",     "kind",    "tty"};
    json_t *options = json_object();
    for (int i = rand() % 4; i > 0; i--)
        json_object_set_new(options, names[(size_t)rand() % (sizeof(names) / sizeof(names[0]))],
                            rand() % 3 == 0   ? random_text()
                            : rand() % 6 == 0 ? json_boolean(rand() % 2)
                                              : random_number());
    return options;
}

static json_t *random_arguments(const char *signature)
{
    json_t *arguments = json_array();
    for (const char *at = signature; *at; at++) {
        json_t *value = *at == 's' ? random_text() : *at == 'x' ? random_number() : NULL;
        if (strncmp(at, "a{sv}", 5) == 0) {
            value = random_options();
            at += 4;
        } else if (strncmp(at, "as", 2) == 0) {
            value = json_array();
            for (int i = rand() % 4; i > 0; i--)
                json_array_append_new(value, random_text());
            at++;
        }
        json_array_append_new(arguments, value);
    }
    return arguments;
}

/* Each call has an answer, and none is that of a fault. */
static int call_at_random(void *data)
{
    struct client client;
    struct client_error error;
    srand(*(const unsigned *)data);
    client_deadline(100);
    if (client_open(&client, &error) < 0)
        return 1;
    for (int i = 0; i < RANDOM_CALLS; i++) {
        const size_t method = (size_t)rand() % METHODS;
        json_t *value = NULL;
        error.message[0] = '\0';
        if (client_call(&client,
                        client_message(methods[method].name, methods[method].signature,
                                       random_arguments(methods[method].signature)),
                        &value, &error) < 0 &&
            strstr(error.message, "has a fault")) {
            fprintf(stderr, "%s: %s\n", methods[method].name, error.message);
            return 2;
        }
        json_decref(value);
    }
    client_close(&client);
    return 0;
}

/* Other ones: private-root build env HOSTILE_SEED=7 build/tests/bus/test_hostile */
START_TEST(test_random_calls)
{
    static const char *const users[] = {"alice", "bob", "carol", "dave", "root", "accesspkg"};
    enum { USERS = sizeof(users) / sizeof(users[0]) };
    const char *seed = getenv("HOSTILE_SEED");
    const unsigned first = seed ? (unsigned)strtoul(seed, NULL, 10) : 1;
    pid_t callers[USERS];
    unsigned seeds[USERS];
    live_write_package("free", FREE);
    live_expect("root", "pkg-admin reload", 0, "");
    for (unsigned i = 0; i < USERS; i++) {
        seeds[i] = first * USERS + i;
        callers[i] = live_fork(users[i], call_at_random, &seeds[i]);
    }
    for (size_t i = 0; i < USERS; i++)
        ck_assert_msg(live_join(callers[i]) == 0, "%s, HOSTILE_SEED=%u", users[i], first);
    live_expect("root", "pkg-admin status", 0, "Live assignments");
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
}
END_TEST

int main(void)
{
    suite_case("second_daemon", setup, teardown);
    suite_timeout(120);
    suite_add(test_second_daemon, test_lock_is_the_daemon_s);
    suite_case("floods", setup_crowd, teardown_crowd);
    suite_timeout(120);
    suite_add(test_floods, test_random_calls);
    return suite_run();
}
