/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of our lines in pam.d, in folders of the test's own. That the walk is libpam's: tests/pam/test_pamstack.c. */
#include "common/pamcheck.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[FOLDER_MAX];

static void put_into(const char *folder, const char *service, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s/%s", root, folder, service);
    folder_write(path, text);
}

static void put(const char *service, const char *text)
{
    put_into("etc/pam.d", service, text);
}

static void setup(void)
{
    static const char *const folders[] = {"etc", "etc/pam.d", "usr", "usr/lib", "usr/lib/pam.d"};
    char path[256];
    folder_make(root);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        ck_assert_int_eq(mkdir(path, 0755), 0);
    }
    put("other", "account required pam_deny.so\n");
    put("common-account", "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                          "account requisite pam_deny.so\naccount required pam_permit.so\n");
}

static void teardown(void)
{
    folder_remove(root);
}

static bool is_package(const char *name, void *data)
{
    (void)data;
    return strcmp(name, "db") == 0;
}

#define OURS   "pam_accesspkg.so package=db\n"
#define REST   "@include common-account\n"
#define ROOTOK "account [success=1 default=ignore] pam_rootok.so\n"

static const struct {
    const char *text;
    const char *line; /* of the finding; NULL: none */
    const char *what;
} cases[] = {
    {"account required " OURS REST, NULL, NULL},
    {"account requisite " OURS REST, NULL, NULL},
    {"-account [default=die success=ok ignore=ignore] " OURS REST, NULL, NULL},
    {"account required pam_accesspkg.so package=db mode=report\n" REST, NULL, NULL},
    {"account [success=1 default=ignore] pam_rootok.so\naccount required " OURS REST, NULL, NULL},
    {"account sufficient pam_succeed_if.so user ingroup wheel\naccount required " OURS REST, NULL, NULL},
    {REST "account required " OURS, "svc:2: ", "may not be asked"},
    {"account sufficient pam_localuser.so\naccount required " OURS REST, "svc:2: ", "may not be asked"},
    {"account sufficient " OURS REST, "svc:1: ", "guards nothing"},
    {"account optional " OURS REST, "svc:1: ", "guards nothing"},
    {"account [default=ignore] " OURS REST, "svc:1: ", "guards nothing"},
    {"account [default=bad success=ok user_unknown=ignore] " OURS REST, "svc:1: ", "refuses root"},
    {"account required " OURS, "svc:1: ", "refuses root"},
    {"account required pam_nologin.so\naccount required " OURS, "svc:2: ", "refuses root"},
    {"account [default=die success=ok ignore=ignore module_unknown=ignore] " OURS REST,
     "svc:1: ", "is missing"},
    {"account required pam_accesspkg.so package=db package=dbb\n" REST,
     "svc:1: ", "package=dbb: there is no"},
    {"account required pam_accesspkg.so\n" REST, "svc:1: ", "names no package, and refuses everybody"},
    {"account required pam_accesspkg.so package=db mode=reprot\n" REST,
     "svc:1: ", "\"mode=reprot\" is ignored: the mode is"},
    {"account required pam_accesspkg.so package=db pakage=web\n" REST, "svc:1: ", "there is no such option"},
    {"account required pam_accesspkg.so package=db wait=600\n" REST, "svc:1: ", "from 0 to 60"},
    {"account required pam_accesspkg.so package=db [mode=report] quiet\n" REST, NULL, NULL},
    {"account required " OURS REST "session optional pam_accesspkg.so debugg\n",
     "svc:3: ", "\"debugg\" is ignored"},
    {"account required " OURS REST "session optional pam_accesspkg.so quiet\n", NULL, NULL},
    {"account required " OURS REST "session required pam_accesspkg\n",
     "svc:3: ", "Write: session optional pam_accesspkg.so"},
    {"auth required " OURS "account required pam_permit.so\n", "svc:1: ", "refuses everybody"},
    {"account \\\n required \\\n " OURS REST "#account sufficient " OURS, NULL, NULL},
    {"account required pam_accesspkg_old.so\n" REST, NULL, NULL},
    {"account required pam_accesspkg package=db\n" REST, "svc:1: ", "its module is pam_accesspkg. Write"},
    {"account required pam_acesspkg.so package=db\n" REST, "svc:1: ", "its module is pam_acesspkg.so"},
    {"account required pam_accesspkg.so\r\n" REST, "svc:1: ", "its module is pam_accesspkg.so\r"},
    {"account required /lib/nowhere/" OURS REST, "svc:1: ", "no module of this path"},
    {"account required " OURS "@include common-account\r\n", "svc:2: ", "there is no such file"},
    {"account required " OURS REST "account required\n", "svc:3: ", "refuses everybody"},
    {"account required\n" REST, NULL, NULL},
    {"account [success=1 default=ignore] pam_succeed_if.so user = robot\naccount required " OURS REST, NULL,
     NULL},
    {"account [success=2 default=ignore] pam_succeed_if.so user = robot\naccount required " OURS REST,
     "svc:1: ", "jumps too far"},
    {"account [success=9 default=ignore] pam_rootok.so\naccount required " OURS REST,
     "svc:1: ", "jumps too far"},
    {"account [success=1 default=ignore] pam_rootok.so\naccount required " OURS, "svc:2: ", "refuses root"},
    {"account required pam_access.so\naccount required " OURS REST, NULL, NULL},
};

START_TEST(a_line)
{
    struct findings findings = {0};
    put("svc", cases[_i].text);
    pamcheck(root, is_package, NULL, &findings, NULL);
    ck_assert_msg(findings.count == (cases[_i].line != NULL), "%zu: %s\n%s", findings.count, cases[_i].text,
                  findings.count ? findings.items[0] : "");
    if (cases[_i].line)
        ck_assert_msg(strstr(findings.items[0], cases[_i].line) && strstr(findings.items[0], cases[_i].what),
                      "%s", findings.items[0]);
    findings_deinit(&findings);
}
END_TEST

/* A line in a file that two services include is told of once. */
START_TEST(included)
{
    struct findings findings = {0};
    put("common-account", "account optional " OURS "account required pam_permit.so\n");
    put("one", REST);
    put("two", "account include common-account\n");
    static const char *const copies[] = {"two.dpkg-old", "two.ucf-dist", "two.bak", "two.orig", "two.old",
                                         "two.save",     "two.disabled", "#two#",   "two~",     ".two.swp"};
    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
        put(copies[i], "account optional " OURS);
    put("TWO", "account sufficient " OURS);
    ck_assert_int_eq(pamcheck(root, is_package, NULL, &findings, NULL), 0);
    ck_assert_uint_eq(findings.count, 1);
    findings_deinit(&findings);
}
END_TEST

/* What libpam falls back to matters where something is guarded. */
START_TEST(other)
{
    struct findings findings = {0};
    put("other", REST);
    ck_assert_int_eq(pamcheck(root, is_package, NULL, &findings, NULL), 0);
    ck_assert_uint_eq(findings.count, 0);
    put("svc", "account required " OURS REST);
    ck_assert_int_eq(pamcheck(root, is_package, NULL, &findings, NULL), 0);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_ptr_nonnull(
        strstr(findings.items[0], "/etc/pam.d/other: it lets in without an access package"));
    findings_deinit(&findings);
    findings = (struct findings){0};
    put("other", "account required " OURS REST);
    ck_assert_int_eq(pamcheck(root, is_package, NULL, &findings, NULL), 0);
    ck_assert_uint_eq(findings.count, 0);
    findings_deinit(&findings);
}
END_TEST

/* Services that keep out whom our line refuses, and no others. */
START_TEST(guarded)
{
    struct findings findings = {0};
    struct findings services = {0};
    put("common-session", "session required pam_unix.so\n");
    put("sshd", "account required " OURS REST);
    put("su", "account required pam_accesspkg.so package=db mode=report\n" REST);
    put("both", "account required pam_accesspkg.so package=x mode=report\naccount required " OURS REST);
    put("cron", REST);
    put("sudo", "account sufficient " OURS REST);
    put("inner", "account required " OURS REST);
    put("outer", "account include inner\n");
    ck_assert_int_eq(pamcheck(root, NULL, NULL, &findings, &services), 0);
    static const char *const expected[] = {"both", "inner", "outer", "sshd", "su (mode=report)"};
    ck_assert_uint_eq(services.count, 5);
    for (size_t i = 0; i < services.count; i++)
        ck_assert_str_eq(services.items[i], expected[i]);
    findings_deinit(&services);
    findings_deinit(&findings);
}
END_TEST

/* libpam looks there for what is not in /etc/pam.d. */
START_TEST(of_packages)
{
    struct findings findings = {0}, services = {0};
    put("sshd", "account required " OURS REST);
    put_into("usr/lib/pam.d", "polkit-1", "account required " OURS REST);
    put_into("usr/lib/pam.d", "sshd", "account optional " OURS REST);
    ck_assert_int_eq(pamcheck(root, NULL, NULL, &findings, &services), 0);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_ptr_nonnull(
        strstr(findings.items[0], "/usr/lib/pam.d/polkit-1:1: the next upgrade overwrites"));
    ck_assert_uint_eq(services.count, 2);
    ck_assert_str_eq(services.items[0], "sshd");
    ck_assert_str_eq(services.items[1], "polkit-1");
    findings_deinit(&services);
    findings_deinit(&findings);
}
END_TEST

/* "sudo -i" asks a file of its own. */
START_TEST(pairs)
{
    struct findings findings = {0};
    put("su", ROOTOK "account required " OURS REST);
    put("su-l", "account include su\n");
    put("sudo", "account required " OURS REST);
    ck_assert_int_eq(pamcheck(root, NULL, NULL, &findings, NULL), 0);
    ck_assert_uint_eq(findings.count, 0); /* there is none: libpam asks the other one */
    put("sudo-i", REST);
    ck_assert_int_eq(pamcheck(root, NULL, NULL, &findings, NULL), 0);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_ptr_nonnull(strstr(findings.items[0], "/etc/pam.d/sudo-i: it does not ask"));
    findings_deinit(&findings);
}
END_TEST

/* Root's own su, in scripts of the system, has nobody else to judge than its target. */
START_TEST(su_of_root)
{
    static const struct {
        const char *text;
        size_t findings;
    } rows[] = {
        {ROOTOK "account required " OURS REST, 0},
        {"account sufficient pam_rootok.so\naccount required " OURS REST, 0},
        {"account required pam_accesspkg.so package=db enforce_for_root\n" REST, 0},
        {"account [success=1 default=ignore] pam_succeed_if.so use_uid uid = 0\naccount required " OURS REST,
         0},
        {"account required " OURS REST, 1},
        {"account required " OURS ROOTOK REST, 1},
        {ROOTOK "account required pam_nologin.so\naccount required " OURS REST, 1},
    };
    put("su-l", "account include su\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct findings findings = {0};
        put("su", rows[i].text);
        ck_assert_int_eq(pamcheck(root, NULL, NULL, &findings, NULL), 0);
        ck_assert_msg(findings.count == rows[i].findings, "%s", rows[i].text);
        if (findings.count)
            ck_assert_ptr_nonnull(strstr(findings.items[0], "judges root's own su by its target"));
        findings_deinit(&findings);
    }
}
END_TEST

/* sshd runs as root: who runs it is root, whoever logs in. */
START_TEST(who_runs_it)
{
    static const struct {
        const char *service, *text;
        bool guards;
    } rows[] = {
        {"sshd", ROOTOK "account required " OURS REST, false},
        {"login", "account sufficient pam_rootok.so\naccount required " OURS REST, false},
        {"sshd",
         "account [success=1 default=ignore] pam_succeed_if.so use_uid uid = 0\naccount required " OURS REST,
         false},
        {"sshd", "account [success=1 default=ignore] pam_succeed_if.so uid = 0\naccount required " OURS REST,
         true},
        {"sshd", "account required pam_rootok.so\naccount required " OURS REST, true},
        {"sshd", "account required " OURS ROOTOK REST, true},
        {"sudo", ROOTOK "account required " OURS REST, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct findings findings = {0}, services = {0};
        put(rows[i].service, rows[i].text);
        ck_assert_int_eq(pamcheck(root, NULL, NULL, &findings, &services), 0);
        ck_assert_msg(services.count == rows[i].guards && findings.count == !rows[i].guards, "%s",
                      rows[i].text);
        if (!rows[i].guards)
            ck_assert_ptr_nonnull(
                strstr(findings.items[0], "asks who runs it, not who logs in. Take the line out"));
        put(rows[i].service, REST);
        findings_deinit(&services);
        findings_deinit(&findings);
    }
}
END_TEST

int main(void)
{
    suite_case("pamcheck", setup, teardown);
    suite_rows(a_line, cases);
    suite_add(included, other, guarded, of_packages, pairs, su_of_root, who_runs_it);
    return suite_run();
}
