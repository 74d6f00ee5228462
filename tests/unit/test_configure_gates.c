/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What check-config says of gates and packages together: who cannot be asked for a reason, which approvers do not get in. The
 * files of pam.d are Debian's, with our lines in them.
 */
#include "helperd/config/configure_gates.h"
#include "tests/support/suite.h"
#include "tests/unit/configured.h"

#include "common/grantdir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static char root[FOLDER_MAX];
static char state[96];

static void write_below(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    folder_write(path, text);
}

static void set_up(void)
{
    static const char *const folders[] = {
        "etc", "etc/pam.d", "etc/systemd",     "etc/systemd/system",     "etc/systemd/system/own.service.d",
        "usr", "usr/lib",   "usr/lib/systemd", "usr/lib/systemd/system", "state"};
    char path[256];
    make_folder();
    folder_make(root);
    snprintf(state, sizeof(state), "%s/state", root);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        ck_assert_int_eq(mkdir(path, 0755), 0);
    }
    groups = usual_groups;
    write_below("etc/pam.d/common-account",
                "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so \n"
                "account\trequisite\t\t\tpam_deny.so\naccount\trequired\t\t\tpam_permit.so\n");
    write_below("etc/pam.d/common-auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n");
    write_below("etc/pam.d/common-session", "session\trequired\tpam_unix.so \n");
    write_below("etc/systemd/system/plain.service", "[Service]\nExecStart=/bin/true\n#PAMName=report\n");
}

static void tear_down(void)
{
    folder_remove(root);
    remove_folder();
}

/* A service of Debian's with this line of ours where `pkg-admin pam enable` writes it. */
static void guard(const char *service, const char *line)
{
    char name[64], text[1024];
    snprintf(name, sizeof(name), "etc/pam.d/%s", service);
    snprintf(
        text, sizeof(text),
        "# PAM configuration for the service\n@include common-auth\naccount    required     pam_nologin.so\n"
        "%s\n@include common-account\nsession [success=ok ignore=ignore module_unknown=ignore default=bad] "
        "pam_selinux.so close\n@include common-session\n",
        line);
    write_below(name, text);
}

#define OURS "account required pam_accesspkg.so "

/* All that is said, a line each. The caller's to free. */
static char *check(const char *sshd)
{
    const struct configure_place place = {
        .packages = folder, .state = state, .owner = getuid(), .lookup = &lookup, .root = root, .sshd = sshd};
    struct findings findings = {0};
    size_t size = 0;
    char *said = NULL;
    FILE *out = open_memstream(&said, &size);
    load_all();
    configure_gates_check(&place, packages, &findings);
    for (size_t i = 0; i < findings.count; i++)
        fprintf(out, "%s\n", findings.items[i]);
    fclose(out);
    findings_deinit(&findings);
    return said;
}

static void assert_says(const char *sshd, const char *wanted)
{
    char *said = check(sshd);
    if (wanted)
        ck_assert_msg(strstr(said, wanted) != NULL, "not said: %s\nbut: %s", wanted, said);
    else
        ck_assert_str_eq(said, "");
    free(said);
}

/* ---- a reason, where nobody can be asked ------------------------------------------------------------------------ */

#define PLAIN                                                                                                \
    "usepam yes\npubkeyauthentication yes\npasswordauthentication yes\ngssapiauthentication no\n"            \
    "hostbasedauthentication no\n"
#define KBD        "kbdinteractiveauthentication yes\n"
#define DEBIAN     PLAIN "kbdinteractiveauthentication no\nauthenticationmethods any\n"
#define BOTH       PLAIN KBD "authenticationmethods publickey,keyboard-interactive\n"
#define ALONE      "for a reason alone (justification = required), and "
#define ANY_PERSON "account required pam_accesspkg.so package=free package=why"

static const struct {
    const char *service, *line, *sshd, *says; /* NULL: nothing */
} reasons[] = {
    {"sshd", ANY_PERSON, DEBIAN, "pam.d/sshd:4: why is given " ALONE "no login by sshd is asked for one"},
    {"sshd", ANY_PERSON, DEBIAN, "sshd has KbdInteractiveAuthentication no"},
    {"sshd", ANY_PERSON, DEBIAN, "pkg-request submit why -m REASON"},
    {"sshd", ANY_PERSON, PLAIN KBD "authenticationmethods any\n",
     "logins by sshd with a key or a password are not asked for one"},
    {"sshd", ANY_PERSON, PLAIN KBD, "with a key or a password are"},
    {"sshd", ANY_PERSON, PLAIN KBD "authenticationmethods publickey publickey,keyboard-interactive\n",
     "logins by sshd with publickey are not asked"},
    {"sshd", ANY_PERSON, PLAIN KBD "authenticationmethods keyboard-interactive:pam\n", NULL},
    {"sshd", ANY_PERSON, "usepam yes\npubkeyauthentication no\npasswordauthentication no\n" KBD, NULL},
    {"sshd", ANY_PERSON, BOTH, NULL},
    {"sshd", ANY_PERSON " mode=report", DEBIAN, "no login by sshd is asked"},
    {"sshd", ANY_PERSON " quiet", BOTH, "with `quiet` this line asks nobody for one"},
    {"sshd", ANY_PERSON " submit=no", DEBIAN, NULL},
    {"sshd", OURS "package=free package=asked", DEBIAN, NULL},
    {"sshd", OURS "package=nosuch", DEBIAN, NULL},
    {"sshd", OURS "package=free", "usepam no\n", "pam.d/sshd:4: sshd has UsePAM no"},
    {"login", ANY_PERSON, DEBIAN, NULL},
    {"su", ANY_PERSON, DEBIAN, NULL},
    {"sudo", ANY_PERSON, DEBIAN, "pam.d/sudo:4: why is given " ALONE "sudo asks nobody for one"},
    {"cockpit", ANY_PERSON, DEBIAN, "cockpit asks nobody for one"},
    {"cron", ANY_PERSON, DEBIAN, "cron (jobs of cron) has nobody to ask for one: what runs for a user"},
    {"systemd-user", ANY_PERSON, DEBIAN, "users' own services) has nobody to ask"},
    {"nothing-known", ANY_PERSON, DEBIAN, NULL},
};

START_TEST(who_cannot_be_asked_for_a_reason_is_told)
{
    put("free.conf", "[package]\ngroups = dbadmins\n[policy]\napproval = none\n");
    put("why.conf", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\njustification = required\n");
    put("asked.conf", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\njustification = asked\n");
    guard(reasons[_i].service, reasons[_i].line);
    assert_says(reasons[_i].sshd, reasons[_i].says);
}
END_TEST

/* sshd does not answer: root reads that, another user, who cannot run it, does not. */
START_TEST(an_sshd_that_says_nothing)
{
    put("why.conf", "[package]\ngroups = dbadmins\n[policy]\nemergency = bob\napprovers = bob\njustification "
                    "= required\n");
    guard("sshd", OURS "package=why");
    assert_says("", geteuid() == 0 ? "whether logins by sshd are asked for one is not known" : NULL);
}
END_TEST

START_TEST(a_unit_that_asks_pam_is_told)
{
    put("why.conf", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\njustification = required\n");
    guard("report", OURS "package=why");
    assert_says(DEBIAN, NULL);
    write_below("usr/lib/systemd/system/nightly.service", "[Service]\nUser=alice\n PAMName=report\n");
    assert_says(DEBIAN,
                "pam.d/report:4: why is given " ALONE "nightly.service (PAMName=report) has nobody to ask");
    write_below("etc/systemd/system/own.service.d/pam.conf", "[Service]\nPAMName=report\r\n");
    assert_says(DEBIAN, "own.service (PAMName=report)");
}
END_TEST

/* ---- approvers who do not get in -------------------------------------------------------------------------------- */

#define DB     "[package]\ngroups = dbadmins\n[policy]\n"
#define CANNOT " may approve but cannot get in by sshd: "

static const struct {
    const char *line, *db, *other,
        *says; /* the packages db and other; NULL: no such package; NULL: nothing */
} outside[] = {
    {OURS "package=db", DB "approvers = bob\n", NULL, "pam.d/sshd:4: bob" CANNOT},
    {OURS "package=db", DB "approvers = %dba-leads dave\n", NULL, ":4: bob, carol and dave" CANNOT},
    {OURS "package=db", DB "approvers = bob\n", DB "approvers = carol\n", ":4: bob and carol" CANNOT},
    {OURS "package=db",
     DB "[stage 1]\napprovers = bob\n[stage 2]\napprovers = root\nfallback_approvers = dave\n", NULL,
     ":4: bob and dave" CANNOT},
    {OURS "package=db mode=report", DB "approvers = bob\n", NULL, NULL},
    {OURS "package=db package=other", DB "approvers = bob\n", DB "approval = none\nrequestors = bob\n", NULL},
    {OURS "package=db package=other", DB "approvers = bob carol\n", DB "approval = none\nrequestors = bob\n",
     ":4: carol" CANNOT},
    {OURS "package=db package=other", DB "approvers = bob\n", DB "approval = none\n", NULL},
    {OURS "package=db package=other", DB "approvers = bob\n", DB "approval = none\nrequestors = %dba-leads\n",
     NULL},
    {OURS "package=db package=other", DB "approvers = bob\n", DB "approval = none\nrequestors = %away\n",
     NULL},
    {OURS "package=db package=other", DB "approvers = bob\n",
     DB "approval = none\nrequestors = Bob@corp.test\n", NULL},
    {OURS "package=db", DB "approvers = bob\nemergency = bob\n", NULL, NULL},
    {OURS "package=db", DB "approvers = erin away nosuch\n", NULL, NULL},
    {"account [success=1 default=ignore] pam_succeed_if.so quiet user ingroup dba-leads\n" OURS "package=db",
     DB "approvers = bob\n", NULL, NULL},
    {"account [success=1 default=ignore] pam_succeed_if.so quiet user ingroup staff\n" OURS "package=db",
     DB "approvers = bob\n", NULL, ":5: bob" CANNOT},
    {"account [success=1 default=ignore] pam_succeed_if.so quiet user ingroup bob\n" OURS "package=db",
     DB "approvers = bob\n", NULL, ":5: bob" CANNOT},
    {"account [success=1 default=ignore] pam_succeed_if.so user ingroup staff:dba-leads\n" OURS "package=db",
     DB "approvers = bob\n", NULL, NULL},
    {"account [success=ignore default=1] pam_succeed_if.so user notingroup dba-leads\n" OURS "package=db",
     DB "approvers = bob\n", NULL, NULL},
    {"account sufficient pam_succeed_if.so user ingroup staff\n" OURS "package=db", DB "approvers = bob\n",
     NULL, ":5: bob" CANNOT},
    {"account [success=1 default=ignore] pam_access.so\n" OURS "package=db", DB "approvers = bob\n", NULL,
     NULL},
    {"account [success=1 default=ignore] pam_rootok.so\n" OURS "package=db", DB "approvers = bob\n", NULL,
     NULL}, /* sshd runs as root: it lets everybody past, which pamcheck says */
    {OURS "package=nosuch", DB "approvers = bob\n", NULL, NULL},
};

START_TEST(approvers_who_do_not_get_in_are_told)
{
    put("db.conf", outside[_i].db);
    if (outside[_i].other)
        put("other.conf", outside[_i].other);
    guard("sshd", outside[_i].line);
    assert_says(BOTH, outside[_i].says);
}
END_TEST

/* Approvers need not come in by sudo. */
START_TEST(only_where_people_log_in)
{
    put("db.conf", DB "approvers = bob\n");
    guard("sudo", OURS "package=db");
    assert_says(BOTH, NULL);
    guard("login", OURS "package=db");
    assert_says(BOTH, "bob may approve but cannot get in by login");
}
END_TEST

START_TEST(who_holds_it_gets_in)
{
    struct grant_package held = {.name = "db", .span = {time(NULL) - 5, time(NULL) + 600}, .assignment = 1};
    const struct grant_user file = {
        .user = "bob", .uid = 1002, .written = time(NULL), .packages = &held, .n_packages = 1};
    put("db.conf", DB "approvers = bob\n");
    guard("sshd", OURS "package=db");
    ck_assert_int_eq(grantdir_write_user(state, &file, false), 0);
    assert_says(BOTH, NULL);
    held.span.end = time(NULL) - 1;
    ck_assert_int_eq(grantdir_write_user(state, &file, false), 0);
    assert_says(BOTH, "bob" CANNOT);
}
END_TEST

int main(void)
{
    suite_case("reasons", set_up, tear_down);
    suite_rows(who_cannot_be_asked_for_a_reason_is_told, reasons);
    suite_add(an_sshd_that_says_nothing, a_unit_that_asks_pam_is_told);
    suite_case("approvers", set_up, tear_down);
    suite_rows(approvers_who_do_not_get_in_are_told, outside);
    suite_add(only_where_people_log_in, who_holds_it_gets_in);
    return suite_run();
}
