/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 under load: users ask, hand back and an approver decides while accesspkgd is killed again and again; after
 * each restart what was acknowledged must be there (rule 2) and the grant files must say what the store says. Each fourth
 * round the disk is full and the store without its reserve: who is told that it has ended holds it no more (rule 13). In
 * each eighth a copy is made meanwhile and put back after the kill: who gets in gets in, and nobody else. Counts how many
 * kills fell inside a commit and inside the writing of a grant file, how many ends could not be recorded, and how much was
 * held back after a copy was put back; if any of these is none, nothing was shown.
 * CRASH_KILLS in the environment: how many. Run by `make check-crash` in a private root.
 */
#include "common/grantdir.h"
#include "tests/support/live.h"
#include "tests/support/live_disk.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define STATE "/var/lib/accesspkg"
#define COPY  "/tmp/crash-copy"
#define SAVED "/root/crash-saved.db"

enum { PACKAGES = 6, KILLS = 1000, IDS_MAX = 1 << 20, CLIENTS = 3 };

/* How far a request is known to have come; a later one outranks an earlier one. */
enum progress { UNKNOWN = 0, SUBMITTED, DENIED, APPROVED, RETURNED, ENDED };

struct acknowledgement {
    int64_t id;
    enum progress progress;
};

static unsigned char known[IDS_MAX];
static unsigned char known_then[IDS_MAX]; /* when the copy was begun */
static int unrecorded;                    /* ends that were acknowledged so */
static int64_t held_back;
static int pipe_of_acknowledgements[2];

/* What was taken over from a grant file has no request: 0. */
static void acknowledge(int64_t id, enum progress progress)
{
    if (id == 0)
        return;
    const struct acknowledgement record = {id, progress};
    if (write(pipe_of_acknowledgements[1], &record, sizeof(record)) != sizeof(record))
        _exit(1);
}

/* ---- the load: ends when the daemon does ---- */

/* *ret_ended: it is done, and not recorded yet; NULL: nothing ends by it. */
static json_t *call_ending(struct client *client, const char *method, const char *in, json_t *arguments,
                           bool *ret_ended)
{
    struct client_error error = {0};
    json_t *value = NULL;
    if (client_call(client, client_message(method, in, arguments), &value, &error) == 0)
        return value;
    if (ret_ended && strstr(error.message, "it is not recorded yet")) {
        *ret_ended = true;
        return NULL;
    }
    if (error.code == BUS_ERROR_UNAVAILABLE)
        _exit(0);
    return NULL;
}

static json_t *call(struct client *client, const char *method, const char *in, json_t *arguments)
{
    return call_ending(client, method, in, arguments, NULL);
}

static int64_t id_of(json_t *value)
{
    const int64_t id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    return id;
}

static void open_client(struct client *client)
{
    struct client_error error = {0};
    if (client_open(client, &error) < 0)
        _exit(0);
    srand((unsigned)getpid());
}

static int ask(void *data)
{
    struct client client;
    (void)data;
    open_client(&client);
    while (client.connection) {
        char package[16];
        snprintf(package, sizeof(package), "p%d", rand() % PACKAGES);
        json_t *value = call(&client, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "", package));
        const bool held = json_is_true(json_object_get(value, "held"));
        const int64_t id = value ? id_of(value) : 0;
        if (id)
            acknowledge(id, SUBMITTED);
        bool ended = false;
        value = held ? call_ending(&client, "Return", "ss", json_pack("[s, s]", package, ""), &ended) : NULL;
        if (value)
            acknowledge(id_of(value), RETURNED);
        if (ended)
            acknowledge(id, ENDED);
    }
    return 0;
}

static int decide(void *data)
{
    struct client client;
    (void)data;
    open_client(&client);
    while (client.connection) {
        json_t *waiting = call(&client, "ListRequests", "a{sv}",
                               json_pack("[{s:s, s:i}]", "role", "approver", "limit", 10));
        for (size_t i = 0; i < json_array_size(waiting); i++) {
            const json_t *shown = json_array_get(waiting, i);
            const bool approve = rand() % 4;
            json_t *value = call(&client, approve ? "Approve" : "Deny", "xa{sv}",
                                 json_pack("[O, {s:O, s:s}]", json_object_get(shown, "id"), "digest",
                                           json_object_get(shown, "digest"), "reason", "no"));
            if (value)
                acknowledge(id_of(value), approve ? APPROVED : DENIED);
        }
        json_decref(waiting);
    }
    return 0;
}

/* ---- where the kill fell ---- */

/* Whether the log ends in frames of a transaction that no commit frame closes (the file format's own words). */
static bool inside_commit(void)
{
    unsigned char header[32];
    unsigned char frame[24];
    bool open = false;
    FILE *wal = fopen(STATE "/state.db-wal", "re");
    if (!wal || fread(header, sizeof(header), 1, wal) != 1) {
        if (wal)
            fclose(wal);
        return false;
    }
    const long page =
        (long)header[8] << 24 | (long)header[9] << 16 | (long)header[10] << 8 | (long)header[11];
    while (fread(frame, sizeof(frame), 1, wal) == 1 && memcmp(frame + 8, header + 16, 8) == 0) {
        open = !(frame[4] | frame[5] | frame[6] | frame[7]);
        if (fseek(wal, page, SEEK_CUR) != 0)
            break;
    }
    fclose(wal);
    return open;
}

/* Whether a file was begun and not put in place. */
static bool inside_grant_writing(const char *folder)
{
    bool found = false;
    DIR *list = opendir(folder);
    for (const struct dirent *entry; list && (entry = readdir(list));)
        found |=
            entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (list)
        closedir(list);
    return found;
}

/* ---- what must be there afterwards ---- */

static sqlite3 *open_copy(void)
{
    sqlite3 *database = NULL;
    ck_assert_msg(live_run("root", "rm -rf " COPY " && mkdir " COPY " && cp " STATE "/state.db* " COPY) == 0,
                  "%s", live_output);
    ck_assert_int_eq(sqlite3_open(COPY "/state.db", &database), SQLITE_OK);
    return database;
}

static enum progress least(const char *request, const char *assignment)
{
    if (strcmp(assignment, "revoked") == 0)
        return RETURNED;
    if (strcmp(request, "approved") == 0) /* partial: held back, as its copy was put back */
        return *assignment ? APPROVED : UNKNOWN;
    return strcmp(request, "denied") == 0 ? DENIED : SUBMITTED;
}

static size_t check_acknowledged(sqlite3 *database)
{
    static unsigned char there[IDS_MAX];
    sqlite3_stmt *statement = NULL;
    size_t checked = 0;
    memset(there, UNKNOWN, sizeof(there));
    ck_assert_int_eq(sqlite3_prepare_v2(database,
                                        "SELECT r.id, r.state, coalesce(a.state, '') FROM request r"
                                        " LEFT JOIN assignment a ON a.request = r.id",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const int64_t id = sqlite3_column_int64(statement, 0);
        if (id >= IDS_MAX)
            ck_abort_msg("too many requests for this test");
        there[id] = least((const char *)sqlite3_column_text(statement, 1),
                          (const char *)sqlite3_column_text(statement, 2));
    }
    sqlite3_finalize(statement);
    /* Check's assertions each write to a pipe: in a loop over a million they would be all that is measured. */
    for (int64_t id = 0; id < IDS_MAX; id++) {
        if (there[id] < known[id] || (known[id] == DENIED && there[id] != DENIED))
            ck_abort_msg("request %ld: %d was acknowledged, %d is there", (long)id, known[id], there[id]);
        checked += known[id] != UNKNOWN;
    }
    return checked;
}

static bool gate_opens(const char *user, const char *package)
{
    struct grant_user file = {0};
    bool opens = false;
    if (grantdir_read_user(STATE, user, time(NULL), &file) < 0)
        return false;
    for (size_t i = 0; i < file.n_packages; i++)
        opens |= strcmp(file.packages[i].name, package) == 0;
    grant_user_deinit(&file);
    return opens;
}

static const char *const users[] = {"alice", "dave"};

static void check_grants(sqlite3 *database)
{
    for (size_t u = 0; u < 2; u++)
        for (int p = 0; p < PACKAGES; p++) {
            char package[16];
            char sql[256];
            sqlite3_stmt *statement = NULL;
            snprintf(package, sizeof(package), "p%d", p);
            snprintf(sql, sizeof(sql),
                     "SELECT count(*) FROM assignment WHERE user = '%s' AND package = '%s' AND state = "
                     "'fulfilled'",
                     users[u], package);
            ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
            ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
            ck_assert_msg(gate_opens(users[u], package) == sqlite3_column_int(statement, 0),
                          "%s, %s: the grant file and the store differ", users[u], package);
            sqlite3_finalize(statement);
        }
}

static void collect(void)
{
    struct acknowledgement record;
    while (read(pipe_of_acknowledgements[0], &record, sizeof(record)) == sizeof(record)) {
        if (record.id < 0 || record.id >= IDS_MAX)
            ck_abort_msg("a request has the number %ld", (long)record.id);
        if (record.progress == ENDED) {
            unrecorded++;
            record.progress = RETURNED;
        }
        if (record.progress > known[record.id])
            known[record.id] = (unsigned char)record.progress;
    }
}

/* ---- a copy that is put back ---- */

/* A bit for each gate that opens. */
static unsigned who_gets_in(void)
{
    unsigned all = 0;
    for (int i = 0; i < 2 * PACKAGES; i++) {
        char package[16];
        snprintf(package, sizeof(package), "p%d", i / 2);
        if (gate_opens(users[i % 2], package))
            all |= 1u << i;
    }
    return all;
}

/* While users act: what was acknowledged until now must be in it. */
static void save(void)
{
    collect();
    memcpy(known_then, known, sizeof(known));
    live_expect("root", "rm -f " SAVED "; pkg-admin backup " SAVED, 0, "has the store");
}

/* The command is killed itself, and tried again. */
static void put_back(void)
{
    char command[128];
    const unsigned before = who_gets_in();
    snprintf(command, sizeof(command), "timeout -s KILL 0.0%d pkg-admin restore " SAVED, 1 + rand() % 9);
    (void)live_run("root", command);
    live_expect("root", "rm -f " STATE "/state.db.before-*; pkg-admin restore " SAVED, 0, "");
    memcpy(known, known_then, sizeof(known));
    live_start_daemon();
    ck_assert_msg(who_gets_in() == before, "%x got in, and %x do since a copy was put back", before,
                  who_gets_in());
}

/* Unless nothing had happened since. What is held back is given up, so that its user can ask anew. */
static void accept(void)
{
    (void)live_run("root", "pkg-admin accept-store");
    for (int i = 0; i < 2 * PACKAGES; i++) {
        char command[64];
        if (who_gets_in() & 1u << i)
            continue;
        snprintf(command, sizeof(command), "pkg-admin revoke p%d %s -m 'put back'", i / 2, users[i % 2]);
        (void)live_run("root", command);
    }
}

static int64_t count_held_back(sqlite3 *database)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(database,
                                        "SELECT count(*) FROM assignment WHERE held = 1 AND state ="
                                        " 'partially-fulfilled'",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

/* ---- the rounds ---- */

/* Kills at a random moment, or at the first sign of a commit or of a grant file being written. */
static void wait_for_moment(int round)
{
    static const char *const places[] = {STATE "/grants/user", STATE "/state.db-wal"};
    const int inotify = inotify_init1(IN_CLOEXEC);
    struct pollfd wait = {.fd = inotify, .events = POLLIN};
    char events[4096];
    if (round % 3)
        ck_assert_int_ge(inotify_add_watch(inotify, places[round % 3 - 1], IN_CREATE | IN_MODIFY), 0);
    int left = 1 + rand() % 8;
    const int bound = round % 3 ? 500 : 1 + rand() % 30;
    while (poll(&wait, 1, bound) == 1 && --left > 0)
        if (read(inotify, events, sizeof(events)) < 0)
            break;
    close(inotify);
}

/* Two users do in a minute what the limits give them a day for. */
static void write_config(void)
{
    FILE *out = fopen("/etc/accesspkg/accesspkg.conf", "we");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs("[limits]\npending_per_user = 10000\n[decisions]\naccount_state = no\n", out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

/* A kill seldom comes between two steps of accesspkgd where it has a processor to itself. */
static void keep_processors_busy(void)
{
    for (long i = sysconf(_SC_NPROCESSORS_ONLN); i > 0; i--)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                continue;
        }
}

static void prepare(void)
{
    keep_processors_busy();
    write_config();
    live_disk_mount("512m");
    live_start("p0", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n", NULL);
    for (int p = 0; p < PACKAGES; p++) {
        char name[16];
        snprintf(name, sizeof(name), "p%d", p);
        live_write_package(name, p % 2 ? "[package]\ngroups = dbadmins backup\n[policy]\napprovers = bob\n"
                                       : "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\n");
    }
    ck_assert_msg(live_run("root", "pkg-admin reload") == 0, "%s", live_output);
    ck_assert_int_eq(pipe2(pipe_of_acknowledgements, O_CLOEXEC | O_NONBLOCK), 0);
}

START_TEST(test_kills)
{
    const char *setting = getenv("CRASH_KILLS");
    const int kills = setting ? atoi(setting) : KILLS;
    int commits = 0;
    int grants = 0;
    size_t acknowledged = 0;
    prepare();
    for (int round = 0; round < kills; round++) {
        const bool full = round % 4 == 3;
        if (full) {
            live_disk_take_reserve();
            live_disk_fill();
        }
        const pid_t clients[CLIENTS] = {live_fork("alice", ask, NULL), live_fork("dave", ask, NULL),
                                        live_fork("bob", decide, NULL)};
        const bool restores = round % 8 == 5;
        if (restores)
            save();
        wait_for_moment(round);
        ck_assert_int_eq(live_stop_daemon(SIGKILL), -SIGKILL);
        for (int c = 0; c < CLIENTS; c++) {
            kill(clients[c], SIGKILL);
            live_join(clients[c]);
        }
        collect();
        commits += inside_commit();
        grants += inside_grant_writing(STATE "/grants/user");
        if (full)
            live_disk_make_room();
        if (restores)
            put_back();
        else
            live_start_daemon();
        sqlite3 *database = open_copy();
        acknowledged = check_acknowledged(database);
        check_grants(database);
        held_back += restores ? count_held_back(database) : 0;
        sqlite3_close(database);
        if (restores)
            accept();
    }
    live_stop();
    printf(
        "%d kills: %d inside a commit, %d inside the writing of a grant file; %d ends not recorded at once; "
        "%d held back when a copy was put back; %zu requests acknowledged, none lost\n",
        kills, commits, grants, unrecorded, (int)held_back, acknowledged);
    fflush(stdout);
    ck_assert_int_gt(commits, 0);
    ck_assert_int_gt(grants, 0);
    ck_assert_int_gt(unrecorded, 0);
    ck_assert_int_gt(held_back, 0);
}
END_TEST

int main(void)
{
    suite_case("crash", NULL, NULL);
    suite_timeout(3600);
    suite_add(test_kills);
    return suite_run();
}
