/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls accesspkgd for the PAM module, which must not load libdbus into its host: reads one question on stdin, files a
 * request or asks what waits for the user, writes one answer on stdout. Has no privilege but its caller's, decides
 * nothing, and may be killed at any moment. Run by pam_module/spawn.c.
 */
#include "common/cleanup.h"
#include "common/hostname.h"
#include "common/monotonic.h"
#include "common/names.h"
#include "common/paths.h"
#include "pam_module/submit/answer.h"
#include "pam_module/submit/outside.h"
#include "pam_module/submit/question.h"
#include "pam_module/submit/waiting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* ---- isolation ----------------------------------------------------------------------------------------------- */

/* Each of these returns NULL, or the call that failed, with errno. */

/* Without the keeper we would be an orphan, which the host might have to reap. A change of ids may clear this
 * setting. */
static const char *die_with_parent(void)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? "prctl" : NULL;
}

static const char *change_ids(uid_t uid, gid_t gid)
{
    if (setgroups(0, NULL) < 0)
        return "setgroups";
    if (setresgid(gid, gid, gid) < 0)
        return "setresgid";
    if (setresuid(uid, uid, uid) < 0)
        return "setresuid";
    return die_with_parent();
}

/* Under su and sudo the real user is the person at the terminal, who could stop or kill a process with their uid. */
static const char *become_root(void)
{
    return geteuid() == 0 ? change_ids(0, 0) : NULL;
}

/* For a question that accesspkgd answers for the calling uid. A user who stops this process loses only their own
 * line. */
static const char *take_user_ids(const struct passwd *user)
{
    const char *failed = change_ids(user->pw_uid, user->pw_gid);
    return failed ? failed : prctl(PR_SET_DUMPABLE, 0) < 0 ? "prctl" : NULL;
}

static const char *set_limits(void)
{
    static const struct {
        int resource;
        rlim_t most;
    } limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0}, {RLIMIT_CPU, 10}};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
            return "getrlimit";
        if (limit.rlim_max < limits[i].most)
            continue;
        limit = (struct rlimit){limits[i].most, limits[i].most};
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0)
            return "setrlimit";
    }
    return NULL;
}

static void reset_signals(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *isolate_process(void)
{
    const char *failed = become_root();
    if (!failed)
        failed = set_limits();
    if (failed)
        return failed;
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        return "prctl";
    reset_signals();
    setsid(); /* fails only for the leader of a process group, which no terminal stops */
    umask(077);
    return chdir("/") < 0 ? "chdir" : NULL;
}

/* ---- the call ------------------------------------------------------------------------------------------------ */

static json_t *make_packages(const struct question *question)
{
    json_t *packages = json_array();
    for (size_t i = 0; i < question->n_packages; i++)
        json_array_append_new(packages, json_string(question->packages[i]));
    return packages;
}

static bool is_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static json_t *make_options(const struct question *question)
{
    json_t *options = json_pack("{s:b}", "gate", 1);
    if (question->service)
        json_object_set_new(options, "service", json_string(question->service));
    if (question->host)
        json_object_set_new(options, is_address(question->host) ? "address" : "host",
                            json_string(question->host));
    if (question->tty)
        json_object_set_new(options, "tty", json_string(question->tty));
    if (question->login_id)
        json_object_set_new(options, "login_id", json_true());
    if (question->can_ask)
        json_object_set_new(options, "can_ask", json_true());
    if (question->report)
        json_object_set_new(options, "dry_run", json_true());
    if (question->justification)
        json_object_set_new(options, "justification", json_string(question->justification));
    if (question->emergency)
        json_object_set_new(options, "emergency", json_true());
    return options;
}

/* Only root names the user; another uid (a screen locker) asks for itself. */
static int call_submit(struct client *client, const struct question *question, json_t **ret,
                       struct client_error *ret_error)
{
    const char *user = geteuid() == 0 ? question->user : "";
    json_t *arguments = json_pack("[s, o, o]", user, make_packages(question), make_options(question));
    return client_call(client, client_message("Submit", "sasa{sv}", arguments), ret, ret_error);
}

static int call_get_request(struct client *client, const struct question *question, json_t **ret,
                            struct client_error *ret_error)
{
    json_t *arguments = json_pack("[I]", (json_int_t)question->request);
    const int r = client_call(client, client_message("GetRequest", "x", arguments), ret, ret_error);
    if (r == 0)
        json_object_set_new(*ret, "existing", json_true());
    return r;
}

static int call_accesspkgd(const struct question *question, json_t **ret, struct client_error *ret_error)
{
    struct client client = {0};
    if (client_open(&client, ret_error) < 0)
        return -1;
    const int r = question->request ? call_get_request(&client, question, ret, ret_error)
                                    : call_submit(&client, question, ret, ret_error);
    client_close(&client);
    return r;
}

/* True when this process has the user's ids now; false with an answer that says why not. */
static bool become_user(const char *name, struct protocol_message *ret)
{
    char why[PROTOCOL_WHY_MAX + 1];
    if (geteuid() != 0)
        return true;
    errno = 0;
    const struct passwd *user = getpwnam(name);
    if (!user) {
        snprintf(why, sizeof(why), "the user could not be looked up: %s",
                 errno ? strerror(errno) : "there is none of this name");
        answer_why(why, ret);
        return false;
    }
    const char *failed = take_user_ids(user);
    if (failed)
        answer_failed(failed, errno, ret);
    return !failed;
}

/* Does not start accesspkgd only for this line. Failures are for the journal, with `debug`. */
static void answer_what_waits(const struct question *question, struct protocol_message *ret)
{
    char host[HOSTNAME_TEXT_MAX];
    struct client client = {0};
    struct client_error error;
    json_t *answer = NULL;
    bool runs = false;
    if (!become_user(question->user, ret))
        return;
    if (client_daemon_runs(&client, &runs, &error) < 0)
        answer_why(error.message, ret);
    else if (!runs)
        answer_why("accesspkgd does not run, and is not started for this", ret);
    else if ((client.connection || client_open(&client, &error) == 0) &&
             waiting_ask(&client, &answer, &error) == 0)
        waiting_answer(answer, hostname_visible(host), ret);
    else
        answer_why(error.message, ret);
    json_decref(answer);
    client_close(&client);
}

/* ---- the answer ---------------------------------------------------------------------------------------------- */

enum { LOOKUPS_MS = 1000 };

static const struct protocol_message *first_answer;

/* A look-up cannot be aborted alone. */
static void give_first_answer(int signal_number)
{
    (void)signal_number;
    _exit(write(STDOUT_FILENO, first_answer->text, first_answer->size) == (ssize_t)first_answer->size
              ? EX_OK
              : EX_IOERR);
}

/* Gives this answer, and ends, when half of what is left of the module's time is over, or sooner. Its timer is that of
 * client_deadline(), which the call of accesspkgd needed and what follows does not. */
static void answer_in_time(const struct question *question, int64_t begun,
                           const struct protocol_message *answer)
{
    const int64_t left = (int64_t)question->timeout * 1000 - (monotonic_ms() - begun);
    const int64_t ms = left / 2 < 1 ? 1 : left / 2 < LOOKUPS_MS ? left / 2 : LOOKUPS_MS;
    const struct itimerval timer = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    first_answer = answer;
    signal(SIGALRM, give_first_answer);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void answer_with_request(const struct question *question, int64_t begun, json_t *request,
                                struct protocol_message *ret)
{
    static struct protocol_message answer;
    char host[HOSTNAME_TEXT_MAX], outside[PROTOCOL_OUTSIDE_MAX + 1] = "";
    hostname_visible(host);
    if (question->request) {
        strcpy(outside, question->outside);
    } else if (outside_is_in_question(question, request)) {
        answer_request(request, host, time(NULL), &answer);
        answer_in_time(question, begun, &answer);
        outside_find(question, request, outside);
        setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    }
    outside_leave_out(outside, question->service, request);
    answer_request(request, host, time(NULL), ret);
    if (*outside)
        protocol_add(ret, "outside", outside);
}

static void answer_question(const struct question *question, struct protocol_message *ret)
{
    const int64_t begun = monotonic_ms();
    char host[HOSTNAME_TEXT_MAX];
    struct client_error error;
    json_t *request = NULL;
    if (geteuid() == 0 && !question_user_is_valid(question)) {
        answer_verdict(VERDICT_INVALID_NAME, ret);
        return;
    }
    if (call_accesspkgd(question, &request, &error) < 0)
        answer_error(&error, question, hostname_visible(host), ret);
    else
        answer_with_request(question, begun, request, ret);
    json_decref(request);
}

int main(int argc, char **argv)
{
    static struct protocol_message asked, answer;
    struct question question;
    (void)argv;
    if (argc > 1) {
        fputs("accesspkg-submit is run by pam_accesspkg.so. To ask for a package, run: pkg-request submit "
              "PACKAGE\n",
              stderr);
        return EX_USAGE;
    }
    const char *failed = isolate_process();
    if (failed) {
        answer_failed(failed, errno, &answer);
        return write(STDOUT_FILENO, answer.text, answer.size) < 0 ? EX_IOERR : EX_OSERR;
    }
    if (question_read(STDIN_FILENO, &asked, &question) < 0)
        return EX_DATAERR;
    /* The module kills us at the deadline; this is for a host that died before. */
    client_deadline(question.timeout + 1);
    if (question.waiting)
        answer_what_waits(&question, &answer);
    else
        answer_question(&question, &answer);
    if (answer.overflowed || write(STDOUT_FILENO, answer.text, answer.size) != (ssize_t)answer.size)
        return EX_IOERR;
    return EX_OK;
}
