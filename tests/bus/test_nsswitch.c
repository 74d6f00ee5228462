/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of nsswitch.conf (common/nsswitch.h) against the real glibc with the installed module: for each text, what
 * the reader says and what getgrouplist does, and that the line which it proposes mends it. In a private root.
 */
#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/nsswitch.h"
#include "common/paths.h"
#include "tests/support/suite.h"

#include <dlfcn.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ALICE = 1001, ERIN = 1005, STAFF = 2000, DBADMINS = 2001, DAEMON = 990 };

#define FILE_NAME "/etc/nsswitch.conf"
#define DOWN      "/tmp/libnss_down.so.2"

/* alice is in the group staff of /etc/group, erin in none. Both hold dbadmins. */
static void setup(void)
{
    const struct allow_entry allowed = {DBADMINS, "dbadmins"};
    const int64_t now = time(NULL);
    struct grant_group group = {.gid = DBADMINS, .name = "dbadmins", .span = {now, now + 3600}};
    ck_assert_int_eq(grantdir_write_allow(PATH_STATE, &allowed, 1), 0);
    ck_assert_int_eq(seteuid(DAEMON), 0);
    for (int i = 0; i < 2; i++) {
        const struct grant_user file = {.user = i ? "erin" : "alice",
                                        .uid = i ? ERIN : ALICE,
                                        .written = now,
                                        .groups = &group,
                                        .n_groups = 1};
        ck_assert_int_eq(grantdir_write_user(PATH_STATE, &file, false), 0);
    }
    ck_assert_int_eq(seteuid(0), 0);
    /* glibc finds it by this name, as it is loaded already */
    if (access(DOWN, F_OK) < 0)
        ck_assert_int_eq(
            system("cc -shared -fPIC -Wl,-soname,libnss_down.so.2 -o " DOWN " tests/bus/module/nss_down.c"),
            0);
    ck_assert_ptr_nonnull(dlopen(DOWN, RTLD_NOW));
}

static void write_conf(const char *text, size_t size)
{
    unlink(FILE_NAME);
    FILE *file = fopen(FILE_NAME, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

enum { OURS = 1, OTHERS = 2 };

/* What a login of this user gets, in a process of its own: glibc remembers what it read. */
static int login(const char *user, const char *down)
{
    const pid_t pid = fork();
    if (pid == 0) {
        gid_t gids[64];
        int count = 64, got = 0;
        setenv("NSS_DOWN", down, 1);
        getgrouplist(user, 60000, gids, &count);
        for (int i = 0; i < count; i++)
            got |= gids[i] == DBADMINS ? OURS : gids[i] == STAFF ? OTHERS : 0;
        _exit(got);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define GLIBC_DEFAULT "# nothing\n"

static const struct row {
    const char *text;
    unsigned hidden, hides;
    const char *mended; /* NULL: nothing is to be mended */
} rows[] = {
    {"group: files accesspkg\n", 0, 0, NULL},
    {"passwd: files\ngroup:files systemd accesspkg\nshadow: files\n", 0, 0, NULL},
    /* what was written for the module of before */
    {"group: files [SUCCESS=merge] accesspkg\n", 0, 0, NULL},
    {"group: files [SUCCESS=merge] systemd [SUCCESS=merge] accesspkg\n", 0, 0, NULL},
    {"group: files [SUCCESS=merge] accesspkg\ninitgroups: files [SUCCESS=continue] accesspkg\n", 0, 0, NULL},
    /* blanks, colons, letters */
    {"group : files accesspkg\n", 0, 0, NULL},
    {"  \tgroup\t:\tfiles\taccesspkg \r\n", 0, 0, NULL},
    {"group:\vfiles\faccesspkg\n", 0, 0, NULL},
    {"group files accesspkg\n", 0, 0, NULL},
    {"group:: : files accesspkg\n", 0, 0, NULL},
    {":group: files accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"Group: files accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files ACCESSPKG\n", NSSWITCH_ALWAYS, 0, "group: files ACCESSPKG accesspkg"},
    {"groups: files accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files accesspkg_old\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg_old accesspkg"},
    {"group: files old_accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files old_accesspkg accesspkg"},
    /* no line */
    {"", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"passwd: files\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"# group: files accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files systemd\n", NSSWITCH_ALWAYS, 0, "group: files systemd accesspkg"},
    /* the end of a line and of the file */
    {"group: files accesspkg", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files accesspkg\ngroup: files", 0, 0, NULL},
    {"group: files \\\n accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files \\ accesspkg"},
    {"group: files accesspkg\\\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg\\ accesspkg"},
    /* comments */
    {"#group: files\ngroup: files accesspkg\n  # initgroups: files\n", 0, 0, NULL},
    {"group: files accesspkg # the last\n", 0, 0, NULL},
    {"group: files # accesspkg\n", 0, 0, "group: files accesspkg"},
    {"group: files #[NOTFOUND=return] accesspkg\n", 0, 0, "group: files accesspkg"},
    {"group: files # [UNAVAIL=return] accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files accesspkg # [see above]\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    /* several lines */
    {"group: files\ngroup: files accesspkg\n", 0, 0, NULL},
    {"group: files accesspkg\ngroup: files\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"initgroups: files\ninitgroups: files [SUCCESS=continue] accesspkg\n", 0, 0, NULL},
    /* what cannot be parsed takes all the file with it, in lines of databases that glibc knows */
    {"group: files accesspkg\nhosts: files [foo=return]\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files accesspkg\nsudoers: files [foo=return]\n", 0, 0, NULL},
    {"group: files [] accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files [NOTFOUND=return accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files [! NOTFOUND=return] accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files [SUCCESS=go] accesspkg\n", NSSWITCH_ALWAYS, 0, "group: files accesspkg"},
    {"group: files [SUCCESS=merge] [NOTFOUND=continue] accesspkg\n", NSSWITCH_ALWAYS, 0,
     "group: files [SUCCESS=merge] accesspkg"},
    {"group: [SUCCESS=merge] accesspkg\n", NSSWITCH_ALWAYS, 0, "group: accesspkg"},
    /* a success never ends it in a line group: */
    {"group: files [SUCCESS=return] accesspkg\n", 0, 0, NULL},
    {"group: files [SUCCESS=continue] accesspkg\n", 0, 0, NULL},
    {"group: files [!NOTFOUND=return] accesspkg\n", NSSWITCH_WHILE_DOWN, 0,
     "group: accesspkg files [UNAVAIL=return TRYAGAIN=return]"},
    {"group: accesspkg [SUCCESS=return] files\n", 0, 0, NULL},
    /* who has no group before us */
    {"group: files [NOTFOUND=return] accesspkg\n", NSSWITCH_WITHOUT_GROUP, 0,
     "group: accesspkg files [NOTFOUND=return]"},
    {"group: files[notfound=RETURN]accesspkg\n", NSSWITCH_WITHOUT_GROUP, 0,
     "group: accesspkg files [NOTFOUND=return]"},
    {"group: files [ NotFound = Return ] accesspkg\n", NSSWITCH_WITHOUT_GROUP, 0,
     "group: accesspkg files [NOTFOUND=return]"},
    {"group: files [SUCCESS=merge NOTFOUND=return] accesspkg\n", NSSWITCH_WITHOUT_GROUP, 0,
     "group: accesspkg files [SUCCESS=merge NOTFOUND=return]"},
    {"group: files [NOTFOUND=return SUCCESS=continue NOTFOUND=continue] accesspkg\n", 0, 0, NULL},
    {"group: files [!UNAVAIL=return] accesspkg\n", NSSWITCH_WITHOUT_GROUP | NSSWITCH_WHILE_DOWN, 0,
     "group: accesspkg files [NOTFOUND=return TRYAGAIN=return]"},
    {"group: files down [NOTFOUND=return] accesspkg\n", NSSWITCH_WITHOUT_GROUP, 0,
     "group: files accesspkg down [NOTFOUND=return]"},
    /* while a service is down */
    {"group: files down [UNAVAIL=return] accesspkg\n", NSSWITCH_WHILE_DOWN, 0,
     "group: files accesspkg down [UNAVAIL=return]"},
    {"group: down [TRYAGAIN=return] files accesspkg\n", NSSWITCH_WHILE_DOWN, 0,
     "group: accesspkg down [TRYAGAIN=return] files"},
    {"group: files nosuch [UNAVAIL=return] accesspkg\n", NSSWITCH_WHILE_DOWN, 0,
     "group: files accesspkg nosuch [UNAVAIL=return]"},
    {"group: down files accesspkg\n", 0, 0, NULL},
    /* behind us nothing hides us, but we may hide others */
    {"group: accesspkg files [NOTFOUND=return]\n", 0, 0, NULL},
    {"group: files accesspkg [NOTFOUND=return] down\n", 0, NSSWITCH_WITHOUT_GROUP,
     "group: files accesspkg down"},
    /* initgroups: */
    {"initgroups: files\ngroup: files accesspkg\n", NSSWITCH_ALWAYS, 0,
     "initgroups: files [SUCCESS=continue] accesspkg"},
    {"group: files accesspkg\ninitgroups:\n", NSSWITCH_ALWAYS, 0, "initgroups: accesspkg"},
    {"initgroups: files accesspkg\n", NSSWITCH_WITH_GROUP, 0,
     "initgroups: files [SUCCESS=continue] accesspkg"},
    {"initgroups: files [SUCCESS=continue] accesspkg\ngroup: files\n", 0, 0, NULL},
    {"initgroups: files [SUCCESS=merge] accesspkg\n", 0, 0, NULL},
    {"initgroups: files [SUCCESS=return] accesspkg\n", NSSWITCH_WITH_GROUP, 0,
     "initgroups: files [SUCCESS=continue] accesspkg"},
    {"initgroups: files [SUCCESS=continue NOTFOUND=return] accesspkg\n", NSSWITCH_WITHOUT_GROUP, 0,
     "initgroups: accesspkg [SUCCESS=continue] files [SUCCESS=continue NOTFOUND=return]"},
    {"initgroups: files [NOTFOUND=return] accesspkg\n", NSSWITCH_WITH_GROUP | NSSWITCH_WITHOUT_GROUP, 0,
     "initgroups: accesspkg [SUCCESS=continue] files [NOTFOUND=return]"},
    {"initgroups: files [!SUCCESS=return] accesspkg\n",
     NSSWITCH_WITH_GROUP | NSSWITCH_WITHOUT_GROUP | NSSWITCH_WHILE_DOWN, 0,
     "initgroups: accesspkg [SUCCESS=continue] files [NOTFOUND=return UNAVAIL=return TRYAGAIN=return]"},
    {"initgroups: down [UNAVAIL=return SUCCESS=continue] files [SUCCESS=continue] accesspkg\n",
     NSSWITCH_WHILE_DOWN, 0,
     "initgroups: accesspkg [SUCCESS=continue] down [SUCCESS=continue UNAVAIL=return] files "
     "[SUCCESS=continue]"},
    {"initgroups: accesspkg files\n", 0, NSSWITCH_WITH_GROUP,
     "initgroups: accesspkg [SUCCESS=continue] files"},
    {"initgroups: accesspkg [SUCCESS=continue] files\n", 0, 0, NULL},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static struct nsswitch parse(const char *text)
{
    struct nsswitch nsswitch;
    ck_assert_int_eq(nsswitch_parse(text, strlen(text), &nsswitch), 0);
    return nsswitch;
}

static int answer_of(const struct nsswitch_service *service, bool has_group, const char *down)
{
    if (strcmp(service->name, "files") == 0)
        return has_group ? NSSWITCH_SUCCESS : NSSWITCH_NOTFOUND;
    if (strcmp(service->name, "down") != 0) /* not installed, or systemd, which has none of them */
        return strcmp(service->name, "systemd") == 0 ? NSSWITCH_NOTFOUND : NSSWITCH_UNAVAIL;
    return strcmp(down, "UNAVAIL") == 0    ? NSSWITCH_UNAVAIL
           : strcmp(down, "TRYAGAIN") == 0 ? NSSWITCH_TRYAGAIN
                                           : NSSWITCH_NOTFOUND;
}

/* What follows for a login from what was read: whether it has our group. */
static int expected(const struct nsswitch *nsswitch, bool has_group, const char *down)
{
    const struct nsswitch_line *line = nsswitch_deciding(nsswitch);
    for (size_t i = 0; line && i < line->n_services; i++) {
        const struct nsswitch_service *service = &line->services[i];
        if (strcmp(service->name, "accesspkg") == 0)
            return OURS;
        const int answer = answer_of(service, has_group, down);
        if (service->actions[answer] == NSSWITCH_RETURN &&
            (answer != NSSWITCH_SUCCESS || line == &nsswitch->initgroups))
            return 0;
    }
    return 0;
}

static void compare(const struct nsswitch *nsswitch, const char *text, const char *down)
{
    for (int i = 0; i < 2; i++) {
        const char *user = i ? "erin" : "alice";
        const int got = login(user, down) & OURS, right = expected(nsswitch, i == 0, down);
        ck_assert_msg(got == right, "%s with %s: %d, expected %d: %s", user, down, got, right, text);
    }
}

START_TEST(as_glibc_reads_it)
{
    const struct row *row = &rows[_i];
    struct nsswitch nsswitch = parse(row->text);
    struct findings findings = {0};
    ck_assert_uint_eq(nsswitch_hidden(&nsswitch), row->hidden);
    ck_assert_uint_eq(nsswitch_hides(&nsswitch), row->hides);
    write_conf(row->text, strlen(row->text));
    compare(&nsswitch, row->text, "NOTFOUND");
    compare(&nsswitch, row->text, "UNAVAIL");
    compare(&nsswitch, row->text, "TRYAGAIN");
    nsswitch_deinit(&nsswitch);
    ck_assert_uint_eq(nsswitch_check(FILE_NAME, &findings), row->hidden);
    ck_assert_msg((findings.count > 0) == (row->mended != NULL), "%s: %s", row->text,
                  findings.count ? findings.items[0] : "");
    ck_assert_uint_le(findings.count, 1);
    findings_deinit(&findings);
}
END_TEST

/* The line that is proposed, in the place of all others: everybody has both groups, and nothing is complained of. */
START_TEST(the_proposed_line_mends_it)
{
    const struct row *row = &rows[_i];
    struct nsswitch nsswitch = parse(row->text);
    struct findings findings = {0};
    _cleanup_free_ char *mended = nsswitch_mended(&nsswitch), *text = NULL;
    nsswitch_deinit(&nsswitch);
    if (!row->mended)
        return;
    ck_assert_str_eq(mended, row->mended);
    ck_assert_int_ge(asprintf(&text, "%s\n", mended), 0);
    write_conf(text, strlen(text));
    ck_assert_uint_eq(nsswitch_check(FILE_NAME, &findings), 0);
    ck_assert_uint_eq(findings.count, 0);
    for (int i = 0; i < 3; i++) {
        static const char *const downs[] = {"NOTFOUND", "UNAVAIL", "TRYAGAIN"};
        ck_assert_int_eq(login("erin", downs[i]), OURS);
        ck_assert_int_eq(login("alice", downs[i]) & OURS, OURS);
    }
    if (strstr(mended, "files") && !strstr(mended, "down"))
        ck_assert_int_eq(login("alice", "NOTFOUND"), OURS | OTHERS);
}
END_TEST

/* A NUL ends a line for glibc; a line of any length is one. */
START_TEST(odd_bytes)
{
    static const char before[] = "group: files\0 accesspkg\n", behind[] = "group: files accesspkg\0 [x\n";
    const size_t size = 300000;
    _cleanup_free_ char *text = malloc(size);
    memset(text, ' ', size);
    memcpy(text, "group: files", 12);
    memcpy(text + size - 10, "accesspkg\n", 10);
    const struct {
        const char *text;
        size_t size;
        unsigned hidden;
    } cases[] = {
        {before, sizeof(before) - 1, NSSWITCH_ALWAYS}, {behind, sizeof(behind) - 1, 0}, {text, size, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct nsswitch nsswitch;
        ck_assert_int_eq(nsswitch_parse(cases[i].text, cases[i].size, &nsswitch), 0);
        ck_assert_uint_eq(nsswitch_hidden(&nsswitch), cases[i].hidden);
        nsswitch_deinit(&nsswitch);
        write_conf(cases[i].text, cases[i].size);
        ck_assert_int_eq(login("erin", "NOTFOUND"), cases[i].hidden ? 0 : OURS);
    }
}
END_TEST

static void says(const char *text, const char *expected_text)
{
    struct findings findings = {0};
    if (text)
        write_conf(text, strlen(text));
    else
        unlink(FILE_NAME);
    nsswitch_check(FILE_NAME, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_str_eq(findings.items[0], expected_text);
    findings_deinit(&findings);
}

/* Which line, what it costs, how to write it. */
START_TEST(in_words)
{
    says("passwd: files\ngroup: files systemd\n",
         FILE_NAME ":2: accesspkg is not in this line, so nobody has the groups of a package. Write: group: "
                   "files systemd "
                   "accesspkg");
    says("group: accesspkg\ngroup: files\n", FILE_NAME ":2: accesspkg is not in this line, so nobody has the "
                                                       "groups of a package. Of several such lines glibc "
                                                       "takes the last. Write: group: files accesspkg");
    says("group: files [SUCCESS=merge] [UNAVAIL=return] accesspkg\n", FILE_NAME
         ":1: accesspkg is not in this line, so nobody has the groups of a package. Behind a second pair of "
         "brackets in a row it reads nothing. Write: group: files [SUCCESS=merge] accesspkg");
    says("initgroups: files\ngroup: files accesspkg\n", FILE_NAME
         ":1: accesspkg is not in this line, which decides in place of group:, so nobody has the groups of a "
         "package. Write: initgroups: files [SUCCESS=continue] accesspkg");
    says("initgroups: files accesspkg\n", FILE_NAME ":1: accesspkg is not asked for who has a group in files "
                                                    "(where SUCCESS ends it, unless told to continue), "
                                                    "and such logins lack the groups of their packages. "
                                                    "Write: initgroups: files [SUCCESS=continue] accesspkg");
    says("group: files sss [NOTFOUND=return UNAVAIL=return] accesspkg\n",
         FILE_NAME ":1: accesspkg is not asked for who has no group in sss (NOTFOUND=return) and while there "
                   "is no answer "
                   "from sss (UNAVAIL or TRYAGAIN=return), and such logins lack the groups of their "
                   "packages. Write: group: "
                   "files accesspkg sss [NOTFOUND=return UNAVAIL=return]");
    says("group: files accesspkg",
         FILE_NAME ":1: this line lacks its line break, and glibc does not read it. Add that: echo "
                   ">>" FILE_NAME);
    says(
        "group: files accesspkg\nhosts: files [foo]\n", FILE_NAME
        ":2: glibc cannot parse this line, and so reads none of the file, so nobody has the groups of a "
        "package. "
        "Conditions are written [STATUS=ACTION], as in [NOTFOUND=return]; a '#' behind other words begins no "
        "comment");
    says(NULL, FILE_NAME
         ": there is no line group:, so nobody has the groups of a package. Write: group: files accesspkg");
}
END_TEST

int main(void)
{
    suite_case("nsswitch", setup, NULL);
    suite_loop(as_glibc_reads_it, 0, ROWS);
    suite_loop(the_proposed_line_mends_it, 0, ROWS);
    suite_add(odd_bytes, in_words);
    return suite_run();
}
