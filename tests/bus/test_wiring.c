/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * packaging/wiring, which packages run when they come and go: lines of nsswitch.conf and pam.d as administrators write
 * them, in and out again byte for byte; and places where nothing can be written. In a private root, for its disks.
 */
#include "common/nsswitch.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NSS "/tmp/wiring/etc/nsswitch.conf"

static char said[8192];

static void setup(void)
{
    folder_shell("/tmp", "rm -rf wiring && mkdir -p wiring/etc/pam.d wiring/usr/lib/pam.d wiring/bin");
}

/* Runs it with files below /tmp/wiring; what it said is in `said`. Its exit status; -1 when it was killed. */
static int wire(const char *command)
{
    char line[512];
    snprintf(line, sizeof(line),
             "PATH=/tmp/wiring/bin:$PATH ACCESSPKG_ETC=/tmp/wiring/etc ACCESSPKG_USR=/tmp/wiring/usr "
             "exec packaging/wiring %s 2>&1",
             command);
    FILE *out = popen(line, "re");
    ck_assert_ptr_nonnull(out);
    said[fread(said, 1, sizeof(said) - 1, out)] = '\0';
    const int status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_file(const char *path, const char *text)
{
    char have[4096];
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    have[fread(have, 1, sizeof(have) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(have, text);
}

/* Nothing lies beside it. */
static void assert_alone(void)
{
    folder_shell("/tmp/wiring/etc", "test \"$(ls -A)\" = \"nsswitch.conf\npam.d\"");
}

/* ---- nsswitch.conf: in and out ---- */

static const struct {
    const char *before, *after;
} nss_rows[] = {
    {"group: files\n", "group: files accesspkg\n"},
    {"passwd: files systemd\ngroup:          files systemd\nshadow: files\n",
     "passwd: files systemd\ngroup:          files systemd accesspkg\nshadow: files\n"},
    {"group: files", "group: files accesspkg"},
    {"group:files\n", "group:files accesspkg\n"},
    {"group :\tfiles \t\n", "group :\tfiles accesspkg \t\n"},
    {" \tgroup:\tfiles\t# ours\n", " \tgroup:\tfiles accesspkg\t# ours\n"},
    {"group: files # accesspkg\n", "group: files accesspkg # accesspkg\n"},
    {"# group: x\n#group: y\ngroup: files\n", "# group: x\n#group: y\ngroup: files accesspkg\n"},
    {"group: files\r\npasswd: files\r\n", "group: files accesspkg\r\npasswd: files\r\n"},
    {"group: files\ngroup: compat\n", "group: files\ngroup: compat accesspkg\n"},
    {"group: files [SUCCESS=merge] systemd\n", "group: files [SUCCESS=merge] systemd accesspkg\n"},
    {"group: files [NOTFOUND=return]\n", "group: files [NOTFOUND=return] accesspkg\n"},
    {"group: files my-accesspkg accesspkg2\n", "group: files my-accesspkg accesspkg2 accesspkg\n"},
    {"group_compat: nis\ngshadow: files\ngroup: compat\nnetgroup: nis\n",
     "group_compat: nis\ngshadow: files\ngroup: compat accesspkg\nnetgroup: nis\n"},
    {"group: files\ninitgroups: files\n",
     "group: files accesspkg\ninitgroups: files [SUCCESS=continue] accesspkg\n"},
    {"initgroups:files  ldap\t# why\ngroup:  files ldap\n",
     "initgroups:files  ldap [SUCCESS=continue] accesspkg\t# why\ngroup:  files ldap accesspkg\n"},
    {"group: files\ninitgroups: files [SUCCESS=continue] sss\n",
     "group: files accesspkg\ninitgroups: files [SUCCESS=continue] sss [SUCCESS=continue] accesspkg\n"},
    {"group: files\n#initgroups: files\ninitgroups:\n",
     "group: files accesspkg\n#initgroups: files\ninitgroups:\n"},
    {"\xff\xfe: \xe4\ngroup: files\n", "\xff\xfe: \xe4\ngroup: files accesspkg\n"},
};

START_TEST(test_in_and_out)
{
    folder_write(NSS, nss_rows[_i].before);
    ck_assert_int_eq(wire("nss-add"), 0);
    ck_assert_str_eq(said, "");
    assert_file(NSS, nss_rows[_i].after);
    ck_assert_int_eq(wire("nss-add"), 0);
    assert_file(NSS, nss_rows[_i].after);
    ck_assert_int_eq(wire("nss-remove"), 0);
    assert_file(NSS, nss_rows[_i].before);
    ck_assert_int_eq(wire("nss-remove"), 0);
    assert_file(NSS, nss_rows[_i].before);
    assert_alone();
}
END_TEST

static size_t count_ours(const struct nsswitch_line *line)
{
    size_t count = 0;
    for (size_t i = 0; i < line->n_services; i++)
        count += strcmp(line->services[i].name, "accesspkg") == 0;
    return count;
}

/* Our own reader, which is held against glibc, finds in it what we wrote: one service more, in the lines that count. */
START_TEST(test_is_read)
{
    struct nsswitch before = {0}, after = {0};
    ck_assert_int_eq(nsswitch_parse(nss_rows[_i].before, strlen(nss_rows[_i].before), &before), 0);
    ck_assert_int_eq(nsswitch_parse(nss_rows[_i].after, strlen(nss_rows[_i].after), &after), 0);
    const size_t group = before.cut == 0, initgroups = before.initgroups.n_services > 0;
    ck_assert_uint_eq(after.group.n_services, before.group.n_services + group);
    ck_assert_uint_eq(count_ours(&after.group), count_ours(&before.group) + group);
    ck_assert_uint_eq(after.initgroups.n_services, before.initgroups.n_services + initgroups);
    ck_assert_uint_eq(count_ours(&after.initgroups), initgroups);
    ck_assert_uint_eq(after.broken, before.broken);
    nsswitch_deinit(&before);
    nsswitch_deinit(&after);
}
END_TEST

/* Left as they are, with a word why. */
static const struct {
    const char *text, *why;
} left_rows[] = {
    {"passwd: files\n", "no line 'group:'"},
    {"", "no line 'group:'"},
    {"#group: files\n", "no line 'group:'"},
    {"group:\n", "no line 'group:'"},
    {"group: # files\n", "no line 'group:'"},
    {"group: accesspkg files\n", NULL},
    {"group: files accesspkg [NOTFOUND=return] sss\n", NULL},
    {"group: files accesspkg\ninitgroups: files [NOTFOUND=return]\n", "initgroups, ends in an action"},
    {"group: files accesspkg\ninitgroups: files [SUCCESS=continue] # x\n", "initgroups, ends in an action"},
};

START_TEST(test_left_as_it_is)
{
    folder_write(NSS, left_rows[_i].text);
    ck_assert_int_eq(wire("nss-add"), 0);
    if (left_rows[_i].why)
        ck_assert_ptr_nonnull(strstr(said, left_rows[_i].why));
    else
        ck_assert_str_eq(said, "");
    assert_file(NSS, left_rows[_i].text);
    assert_alone();
}
END_TEST

/* What an administrator made of it meanwhile. */
static const struct {
    const char *before, *after;
} edited_rows[] = {
    {"group: files\n", "group: files\n"},
    {"group: accesspkg files\n", "group: files\n"},
    {"group:accesspkg files\n", "group: files\n"},
    {"group: files accesspkg systemd # accesspkg\n", "group: files systemd # accesspkg\n"},
    {"group: files accesspkg [SUCCESS=merge] sss\n", "group: files sss\n"},
    {"group: files accesspkg[NOTFOUND=return]\n", "group: files\n"},
    {"group: files accesspkg accesspkg\n", "group: files\n"},
    {"group: files accesspkg\ngroup: compat accesspkg\n", "group: files\ngroup: compat\n"},
    {"initgroups: files [SUCCESS=continue] accesspkg sss\n", "initgroups: files [SUCCESS=continue] sss\n"},
    {"initgroups: files [success=continue] accesspkg\n", "initgroups: files [success=continue]\n"},
    {"group: files my-accesspkg\n#group: accesspkg\npasswd: accesspkg\n",
     "group: files my-accesspkg\n#group: accesspkg\npasswd: accesspkg\n"},
};

START_TEST(test_edited)
{
    folder_write(NSS, edited_rows[_i].before);
    ck_assert_int_eq(wire("nss-remove"), 0);
    assert_file(NSS, edited_rows[_i].after);
}
END_TEST

START_TEST(test_no_file)
{
    ck_assert_int_eq(wire("nss-add"), 0);
    ck_assert_ptr_nonnull(strstr(said, "there is no /tmp/wiring/etc/nsswitch.conf"));
    ck_assert_int_eq(wire("nss-remove"), 0);
    ck_assert_int_lt(access(NSS, F_OK), 0);
}
END_TEST

START_TEST(test_link)
{
    struct stat about;
    folder_shell("/tmp/wiring", "mkdir else && echo 'group: files' >else/conf && chmod 640 else/conf && "
                                "chown 0:34 else/conf && ln -s ../else/conf etc/nsswitch.conf");
    ck_assert_int_eq(wire("nss-add"), 0);
    ck_assert_int_eq(lstat(NSS, &about), 0);
    ck_assert(S_ISLNK(about.st_mode));
    assert_file("/tmp/wiring/else/conf", "group: files accesspkg\n");
    ck_assert_int_eq(stat(NSS, &about), 0);
    ck_assert_uint_eq(about.st_mode & 07777, 0640);
    ck_assert_uint_eq(about.st_gid, 34);
    assert_alone();
    folder_shell("/tmp/wiring", "test \"$(ls -A else)\" = conf && rm else/conf");
    ck_assert_int_eq(wire("nss-add"), 0);
    ck_assert_ptr_nonnull(strstr(said, "there is no "));
}
END_TEST

/* ---- where nothing can be written ---- */

START_TEST(test_full_disk)
{
    ck_assert_int_eq(mount("disk", "/tmp/wiring/etc", "tmpfs", 0, "size=64k,mode=0755"), 0);
    folder_write(NSS, "group: files\n");
    folder_shell("/tmp/wiring/etc",
                 "mkdir pam.d; ! dd if=/dev/zero of=/tmp/wiring/etc/pam.d/ballast bs=4k 2>/dev/null");
    ck_assert_int_eq(wire("nss-add"), 1);
    ck_assert_ptr_nonnull(strstr(said, NSS " could not be written, and is as it was: "));
    ck_assert_ptr_nonnull(strstr(said, "No space left on device"));
    assert_file(NSS, "group: files\n");
    assert_alone();
    folder_shell("/tmp/wiring/etc", "rm pam.d/ballast");
    ck_assert_int_eq(wire("nss-add"), 0);
    assert_file(NSS, "group: files accesspkg\n");
    ck_assert_int_eq(umount2("/tmp/wiring/etc", MNT_DETACH), 0);
}
END_TEST

START_TEST(test_read_only)
{
    ck_assert_int_eq(mount("disk", "/tmp/wiring/etc", "tmpfs", 0, "mode=0755"), 0);
    folder_write(NSS, "group: files accesspkg\n");
    folder_shell("/tmp/wiring/etc", "mkdir pam.d");
    ck_assert_int_eq(mount("disk", "/tmp/wiring/etc", "tmpfs", MS_REMOUNT | MS_RDONLY, "mode=0755"), 0);
    ck_assert_int_eq(wire("nss-add"), 0);
    ck_assert_int_eq(wire("nss-remove"), 1);
    ck_assert_ptr_nonnull(strstr(said, "Read-only file system"));
    assert_file(NSS, "group: files accesspkg\n");
    assert_alone();
    ck_assert_int_eq(umount2("/tmp/wiring/etc", MNT_DETACH), 0);
}
END_TEST

/* Killed as it calls this program, and as it has called it: the file is the old one or the new one. */
static const char *const steps[] = {"cp", "sed", "sync", "mv"};

START_TEST(test_killed)
{
    for (int after = 0; after <= 1; after++) {
        folder_write(NSS, "group: files\n");
        folder_shell("/tmp/wiring/bin",
                     "printf '#!/bin/sh\\n%s/bin/%s \"$@\"\\nkill -9 $PPID\\n' >%s; chmod 755 %s",
                     after ? "" : ": ", steps[_i], steps[_i], steps[_i]);
        wire("nss-add");
        assert_file(NSS, _i == 3 && after ? "group: files accesspkg\n" : "group: files\n");
        folder_shell("/tmp/wiring/bin", "rm %s", steps[_i]);
        ck_assert_int_eq(wire("nss-add"), 0);
        assert_file(NSS, "group: files accesspkg\n");
        assert_alone();
    }
}
END_TEST

/* ---- pam.d ---- */

static const struct {
    const char *line;
    bool counts;
} pam_rows[] = {
    {"account required pam_accesspkg.so package=db-admins", true},
    {"account required /usr/lib/x86_64-linux-gnu/security/pam_accesspkg.so", true},
    {"account required \\\npam_accesspkg.so", true},
    {"-account [default=die] pam_accesspkg.so # closed", true},
    {"session optional pam_accesspkg.so", true},
    {"# account required pam_accesspkg.so", false},
    {"account required pam_unix.so # not pam_accesspkg.so", false},
    {"account required pam_accesspkg.so package=a  # accesspkg: pam enable", false},
    {"account required pam_accesspkg.so package=a  # accesspkg: pam enable, and edited", true},
    {"account required pam_access.so", false},
};

START_TEST(test_pam_lines)
{
    char expected[512];
    folder_shell("/tmp/wiring",
                 "printf 'auth required pam_unix.so\\n%%s\\n@include common-account\\n' '%s' >etc/pam.d/sshd",
                 pam_rows[_i].line);
    ck_assert_int_eq(wire("pam-lines"), 0);
    const char *line = strchr(pam_rows[_i].line, '\n');
    snprintf(expected, sizeof(expected), "/tmp/wiring/etc/pam.d/sshd:%d:%s\n", line ? 3 : 2,
             line ? line + 1 : pam_rows[_i].line);
    ck_assert_str_eq(said, pam_rows[_i].counts ? expected : "");
}
END_TEST

/* Without ours such a line would step over another one, as over pam_unix.so. */
START_TEST(test_pam_jumps)
{
    static const char ours[] = "account required pam_accesspkg.so package=a  # accesspkg: pam enable\n";
    static const char *const rows[][2] = {
        {"account [success=1 default=ignore] pam_x.so\n", ""},
        {"account [default=ignore success=2 user_unknown=10] pam_x.so\n",
         "-account required pam_time.so\nauth required pam_x.so\n# [success=9]\n"},
        {"account [default=10] pam_x.so\n", "account [success=2 default=ignore] pam_x.so\n"},
    };
    char text[512], expected[512];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text), "%s%s%s@include common-account\n", rows[i][0], rows[i][1], ours);
        folder_write("/tmp/wiring/etc/pam.d/sshd", text);
        ck_assert_int_eq(wire("pam-lines"), 0);
        snprintf(expected, sizeof(expected), "/tmp/wiring/etc/pam.d/sshd:1:%s", rows[i][0]);
        ck_assert_msg(strncmp(said, expected, strlen(expected)) == 0, "%s", said);
    }
    snprintf(text, sizeof(text),
             "account [success=1 default=ignore] pam_x.so\naccount required pam_time.so\n%s%s%s",
             "account [success=1 default=ignore] pam_rootok.so  # accesspkg: pam enable\n", ours,
             "account [success=1 default=ignore] pam_unix.so\naccount requisite pam_deny.so\n");
    folder_write("/tmp/wiring/etc/pam.d/sshd", text);
    ck_assert_int_eq(wire("pam-lines"), 0);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_pam_places)
{
    folder_shell(
        "/tmp/wiring",
        "for file in usr/lib/pam.d/one etc/pam.conf etc/pam.d/a.dpkg-old etc/pam.d/b~ etc/pam.d/.c; do "
        "echo 'x account required pam_accesspkg.so' >$file; done; ln -s /nowhere etc/pam.d/d");
    ck_assert_int_eq(wire("pam-lines"), 0);
    ck_assert_str_eq(said, "/tmp/wiring/usr/lib/pam.d/one:1:x account required pam_accesspkg.so\n"
                           "/tmp/wiring/etc/pam.conf:1:x account required pam_accesspkg.so\n");
}
END_TEST

START_TEST(test_pam_remove)
{
    folder_write("/tmp/wiring/etc/pam.d/su",
                 "auth sufficient pam_rootok.so\n"
                 "account    [success=1 default=ignore]   pam_rootok.so  # accesspkg: pam enable\n"
                 "account    required     pam_accesspkg.so package=a  # accesspkg: pam enable \n"
                 "@include common-account");
    folder_write("/tmp/wiring/etc/pam.d/other", "account required pam_accesspkg.so package=a\n");
    ck_assert_int_eq(wire("pam-remove"), 0);
    ck_assert_str_eq(said,
                     "accesspkg: took out of /tmp/wiring/etc/pam.d/su what 'pkg-admin pam enable' wrote\n");
    assert_file("/tmp/wiring/etc/pam.d/su", "auth sufficient pam_rootok.so\n@include common-account");
    assert_file("/tmp/wiring/etc/pam.d/other", "account required pam_accesspkg.so package=a\n");
    ck_assert_int_eq(wire("pam-remove"), 0);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_unknown)
{
    ck_assert_int_eq(wire("nss-adds"), 64);
    ck_assert_int_eq(wire(""), 64);
}
END_TEST

int main(void)
{
    suite_case("nsswitch", setup, NULL);
    suite_timeout(20);
    suite_rows(test_in_and_out, nss_rows);
    suite_rows(test_is_read, nss_rows);
    suite_rows(test_left_as_it_is, left_rows);
    suite_rows(test_edited, edited_rows);
    suite_add(test_no_file, test_link);
    suite_case("places", setup, NULL);
    suite_timeout(20);
    suite_add(test_full_disk, test_read_only);
    suite_rows(test_killed, steps);
    suite_case("pam", setup, NULL);
    suite_timeout(20);
    suite_rows(test_pam_lines, pam_rows);
    suite_add(test_pam_jumps, test_pam_places, test_pam_remove, test_unknown);
    return suite_run();
}
