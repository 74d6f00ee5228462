/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pkg-admin pam, for real: what it refuses to write, what it writes, and logins through the services that it wired, by the
 * real libpam, module and accesspkgd. The files themselves: tests/unit/test_pamwire.c.
 */
#include "common/pamedit.h"
#include "tests/pam/wired.h"
#include "tests/support/suite.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENABLE "pkg-admin pam enable sshd --yes "

START_TEST(from_report_to_enforced_and_back)
{
    live_expect("root", ENABLE "--package prod --report", 0, "sshd: no user is refused");
    expect_file("/etc/pam.d/sshd",
                "# PAM of sshd\n@include common-auth\naccount    required     pam_nologin.so\n# Standard\n"
                "account    required     pam_accesspkg.so package=prod mode=report  " PAMEDIT_MARK
                "\n@include common-account\nsession required pam_permit.so");
    ck_assert_int_eq(log_in("sshd", "alice"), PAM_SUCCESS);
    live_expect("root", ENABLE "--package prod --report", 0, "sshd: enabled already");
    live_expect("root", ENABLE "--package prod --package approvers --report", 0, "would be given at once");
    live_expect("root", "pkg-admin pam test bob sshd", 0,
                "the journal would say that approvers would be given at once");
    live_expect("root", "pkg-admin lock bob -m test; pkg-admin pam test bob sshd; pkg-admin unlock bob", 0,
                "the journal would say that they lack a package (they are locked");
    live_expect("root", ENABLE "--package prod --report", 0, "");
    live_expect("root", ENABLE "--package approvers --package prod --enforce", 0,
                "-account    required     pam_accesspkg.so package=prod mode=report");
    ck_assert_ptr_nonnull(strstr(live_output, "+account    required     pam_accesspkg.so package=approvers "
                                              "package=prod  " PAMEDIT_MARK));
    ck_assert_ptr_nonnull(strstr(live_output, "Past it for repairs: root over ssh, with a key."));
    live_expect("root", "pkg-admin pam test alice sshd", 1, "a request for prod would be filed");
    live_expect("bob", "pkg-approve list", 0, "Nothing waits");
    ck_assert_int_eq(log_in("sshd", "alice"), PAM_PERM_DENIED);
    live_expect("root", "pkg-admin pam test alice sshd", 1, "their request for prod waits for a decision");
    ck_assert_int_eq(log_in("sshd", "root"), PAM_SUCCESS);
    live_expect("root", "pkg-admin pam test root sshd", 0, "gates let root past");
    live_expect("root", "pkg-admin pam test bob sshd", 0, "approvers needs no approval");
    ck_assert_int_eq(log_in("sshd", "bob"), PAM_SUCCESS);
    live_expect("bob", "pkg-approve approve alice/prod -m ok", 0, "alice holds prod");
    ck_assert_int_eq(log_in("sshd", "alice"), PAM_SUCCESS);
    live_expect("root", "pkg-admin pam test alice sshd", 0, "they hold prod");
    live_expect("root", "pkg-admin pam test erin sshd", 1, "Why:");
    live_expect("root", "pkg-admin pam status | grep -E '^sshd +approvers, prod +refuses +pam enable +ssh$'",
                0, "");
    live_expect("root", "pkg-admin pam disable sshd", 0, "its file is as it was without our lines");
    ck_assert_ptr_nonnull(strstr(live_output,
                                 "\nTo guard it again: pkg-admin pam enable sshd --package approvers "
                                 "--package prod --enforce\n"));
    expect_file("/etc/pam.d/sshd", SSHD);
    ck_assert_int_eq(log_in("sshd", "dave"), PAM_SUCCESS);
    live_expect("root", "pkg-admin pam disable sshd", 0, "sshd has no line of `pkg-admin pam enable`");
    live_expect("root", "pkg-admin pam test alice sshd", 0, "sshd asks for no access package");
}
END_TEST

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static const struct {
    const char *user, *command;
    int code;
    const char *says;
} refusals[] = {
    {"alice", ENABLE "--package prod --report", 77, "Run the same command with sudo"},
    {"root", ENABLE "--report", 64, "needs --package NAME"},
    {"root", ENABLE "--package prod", 64, "say --report"},
    {"root", "pkg-admin pam enable sshd --package prod --report", 64,
     "there is no terminal to ask on: add --yes"},
    {"root", ENABLE "--package prod --report --enforce", 64, "exclude each other"},
    {"root", ENABLE "--package PROD --report", 64, "is no name of a package"},
    {"root", ENABLE "--package prod --report --option wait=99", 64, "a number of seconds from 0 to 60"},
    {"root", ENABLE "--package prod --report --option mode=report", 64,
     "use --package, --report and --enforce"},
    {"root", ENABLE "--package prod --report --option enforce_for_root", 64, "it refuses root, too"},
    {"root", ENABLE "--package prod --report --exempt-group nosuch", 1, "there is no group nosuch"},
    {"root", ENABLE "--package prod --report --exempt-group 'a b'", 64, "cannot stand in a file of pam.d"},
    {"root", ENABLE "--package nosuch --report", 1, "pkg-admin reload"},
    {"root", "pkg-admin pam enable nosuch --package prod --report --yes", 1, "is no service with a file"},
    {"root", "pkg-admin pam enable ssh --package prod --report --yes", 1,
     "pam status (perhaps: sshd). Nothing"},
    {"root", "pkg-admin pam enable /etc/pam.d/login --package prod --report --yes", 1, "(perhaps: login)"},
    {"root", "pkg-admin pam disable sshd.service", 1, "(perhaps: sshd)"},
    {"root", "pkg-admin pam enable common-account --package prod --report --yes", 1, "pam status. Nothing"},
    {"root", "pkg-admin pam enable other --package prod --report --yes", 1, "is no service with a file"},
    {"root",
     "printf '[package]\\ngroups = dbad' >/etc/accesspkg/packages.d/half.conf; " ENABLE
     "--package prod --report",
     78, "Nothing was changed"},
    {"root",
     "printf 'account required\\n@include common-account\\n' >/etc/pam.d/odd; "
     "pkg-admin pam enable odd --package prod --report --yes",
     78, "/etc/pam.d/odd:1: names no module"},
    {"root", "sed -i 's/$/\\r/' /etc/pam.d/cron; pkg-admin pam enable cron --package prod --report --yes", 78,
     "carriage returns"},
    {"root",
     "printf 'account required pam_accesspkg.so package=prod\\n@include common-account\\n' >/etc/pam.d/cron; "
     "pkg-admin pam enable cron --package prod --report --yes",
     1, "/etc/pam.d/cron:1 has a line of accesspkg that was written by hand"},
    {"root",
     "mkdir /etc/authselect; touch /etc/authselect/authselect.conf; " ENABLE "--package prod --report", 1,
     "authselect manages this host's PAM"},
    {"root", ENABLE "--package prod --enforce", 1,
     "those who approve it (bob) would themselves need an approval to log in at sshd"},
    {"root", ENABLE "--package pair --package approvers --enforce", 1, "those who approve it (dave) would"},
    {"root", ENABLE "--package alone --package approvers --enforce", 1, "People would be locked out"},
    {"root", "pkg-admin pam disable", 64, "needs a SERVICE, or --all"},
    {"alice", "pkg-admin pam disable sshd", 77, "Run the same command with sudo"},
    {"root", "pkg-admin pam test nosuch sshd", 67, "there is no user nosuch"},
    {"root", "pkg-admin pam test alice bob", 0, "bob has no account phase in /etc/pam.d, so that of other"},
};

/* Where some approvers get in and others do not, that is told; of Cockpit, which has their page, with why. */
START_TEST(approvers_who_stay_outside)
{
    live_write_package("either", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob dave\n");
    live_expect("root", "pkg-admin reload; cp /etc/pam.d/sshd /etc/pam.d/cockpit", 0, "");
    live_expect("root", ENABLE "--package either --package approvers --report", 0,
                "dave may approve but cannot get in by sshd without an approval\n");
    live_expect("root", "pkg-admin pam enable cockpit --yes --package either --package approvers --report", 0,
                "dave may approve but cannot get in by cockpit without an approval, nor open the page there "
                "on which approvers "
                "decide: leave cockpit without it");
}
END_TEST

START_TEST(what_would_go_wrong_is_not_written)
{
    live_expect(refusals[_i].user, refusals[_i].command, refusals[_i].code, refusals[_i].says);
    expect_file("/etc/pam.d/sshd", SSHD);
    live_expect(
        "root",
        "rm -rf /etc/accesspkg/packages.d/half.conf /etc/pam.d/odd; ! grep -r pam_accesspkg.*pam.enable "
        "/etc/pam.d && test -z \"$(ls -A /etc/accesspkg/pam 2>/dev/null)\"",
        0, "");
}
END_TEST

START_TEST(without_a_daemon_nothing_is_written)
{
    live_stop_daemon(15);
    live_expect("root",
                "chmod 000 /run/accesspkg; " ENABLE "--package prod --report; code=$?; chmod 755 "
                "/run/accesspkg; exit $code",
                69, "");
    expect_file("/etc/pam.d/sshd", SSHD);
    live_start_daemon();
}
END_TEST

/* ---- a way past it ---------------------------------------------------------------------------------------------- */

#define ENFORCE ENABLE "--package approvers --package prod --enforce"

static const struct {
    const char *sshd, *before, *options;
    int code;
    const char *says;
} escapes[] = {
    {"'permitrootlogin no'", "true", "", 1, "root over ssh: sshd has PermitRootLogin no"},
    {"'permitrootlogin no'", "true", "", 1, "root at the console: it has no password"},
    {"'permitrootlogin no'", "true", "", 1, "none was named (--exempt-group)"},
    {"'permitrootlogin forced-commands-only'", "true", "", 1, "PermitRootLogin forced-commands-only"},
    {"'permitrootlogin without-password'", "echo '# none' >/root/.ssh/authorized_keys", "", 1,
     "root over ssh: it has no key, in a file that sshd reads"},
    {"'permitrootlogin without-password'",
     "sed -i 's/^/no-pty,command=\"echo no\" /' /root/.ssh/authorized_keys", "", 1,
     "with which sshd gives a shell"},
    {"'permitrootlogin without-password' 'authenticationmethods publickey,keyboard-interactive'", "true", "",
     1, "with which sshd gives a shell"},
    {"'permitrootlogin yes' 'authenticationmethods publickey,password publickey'", "true", "", 0,
     "root over ssh, with a key"},
    {"'permitrootlogin yes' 'kbdinteractiveauthentication yes' 'authenticationmethods any'",
     "rm /root/.ssh/authorized_keys; usermod -p '$6$x$y' root", "", 0, "root over ssh, with its password"},
    {"'permitrootlogin yes' 'allowusers alice' 'allowusers bob'", "true", "", 1, "AllowUsers"},
    {"'permitrootlogin yes' 'allowusers alice' 'allowusers root'", "true", "", 0,
     "root over ssh, with a key"},
    {"'permitrootlogin yes' 'allowgroups root' 'allowgroups dbadmins'", "true", "", 1,
     "sshd has AllowGroups dbadmins, which the package gives"},
    {"'permitrootlogin yes' 'allowgroups root' 'allowgroups staff'", "true", "", 0,
     "root over ssh, with a key"},
    {"'permitrootlogin yes' 'denyusers root'", "true", "", 1, "DenyUsers"},
    {"'permitrootlogin yes' 'denyusers bob' 'denyusers root@10.*'", "true", "", 1, "DenyUsers"},
    {"'permitrootlogin yes' 'denygroups r?ot'", "true", "", 1, "DenyUsers"},
    {"'permitrootlogin without-password'",
     "sed -i 's/^/expiry-time=\"20200101\" /' /root/.ssh/authorized_keys", "", 1,
     "with which sshd gives a shell"},
    {"'permitrootlogin without-password'", "echo see the wiki >/root/.ssh/authorized_keys", "", 1,
     "it has no key"},
    {"'permitrootlogin yes'", "usermod -e 1970-01-02 root", "", 1, "root over ssh: its account has expired"},
    {"'permitrootlogin no'", "usermod -p '$6$x$y' -s /usr/sbin/nologin root", "", 1,
     "root at the console: its shell is none"},
    {"'permitrootlogin no'", "groupadd -f gone; gpasswd -M '' gone; sed -i 's/^gone:.*/&whoever/' /etc/group",
     " --exempt-group gone", 1, "nobody is in gone"},
    {"'permitrootlogin yes' 'allowgroups staff'", "true", "", 1, "AllowGroups"},
    {"\"permitrootlogin $(case $* in (*localhost*|*=127.*) echo yes;; (*) echo no;; esac)\"", "true", "", 1,
     "root over ssh: sshd has PermitRootLogin no"},
    {"'permitrootlogin yes'; echo no keys >&2; exit 1", "true", "", 1,
     "-T does not say whether it may log in: no keys"},
    {"'permitrootlogin no'", "usermod -p '$6$x$y' root", "", 0, "root at the console, with its password"},
    {"'permitrootlogin no'",
     "usermod -p '$6$x$y' root; sed -i '1i account required pam_deny.so' /etc/pam.d/login", "", 1,
     "the account phase of /etc/pam.d/login refuses it"},
    {"'permitrootlogin yes'", "sed -i '/nologin/i account required pam_access.so' /etc/pam.d/sshd", "", 1,
     "could not be judged, for /etc/pam.d/sshd:3 (pam_access.so) may refuse it"},
    /* More of them than are tried each way. */
    {"'permitrootlogin yes'",
     "for i in 1 2 3 4 5 6; do sed -i '/nologin/i account optional pam_access.so' /etc/pam.d/sshd; done; "
     "sed -i '/nologin/i account required pam_listfile.so' /etc/pam.d/sshd",
     "", 1, "(pam_listfile.so) may refuse it"},
    {"'permitrootlogin yes'", "sed -i '/nologin/i account optional pam_access.so' /etc/pam.d/sshd", "", 0,
     "root over ssh, with a key"},
    {"'permitrootlogin no'",
     "usermod -p '$6$x$y' root; sed -i '1i account requisite pam_listfile.so file=/etc/x' /etc/pam.d/login",
     "", 1, "for /etc/pam.d/login:1 (pam_listfile.so) may refuse it"},
    {"'permitrootlogin yes'",
     "sed -i '/nologin/i account required pam_succeed_if.so quiet uid >= 1000' /etc/pam.d/sshd", "", 1,
     "root over ssh: the account phase of /etc/pam.d/sshd refuses it"},
    {"'permitrootlogin yes'",
     "sed -i '/nologin/i account required pam_succeed_if.so user ingroup root' /etc/pam.d/sshd", "", 0,
     "root over ssh, with a key"},
    {"'permitrootlogin yes'",
     "sed -i '/nologin/i account required pam_succeed_if.so rhost = 10.0.0.1' /etc/pam.d/sshd", "", 1,
     "for /etc/pam.d/sshd:3 (pam_succeed_if.so) may refuse it"},
    {"'permitrootlogin no'", "true", " --exempt-group dba-leads", 0, "the members of dba-leads"},
    {"'permitrootlogin no'", "true", " --exempt-group backup", 1, "nobody is in backup"},
    {"'permitrootlogin without-password' 'usepam no' | sed 1d", "true", "", 1, "it would not ask the line"},
    {"'permitrootlogin without-password'", "sed -i '1i account required pam_deny.so' /etc/pam.d/sshd", "", 78,
     ""},
};

START_TEST(one_way_past_it_stays)
{
    char command[512];
    sshd_says(escapes[_i].sshd);
    live_expect("root", escapes[_i].before, 0, "");
    snprintf(command, sizeof(command), ENFORCE "%s", escapes[_i].options);
    live_expect("root", command, escapes[_i].code, escapes[_i].says);
    live_expect("root", "grep -c accesspkg /etc/pam.d/sshd", escapes[_i].code ? 1 : 0, "");
    live_expect("root", "usermod -p '*' -e '' -s /bin/sh root", 0, "");
}
END_TEST

START_TEST(an_exempt_group_gets_in)
{
    live_expect("root", ENABLE "--package prod --enforce --exempt-group dba-leads", 0,
                "sshd: users who hold none of the packages are refused");
    ck_assert_int_eq(log_in("sshd", "carol"), PAM_SUCCESS);
    ck_assert_int_eq(log_in("sshd", "root"), PAM_SUCCESS);
    ck_assert_int_eq(log_in("sshd", "alice"), PAM_PERM_DENIED);
    live_expect("root", "pkg-admin pam test carol sshd", 0, "/etc/pam.d/sshd:5 lets them past");
    live_expect("root", "pkg-admin check-config", 0,
                "warning: /etc/pam.d/sshd:6: dave may approve but cannot get in by sshd: ");
    live_expect("root", "pkg-admin pam disable --all", 0, "sshd asks for no access package any more");
    expect_file("/etc/pam.d/sshd", SSHD);
}
END_TEST

START_TEST(where_no_login_is_asked_for_a_reason)
{
    live_expect("root", "sed -i '/policy/a justification = required' /etc/accesspkg/packages.d/prod.conf", 0,
                "");
    live_expect("root", ENABLE "--package prod --report", 0, "");
    sshd_says("'kbdinteractiveauthentication no'");
    live_expect(
        "root", "pkg-admin check-config", 0,
        "warning: /etc/pam.d/sshd:5: prod is given for a reason alone (justification = required), and no "
        "login by sshd is asked for one: sshd has KbdInteractiveAuthentication no.");
    sshd_says("'kbdinteractiveauthentication yes' 'authenticationmethods publickey,keyboard-interactive'");
    live_expect("root", "pkg-admin check-config | grep -c 'for a reason alone'", 1, "0");
}
END_TEST

START_TEST(in_report_mode_it_is_told)
{
    sshd_says("'permitrootlogin no'");
    live_expect("root", ENABLE "--package prod --report", 0,
                "before you enforce it: prod: those who approve it (bob) would themselves need an approval");
    ck_assert_ptr_nonnull(strstr(live_output, "before you enforce it: no way past the gate"));
    live_expect("root", "pkg-admin pam test alice sshd", 0, "mode=report: the journal would say");
}
END_TEST

START_TEST(a_missing_module_is_not_named)
{
    live_expect(
        "root",
        "modules=$(dirname $(find /usr/lib -name pam_accesspkg.so)); mount -t tmpfs tmpfs $modules; " ENFORCE
        "; code=$?; umount $modules; exit $code",
        78, "everybody would be refused, root too");
    expect_file("/etc/pam.d/sshd", SSHD);
}
END_TEST

START_TEST(without_the_gate_nobody_could_ask)
{
    live_expect("root",
                "modules=$(dirname $(find /usr/lib -name pam_accesspkg.so)); cp $modules/pam_accesspkg.so "
                "/tmp; mount -t tmpfs tmpfs $modules; cp /tmp/pam_accesspkg.so $modules; " ENFORCE
                "; code=$?; umount $modules; exit $code",
                78, "nobody could ask for a package");
    expect_file("/etc/pam.d/sshd", SSHD);
}
END_TEST

/* ---- lines of people's own -------------------------------------------------------------------------------------- */

/* Without our line their jump would be over pam_unix.so, to where libpam refuses. */
START_TEST(who_counts_our_line_is_told)
{
    live_expect("root", ENFORCE, 0, "");
    live_expect("root",
                "sed -i '/pam_accesspkg/i account [success=1 default=ignore] pam_succeed_if.so quiet user = "
                "dave' /etc/pam.d/sshd; cp /etc/pam.d/sshd /tmp/counts",
                0, "");
    ck_assert_int_eq(log_in("sshd", "dave"), PAM_SUCCESS);
    live_expect("root", "pkg-admin pam test dave sshd", 0, "/etc/pam.d/sshd:5 lets them past");
    live_expect("root", "pkg-admin pam disable sshd", 78, "/etc/pam.d/sshd:5 steps over the line");
    live_expect("root", ENABLE "--package prod --report", 78, "/etc/pam.d/sshd:5 steps over the line");
    live_expect("root", "cmp /etc/pam.d/sshd /tmp/counts; sed -i '/user = dave/d' /etc/pam.d/sshd", 0, "");
    live_expect("root", "pkg-admin pam disable sshd", 0, "its file is as it was without our lines");
    expect_file("/etc/pam.d/sshd", SSHD);
}
END_TEST

/* Between what was read and what is written: here while it waits for the other's lock. */
START_TEST(what_another_writes_meanwhile_stays)
{
    live_expect("root", ENABLE "--package prod --report", 0, "");
    live_expect(
        "root",
        "flock -o /etc/accesspkg/.pam.lock sh -c '" ENFORCE
        " >/tmp/said 2>&1 & echo $! >/tmp/pid; until grep -q -e \"-> FLOCK .* $! \" /proc/locks; do :; "
        "done; echo \"# mine\" >>/etc/pam.d/sshd'; tail -s 0.1 -f /dev/null --pid=$(cat /tmp/pid); cat "
        "/tmp/said",
        0, "was changed by somebody else meanwhile");
    live_expect("root", "tail -n 1 /etc/pam.d/sshd", 0, "# mine\n");
    live_expect("root", "grep -c mode=report /etc/pam.d/sshd /etc/accesspkg/pam/sshd.lines", 0,
                "/etc/pam.d/sshd:1\n/etc/accesspkg/pam/sshd.lines:1\n");
}
END_TEST

/* ---- two services of one program -------------------------------------------------------------------------------- */

START_TEST(sudo_and_su_with_their_seconds)
{
    put("/etc/pam.d/sudo", "@include common-account\n");
    put("/etc/pam.d/sudo-i", "@include common-account\n");
    put("/etc/pam.d/su", "auth sufficient pam_rootok.so\n@include common-account\n");
    put("/etc/pam.d/su-l", "account include su\n");
    live_expect("root", "pkg-admin pam enable sudo --package prod --enforce -y", 0,
                "sudo and sudo-i: users who hold none");
    live_expect("root", "pkg-admin pam enable sudo --package alone --package prod --report -y", 0,
                "sudo and sudo-i: no");
    live_expect("root", "grep -c 'alone.*report' /etc/pam.d/sudo-i", 0, "1");
    live_expect("root", "pkg-admin pam enable sudo --package prod --enforce -y", 0, "sudo and sudo-i: users");
    live_expect("root", "pkg-admin pam enable su --package prod --enforce -y", 0, "su: users who hold none");
    expect_file("/etc/pam.d/su", "auth sufficient pam_rootok.so\naccount    [success=1 default=ignore]   "
                                 "pam_rootok.so  " PAMEDIT_MARK "\naccount    required     pam_accesspkg.so "
                                 "package=prod  " PAMEDIT_MARK "\n@include common-account\n");
    expect_file("/etc/pam.d/su-l", "account include su\n");
    ck_assert_int_eq(log_in("su", "alice"), PAM_SUCCESS); /* root runs it, as scripts of the system do */
    ck_assert_int_eq(log_in("sudo-i", "alice"), PAM_PERM_DENIED);
    live_expect("root", "pkg-admin pam enable su-l --package prod --enforce -y", 1,
                "su-l asks already, by /etc/pam.d/su:3");
    live_expect("root", "pkg-admin check-config | grep pam.d", 1, "");
    live_expect("root", "pkg-admin pam disable sudo", 0, "sudo-i asks for no access package any more");
    expect_file("/etc/pam.d/sudo", "@include common-account\n");
    expect_file("/etc/pam.d/sudo-i", "@include common-account\n");
    live_expect("root", "pkg-admin pam disable --all --json", 0, "\"su\"");
    expect_file("/etc/pam.d/su", "auth sufficient pam_rootok.so\n@include common-account\n");
}
END_TEST

START_TEST(a_file_that_others_include_is_told)
{
    put("/etc/pam.d/system-auth", "account required pam_unix.so\n");
    put("/etc/pam.d/atd", "account include system-auth\n");
    put("/etc/pam.d/cron", "account substack system-auth\n");
    live_expect("root", "pkg-admin pam enable system-auth --package prod --report -y", 0,
                "system-auth is a part of these, which would ask, too: atd, cron\n");
    live_expect("root", "pkg-admin pam enable login --package prod --report -y", 0, "login: no user");
    ck_assert_ptr_null(strstr(live_output, "is a part of"));
}
END_TEST

/* The second file is on a disk that takes nothing: the first one is as it was. */
START_TEST(both_or_none)
{
    put("/etc/pam.d/sudo", "@include common-account\n");
    live_expect("root",
                "mkdir -p /tmp/ro && mount -t tmpfs tmpfs /tmp/ro && echo '@include common-account' "
                ">/tmp/ro/sudo-i && "
                "mount -o remount,ro /tmp/ro && ln -s /tmp/ro/sudo-i /etc/pam.d/sudo-i",
                0, "");
    live_expect("root", "pkg-admin pam enable sudo --package prod --enforce -y", 74, "Read-only file system");
    expect_file("/etc/pam.d/sudo", "@include common-account\n");
    live_expect("root", "umount /tmp/ro; rm /etc/pam.d/sudo-i; test -z \"$(ls -A /etc/accesspkg/pam)\"", 0,
                "");
}
END_TEST

/* Killed at each file that gets its name, and at each sync: both services let root in, and a second try ends it. (No leaks
 * can be looked for under strace.) */
START_TEST(killed_between_two_services)
{
    static const char *const calls[] = {"renameat", "fsync"};
    char command[512];
    int kills = 0, code = 137;
    put("/etc/pam.d/sudo", "@include common-account\n");
    put("/etc/pam.d/sudo-i", "@include common-account\n");
    for (size_t i = 0; i < 2; i++, code = 137)
        for (int n = 1; code == 137; n++) {
            snprintf(command, sizeof(command),
                     "ASAN_OPTIONS=detect_leaks=0 strace -qq -o /dev/null -e trace=%s -e "
                     "inject=%s:signal=KILL:when=%d pkg-admin pam enable sudo --package prod --enforce -y",
                     calls[i], calls[i], n);
            code = live_run("root", command);
            ck_assert_msg(code == 137 || code == 0, "%d %s", code, live_output);
            kills += code == 137;
            ck_assert_int_eq(log_in("sudo", "root"), PAM_SUCCESS);
            ck_assert_int_eq(log_in("sudo-i", "root"), PAM_SUCCESS);
            live_expect("root", "pkg-admin pam enable sudo --package prod --enforce -y", 0,
                        "sudo and sudo-i: ");
            ck_assert_int_eq(log_in("sudo-i", "alice"), PAM_PERM_DENIED);
            live_expect("root", "pkg-admin pam disable sudo", 0, "");
            expect_file("/etc/pam.d/sudo", "@include common-account\n");
            expect_file("/etc/pam.d/sudo-i", "@include common-account\n");
        }
    ck_assert_int_ge(kills, 12);
}
END_TEST

/* ---- disks ------------------------------------------------------------------------------------------------------ */

START_TEST(a_read_only_etc_and_a_full_one)
{
    live_expect("root", "mount --bind /etc/pam.d /etc/pam.d && mount -o remount,bind,ro /etc/pam.d", 0, "");
    live_expect("root", ENFORCE, 74, "Read-only file system. Nothing was changed");
    live_expect("root", "umount /etc/pam.d", 0, "");
    expect_file("/etc/pam.d/sshd", SSHD);
    live_expect(
        "root",
        "cp -a /etc/pam.d /tmp/pam.d && mount -t tmpfs -o size=64k tmpfs /etc/pam.d && cp -a /tmp/pam.d/. "
        "/etc/pam.d && ! dd if=/dev/zero of=/etc/pam.d/.fill bs=1k 2>/dev/null",
        0, "");
    live_expect("root", ENFORCE, 74, "No space left on device. Nothing was changed");
    expect_file("/etc/pam.d/sshd", SSHD);
    live_expect("root", "ls -A /etc/pam.d | grep '^[.]acc'", 1, "");
    live_expect("root", "pkg-admin pam status | grep -E '^sshd +not guarded'", 0, "");
    ck_assert_ptr_null(strstr(live_output, "GONE"));
    live_expect("root", "umount /etc/pam.d; rm -r /tmp/pam.d", 0, "");
}
END_TEST

/* ---- what vanishes ---------------------------------------------------------------------------------------------- */

START_TEST(a_line_that_an_upgrade_takes_is_told)
{
    live_expect("root", ENFORCE, 0, "");
    live_expect("root", "pkg-admin status", 0, "sshd");
    ck_assert_ptr_null(strstr(live_output, "GONE"));
    put("/etc/pam.d/sshd", SSHD);
    live_expect("root", "pkg-admin pam status", 0, "THE LINE OF ACCESSPKG IS GONE");
    live_expect("root", "pkg-admin status", 0,
                "Put it back: pkg-admin pam enable sshd --package approvers --package prod --enforce.");
    live_expect("root", ENFORCE, 0, "sshd: users who hold none of the packages are refused");
    live_expect("root", "pkg-admin status", 0, "sshd");
    ck_assert_ptr_null(strstr(live_output, "GONE"));
    put("/etc/pam.d/sshd", SSHD);
    live_expect("root", "pkg-admin pam disable sshd", 0, "");
    live_expect("root", "pkg-admin status", 0, "");
    ck_assert_ptr_null(strstr(live_output, "GONE"));
}
END_TEST

int main(void)
{
    suite_case("wired", setup, teardown);
    suite_timeout(60);
    suite_add(from_report_to_enforced_and_back, approvers_who_stay_outside, an_exempt_group_gets_in,
              in_report_mode_it_is_told, where_no_login_is_asked_for_a_reason, sudo_and_su_with_their_seconds,
              a_line_that_an_upgrade_takes_is_told);
    suite_case("refused", setup, teardown);
    suite_timeout(60);
    suite_rows(what_would_go_wrong_is_not_written, refusals);
    suite_rows(one_way_past_it_stays, escapes);
    suite_add(without_a_daemon_nothing_is_written, a_missing_module_is_not_named,
              without_the_gate_nobody_could_ask, who_counts_our_line_is_told,
              what_another_writes_meanwhile_stays, a_file_that_others_include_is_told, both_or_none,
              killed_between_two_services, a_read_only_etc_and_a_full_one);
    return suite_run();
}
