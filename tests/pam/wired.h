/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host with services to wire, an sshd that says what the test wants, and logins by the real libpam. For test_wired*.c. */
#pragma once

#include "tests/support/live.h"

#include <check.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <unistd.h>

#define PROD "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\napprovers = bob\nduration = 1h\n"
#define APPROVERS                                                                                            \
    "[package]\ngroups = auditors\n[policy]\nrequestors = bob carol\napproval = none\nduration = 8h\n"
#define PAIR "[package]\ngroups = dbadmins\n[stage 1]\napprovers = bob dave\nquorum = 2\n"
/* erin has no login shell, and so decides nothing. */
#define ALONE "[package]\ngroups = dbadmins\n[policy]\napprovers = erin\n"

#define SSHD                                                                                                 \
    "# PAM of sshd\n@include common-auth\naccount    required     pam_nologin.so\n# Standard\n"              \
    "@include common-account\nsession required pam_permit.so"

static inline void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void expect_file(const char *path, const char *text)
{
    char now[4096] = "";
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    now[fread(now, 1, sizeof(now) - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(now, text);
}

/* /usr/sbin with an sshd of the suite's own: /usr can only be read. */
static inline void make_sbin(void)
{
    live_expect(
        "root",
        "test -d /tmp/sbin || { mkdir /tmp/sbin && mount --bind /usr/sbin /tmp/sbin && mount -t tmpfs -o "
        "mode=755 tmpfs /usr/sbin && ln -s /tmp/sbin/* /usr/sbin; }",
        0, "");
}

/* What `sshd -T` says of root. */
static inline void sshd_says(const char *settings)
{
    char script[1024];
    snprintf(script, sizeof(script),
             "#!/bin/sh\nprintf '%%s\\n' 'usepam yes' 'pubkeyauthentication yes' 'passwordauthentication no' "
             "'authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2' %s\n",
             settings);
    unlink("/usr/sbin/sshd");
    put("/usr/sbin/sshd", script);
    live_expect("root", "chmod 755 /usr/sbin/sshd", 0, "");
}

static inline void setup(void)
{
    live_start("prod", PROD, "approvers", APPROVERS, "alone", ALONE, "pair", PAIR, NULL);
    live_expect("root",
                "rm -rf /etc/pam.d /etc/accesspkg/pam /etc/authselect /root/.ssh && mkdir -p /etc/pam.d "
                "/root/.ssh && "
                "echo ssh-ed25519 AAAA root >/root/.ssh/authorized_keys",
                0, "");
    make_sbin();
    put("/etc/pam.d/other", "account required pam_deny.so\n");
    put("/etc/pam.d/common-auth", "auth required pam_permit.so\n");
    put("/etc/pam.d/common-account", "account [success=1 new_authtok_reqd=done default=ignore] "
                                     "pam_unix.so\naccount requisite pam_deny.so\n"
                                     "account required pam_permit.so\n");
    put("/etc/pam.d/sshd", SSHD);
    put("/etc/pam.d/login", "@include common-account\n");
    put("/etc/pam.d/cron", "@include common-account\n");
    sshd_says("'permitrootlogin without-password'");
}

static inline void teardown(void)
{
    live_stop();
}

/* ---- logins ----------------------------------------------------------------------------------------------------- */

static inline int mute(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    (void)count, (void)messages, (void)ret, (void)data;
    return PAM_CONV_ERR;
}

/* What libpam says of a login, as sshd asks it. */
static inline int log_in(const char *service, const char *user)
{
    const struct pam_conv conversation = {mute, NULL};
    pam_handle_t *pamh = NULL;
    ck_assert_int_eq(pam_start(service, user, &conversation, &pamh), PAM_SUCCESS);
    const int code = pam_acct_mgmt(pamh, 0);
    pam_end(pamh, code);
    return code;
}
