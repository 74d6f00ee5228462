/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Applications that log people in, for the suites of the PAM module: service files that the test writes, the real
 * module at its real path, what the person is told, what the journal gets. Needs a private root. Checks with Check's
 * macros.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PAM_HOST_ALICE = 1001, PAM_HOST_BOB = 1002, PAM_HOST_DAEMON = 990 };

/* Begins the program anew, first thing in main, as a set-uid program that a person started (AT_SECURE is set); it is
 * root wholly again on return. */
void pam_host_begin_set_uid(char **argv);

/* Makes the folder of service files; where it is. */
void pam_host_setup(void);
const char *pam_host_folder(void);

/* The service "gate", with our module and these arguments, such that exactly the module's code comes out. */
void pam_host_line(const char *arguments);
/* Any service file. */
void pam_host_service(const char *name, const char *text);

struct pam_host_login {
    const char *service; /* NULL: "gate" */
    const char *user, *rhost, *ruser, *tty;
    int flags;
    const char *(*answer)(const char *prompt,
                          void *data); /* of a person; NULL: the application cannot prompt.
                                                            * Returning NULL: no answer */
    void *data;
    bool session; /* begun and ended, rather than the account judged */
    bool deaf;    /* an application that shows nobody anything, as cron and systemd */
};

struct pam_host_outcome {
    int code; /* of pam_acct_mgmt (PAM_IGNORE where the module of "gate" returned that) or pam_open_session */
    int n_errors;     /* messages of the style PAM_ERROR_MSG */
    int n_others;     /* of other styles */
    int n_prompts;    /* of the style PAM_PROMPT_ECHO_ON */
    char asked[4096]; /* these, a line each */
    char said[8192];  /* the errors, a line each */
};

struct pam_host_outcome pam_host_try(const struct pam_host_login *login);
/* alice, nothing special. */
struct pam_host_outcome pam_host_alice(void);
/* In a process with this real and this effective user; pam_host_begin_set_uid makes a su of it, not a daemon that has
 * switched its uids. */
struct pam_host_outcome pam_host_try_as(uid_t real, uid_t effective, const struct pam_host_login *login);

/* Grant files, as accesspkgd leaves them. `text` may be any; NULL removes. */
void pam_host_grant_text(const char *user, const char *text);
void pam_host_grant(const char *user, uid_t uid, const char *package, int64_t start, int64_t end);
/* The path of a user's grant file, below the real state folder. Static. */
const char *pam_host_grant_path(const char *user);

/* A journal that keeps what is logged from now on (only the last ten lines may wait to be taken). */
void pam_host_journal_open(void);
/* Lines since the last call, of our module alone. Static. */
const char *pam_host_journal(int *ret_lines);
