/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin pam test: what it says would happen, against what the real libpam, module and accesspkgd do. */
#include "tests/pam/wired.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct {
    const char *account, *user, *says; /* of the file; REST below it */
} trials[] = {
    {"account required pam_accesspkg.so package=prod submit=no", "alice", "submit=no files nothing"},
    {"account required pam_accesspkg.so package=prod package=approvers", "bob",
     "approvers needs no approval"},
    {"account required pam_accesspkg.so package=prod mode=report submit=no", "alice", "mode=report"},
    {"account required pam_accesspkg.so package=prod enforce_for_root", "root", "prod: "},
    {"account required pam_accesspkg.so package=prod", "root", "gates let root past"},
    {"account required pam_accesspkg.so package=prod", "erin", "prod: "},
    {"account required pam_accesspkg.so package=nosuch", "alice", "nosuch"},
    {"account required pam_accesspkg.so", "alice", "names no package"},
    {"account required pam_accesspkg.so package=prod", "dave", "they are locked"},
    {"account [success=1 default=ignore] pam_succeed_if.so quiet user ingroup staff\naccount required "
     "pam_accesspkg.so package=prod",
     "alice", "lets them past"},
    {"account [success=1 default=ignore] pam_succeed_if.so quiet user ingroup backup\naccount required "
     "pam_accesspkg.so package=prod submit=no",
     "alice", "submit=no"},
    {"account [success=1 default=ignore] pam_rootok.so\naccount required pam_accesspkg.so package=prod "
     "enforce_for_root",
     "root", "lets them past"},
    {"account required pam_accesspkg.so package=approvers\naccount required pam_accesspkg.so package=prod "
     "submit=no",
     "bob", "submit=no"},
    {"account required pam_time.so", "alice", "asks for no access package"},
};

/* What is said to happen is what happens. */
START_TEST(a_dry_run_says_what_happens)
{
    char text[1024], command[128];
    snprintf(text, sizeof(text), "%s\n@include common-account\n", trials[_i].account);
    put("/etc/pam.d/svc", text);
    live_expect("root", "pkg-admin lock dave -m stolen", 0, "");
    snprintf(command, sizeof(command), "pkg-admin pam test %s svc", trials[_i].user);
    const int code = live_run("root", command);
    ck_assert_ptr_nonnull(strstr(live_output, trials[_i].says));
    ck_assert_msg(code == (log_in("svc", trials[_i].user) != PAM_SUCCESS), "%d %s", code, live_output);
    live_expect("root", "pkg-admin unlock dave; rm /etc/pam.d/svc", 0, "");
}
END_TEST

START_TEST(a_dry_run_of_odd_services)
{
    put("/etc/pam.d/svc",
        "account required pam_access.so\naccount [success=1 default=ignore] pam_access.so\naccount "
        "required pam_accesspkg.so package=prod\n@include common-account\n");
    live_expect("root", "pkg-admin pam test alice svc", 1,
                "/etc/pam.d/svc:2 may let them past: that cannot be told");
    put("/etc/pam.d/svc", "account required pam_unix.so \\");
    live_expect("root", "pkg-admin pam test alice svc", 1, "libpam gives the file up and refuses everybody");
    live_expect("root", "pkg-admin pam test alice nosuch", 0, "nosuch asks for no access package");
    live_expect("root", "rm /etc/pam.d/svc", 0, "");
}
END_TEST

int main(void)
{
    suite_case("dry runs", setup, teardown);
    suite_timeout(60);
    suite_rows(a_dry_run_says_what_happens, trials);
    suite_add(a_dry_run_of_odd_services);
    return suite_run();
}
