/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root service's parts that need no bus: reading a group file, finding processes in a /proc of the test's own,
 * names, answers. */
#include "common/groupfile.h"
#include "helperd/privileged/answer.h"
#include "helperd/privileged/members.h"
#include "helperd/privileged/processes.h"
#include "helperd/session/terminal.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_MAX];

static void setup(void)
{
    folder_make(folder);
}

static void teardown(void)
{
    folder_remove(folder);
}

static const char *put(const char *name, const char *text)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    folder_write(path, text);
    return path;
}

/* ---- /etc/group ---- */

static const struct {
    const char *text;
    int result;
    gid_t gid;
    const char *members;
} group_files[] = {
    {"a:x:1:\ng:x:7:alice,bob\n", 0, 7, "alice bob"},
    {"g:x:7:\n", 0, 7, ""},
    {"g:x:7:alice", 0, 7, "alice"},
    {"", GROUPFILE_E_NONE, 0, NULL},
    {"gg:x:7:alice\n", GROUPFILE_E_NONE, 0, NULL},
    {"a:x:7:g\n", GROUPFILE_E_NONE, 0, NULL},
    {"# g:x:7:alice\n", GROUPFILE_E_NONE, 0, NULL},
    {"g:x:7:alice\ng:x:8:bob\n", -ENOTUNIQ, 0, NULL},
    {"G:x:7:alice\ng:x:8:bob\n", 0, 8, "bob"},
    {"no line\n\ng:x:7:alice,\n", 0, 7, "alice"},
};

START_TEST(reads_a_group_file)
{
    strv members = NULL;
    gid_t gid = 99;
    ck_assert_int_eq(groupfile_find(put("group", group_files[_i].text), "g", &gid, &members),
                     group_files[_i].result);
    if (group_files[_i].result != 0) {
        ck_assert_ptr_null(members);
        ck_assert_uint_eq(gid, 99);
        return;
    }
    char *joined = strv_join(members, " ");
    ck_assert_str_eq(joined, group_files[_i].members);
    ck_assert_uint_eq(gid, group_files[_i].gid);
    free(joined);
    strv_free(members);
}
END_TEST

START_TEST(reads_a_long_line)
{
    enum { MEMBERS = 20000 };
    char *text = malloc(MEMBERS * 12 + 64);
    strv members = NULL;
    gid_t gid = 0;
    char *at = text + sprintf(text, "g:x:7:");
    for (int i = 0; i < MEMBERS; i++)
        at += sprintf(at, "%suser%d", i ? "," : "", i);
    strcpy(at, "\nlast:x:8:\n");
    ck_assert_int_eq(groupfile_find(put("group", text), "g", &gid, &members), 0);
    ck_assert_uint_eq(strv_length(members), MEMBERS);
    ck_assert_str_eq(members[MEMBERS - 1], "user19999");
    strv_free(members);
    free(text);
}
END_TEST

START_TEST(tells_an_unreadable_file)
{
    strv members = NULL;
    gid_t gid = 0;
    ck_assert_int_eq(groupfile_find("/nonexistent/group", "g", &gid, &members), -ENOENT);
    ck_assert_int_eq(groupfile_find(folder, "g", &gid, &members), -EIO);
}
END_TEST

/* ---- names ---- */

START_TEST(names)
{
    static const char *const good[] = {"a",    "alice", "DOM\\user", "host$",       "a.b@c",
                                       "0day", "a-b",   "h\xc3\xa9", "domain users"};
    static const char *const bad[] = {"", "-a", "+a", "a,b", "a:b", "a\nb", "a\x7f", "\x1b", "\xff"};
    char text[300];
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        ck_assert_msg(members_is_name(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_assert_msg(!members_is_name(bad[i]), "%zu", i);
    memset(text, 'a', sizeof(text));
    text[256] = '\0';
    ck_assert(!members_is_name(text));
    text[255] = '\0';
    ck_assert(members_is_name(text));
}
END_TEST

/* ---- processes ---- */

/* A task of a process: what its status says. */
static void task(int pid, int tid, const char *status)
{
    char name[64];
    char path[160];
    snprintf(path, sizeof(path), "%s/%d", folder, pid);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/%d/task", folder, pid);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/%d/task/%d", folder, pid, tid);
    ck_assert_int_eq(mkdir(path, 0755), 0);
    snprintf(name, sizeof(name), "%d/task/%d/status", pid, tid);
    put(name, status);
}

static void process_1(void)
{
    task(1, 1, "Name:\tsystemd\nState:\tS (sleeping)\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n");
    put("1/status", "");
}

#define STATUS(state, uid, gid, groups)                                                                      \
    "Name:\ta b\nUmask:\t0022\nState:\t" state "\nTgid:\t5\nUid:\t" uid "\nGid:\t" gid                       \
    "\nFDSize:\t64\nGroups:\t" groups "\nNStgid:\t2001\n"

static const gid_t gids[] = {2001, 2002};
static const struct subuid_range ranges[] = {{100000, 65536}};
static const struct processes_wanted wanted = {
    .uid = 1001, .gids = gids, .count = 2, .ranges = ranges, .n_ranges = 1};

static const struct {
    const char *status;
    gid_t gid; /* 0: not wanted */
} tasks[] = {
    {STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "100 2001 3000 "), 2001},
    {STATUS("R (running)", "1001\t0\t0\t0", "100\t100\t100\t100", "2002"), 2002}, /* its set-uid program */
    {STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t2001\t100\t100", ""), 2001},
    {STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t100\t2002\t100", " "), 2002},
    {STATUS("T (stopped)", "1001\t1001\t1001\t1001", "2001\t100\t100\t100", " "), 2001},
    {STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "20011 200 1 12001 "), 0},
    {STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", " "), 0},
    {STATUS("S (sleeping)", "1002\t1001\t1001\t1001", "100\t100\t100\t100", "2001"), 0}, /* bob's */
    {STATUS("S (sleeping)", "10010\t1001\t1001\t1001", "100\t100\t100\t100", "2001"), 0},
    {STATUS("S (sleeping)", "100000\t1\t1\t1", "100\t100\t100\t100", "2001"), 2001}, /* a subordinate id */
    {STATUS("S (sleeping)", "165535\t1\t1\t1", "100\t100\t100\t100", "2002"), 2002},
    {STATUS("S (sleeping)", "165536\t1\t1\t1", "100\t100\t100\t100", "2001"), 0},
    {STATUS("S (sleeping)", "99999\t1\t1\t1", "100\t100\t100\t100", "2001"), 0},
    {STATUS("Z (zombie)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "2001"), 0},
    {STATUS("X (dead)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "2001"), 0},
    {"", 0},
    {"Uid:\t1001\nGroups:\t2001\n", 0}, /* of no known state */
    {"Name:\tGroups:\\n2001\nState:\tS\nUid:\t1001\nGid:\t1\t1\t1\t1\nGroups:\t1\n", 0},
};

START_TEST(judges_a_process)
{
    struct process_facts facts = {0};
    task(5, 5, tasks[_i].status);
    ck_assert_int_eq(process_is_wanted(folder, 5, &wanted, &facts), tasks[_i].gid != 0);
    ck_assert_uint_eq(facts.gid, tasks[_i].gid);
    if (tasks[_i].gid)
        ck_assert_str_eq(facts.name, "a b");
}
END_TEST

/* A user namespace that stands on the user's id is theirs, whatever id its process has; one of somebody else's is not. */
START_TEST(judges_a_namespace)
{
    static const struct {
        const char *map;
        int wanted;
    } maps[] = {
        {"         0       1001          1\n         1     200000      65536\n", 1},
        {"         0 1002 1\n", 0},
        {"         0          0 4294967295\n", 0}, /* that of the host */
        {"         0       1000          5\n", 0}, /* a range that another user may have been given */
        {"", 0},
    };
    struct process_facts facts = {0};
    task(5, 5, STATUS("S (sleeping)", "200005\t1\t1\t1", "100\t100\t100\t100", "2001"));
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        put("5/uid_map", maps[i].map);
        ck_assert_int_eq(process_is_wanted(folder, 5, &wanted, &facts), maps[i].wanted);
    }
}
END_TEST

START_TEST(reads_subuids)
{
    char path[160];
    struct subuid_range found[SUBUID_RANGES_MAX];
    put("subuid",
        "bob:100000:65536\nalice:165536:65536\n# alice:1:1\nalicex:7:7\n1001:300000:10\nalice:x\nalice\n");
    snprintf(path, sizeof(path), "%s/subuid", folder);
    ck_assert_uint_eq(subuid_read(path, "alice", 1001, found), 2);
    ck_assert_uint_eq(found[0].first, 165536);
    ck_assert_uint_eq(found[0].count, 65536);
    ck_assert_uint_eq(found[1].first, 300000);
    ck_assert_uint_eq(subuid_read("/nonexistent", "alice", 1001, found), 0);
}
END_TEST

/* Each thread has credentials of its own, and the first may have ended. */
START_TEST(looks_at_each_thread)
{
    struct process_facts facts;
    task(5, 5, STATUS("Z (zombie)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "100"));
    task(5, 6, STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "100"));
    ck_assert_int_eq(process_is_wanted(folder, 5, &wanted, &facts), 0);
    task(5, 7, STATUS("S (sleeping)", "1001\t1001\t1001\t1001", "100\t100\t100\t100", "2001"));
    ck_assert_int_eq(process_is_wanted(folder, 5, &wanted, &facts), 1);
    ck_assert_int_eq(process_is_wanted(folder, 8, &wanted, &facts), 0); /* gone */
}
END_TEST

START_TEST(reads_many_groups)
{
    enum { GROUPS = 60000 };
    struct process_facts facts;
    char *text = malloc(GROUPS * 8 + 256);
    char *at = text + sprintf(text, "Name:\tx\nState:\tS\nUid:\t1001\nGid:\t1\nGroups:\t");
    for (int i = 0; i < GROUPS; i++)
        at += sprintf(at, "%d ", 3000 + i);
    strcpy(at, "2002 \n");
    task(5, 5, text);
    ck_assert_int_eq(process_is_wanted(folder, 5, &wanted, &facts), 1);
    ck_assert_uint_eq(facts.gid, 2002);
    free(text);
}
END_TEST

/* Rule 10: a name that a process gave itself. */
START_TEST(shows_names_that_are_odd)
{
    struct process_facts facts;
    task(5, 5, "Name:\t\x1b[2J\xff\nState:\tS\nUid:\t1001\nGid:\t2001\n");
    ck_assert_int_eq(process_is_wanted(folder, 5, &wanted, &facts), 1);
    ck_assert_str_eq(facts.name, "\\x1b[2J\\xff");
}
END_TEST

static int compare_pids(const void *a, const void *b)
{
    return *(const pid_t *)a - *(const pid_t *)b;
}

START_TEST(finds_processes)
{
    enum { OURS = 200 };
    pid_t *pids = NULL;
    size_t count = 0;
    ck_assert_int_eq(processes_find(folder, &wanted, &pids, &count), -EPERM); /* hidepid */
    process_1();
    ck_assert_int_eq(processes_find(folder, &wanted, &pids, &count), 0);
    ck_assert_uint_eq(count, 0);
    free(pids);
    for (int i = 0; i < OURS; i++) {
        task(1000 + i, 1000 + i, STATUS("S", "1001", "1", "2001"));
        task(5000 + i, 5000 + i, STATUS("S", "1002", "1", "2001"));
    }
    put("uptime", "");
    ck_assert_int_eq(processes_find(folder, &wanted, &pids, &count), 0);
    ck_assert_uint_eq(count, OURS);
    qsort(pids, count, sizeof(*pids), compare_pids);
    for (int i = 0; i < OURS; i++)
        ck_assert_int_eq(pids[i], 1000 + i);
    free(pids);
    ck_assert_int_eq(processes_find("/nonexistent", &wanted, &pids, &count), -ENOENT);
}
END_TEST

/* ---- terminals ---- */

START_TEST(writes_to_terminals_alone)
{
    char link[128];
    const char *file = put("file", "");
    ck_assert_int_eq(terminal_write(file, getuid(), TERMINAL_ANYWAY, "x"), -EPERM);
    ck_assert_int_eq(terminal_write("/dev/null", getuid(), TERMINAL_ANYWAY, "x"), -EPERM);
    snprintf(link, sizeof(link), "%s/link", folder);
    ck_assert_int_eq(symlink("/dev/ptmx", link), 0);
    ck_assert_int_eq(terminal_write(link, 0, TERMINAL_ANYWAY, "x"), -ELOOP);
    struct stat st;
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_size, 0);
}
END_TEST

/* ---- answers ---- */

START_TEST(answers_travel)
{
    struct answer answer = {0};
    struct answer copy;
    answer_give(&answer, json_true());
    answer_read(answer_write(&answer), &copy);
    ck_assert_int_eq(copy.error, BUS_ERROR_NONE);
    ck_assert(json_is_true(json_array_get(copy.values, 0)));
    answer_deinit(&copy);
    answer_deinit(&answer);

    answer = (struct answer){0};
    answer_read(answer_write(&answer), &copy);
    ck_assert_int_eq(copy.error, BUS_ERROR_NONE);
    ck_assert_uint_eq(json_array_size(copy.values), 0);
    answer_deinit(&copy);

    ck_assert_int_eq(answer_refuse(&answer, BUS_ERROR_NO_SUCH_GROUP, "no %s", "\x1b\xff"),
                     BUS_ERROR_NO_SUCH_GROUP);
    answer_read(answer_write(&answer), &copy);
    ck_assert_int_eq(copy.error, BUS_ERROR_NO_SUCH_GROUP);
    ck_assert_str_eq(copy.message, "no \\x1b\\xff");
}
END_TEST

/* Nothing, or nonsense, is no success. */
START_TEST(silence_is_a_refusal)
{
    static const char *const texts[] = {
        "null", "{}", "[]", "{\"error\": 0}", "{\"error\": 99999, \"message\": \"\"}", "{\"values\": 1}"};
    struct answer answer;
    answer_read(NULL, &answer);
    ck_assert_int_eq(answer.error, BUS_ERROR_UNAVAILABLE);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        answer_read(json_loads(texts[i], JSON_DECODE_ANY, NULL), &answer);
        ck_assert_int_eq(answer.error, BUS_ERROR_UNAVAILABLE);
        ck_assert_str_ne(answer.message, "");
    }
}
END_TEST

int main(void)
{
    suite_case("parts", setup, teardown);
    suite_timeout(30);
    suite_rows(reads_a_group_file, group_files);
    suite_add(reads_a_long_line, tells_an_unreadable_file, names);
    suite_rows(judges_a_process, tasks);
    suite_add(judges_a_namespace, reads_subuids, looks_at_each_thread, reads_many_groups,
              shows_names_that_are_odd, finds_processes, writes_to_terminals_alone, answers_travel,
              silence_is_a_refusal);
    return suite_run();
}
