/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What accesspkgd finds by itself in the files of the host, beside what accesspkg-lookup says of the same question: the
 * same, or nothing, and then the process is asked. Needs no daemon.
 */
#include "helperd/host/lookup.h"
#include "tests/support/live.h"
#include "tests/support/live_directory.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOOKUP "/usr/libexec/accesspkg/accesspkg-lookup"

static struct ev_loop *loop;
static struct lookup *lookup;
static char first_users[16384], first_groups[16384]; /* the files as they were */

static void write_text(const char *path, const char *text)
{
    char other[64];
    snprintf(other, sizeof(other), "%s.new", path);
    FILE *out = text ? fopen(other, "we") : NULL;
    ck_assert(!text || (out && fputs(text, out) >= 0 && fclose(out) == 0));
    ck_assert_int_eq(text ? rename(other, path) : remove(path), 0);
}

static void use(const char *users, const char *groups, const char *services)
{
    char lines[256];
    snprintf(lines, sizeof(lines), "passwd: %s\ngroup: %s\n", services, services);
    write_text("/etc/nsswitch.conf", *services ? lines : "hosts: files\n");
    write_text("/etc/passwd", users);
    write_text("/etc/group", groups);
}

static void read_text(const char *path, char *ret, size_t size)
{
    FILE *in = fopen(path, "re");
    const size_t got = in ? fread(ret, 1, size - 1, in) : 0;
    ret[got] = '\0';
    if (!in || got == 0 || got == size - 1 || fclose(in) != 0)
        abort();
}

static void setup(void)
{
    use(first_users, first_groups, "files");
    live_directory_start("files directory", "karl:x:5001:5000:Karl:/home/karl:/bin/sh\n",
                         "corp:x:5000:\nfar:x:5002:karl,olga\n");
    loop = ev_loop_new(EVFLAG_AUTO);
    lookup = lookup_new(loop, LOOKUP, 20.);
    ck_assert(loop && lookup);
}

static void teardown(void)
{
    lookup_free(lookup);
    ev_loop_destroy(loop);
    use(first_users, first_groups, "files");
    live_directory_stop();
}

/* ---- facts as text ---- */

static void describe_subject(FILE *out, const char *what, const struct subject *subject, bool known)
{
    fprintf(out, "%s %s", what, subject ? subject->name : known ? "absent" : "unknown");
    if (subject) {
        fprintf(out, " %u '%s' '%s' %s%s%s%s:", subject->uid, subject->full_name ? subject->full_name : "",
                subject->organisation ? subject->organisation : "", subject->runs_as ? subject->runs_as : "",
                subject->may_log_in ? " may_log_in" : "", subject->local ? " local" : "",
                subject->all_groups ? " all" : "");
        for (char *const *group = subject->groups; group && *group; group++)
            fprintf(out, " %s", *group);
        for (size_t i = 0; i < subject->n_gids; i++)
            fprintf(out, " %u", subject->gids[i]);
    }
    fputc('\n', out);
}

static void describe_principal(FILE *out, const struct principal *principal)
{
    fprintf(out, "principal %s%s%s%s:", principal->name, principal->exists ? " exists" : "",
            principal->local ? " local" : "", principal->whole ? " whole" : "");
    for (size_t i = 0; i < principal->n_people; i++)
        fprintf(out, " %s=%u", principal->people[i].name, principal->people[i].uid);
    fputc('\n', out);
}

/* New; NULL: there are none. */
static char *describe(const struct facts *facts)
{
    char *text = NULL;
    size_t size = 0;
    if (!facts)
        return NULL;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    describe_subject(out, "caller", facts->caller, facts->caller_known);
    describe_subject(out, facts->user_gone ? "gone user" : "user", facts->user, facts->user_known);
    for (size_t i = 0; i < facts->n_others; i++)
        describe_subject(out, facts->others[i].name, facts->others[i].subject, facts->others[i].known);
    for (size_t i = 0; i < facts->n_groups; i++) {
        const struct fact_group *group = &facts->groups[i];
        fprintf(out, "group %s %d %d %u %d %s\n", group->name, group->known, group->doubted, group->gid,
                group->local, group->alias ? group->alias : "");
    }
    for (size_t i = 0; i < facts->n_gids; i++)
        fprintf(out, "gid %u %d %s\n", facts->gids[i].gid, facts->gids[i].known,
                facts->gids[i].name ? facts->gids[i].name : "");
    for (size_t i = 0; i < facts->n_names; i++) {
        const struct fact_name *name = &facts->names[i];
        fprintf(out, "name %s %d %s %u %d\n", name->principal, name->known, name->name ? name->name : "",
                (unsigned)name->id, name->local);
    }
    for (size_t i = 0; i < facts->n_principals; i++)
        describe_principal(out, &facts->principals[i]);
    fprintf(out, "unanswered %d\n", facts->unanswered);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* ---- asking ---- */

/* In a new turn of the loop. */
static char *ask_here(const struct inquiry *inquiry)
{
    ev_run(loop, EVRUN_NOWAIT);
    struct facts *facts = lookup_here(lookup, inquiry);
    char *text = describe(facts);
    facts_free(facts);
    return text;
}

static void on_answer(struct facts *facts, void *data)
{
    *(char **)data = describe(facts);
    facts_free(facts);
    ev_break(loop, EVBREAK_ALL);
}

static char *ask_process(const struct inquiry *inquiry)
{
    char *text = NULL;
    ck_assert_int_eq(lookup_ask(lookup, inquiry, on_answer, &text), 0);
    ev_run(loop, 0);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void compare(const struct inquiry *inquiry, bool here, const char *what)
{
    char *own = ask_here(inquiry), *said = ask_process(inquiry);
    ck_assert_msg(!own == !here, "%s\n%s\n%s", what, own ? own : "asked elsewhere", said);
    ck_assert_msg(!own || strcmp(own, said) == 0, "%s\n%s\n%s", what, own, said);
    free(own);
    free(said);
}

/* ---- files and lines of nsswitch.conf ---- */

#define PASSWD                                                                                               \
    "root:x:0:0:root:/root:/bin/bash\nalice:x:1001:2000:Alice A,Corp:/home/alice:/bin/sh\n"                  \
    "bob:x:1002:2000::/home/bob:/usr/sbin/nologin\n"
#define GROUP "root:x:0:\nstaff:x:2000:\ndbadmins:x:2001:bob,alice\n"
#define FILES "files directory"

static const struct {
    const char *passwd, *group, *services;
    bool here; /* what is asked of alice, bob, staff and dbadmins */
} table[] = {
    {PASSWD, GROUP, "files", true},
    {PASSWD, GROUP, FILES, true},
    {PASSWD, GROUP, "files [SUCCESS=return] directory", true},
    {PASSWD, GROUP, "files [NOTFOUND=return] directory", true},
    {PASSWD, GROUP, "files[!SUCCESS=continue] directory", true},
    /* Others may have something to add, or come first. */
    {PASSWD, GROUP, "files [SUCCESS=continue] directory", false},
    {PASSWD, GROUP, "files [SUCCESS=merge] directory", false},
    {PASSWD, GROUP, "files [!NOTFOUND=continue] directory", false},
    {PASSWD, GROUP, "directory files", false},
    {PASSWD, GROUP, "compat directory", false},
    {PASSWD, GROUP, "Files directory", false},
    {PASSWD, GROUP, "", false},
    /* Lines for "compat" mean nothing to "files". */
    {"+\n-alice\n" PASSWD, "+\n-staff\n" GROUP, FILES, true},
    {"+alice:x:1001:::::\n" PASSWD, GROUP, FILES, false}, /* her uid is that line's */
    {PASSWD, "+staff:x:2000:\n" GROUP, FILES, false},
    {PASSWD "+alice:x:1001:::::\n+::::::\n", GROUP "+staff:x:2000:\n+:::\n", FILES, true},
    /* The first of several lines counts. */
    {"alice:x:1003:2001:Other:/:/bin/sh\n" PASSWD, GROUP, FILES, true},
    {"eve:x:1001:2001:Eve:/:/bin/sh\n" PASSWD, GROUP, FILES, true},
    {PASSWD "alice:x:1003:2001:Other:/:/bin/false\neve:x:1001:2001:Eve:/:/bin/sh\n", GROUP, FILES, true},
    {PASSWD, "dbadmins:x:2001:\n" GROUP "staff:x:2002:alice\n", FILES, true},
    {PASSWD, "wheel:x:2000:alice\n" GROUP, FILES, true},
    /* Members who are not in /etc/passwd: in the directory, or nowhere. */
    {PASSWD, "dbadmins:x:2001:karl,alice\n" GROUP, FILES, false},
    {PASSWD, "dbadmins:x:2001:ghost,alice\n" GROUP, FILES, false},
    {PASSWD, "dbadmins:x:2001:alice,alice,,bob\n" GROUP, FILES, true},
    /* A user of both is the one of the files. */
    {PASSWD "karl:x:1004:2000:K:/:/bin/sh\n", "dbadmins:x:2001:karl\n" GROUP, FILES, true},
    /* No UTF-8, long, and what is no line at all. */
    {PASSWD "al\xff:x:1004:2000:\xff:/:/bin/sh\n", GROUP "st\xff:x:2003:alice\n", FILES, true},
    {"al\xff:x:1001:2000:\xff:/:/bin/sh\n" PASSWD, "dbadmins:x:2001:al\xff\n" GROUP, FILES, false},
    {"root:x:0:0:root:/root:/bin/sh\nalice:x:1001:2000:\xff\xfe,\x1b[1m:/:\nbob:x:1002:2000::/:\n", GROUP,
     FILES, true},
    {"# alice\n\nalice\nalice:x\nalice:x:nine:2000::/:\n  " PASSWD, "staff\nstaff:x\n\n" GROUP, FILES, true},
    /* Being written. */
    {"root:x:0:0:root:/root:/bin/bash\nalice:x:1001:20", GROUP, FILES, false},
    {PASSWD, "root:x:0:\nstaff:x:2000:\ndbadm", FILES, false},
    {"", GROUP, FILES, false},
    {PASSWD, "", FILES, false},
    {NULL, GROUP, FILES, false},
    {PASSWD, NULL, FILES, false},
};
enum { N_TABLE = sizeof(table) / sizeof(table[0]) };

static char *alice_and_bob[] = {(char *)"alice", (char *)"bob", NULL};
static char *both_groups[] = {(char *)"staff", (char *)"dbadmins", NULL};
static char *principals[] = {(char *)"alice", (char *)"%dbadmins", (char *)"bob", NULL};

static struct inquiry all(void)
{
    static gid_t gids[] = {2000, 2001};
    return (struct inquiry){.caller = 1001,
                            .user = (char *)"alice",
                            .groups = both_groups,
                            .others = alice_and_bob,
                            .names = principals,
                            .principals = principals,
                            .gids = gids,
                            .n_gids = 2,
                            .names_only = true};
}

START_TEST(the_same_or_nothing)
{
    char what[128];
    const struct inquiry inquiry = all();
    use(table[_i].passwd, table[_i].group, table[_i].services);
    snprintf(what, sizeof(what), "row %d (%s)", _i, table[_i].services);
    for (int i = 0; i < 2; i++) /* the second time by what was kept */
        compare(&inquiry, table[_i].here, what);
}
END_TEST

START_TEST(what_the_files_do_not_have)
{
    char *ghost[] = {(char *)"ghost", NULL}, *no_group[] = {(char *)"%ghost", NULL};
    gid_t gid = 5002;
    const struct inquiry none[] = {
        {.caller = 5001, .names_only = true},
        {.caller = (uid_t)-1, .user = (char *)"karl", .names_only = true},
        {.caller = 1001, .user = (char *)"ALICE", .names_only = true},
        {.caller = 1001, .groups = ghost, .names_only = true},
        {.caller = 1001, .others = ghost, .names_only = true},
        {.caller = 1001, .names = ghost, .names_only = true},
        {.caller = 1001, .principals = no_group, .names_only = true},
        {.caller = 1001, .gids = &gid, .n_gids = 1, .names_only = true},
        {.caller = 1001}, /* groups of users */
    };
    use(PASSWD, GROUP, FILES);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        compare(&none[i], false, "");
    const struct inquiry enough = {.caller = 1001, .user = (char *)"bob", .names_only = true};
    compare(&enough, true, "");
}
END_TEST

/* More than may be read between two events. Groups may have many lines, and one a long one. */
START_TEST(large_files)
{
    const size_t size = 70 * 1024;
    const struct inquiry inquiry = all();
    char *text = malloc(size + sizeof(GROUP));
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < 2; i++) {
        memcpy(text, GROUP, sizeof(GROUP));
        char *end = text + strlen(text);
        if (i == 0)
            while ((size_t)(end - text) < size)
                end += sprintf(end, "g%zu:x:%zu:\n", (size_t)(end - text), 10000 + (size_t)(end - text));
        else
            end += sprintf(end, "many:x:9000:%060000d\n", 0);
        use(PASSWD, text, FILES);
        compare(&inquiry, i == 1, "large");
        use(PASSWD, GROUP, FILES);
        compare(&inquiry, true, "small again");
    }
    free(text);
}
END_TEST

/* Of whose members nobody has to wait until all are looked at. */
START_TEST(large_groups)
{
    char *many[] = {(char *)"%many", NULL};
    const struct inquiry inquiry = {.caller = 1001, .principals = many, .names_only = true};
    char text[8192];
    for (int members = 256; members <= 257; members++) {
        char *end = stpcpy(stpcpy(text, GROUP), "many:x:9000:");
        for (int i = 0; i < members; i++)
            end = stpcpy(end, i ? ",alice" : "alice");
        strcpy(end, "\n");
        use(PASSWD, text, FILES);
        compare(&inquiry, members == 256, "members");
    }
}
END_TEST

/* Without a new time or size, and with the lines of nsswitch.conf. */
START_TEST(changed_in_the_same_moment)
{
    const struct inquiry inquiry = {.caller = 1001, .user = (char *)"bob", .names_only = true};
    use(PASSWD, GROUP, FILES);
    for (int i = 0; i < 20; i++) {
        char *text = strdup(PASSWD);
        memcpy(strstr(text, "alice"), i % 2 ? "alice" : "carol", 5);
        FILE *out = fopen("/etc/passwd", "r+e");
        ck_assert(text && out && fputs(text, out) >= 0 && fclose(out) == 0);
        char *own = ask_here(&inquiry);
        ck_assert_ptr_nonnull(strstr(own, i % 2 ? "caller alice" : "caller carol"));
        free(own);
        free(text);
    }
    use(PASSWD, GROUP, "directory files");
    compare(&inquiry, false, "");
    use(PASSWD, GROUP, "files");
    compare(&inquiry, true, "");
}
END_TEST

/* Nothing is asked that may hang, in no turn of the loop. */
START_TEST(nothing_waits)
{
    const struct inquiry inquiry = {.caller = 1001, .user = (char *)"karl", .names_only = true};
    live_directory_set_mode("hang\n");
    ck_assert_ptr_null(lookup_here(lookup, &inquiry)); /* before the first one */
    ck_assert_ptr_null(lookup_here(lookup, &inquiry));
    for (int i = 0; i < 2; i++)
        ck_assert_ptr_null(ask_here(&inquiry));
    ck_assert_ptr_null(lookup_here(lookup, &inquiry));
}
END_TEST

/* Files that are none. */
START_TEST(no_files)
{
    static const char *const paths[] = {"/etc/passwd", "/etc/group"};
    const struct inquiry inquiry = all();
    for (size_t i = 0; i < 2; i++) {
        use(PASSWD, GROUP, FILES);
        ck_assert_int_eq(remove(paths[i]), 0);
        ck_assert_int_eq(mkfifo(paths[i], 0644), 0);
        ck_assert_ptr_null(ask_here(&inquiry));
        ck_assert_int_eq(remove(paths[i]), 0);
        ck_assert_int_eq(mkdir(paths[i], 0755), 0);
        compare(&inquiry, false, "a folder");
        ck_assert_int_eq(remove(paths[i]), 0);
    }
}
END_TEST

/* What policies mean by a name is known from then on, as after an answer of the process. */
START_TEST(names_are_learnt)
{
    const struct inquiry inquiry = all();
    ck_assert_ptr_null(namebook_find(lookup_names(lookup), "%dbadmins"));
    use(PASSWD, GROUP, FILES);
    free(ask_here(&inquiry));
    const struct named *named = namebook_find(lookup_names(lookup), "%dbadmins");
    ck_assert(named && named->state == NAMED_FOUND && named->sure && named->id == 2001);
    named = namebook_find(lookup_names(lookup), "alice");
    ck_assert(named && named->state == NAMED_FOUND && named->id == 1001);
}
END_TEST

int main(void)
{
    read_text("/etc/passwd", first_users, sizeof(first_users));
    read_text("/etc/group", first_groups, sizeof(first_groups));
    suite_case("lookup_here", setup, teardown);
    suite_timeout(30);
    suite_loop(the_same_or_nothing, 0, N_TABLE);
    suite_add(what_the_files_do_not_have, large_files, large_groups, changed_in_the_same_moment,
              nothing_waits, no_files, names_are_learnt);
    return suite_run();
}
