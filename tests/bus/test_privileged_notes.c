/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The root service's notes: what it added ends at its time, without accesspkgd, whatever was renamed, killed, full or
 * damaged; and nothing else does (rules 6 and 13).
 */
#include "tests/support/ask.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACKAGE "[package]\ngroups = dbadmins staff\n[policy]\napproval = none\n"
#define GPASSWD "/usr/bin/gpasswd"
#define NOTES   "/var/lib/accesspkg-privileged"
#define NOTE    NOTES "/2001.1001.alice"

enum { LONG = 3600 };

static struct outcome *add(const char *user, int64_t seconds)
{
    return ask_it(
        (struct ask){.kind = ASK_ADD, .group = "dbadmins", .user = user, .until = time(NULL) + seconds});
}

static struct outcome *note(const char *user, int64_t seconds)
{
    return ask_it(
        (struct ask){.kind = ASK_NOTE, .group = "dbadmins", .user = user, .until = time(NULL) + seconds});
}

static struct outcome *take(const char *user)
{
    return ask_it((struct ask){.kind = ASK_REMOVE, .group = "dbadmins", .user = user});
}

static void assert_noted(const char *users)
{
    ck_assert_int_eq(ask_it((struct ask){.kind = ASK_NOTES})->result, 0);
    ck_assert_str_eq(outcomes[0].lines, users);
}

static void setup(void)
{
    ask_setup(PACKAGE);
}

static void teardown(void)
{
    ask_teardown();
    live_run("root", "umount -l " GPASSWD " " NOTES "; chmod 700 " NOTES "; rm -f /tmp/count");
}

static void replace_gpasswd(const char *script)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "cp -p " GPASSWD " /tmp/real; printf '#!/bin/sh\\n%s\\n' >/tmp/fake && chmod 755 /tmp/fake && "
             "mount --bind /tmp/fake " GPASSWD,
             script);
    ask_root(command);
}

static void restore_gpasswd(void)
{
    ask_root("umount -l " GPASSWD);
}

/* Until it is out, by the service's own doing. */
static void goes(const char *user, const char *group)
{
    const int watch = live_watch("/etc");
    while (live_stands(user, group) && live_changes(watch))
        ;
    close(watch);
    ck_assert(!live_stands(user, group));
}

/* The service ends by itself when nothing is left to end, so not before. */
static void restart(unsigned idle)
{
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    live_start_privileged(idle);
}

/* ---- ends ---- */

START_TEST(test_end)
{
    restart(1);
    ck_assert_changed(add("alice", 3), true);
    ck_assert(live_stands("alice", "dbadmins"));
    ask_root("test \"$(stat -c '%U %a' " NOTES " " NOTE " | tr '\\n' ' ')\" = 'root 700 root 600 '");
    ck_assert_int_eq(live_wait_privileged(), 0); /* it stays for the end, then goes */
    ck_assert(!live_stands("alice", "dbadmins"));
    ask_root("cmp /etc/group /etc/group.first && rmdir " NOTES " && mkdir -m 700 " NOTES);
}
END_TEST

/* It was not there when the end came. */
START_TEST(test_end_at_start)
{
    ck_assert_changed(add("alice", LONG), true);
    ck_assert_changed(add("bob", 1), true);
    ck_assert_int_eq(live_stop_privileged(SIGKILL), -SIGKILL);
    ask_root("sed -i '/^until/s/.*/until 00000000000000000001/' " NOTE);
    live_start_privileged(60);
    goes("alice", "dbadmins");
    goes("bob", "dbadmins");
}
END_TEST

/* Rule 13. */
START_TEST(test_end_without_bus)
{
    ck_assert_changed(add("alice", 1), true);
    ck_assert_int_eq(live_stop_privileged(SIGKILL), -SIGKILL);
    live_kill_bus();
    ask_root("sed -i '/^until/s/.*/until 00000000000000000001/' " NOTE);
    ask_root("/usr/libexec/accesspkg/accesspkg-privileged; test $? = 69");
    ck_assert(!live_stands("alice", "dbadmins"));
}
END_TEST

START_TEST(test_moved_end)
{
    ck_assert_changed(add("alice", 2), true);
    ck_assert_changed(note("alice", LONG), true);
    ck_assert_changed(add("bob", 2), true);
    goes("bob", "dbadmins");
    ck_assert(live_stands("alice", "dbadmins"));
    ck_assert_changed(note("alice", 1), true);
    goes("alice", "dbadmins");
    ck_assert_changed(note("alice", LONG), false); /* who is not there is not noted */
    assert_noted("");
}
END_TEST

/* As usermod and groupmod do it. */
START_TEST(test_renamed)
{
    ck_assert_changed(add("alice", 2), true);
    ck_assert_changed(add("bob", LONG), true);
    ask_root("sed -i s/^alice:/alicia:/ /etc/passwd && sed -i 's/^dbadmins:x:2001:alice/dbas:x:2001:alicia/' "
             "/etc/group && grep -qx dbas:x:2001:alicia,bob /etc/group");
    goes("alicia", "dbas");
    ck_assert(live_stands("bob", "dbas"));
    ask_root("sed -i s/^bob:/bobby:/ /etc/passwd && sed -i s/:bob$/:bobby/ /etc/group");
    ck_assert_changed(take("bob"), true); /* by the names that accesspkgd knows */
    ck_assert(!live_stands("bobby", "dbas"));
    assert_noted("");
}
END_TEST

START_TEST(test_gone)
{
    ck_assert_changed(add("dave", 2), true);
    ask_root("sed -i /^dave:/d /etc/passwd && rm /var/lib/accesspkg/allow/gid-2001");
    goes("dave", "dbadmins");
}
END_TEST

/* Many at once, and calls among them: each has its turn. */
START_TEST(test_many_ends)
{
    static const struct ask list[] = {{.kind = ASK_MEMBERS, .group = "dbadmins"},
                                      {.kind = ASK_MEMBERS, .group = "staff"},
                                      {.kind = ASK_ADD, .group = "staff", .user = "bob"},
                                      {0}};
    /* Its first look would find notes of nobody yet, and drop them. */
    ck_assert_int_eq(live_stop_privileged(SIGTERM), 0);
    ask_root("i=0; while [ $i -lt 25 ]; do i=$((i + 1)); "
             "printf 'u%s:x:%s:1::/:/bin/sh\n' $i $((5000 + i)) >>/etc/passwd; "
             "printf 'accesspkg-note 1\nuntil 00000000000000000001\nuser u%s\nuid %s\ngroup dbadmins\n"
             "gid 2001\nend\n' $i $((5000 + i)) >" NOTES "/2001.$((5000 + i)).u$i; done; "
             "sed -i \"s/^dbadmins:.*/dbadmins:x:2001:$(seq -s, -f u%g 25)/\" /etc/group");
    live_start_privileged(60);
    ask_all(list);
    for (size_t i = 0; i < 3; i++)
        ck_assert_msg(outcomes[i].result == 0, "%s", outcomes[i].message);
    static const char empty[] = "grep -qx 'dbadmins:x:2001:' /etc/group";
    const int watch = live_watch("/etc");
    while (live_run("root", empty) != 0 && live_changes(watch))
        ;
    close(watch);
    ask_root(empty);
    assert_noted("bob\n");
}
END_TEST

/* ---- whose it is ---- */

/* Rule 6: an administrator adds a member while our attempts fail. */
START_TEST(test_added_by_hand_meanwhile)
{
    replace_gpasswd("exit 5");
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    restore_gpasswd();
    assert_noted("");
    ask_root("gpasswd -a alice dbadmins");
    ck_assert_changed(add("alice", LONG), false);
    assert_noted("");
    ck_assert_changed(take("alice"), false);
    ck_assert(live_stands("alice", "dbadmins"));
}
END_TEST

/* Rule 6: taken out by hand and put back is a standing member. */
START_TEST(test_put_back_by_hand)
{
    ck_assert_changed(add("alice", LONG), true);
    ask_root("gpasswd -d alice dbadmins");
    ck_assert_int_eq(ask_it((struct ask){.kind = ASK_MEMBERS, .group = "dbadmins"})->result,
                     0); /* as at each change */
    ask_root("gpasswd -a alice dbadmins");
    ck_assert_changed(take("alice"), false);
    ck_assert(live_stands("alice", "dbadmins"));
}
END_TEST

START_TEST(test_who_is_noted)
{
    ask_root("gpasswd -a bob dbadmins");
    ck_assert_changed(add("alice", LONG), true);
    ck_assert_int_eq(ask_it((struct ask){.kind = ASK_MEMBERS, .group = "dbadmins"})->result, 0);
    ck_assert_str_eq(outcomes[0].lines, "bob\nalice\n");
    ck_assert_str_eq(outcomes[0].more, "alice\n");
    ck_assert_changed(note("bob", LONG), true); /* as what an older version added */
    ck_assert_int_eq(ask_it((struct ask){.kind = ASK_NOTES})->result, 0);
    ck_assert_ptr_nonnull(strstr(outcomes[0].lines, "alice\n"));
    ck_assert_ptr_nonnull(strstr(outcomes[0].lines, "bob\n"));
    ck_assert_str_eq(outcomes[0].more, "dbadmins\ndbadmins\n");
    ck_assert_changed(take("bob"), true);
}
END_TEST

/* ---- killed ---- */

#define KILL_ALL "pkill -KILL -x accesspkg-privi"

/* Between note and gpasswd: nobody is in, and an administrator's member is not ours. */
START_TEST(test_killed_before_addition)
{
    replace_gpasswd(KILL_ALL "; exit 1");
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    ck_assert_int_eq(live_wait_privileged(), -SIGKILL);
    restore_gpasswd();
    ask_root("test -e " NOTE " && cmp /etc/group /etc/group.first");
    live_start_privileged(60);
    assert_noted("");
    ask_root("gpasswd -a alice dbadmins");
    ck_assert_changed(add("alice", LONG), false);
    ck_assert(live_stands("alice", "dbadmins"));
}
END_TEST

/* Between gpasswd and the answer: it is ours, and goes. */
START_TEST(test_killed_after_addition)
{
    replace_gpasswd("/tmp/real \"$@\"; " KILL_ALL);
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    ck_assert_int_eq(live_wait_privileged(), -SIGKILL);
    restore_gpasswd();
    ck_assert(live_stands("alice", "dbadmins"));
    live_start_privileged(60);
    ck_assert_changed(add("alice", 1), true);
    goes("alice", "dbadmins");
}
END_TEST

/* Between gpasswd and the note's removal. */
START_TEST(test_killed_after_removal)
{
    ck_assert_changed(add("alice", LONG), true);
    replace_gpasswd("/tmp/real \"$@\"; " KILL_ALL);
    ck_assert_refused(take("alice"), BUS_ERROR_UNAVAILABLE);
    ck_assert_int_eq(live_wait_privileged(), -SIGKILL);
    restore_gpasswd();
    ask_root("test -e " NOTE " && cmp /etc/group /etc/group.first");
    live_start_privileged(60);
    assert_noted("");
    ask_root("gpasswd -a alice dbadmins");
    ck_assert_changed(take("alice"), false);
}
END_TEST

/* ---- in trouble ---- */

/* What has failed to end has ended: neither a clock that is set back nor a new start makes it wait again (rule 8). */
START_TEST(test_failed_end)
{
    ck_assert_changed(add("alice", LONG), true);
    replace_gpasswd("exit 5");
    ck_assert_refused(take("alice"), BUS_ERROR_UNAVAILABLE);
    ask_root("grep -qx 'until 00000000000000000000' " NOTE);
    restore_gpasswd();
    ck_assert(live_stands("alice", "dbadmins"));
    restart(60);
    goes("alice", "dbadmins");
}
END_TEST

/* It goes on by itself, without another call. */
START_TEST(test_failed_end_is_tried_again)
{
    replace_gpasswd("test \"$1\" = -a || { echo >>/tmp/count; test $(wc -l </tmp/count) -gt 1 || exit 5; }; "
                    "exec /tmp/real \"$@\"");
    ck_assert_changed(add("alice", 1), true);
    goes("alice", "dbadmins");
    assert_noted("");
}
END_TEST

#define FULL                                                                                                 \
    "mount -t tmpfs -o size=8k,mode=700 notes " NOTES " && cat /dev/zero >" NOTES "/.fill 2>/dev/null; "     \
    "test -s " NOTES "/.fill"

START_TEST(test_full_disk)
{
    ask_root(FULL);
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(outcomes[0].message, "No space left"));
    ask_root("cmp /etc/group /etc/group.first && rm " NOTES "/.fill");
    ck_assert_changed(add("alice", LONG), true);
    ask_root("cat /dev/zero >" NOTES "/.fill 2>/dev/null; ! echo x >" NOTES "/.more");
    ck_assert_changed(note("alice", 1), true); /* an end that comes earlier needs no room */
    goes("alice", "dbadmins");
}
END_TEST

START_TEST(test_damaged_note)
{
    ck_assert_changed(add("alice", LONG), true);
    ck_assert_changed(add("bob", LONG), true);
    ask_root("echo nonsense >" NOTE);
    restart(60);
    goes("alice", "dbadmins");
    ck_assert(live_stands("bob", "dbadmins"));
    assert_noted("bob\n");
}
END_TEST

START_TEST(test_unsafe_folder)
{
    ask_root("chmod 755 " NOTES);
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(outcomes[0].message, "0700"));
    ask_root("chmod 700 " NOTES " && chown accesspkg " NOTES);
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    ask_root("rmdir " NOTES);
    ck_assert_refused(add("alice", LONG), BUS_ERROR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(outcomes[0].message, "systemd-tmpfiles"));
    ask_root("mkdir -m 700 " NOTES " && cmp /etc/group /etc/group.first");
    ck_assert_changed(add("alice", LONG), true);
}
END_TEST

/* ---- pkg-admin lock ---- */

#define END_USER "/usr/libexec/accesspkg/accesspkg-privileged --end-user "

/* At once, beside the service or without it and without a bus; others stay, and so do those whom others added. */
START_TEST(test_end_user)
{
    ask_root("gpasswd -a carol dbadmins");
    ck_assert_changed(add("alice", LONG), true);
    ck_assert_changed(add("bob", LONG), true);
    ck_assert_changed(add("dave", LONG), true);
    ask_root(END_USER "alice");
    ck_assert(!live_stands("alice", "dbadmins"));
    ck_assert(live_stands("bob", "dbadmins"));
    ck_assert_int_eq(ask_it((struct ask){.kind = ASK_NOTES})->result, 0);
    ck_assert_ptr_nonnull(strstr(outcomes[0].lines, "bob"));
    ck_assert_ptr_null(strstr(outcomes[0].lines, "alice"));
    ck_assert_int_eq(live_stop_privileged(SIGKILL), -SIGKILL);
    live_kill_bus();
    ask_root("sed -i s/^bob:/bobby:/ /etc/passwd && sed -i '/^dbadmins:/s/bob/bobby/' /etc/group");
    ask_root(END_USER "bobby $(id -u bobby)"); /* renamed: by the uid */
    ck_assert(!live_stands("bobby", "dbadmins"));
    ask_root(END_USER "carol");
    ask_root(END_USER "nobody-of-this-name 4711");
    ck_assert(live_stands("carol", "dbadmins"));
    ck_assert(live_stands("dave", "dbadmins"));
    ask_root("! " END_USER "; ! " END_USER "dave x; ! " END_USER "dave 1 2");
    ck_assert(live_stands("dave", "dbadmins"));
}
END_TEST

/* What cannot be done now is due from then on. */
START_TEST(test_end_user_fails)
{
    ck_assert_changed(add("alice", LONG), true);
    replace_gpasswd("exit 1");
    ask_root(END_USER "alice; test $? = 75");
    ck_assert(live_stands("alice", "dbadmins"));
    restore_gpasswd();
    restart(60);
    goes("alice", "dbadmins");
}
END_TEST

int main(void)
{
    suite_case("privileged_notes", setup, teardown);
    suite_timeout(60);
    suite_add(test_end, test_end_at_start, test_end_without_bus, test_moved_end, test_renamed, test_gone,
              test_many_ends, test_added_by_hand_meanwhile, test_put_back_by_hand, test_who_is_noted,
              test_killed_before_addition, test_killed_after_addition, test_killed_after_removal,
              test_failed_end, test_failed_end_is_tried_again, test_full_disk, test_damaged_note,
              test_unsafe_folder, test_end_user, test_end_user_fails);
    return suite_run();
}
