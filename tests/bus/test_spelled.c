/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names in policies as people spell them, beside a directory that finds a name in any case and with its domain: check-config,
 * explain, lists and the decision agree on whom each means (rules 1, 4, 5, 9).
 */
#include "tests/support/live.h"
#include "tests/support/live_directory.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* bob and dba-leads are names of this host, too. */
#define USERS                                                                                                \
    "olga:x:5001:5000:Olga Orlova:/tmp:/bin/sh\nkarl:x:5002:5000:Karl Kern:/tmp:/bin/sh\n"                   \
    "bob:x:5003:5000:Another Bob:/tmp:/bin/sh\npiet:x:5004:5000:Piet Post:/tmp:/bin/sh\n"
#define GROUPS                                                                                               \
    "corp:x:5000:\ndirleads:x:5010:olga,piet\ndirstaff:x:5011:karl\ndba-leads:x:5012:piet\ndbadir:x:5013:"   \
    "\ndirold:x:5014:karl\n"

#define DB   "[package]\ngroups = dbadmins\n[policy]\nduration = 1h\n"
#define SELF "[stage 1]\nquorum = 2\napprovers = OLGA olga Olga@corp.test OLGA@CORP.TEST\n"
#define TWO  "[stage 1]\napprovers = Olga@corp.test\n[stage 2]\napprovers = OLGA carol\n"

static void setup(void)
{
    live_directory_start("files directory accesspkg", USERS, GROUPS);
    /* clang-format off */
    live_start("user", DB "requestors = %DirStaff@corp.test Alice\napprovers = Olga@corp.test\n",
               "group", DB "requestors = KARL alice\napprovers = %DirLeads\n",
               "local", DB "approvers = bob\n",
               "local-group", DB "approvers = %dba-leads\n",
               "self", DB SELF,
               "two", DB TWO,
               "fire", DB "emergency = Karl@Corp.Test\napprovers = %DIRLEADS\n",
               "by-package", "[package]\ngroups = DbaDir\n[policy]\napproval = none\nduration = 1h\n",
               "by-holders", DB "approvers = %dbadir@corp.test\n", NULL);
    /* clang-format on */
}

static void teardown(void)
{
    live_stop();
    live_directory_stop();
    live_expect("root", "! [ -e /etc/passwd.before ] || mv /etc/passwd.before /etc/passwd", 0, "");
}

/* The first call of all, and each after it. */
START_TEST(the_one_that_is_meant_decides)
{
    static const char *const packages[] = {"user", "group"};
    char command[256];
    for (size_t i = 0; i < 2; i++) {
        snprintf(command, sizeof(command), "pkg-request submit %s", packages[i]);
        live_expect("karl", command, 0, "is filed");
        live_stop_daemon(SIGTERM);
        live_start_daemon();
        snprintf(command, sizeof(command), "pkg-approve approve karl/%s -m yes", packages[i]);
        live_expect("bob", command, 1, "that you may see");
        live_expect("olga", command, 0, "is approved");
        ck_assert(live_in_group("karl", "dbadmins"));
        snprintf(command, sizeof(command), "pkg-admin revoke %s KARL -m over", packages[i]);
        live_expect("root", command, 0, "Revoked");
    }
}
END_TEST

/* What is told about a policy is what it does. */
START_TEST(all_agree)
{
    live_expect("root", "pkg-admin check-config; true", 0, "");
    ck_assert_msg(!strstr(live_output, "Olga") && !strstr(live_output, "DirStaff") &&
                      !strstr(live_output, "group.conf"),
                  "%s", live_output);
    live_expect("root", "pkg-admin explain user karl", 0, "olga");
    live_expect("root", "pkg-admin explain user Karl@CORP.test", 0, "karl (uid 5002)");
    live_expect("root", "pkg-admin explain group karl", 0, "olga, piet");
    live_expect("karl", "pkg-request packages", 0, "user");
    live_expect("karl", "pkg-request submit user", 0, "is filed");
    live_expect("olga", "pkg-approve", 0, "karl");
    live_expect("olga", "pkg-approve show karl/user", 0, "Olga@corp.test"); /* as it is written */
    live_expect("piet", "pkg-approve", 0, "Nothing waits for you");
    live_expect("piet", "pkg-approve show 1", 1, "There is no request 1 that you may see");
    live_expect("root", "pkg-admin status", 0, "");
    ck_assert_msg(!strstr(live_output, "Nobody can decide"), "%s", live_output);
    live_expect("olga", "pkg-approve deny karl/user -m no", 0, "is denied");
    live_expect("olga", "pkg-approve history", 0, "karl");
}
END_TEST

/* Their own request by another spelling is still their own. */
START_TEST(nobody_decides_on_their_own)
{
    live_write_package("own", DB "approvers = KARL@corp.test\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_expect("karl", "pkg-request submit own", 0, "nobody can decide");
    live_expect("karl", "pkg-approve approve 1 -m x", 77, "is your own");
    live_remove_package("own");
}
END_TEST

/* Four spellings are one person. */
START_TEST(one_person_counts_once)
{
    live_expect("root", "pkg-admin check-config; true", 0,
                "self.conf: stage 1 needs 2 approvals, and 1 person can");
    live_expect("root", "pkg-admin check-config; true", 0, "");
    live_expect("root", "pkg-admin explain self karl", 0, "2 more approvals, and only 1");
    live_expect("karl", "pkg-request submit self", 0, "is filed");
    live_expect("olga", "pkg-approve approve 1 -m yes", 0, "");
    live_expect("olga", "pkg-approve approve 1 -m yes", 1, "has an approval of yours already");
    live_expect("karl", "pkg-request submit two", 0, "is filed");
    live_expect("olga", "pkg-approve approve karl/two -m yes", 0, "");
    live_expect("olga", "pkg-approve approve 2 -m yes", 77, "You took part in another stage");
    live_expect("carol", "pkg-approve approve karl/two -m yes", 0, "is approved");
}
END_TEST

/* A directory's bob, whom it finds as BOB, is not the bob of this host; nor is a group of its the group of this host. */
START_TEST(another_of_the_same_name_is_not_meant)
{
    static const char *const packages[] = {"local", "local-group"};
    char command[256];
    for (size_t i = 0; i < 2; i++) {
        snprintf(command, sizeof(command), "pkg-request submit %s", packages[i]);
        live_expect("alice", command, 0, "is filed");
        snprintf(command, sizeof(command), "pkg-approve approve alice/%s -m yes", packages[i]);
        if (i == 0) /* the groups of this host are by name: a login gives both bobs dba-leads */
            live_expect("BOB", command, 1, "that you may see");
        live_expect("piet", command, 1, "that you may see");
        live_expect("bob", command, 0, "is approved");
        snprintf(command, sizeof(command), "pkg-admin revoke %s alice -m over", packages[i]);
        live_expect("root", command, 0, "Revoked");
    }
}
END_TEST

/* An account of this host that is made later, by the name that a policy has, is the one that is meant from then on. */
START_TEST(an_account_takes_the_name)
{
    live_expect("karl", "pkg-request submit user", 0, "is filed");
    live_expect(
        "root",
        "cp /etc/passwd /etc/passwd.before; echo 'Olga@corp.test:x:1999:1001::/tmp:/bin/sh' >>/etc/passwd", 0,
        "");
    live_expect("olga", "pkg-approve approve 1 -m yes", 77, "not an approver");
    live_expect("Olga@corp.test", "pkg-approve approve 1 -m yes", 0, "is approved");
    live_expect("root", "pkg-admin revoke user karl -m over; mv /etc/passwd.before /etc/passwd", 0,
                "Revoked");
}
END_TEST

/* The approver's name goes to another person of the directory: the next decision is theirs. */
START_TEST(the_directory_means_another_now)
{
    live_expect("karl", "pkg-request submit user", 0, "is filed");
    live_expect("olga", "pkg-approve", 0, "karl");
    live_directory_set_users(
        "olga.orlova:x:5001:5000:Olga Orlova:/tmp:/bin/sh\nolga:x:5009:5000:New:/tmp:/bin/sh\n"
        "karl:x:5002:5000:Karl Kern:/tmp:/bin/sh\n");
    live_expect("olga.orlova", "pkg-approve approve 1 -m yes", 77, "not an approver");
    live_expect("olga", "pkg-approve approve 1 -m yes", 0, "is approved");
}
END_TEST

/* Not answered is neither yes nor no. */
START_TEST(a_directory_that_does_not_answer)
{
    live_expect("alice", "pkg-request submit group", 0, "is filed");
    live_stop_daemon(SIGTERM);
    live_directory_set_mode("unavail group DirLeads\nunavail passwd Olga@corp.test\n");
    live_start_daemon();
    live_expect("olga", "pkg-approve approve alice/group -m yes", 69, "");
    live_expect("olga", "pkg-approve", 69, "what waits for you");
    live_directory_set_mode("");
    live_expect("olga", "pkg-approve approve alice/group -m yes", 0, "is approved");
    live_expect("root", "pkg-admin revoke group alice -m over", 0, "Revoked");
}
END_TEST

START_TEST(an_emergency)
{
    live_expect("alice", "pkg-request emergency fire -m fire", 1, "does not let you");
    live_expect("karl", "pkg-request emergency fire -m fire", 0, "");
    ck_assert(live_in_group("karl", "dbadmins"));
    live_expect("bob", "pkg-approve review karl/fire", 1, "that you may see");
    live_expect("olga", "pkg-approve review karl/fire", 0, "");
}
END_TEST

/* Who has the approvers' group by a package is one of them, however either file spells it. */
START_TEST(by_a_package)
{
    live_expect("karl", "pkg-request submit by-package", 0, "You hold by-package");
    ck_assert(live_in_group("karl", "dbadir"));
    live_expect("root", "pkg-admin explain by-holders alice", 0, "karl");
    live_expect("alice", "pkg-request submit by-holders", 0, "is filed");
    live_expect("root", "pkg-admin status", 0, "");
    ck_assert_msg(!strstr(live_output, "Nobody can decide"), "%s", live_output);
    live_expect("karl", "pkg-approve approve alice/by-holders -m yes", 0, "is approved");
}
END_TEST

/* A service that answers with the spelling it was asked for. */
START_TEST(a_directory_that_echoes)
{
    live_directory_set_mode("echo passwd\n");
    live_expect("karl", "pkg-request submit user", 0, "is filed");
    live_expect("root", "pkg-admin explain user karl", 0, "yes");
    live_expect("piet", "pkg-approve approve 1 -m yes", 77, "not an approver");
    live_expect("olga", "pkg-approve approve 1 -m yes", 0, "is approved");
}
END_TEST

/* The one whom the directory finds is locked, whether it echoes or not, and whether accesspkgd runs or not. */
START_TEST(a_lock)
{
    static const char *const modes[] = {"", "echo passwd\n"};
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        live_expect("karl", "pkg-request submit by-package", 0, "You hold by-package");
        ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
        live_directory_set_mode(modes[i]);
        live_expect("root", "pkg-admin lock Karl@CORP.test", 0, "karl is locked");
        live_expect("root", "test -d /var/lib/accesspkg/grants/user/karl", 0, "");
        live_start_daemon();
        live_expect("karl", "pkg-request submit by-package", 1, "karl is locked on this host");
        live_expect("root", "pkg-admin unlock KARL", 0, "karl is unlocked");
    }
}
END_TEST

/* Who is in a group is so by whatever spelling the package and the command have of it. */
START_TEST(an_import)
{
    live_write_package("old", "[package]\ngroups = DirOld\n[policy]\nduration = 1h\napprovers = bob\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_expect("root", "pkg-admin import DirOld --package old", 0, "karl");
    live_expect("root", "pkg-admin holders old", 0, "karl");
    live_expect("root", "pkg-admin holders %DirOld", 0, "karl");
    live_expect("root", "pkg-admin holders %dirold", 0, "karl");
    live_expect("root", "pkg-admin holders %DIROLD@corp.test", 0, "karl");
    live_expect("root", "pkg-admin holders %dirstaff", 1, "no package gives the group dirstaff");
    live_expect("root", "pkg-admin status", 0, "");
    ck_assert_msg(!strstr(live_output, "allow-list"), "%s", live_output);
    live_remove_package("old");
}
END_TEST

/* Who runs as another account, which has the uid, decides nothing: explain and the count of approvers know it, too. */
START_TEST(an_account_that_runs_as_another)
{
    live_expect("root",
                "cp /etc/passwd /etc/passwd.before; echo 'second:x:1002:1002::/tmp:/bin/sh' >>/etc/passwd", 0,
                "");
    live_write_package("second", DB "approvers = second\n");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    live_expect("root", "pkg-admin explain second alice", 0, "nobody (second)");
    live_expect("alice", "pkg-request submit second", 0, "is filed");
    live_expect("bob", "pkg-approve approve 1 -m yes", 77, "not an approver");
    live_expect("root", "pkg-admin status", 0, "Nobody can decide");
    live_remove_package("second");
}
END_TEST

/* A raw call from a user for themselves, in any spelling. */
START_TEST(one_s_own_name_in_a_call)
{
    json_t *value = NULL;
    ck_assert_int_eq(
        live_call("karl", -1, "Explain", "ss", json_pack("[s, s]", "user", "KARL@corp.test"), &value),
        BUS_ERROR_NONE);
    json_decref(value);
    ck_assert_int_eq(live_call("karl", -1, "Explain", "ss", json_pack("[s, s]", "user", "Olga"), &value),
                     BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(
        live_call("karl", -1, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "Karl", "user"), &value),
        BUS_ERROR_NONE);
    json_decref(value);
    ck_assert_int_eq(
        live_call("karl", -1, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "Olga", "user"), &value),
        BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(
        live_call("karl", -1, "ListRequests", "a{sv}", json_pack("[{s:s}]", "user", "KARL"), &value),
        BUS_ERROR_NONE);
    ck_assert_uint_eq(json_array_size(value), 1);
    json_decref(value);
}
END_TEST

static enum bus_error file_for_karl(const char *package)
{
    json_t *value = NULL;
    const enum bus_error answer =
        live_call("root", -1, "Submit", "sasa{sv}", json_pack("[s, [s], {}]", "karl", package), &value);
    json_decref(value);
    return answer;
}

/* A directory that hangs over somebody's groups holds up only what goes by them. */
START_TEST(groups_are_asked_for_where_they_count)
{
    live_directory_set_mode("hang initgroups karl\n");
    ck_assert_int_eq(file_for_karl("group"), BUS_ERROR_NONE);
    ck_assert_int_eq(file_for_karl("user"), BUS_ERROR_UNAVAILABLE);
    live_directory_set_mode("");
    ck_assert_int_eq(file_for_karl("user"), BUS_ERROR_NONE);
}
END_TEST

/* What karl may ask for, as a list of packages has it. */
static bool may_request(const char *package)
{
    json_t *packages = NULL;
    bool may = false;
    size_t i;
    const json_t *one;
    ck_assert_int_eq(live_call("karl", -1, "ListPackages", "", NULL, &packages), BUS_ERROR_NONE);
    json_array_foreach(packages, i,
                       one) if (strcmp(json_string_value(json_object_get(one, "name")), package) == 0) may =
        json_is_true(json_object_get(one, "may_request"));
    json_decref(packages);
    return may;
}

/* Lists and emergencies, too. A question that hangs is given up after a caller does; the bus has asked who karl is before. */
START_TEST(lists_ask_for_groups_where_they_count)
{
    json_t *value = NULL;
    ck_assert_int_eq(file_for_karl("group"), BUS_ERROR_NONE);
    for (int i = 0; i < 2;
         i++) /* what the group's name means is known the second time; who is in it is asked again */
        ck_assert(may_request("user"));
    live_expect("root",
                "sed -i '/^.lookup/a timeout = 60s' /etc/accesspkg/accesspkg.conf && pkg-admin reload", 0,
                "");
    live_directory_set_mode("hang initgroups karl\n");
    ck_assert_int_eq(live_call("karl", -1, "ListRequests", "a{sv}", json_pack("[{}]"), &value),
                     BUS_ERROR_NONE);
    ck_assert_uint_eq(json_array_size(value), 1);
    json_decref(value);
    ck_assert_int_eq(live_call("karl", -1, "Emergency", "ss", json_pack("[s, s]", "fire", "fire"), NULL),
                     BUS_ERROR_NONE);
    live_remove_package("user");
    live_expect("root", "pkg-admin reload", 0, "Policy reloaded");
    ck_assert(may_request("group"));
}
END_TEST

int main(void)
{
    suite_case("spelled", setup, teardown);
    suite_timeout(60);
    suite_add(the_one_that_is_meant_decides, all_agree, nobody_decides_on_their_own, one_person_counts_once,
              another_of_the_same_name_is_not_meant, an_account_takes_the_name,
              the_directory_means_another_now, a_directory_that_does_not_answer, an_emergency, by_a_package,
              a_directory_that_echoes, a_lock, an_import, an_account_that_runs_as_another,
              one_s_own_name_in_a_call, groups_are_asked_for_where_they_count,
              lists_ask_for_groups_where_they_count);
    return suite_run();
}
