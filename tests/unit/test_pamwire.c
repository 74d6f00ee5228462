/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Our lines in files of pam.d: where they go, and that they come out to the byte. */
#include "common/pamcheck.h"
#include "tests/unit/pamwire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- where the lines go ----------------------------------------------------------------------------------------- */

static const struct {
    const char *before, *after; /* AFTER: what stands above our line; "" : the first line */
} places[] = {
    {"@include common-auth\naccount required pam_nologin.so\n# Standard\n@include common-account\n",
     "@include common-auth\naccount required pam_nologin.so\n# Standard\n"},
    {"account include common-account\n", ""},
    {"account substack common-account", ""},
    {"auth required pam_unix.so\n\taccount\t\trequired   pam_unix.so", "auth required pam_unix.so\n"},
    {"auth required \\\n  pam_unix.so\naccount \\\n required \\\n pam_nologin.so\n-account sufficient "
     "pam_localuser.so\naccount required pam_unix.so\n",
     "auth required \\\n  pam_unix.so\naccount \\\n required \\\n pam_nologin.so\n"},
    {"# a comment \\\naccount [success=1 default=ignore] pam_succeed_if.so user = robot\naccount required "
     "pam_time.so\n@include common-account\n",
     "# a comment \\\n"},
    {"account [success=ok \\\n   default=done] pam_unix.so", ""},
    {"\n\n   @include   common-account   \n\n", "\n\n"},
    {"account required pam_time.so\naccount required pam_unix.so\n", ""},
};

START_TEST(a_line_has_its_place_and_leaves_no_trace)
{
    struct findings findings = {0};
    bool guarded = false;
    put("svc", places[_i].before);
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    const char *text = get("etc/pam.d/svc");
    const size_t above = strlen(places[_i].after);
    ck_assert_int_eq(strncmp(text, places[_i].after, above), 0);
    ck_assert_msg(strncmp(text + above, OURS, strlen(OURS)) == 0, "%s", text);
    ck_assert_str_eq(text + above + strlen(OURS), places[_i].before + above);
    ck_assert(pamcheck_service(&(struct pamstack_place){.root = root}, "svc", &findings, &guarded));
    ck_assert_msg(findings.count == 0, "%s", findings.items[0]);
    ck_assert(guarded);
    ck_assert_str_eq(get("etc/accesspkg/pam/svc.before"), places[_i].before);
    ck_assert_str_eq(get("etc/accesspkg/pam/svc.lines"), OURS);
    ck_assert(!disable("svc"));
    ck_assert_str_eq(get("etc/pam.d/svc"), places[_i].before);
    folder_shell(root, "test -z \"$(ls -A etc/accesspkg/pam)\"");
    findings_deinit(&findings);
}
END_TEST

/* Without the line above ours what follows it would be its arguments. */
START_TEST(a_line_in_two_pieces_stays)
{
    struct pamwire file;
    static const char joined[] = "account required pam_accesspkg.so \\\n  package=db  " PAMEDIT_MARK "\n" OURS
                                 "@include common-account\n";
    put("svc", joined);
    ck_assert_int_eq(pamwire_read(root, "svc", &file), PAMEDIT_E_JOINED);
    put("svc", "account required pam_time.so \\\n# " PAMEDIT_MARK "\n\n  package=db  " PAMEDIT_MARK "\n");
    ck_assert_int_eq(pamwire_read(root, "svc", &file), PAMEDIT_E_JOINED);
    put("svc", "# \\\n" OURS "account required \\\n" PAMEDIT_MARK "\n pam_time.so # \\\n" OURS);
    ck_assert_int_eq(pamwire_read(root, "svc", &file), 0);
    ck_assert_str_eq(file.lines, OURS PAMEDIT_MARK "\n" OURS);
    ck_assert_str_eq(file.plain, "# \\\naccount required \\\n pam_time.so # \\\n");
    pamwire_deinit(&file);
}
END_TEST

static const struct {
    const char *text;
    bool jumps;
} jumps[] = {
    {OURS "account [success=1 default=ignore] pam_succeed_if.so user = robot\n", false},
    {"account [success=1 default=ignore] pam_succeed_if.so user = robot\n" OURS, true},
    {"account [success=1 default=ignore] pam_succeed_if.so user = robot\naccount required pam_time.so\n" OURS,
     false},
    {"account [default=3] pam_succeed_if.so user = robot\naccount required pam_time.so\n" OURS, true},
    {"account [success=1 default=ignore] pam_succeed_if.so user = robot  " PAMEDIT_MARK "\n" OURS, false},
};

START_TEST(who_counts_our_lines)
{
    struct findings stumbles = {0};
    struct pamstack stack;
    put("svc", jumps[_i].text);
    ck_assert_int_eq(pamstack_load(root, "svc", PAMD_ACCOUNT, &stumbles, &stack), 0);
    const struct pamstack_entry *jump = pamedit_find_jump(&stack);
    ck_assert_int_eq(jump != NULL, jumps[_i].jumps);
    ck_assert(!jump || jump->line->number == 1);
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
}
END_TEST

static const struct {
    const char *text;
    int r;
} refused[] = {
    {"auth required pam_unix.so\n", PAMEDIT_E_NO_ACCOUNT},
    {"", PAMEDIT_E_NO_ACCOUNT},
    {"account required pam_unix.so\r\naccount required pam_time.so\r\n", PAMWIRE_E_NO_TEXT},
    {"account required pam_unix.so \\", PAMEDIT_E_UNREADABLE},
    {"account required\n@include common-account\n", PAMEDIT_E_UNREADABLE},
    {"account [success=huh] pam_unix.so\n", PAMEDIT_E_UNREADABLE},
    {"@include nowhere\n", PAMEDIT_E_UNREADABLE},
    {"account include svc\n", PAMEDIT_E_UNREADABLE},
};

START_TEST(what_libpam_cannot_use_is_left_alone)
{
    put("svc", refused[_i].text);
    ck_assert_int_eq(enable("svc", &plain_gate), refused[_i].r);
    ck_assert_str_eq(get("etc/pam.d/svc"), refused[_i].text);
    ck_assert_ptr_null(get("etc/accesspkg/pam/svc.lines"));
}
END_TEST

START_TEST(every_option_stands_in_its_line)
{
    static const char *const packages[] = {"approvers", "db"}, *const options[] = {"wait=60", "quiet"};
    const struct pamedit_gate gate = {.packages = packages,
                                      .n_packages = 2,
                                      .options = options,
                                      .n_options = 2,
                                      .report = true,
                                      .root_passes = true,
                                      .exempt_caller = true,
                                      .exempt_group = "robots"};
    put("su", "@include common-account\n");
    ck_assert_int_eq(enable("su", &gate), 0);
    ck_assert_str_eq(
        get("etc/pam.d/su"),
        "account    [success=2 default=ignore]   pam_rootok.so  " PAMEDIT_MARK "\n"
        "account    [success=1 default=ignore]   pam_succeed_if.so quiet use_uid user ingroup "
        "robots  " PAMEDIT_MARK "\n"
        "account    required     pam_accesspkg.so package=approvers package=db mode=report wait=60 "
        "quiet  " PAMEDIT_MARK "\n@include common-account\n");
    put("su", "@include common-account\n");
    struct findings findings = {0};
    ck_assert_int_eq(pamwire_check(root, &findings), 0);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_ptr_nonnull(strstr(findings.items[0], "pkg-admin pam enable su --exempt-group robots --package "
                                                    "approvers --package db --option wait=60 --option quiet "
                                                    "--report."));
    findings_deinit(&findings);
}
END_TEST

START_TEST(a_line_too_long_for_libpam_is_none)
{
    static const char *packages[16];
    static char name[65];
    memset(name, 'a', 64);
    for (size_t i = 0; i < 16; i++)
        packages[i] = name;
    put("svc", "@include common-account\n");
    ck_assert_int_eq(enable("svc", &(struct pamedit_gate){.packages = packages, .n_packages = 16}),
                     PAMEDIT_E_TOO_LONG);
    ck_assert_str_eq(get("etc/pam.d/svc"), "@include common-account\n");
}
END_TEST

START_TEST(another_package_replaces_the_line)
{
    static const char *const web[] = {"web"};
    put("svc", "account required pam_time.so\n@include common-account\n");
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    ck_assert_int_eq(enable("svc", &(struct pamedit_gate){.packages = web, .n_packages = 1}), 0);
    ck_assert_str_eq(get("etc/pam.d/svc"),
                     "account required pam_time.so\naccount    required     "
                     "pam_accesspkg.so package=web  " PAMEDIT_MARK "\n@include common-account\n");
    disable("svc");
    ck_assert_str_eq(get("etc/pam.d/svc"), "account required pam_time.so\n@include common-account\n");
}
END_TEST

/* ---- which file ------------------------------------------------------------------------------------------------- */

START_TEST(a_file_keeps_what_it_is)
{
    struct stat before, after;
    put("svc", "@include common-account\n");
    char path[256];
    snprintf(path, sizeof(path), "%s/etc/pam.d/svc", root);
    ck_assert_int_eq(chmod(path, 0640), 0);
    umask(077);
    if (geteuid() == 0)
        ck_assert_int_eq(chown(path, 7, 8), 0);
    const bool labelled = setxattr(path, "user.label", "x", 1, 0) == 0;
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_ne(after.st_ino, before.st_ino);
    ck_assert_uint_eq(after.st_mode, before.st_mode);
    ck_assert_uint_eq(after.st_uid, before.st_uid);
    ck_assert_uint_eq(after.st_gid, before.st_gid);
    char label[8];
    if (labelled)
        ck_assert_int_eq((int)getxattr(path, "user.label", label, sizeof(label)), 1);
    ck_assert_int_eq(stat(path_of("etc/accesspkg/pam/svc.before"), &after), 0);
    ck_assert_uint_eq(after.st_mode, before.st_mode); /* of one that nobody may read neither */
    folder_shell(root, "test $(stat -c %%a etc/accesspkg/pam) = 755 && test $(stat -c %%a "
                       "etc/accesspkg/pam/svc.lines) = 644");
}
END_TEST

START_TEST(a_link_stays_one)
{
    folder_shell(root, "mkdir etc/elsewhere && ln -s ../elsewhere/svc etc/pam.d/svc && ln -s nowhere "
                       "etc/pam.d/dangling");
    folder_write(path_of("etc/elsewhere/svc"), "@include common-account\n");
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    folder_shell(root, "test -L etc/pam.d/svc && grep -q pam_accesspkg etc/elsewhere/svc");
    disable("svc");
    ck_assert_str_eq(get("etc/elsewhere/svc"), "@include common-account\n");
    ck_assert_int_eq(enable("dangling", &plain_gate), -ENOENT);
    folder_shell(root, "ln -s ../../usr/lib/pam.d/vendors etc/pam.d/vendors");
    folder_write(path_of("usr/lib/pam.d/vendors"), "@include common-account\n");
    ck_assert_int_eq(enable("vendors", &plain_gate), PAMWIRE_E_ELSEWHERE);
}
END_TEST

START_TEST(authselects_files_are_its_own)
{
    put("svc", "@include common-account\n");
    folder_shell(root, "mkdir etc/authselect && ln -s ../authselect/system-auth etc/pam.d/system-auth");
    folder_write(path_of("etc/authselect/system-auth"), "account required pam_unix.so\n");
    ck_assert_int_eq(enable("system-auth", &plain_gate), PAMWIRE_E_AUTHSELECT);
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    disable("svc");
    folder_write(path_of("etc/authselect/authselect.conf"), "sssd\n");
    ck_assert_int_eq(enable("svc", &plain_gate), PAMWIRE_E_AUTHSELECT);
    ck_assert_str_eq(get("etc/pam.d/svc"), "@include common-account\n");
    /* What was written before it came can be taken out. */
    folder_shell(root, "rm etc/authselect/authselect.conf");
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    folder_write(path_of("etc/authselect/authselect.conf"), "sssd\n");
    disable("svc");
    ck_assert_str_eq(get("etc/pam.d/svc"), "@include common-account\n");
}
END_TEST

START_TEST(a_vendors_file_is_overridden)
{
    static const char vendor[] = "#%PAM-1.0\naccount required pam_unix.so\n";
    folder_write(path_of("usr/lib/pam.d/polkit-1"), vendor);
    ck_assert_int_eq(enable("polkit-1", &plain_gate), 0);
    ck_assert_int_eq(enable("polkit-1", &plain_gate), 0);
    ck_assert_str_eq(get("etc/pam.d/polkit-1"),
                     "# A copy of /usr/lib/pam.d/polkit-1, which it overrides  " PAMEDIT_MARK
                     "\n#%PAM-1.0\n" OURS "account required pam_unix.so\n");
    ck_assert_str_eq(get("usr/lib/pam.d/polkit-1"), vendor);
    ck_assert(disable("polkit-1"));
    ck_assert_ptr_null(get("etc/pam.d/polkit-1"));
    /* One that an administrator has worked on stays. */
    ck_assert_int_eq(enable("polkit-1", &plain_gate), 0);
    folder_shell(root, "echo '# mine' >>etc/pam.d/polkit-1");
    ck_assert(!disable("polkit-1"));
    ck_assert_str_eq(get("etc/pam.d/polkit-1"), "#%PAM-1.0\naccount required pam_unix.so\n# mine\n");
}
END_TEST

START_TEST(names_that_are_no_services)
{
    static const char *const names[] = {"",  "nosuch",         "../pam.d/svc", ".svc",
                                        "/", "common-account", "other",        "SVC"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        ck_assert_int_eq(enable(names[i], &plain_gate), PAMWIRE_E_NO_SERVICE);
}
END_TEST

START_TEST(who_writes_meanwhile_is_not_overwritten)
{
    struct pamwire file;
    put("svc", "@include common-account\n");
    ck_assert_int_eq(pamwire_read(root, "svc", &file), 0);
    put("svc", "account required pam_time.so\n@include common-account\n");
    ck_assert_int_eq(pamwire_replace(root, &file, "ours\n", "ours\n"), PAMWIRE_E_CHANGED);
    ck_assert_str_eq(get("etc/pam.d/svc"), "account required pam_time.so\n@include common-account\n");
    pamwire_deinit(&file);
}
END_TEST

/* ---- what vanishes ---------------------------------------------------------------------------------------------- */

/* Any user may open the folder, which accesspkgd reads, and so may lock it. */
START_TEST(no_user_can_hold_the_lock)
{
    struct stat st;
    int lock = -1;
    folder_shell(root, "mkdir etc/accesspkg/pam");
    const int folder = open(path_of("etc/accesspkg/pam"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(flock(folder, LOCK_EX), 0);
    folder_shell(root, "touch etc/accesspkg/.pam.lock && chmod 644 etc/accesspkg/.pam.lock");
    ck_assert_int_eq(pamwire_lock(root, &lock), 0);
    ck_assert_int_eq(fstat(lock, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    close(lock);
    close(folder);
}
END_TEST

/* A name that leads out of the folder has no record there, and none is taken away. */
START_TEST(a_record_is_in_its_folder)
{
    folder_shell(root, "mkdir -p etc/accesspkg/pam && echo ours >etc/mine.lines");
    ck_assert_ptr_null(pamwire_recorded(root, "../../mine"));
    ck_assert_int_lt(pamwire_forget(root, "../../mine"), 0);
    ck_assert_str_eq(get("etc/mine.lines"), "ours\n");
}
END_TEST

START_TEST(a_line_that_vanishes_is_noticed)
{
    put("svc", "@include common-account\n");
    put("two", "@include common-account\n");
    ck_assert_uint_eq(count_vanished(), 0); /* nothing was ever wired */
    ck_assert_int_eq(enable("svc", &plain_gate), 0);
    ck_assert_int_eq(enable("two", &plain_gate), 0);
    ck_assert_uint_eq(count_vanished(), 0);
    put("svc", "@include common-account\n"); /* as dpkg does */
    ck_assert_uint_eq(count_vanished(), 1);
    put("svc", "account required pam_accesspkg.so package=db\n@include common-account\n");
    ck_assert_uint_eq(count_vanished(), 0);
    folder_shell(root, "rm etc/pam.d/svc");
    ck_assert_uint_eq(count_vanished(), 1);
    ck_assert_int_eq(pamwire_forget(root, "svc"), 0);
    ck_assert_uint_eq(count_vanished(), 0);
}
END_TEST

int main(void)
{
    suite_case("places", setup, teardown);
    suite_rows(a_line_has_its_place_and_leaves_no_trace, places);
    suite_rows(what_libpam_cannot_use_is_left_alone, refused);
    suite_rows(who_counts_our_lines, jumps);
    suite_add(a_line_in_two_pieces_stays, every_option_stands_in_its_line, a_line_too_long_for_libpam_is_none,
              another_package_replaces_the_line);
    suite_case("files", setup, teardown);
    suite_add(a_file_keeps_what_it_is, a_link_stays_one, authselects_files_are_its_own,
              a_vendors_file_is_overridden, names_that_are_no_services,
              who_writes_meanwhile_is_not_overwritten, no_user_can_hold_the_lock);
    suite_case("vanished", setup, teardown);
    suite_add(a_record_is_in_its_folder, a_line_that_vanishes_is_noticed);
    return suite_run();
}
