/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names in packages, and quorums, against a host that is made up. */
#include "tests/support/suite.h"
#include "tests/unit/configured.h"

static void set_up(void)
{
    make_folder();
    groups = usual_groups;
    asked = 0;
}

static void check_names(void)
{
    load_all();
    ck_assert_int_eq(configure_names_check(packages, false, NULL, &lookup, &problems), 0);
}

START_TEST(names_that_all_resolve)
{
    define("a", "dbadmins", "%staff alice", "bob %dba-leads");
    check_names();
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

static const struct {
    const char *gives;
    const char *requestors;
    const char *approvers;
    bool error;
    const char *told;
} names[] = {
    {"nosuch", NULL, "bob", false,
     "a.conf: the group nosuch does not exist on this host; until it does, access stays"},
    {"away", NULL, "bob", false,
     "a.conf: the group away could not be looked up, for a directory does not answer, so whether it is there "
     "is "
     "not known; run this again when it does"},
    {"dbadmins", "%nosuch", "bob", false,
     "a.conf: the group nosuch does not exist on this host; nobody can request"},
    {"dbadmins", "nosuch", "bob", false,
     "a.conf: the user nosuch does not exist on this host; nobody can request"},
    {"dbadmins", NULL, "nosuch bob", false,
     "a.conf: the user nosuch does not exist on this host; nobody can approve"},
    {"dbadmins", NULL, "%nosuch bob", false,
     "a.conf: the group nosuch does not exist on this host; nobody can app"},
    {"dbadmins", NULL, "erin bob", false, "a.conf: erin has no login shell and so cannot approve"},
    {"dbadmins", NULL, "erin", false, "a.conf: stage 1 needs 1 approval, and 0 people can approve today"},
    {"dbadmins", NULL, "%empty", false, "a.conf: stage 1 needs 1 approval, and 0 people can approve today"},
    {"docker", NULL, "bob", false,
     "a.conf: who is in the group docker can start a container that owns the host; "},
    {"Docker", NULL, "bob", false,
     "a.conf: who is in the group Docker can start a container that owns the host; "},
    {"dba-leads", NULL, "%DBA-Leads", true,
     "a.conf: who holds a is in DBA-Leads and may approve a; they could keep each other in for ever"},
    {"toor", NULL, "bob", true, "a.conf: the group toor has the gid 0, root's own"},
    {"dbadmins dbadmins-too", NULL, "bob", true,
     "the groups dbadmins and dbadmins-too are one on this host (gid 2001)"},
};

START_TEST(each_doubt_about_a_name)
{
    define("a", names[_i].gives, names[_i].requestors, names[_i].approvers);
    check_names();
    ck_assert_msg(told(names[_i].error, names[_i].told), "wanted %s", names[_i].told);
    ck_assert_uint_eq(problems.errors, names[_i].error ? 1 : 0);
}
END_TEST

static const struct {
    const char *stage;
    bool reached;
} quorums[] = {
    {"approvers = %dba-leads\nquorum = 2\n", true},
    {"approvers = %dba-leads bob\nquorum = 3\n", false}, /* bob counts once */
    {"approvers = %dba-leads alice\nquorum = 3\n", true},
    {"approvers = bob Bob@corp.test\nquorum = 2\n", false}, /* one by two names */
    {"approvers = Bob@corp.test %dba-leads %DBA-Leads\nquorum = 3\n", false},
    {"approvers = Bob@corp.test alice\nquorum = 2\n", true},
    {"approvers = %daemons\nquorum = 2\n", false}, /* erin cannot log in */
    {"approvers = %ghosts\nquorum = 2\n", false},
    {"approvers = %dba-leads\nquorum = 3\nescalate_after = 1h\nfallback_approvers = alice\n", true},
    {"approvers = %dba-leads %away\nquorum = 3\n", true}, /* nobody knows: no warning */
};

START_TEST(quorums_that_can_be_reached_today)
{
    char text[512];
    snprintf(text, sizeof(text), "[package]\ngroups = dbadmins\n[stage 1]\n%s", quorums[_i].stage);
    put("a.conf", text);
    check_names();
    bool warned = false;
    for (size_t i = 0; i < problems.count; i++)
        warned = warned || strstr(problems.items[i].text, "stage 1 needs");
    ck_assert_msg(warned == !quorums[_i].reached, "%s", quorums[_i].stage);
}
END_TEST

START_TEST(each_name_is_asked_for_once)
{
    define("a", "dbadmins", "%staff", "bob %dba-leads");
    define("b", "dbadmins", "%staff", "bob %dba-leads");
    check_names();
    ck_assert_int_eq(asked, 4);
}
END_TEST

/* The real look-ups, on names that every host has. */
START_TEST(the_host_s_look_ups)
{
    gid_t gid = 1;
    strv members = NULL;
    struct configure_user user = {0};
    ck_assert_int_eq(configure_lookup_host.group("root", NULL, &gid, &members), 0);
    ck_assert_uint_eq(gid, 0);
    strv_free(members);
    ck_assert_int_eq(configure_lookup_host.user("root", NULL, &user), 0);
    ck_assert_int_eq(configure_lookup_host.user("no-such-user", NULL, &user), -ENOENT);
    ck_assert_int_eq(configure_lookup_host.group("no-such-group", NULL, &gid, &members), -ENOENT);
}
END_TEST

int main(void)
{
    suite_case("names", set_up, remove_folder);
    suite_add(names_that_all_resolve);
    suite_rows(each_doubt_about_a_name, names);
    suite_rows(quorums_that_can_be_reached_today, quorums);
    suite_add(each_name_is_asked_for_once, the_host_s_look_ups);
    return suite_run();
}
