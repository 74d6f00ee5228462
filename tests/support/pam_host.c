/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/pam_host.h"

#include "common/paths.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64];
static int journal = -1;

/* The kernel sets AT_SECURE where the effective uid is not the real one of who executes. */
void pam_host_begin_set_uid(char **argv)
{
    if (!getauxval(AT_SECURE)) {
        if (setresuid(PAM_HOST_ALICE, 0, 0) == 0)
            execv("/proc/self/exe", argv);
        perror("pam_host_begin_set_uid");
        exit(1);
    }
    if (setresuid(0, 0, 0) < 0)
        exit(1);
}

/* ---- service files ------------------------------------------------------------------------------------------ */

/*
 * What an application's stdin is, is the test's to say, not whoever's who runs the suite. Before main, for Check would
 * write its results to a descriptor 0 that it found closed.
 */
__attribute__((constructor)) static void empty_stdin(void)
{
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) {
        perror("/dev/null");
        exit(1);
    }
    if (null != STDIN_FILENO)
        close(null);
}

void pam_host_setup(void)
{
    strcpy(folder, "/tmp/pam.d-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0755), 0);
}

const char *pam_host_folder(void)
{
    return folder;
}

void pam_host_service(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* libpam hides an ignored module's code; the line behind ours shows that it was one. */
void pam_host_line(const char *arguments)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "account [success=done ignore=ignore default=die] pam_accesspkg.so %s\n"
             "account required pam_debug.so acct=cred_err\n"
             "session required pam_accesspkg.so %s\n",
             arguments, arguments);
    pam_host_service("gate", text);
}

/* ---- a login ------------------------------------------------------------------------------------------------ */

struct terminal {
    const struct pam_host_login *login;
    struct pam_host_outcome *outcome;
};

/* PAM_CONV_ERR from an application that cannot prompt, as from sshd for a key. */
static int answer_prompt(const struct terminal *terminal, const char *prompt, struct pam_response *response)
{
    struct pam_host_outcome *outcome = terminal->outcome;
    const size_t used = strlen(outcome->asked);
    outcome->n_prompts++;
    snprintf(outcome->asked + used, sizeof(outcome->asked) - used, "%s\n", prompt);
    if (!terminal->login->answer)
        return PAM_CONV_ERR;
    const char *answer = terminal->login->answer(prompt, terminal->login->data);
    response->resp = answer ? strdup(answer) : NULL;
    return PAM_SUCCESS;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    const struct terminal *terminal = data;
    struct pam_host_outcome *outcome = terminal->outcome;
    *ret = calloc((size_t)count, sizeof(**ret));
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(outcome->said);
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON) {
            if (answer_prompt(terminal, messages[i]->msg, *ret + i) == PAM_SUCCESS)
                continue;
            free(*ret);
            *ret = NULL;
            return PAM_CONV_ERR;
        }
        if (messages[i]->msg_style != PAM_ERROR_MSG) {
            outcome->n_others++;
            continue;
        }
        outcome->n_errors++;
        snprintf(outcome->said + used, sizeof(outcome->said) - used, "%s\n", messages[i]->msg);
    }
    return *ret ? PAM_SUCCESS : PAM_CONV_ERR;
}

static int nobody_listens(int count, const struct pam_message **messages, struct pam_response **ret,
                          void *data)
{
    (void)count, (void)messages, (void)ret, (void)data;
    return PAM_CONV_ERR;
}

static void set_item(pam_handle_t *pamh, int item, const char *value)
{
    if (value)
        ck_assert_int_eq(pam_set_item(pamh, item, value), PAM_SUCCESS);
}

struct pam_host_outcome pam_host_try(const struct pam_host_login *login)
{
    struct pam_host_outcome outcome = {.code = -1};
    struct terminal terminal = {login, &outcome};
    const struct pam_conv conversation = {login->deaf ? nobody_listens : converse, &terminal};
    pam_handle_t *pamh = NULL;
    ck_assert_int_eq(pam_start_confdir(login->service ? login->service : "gate", login->user, &conversation,
                                       folder, &pamh),
                     PAM_SUCCESS);
    set_item(pamh, PAM_RHOST, login->rhost);
    set_item(pamh, PAM_RUSER, login->ruser);
    set_item(pamh, PAM_TTY, login->tty);
    outcome.code = login->session ? pam_open_session(pamh, login->flags) : pam_acct_mgmt(pamh, login->flags);
    if (login->session)
        ck_assert_int_eq(pam_close_session(pamh, login->flags), PAM_SUCCESS);
    if (outcome.code == PAM_CRED_ERR) {
        outcome.code = PAM_IGNORE;
        outcome.n_others = 0; /* pam_debug's own */
    }
    pam_end(pamh, outcome.code);
    return outcome;
}

struct pam_host_outcome pam_host_alice(void)
{
    return pam_host_try(&(struct pam_host_login){.user = "alice"});
}

struct pam_host_outcome pam_host_try_as(uid_t real, uid_t effective, const struct pam_host_login *login)
{
    struct pam_host_outcome outcome;
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (setresgid(real, effective, effective) < 0 || setresuid(real, effective, effective) < 0)
            _exit(1);
        outcome = pam_host_try(login);
        _exit(write(ends[1], &outcome, sizeof(outcome)) != sizeof(outcome));
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t n = 1; n > 0 && used < sizeof(outcome); used += (size_t)(n > 0 ? n : 0))
        n = read(ends[0], (char *)&outcome + used, sizeof(outcome) - used);
    close(ends[0]);
    ck_assert_uint_eq(used, sizeof(outcome));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return outcome;
}

/* ---- grant files -------------------------------------------------------------------------------------------- */

const char *pam_host_grant_path(const char *user)
{
    static char path[512];
    snprintf(path, sizeof(path), PATH_STATE "/grants/user/%s", user);
    return path;
}

void pam_host_grant_text(const char *user, const char *text)
{
    const char *path = pam_host_grant_path(user);
    unlink(path);
    if (!text)
        return;
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fchmod(fileno(file), 0644), 0);
    ck_assert_int_eq(fchown(fileno(file), PAM_HOST_DAEMON, PAM_HOST_DAEMON), 0);
    fclose(file);
}

void pam_host_grant(const char *user, uid_t uid, const char *package, int64_t start, int64_t end)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "accesspkg-grants 1\nuser %s %u\nwritten %" PRId64 "\npackage %s %" PRId64 " %" PRId64
             " 12\nend\n",
             user, uid, (int64_t)time(NULL), package, start, end);
    pam_host_grant_text(user, text);
}

/* ---- the journal -------------------------------------------------------------------------------------------- */

void pam_host_journal_open(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    unlink(address.sun_path);
    journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(journal, 0);
    ck_assert_int_eq(bind(journal, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(chmod(address.sun_path, 0666), 0);
}

const char *pam_host_journal(int *ret_lines)
{
    static char text[32768];
    char line[8192];
    ssize_t n;
    int lines = 0;
    text[0] = '\0';
    while ((n = recv(journal, line, sizeof(line) - 1, MSG_DONTWAIT)) > 0) {
        const size_t used = strlen(text);
        line[n] = '\0';
        if (!strstr(line, "pam_accesspkg("))
            continue;
        lines++;
        snprintf(text + used, sizeof(text) - used, "%s\n", line);
    }
    if (ret_lines)
        *ret_lines = lines;
    return text;
}
