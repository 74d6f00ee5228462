/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Must hand on no text with control characters (rule 10). Called by gate.c and session.c.
 */
#include "pam_module/submission.h"

#include "common/paths.h"
#include "dbus/contract.h"
#include "pam_module/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LOADER_FAILED = 127 };

_Static_assert((int)GATE_PACKAGES_MAX == (int)BUS_PACKAGES_MAX, "all packages of a line fit into one Submit");

/* ---- the question ------------------------------------------------------------------------------------------- */

/* Adds a PAM item that claims where the request came from: made visible, cut to what the bus takes. */
static void add_claim(struct protocol_message *question, const char *key, pam_handle_t *pamh, int item)
{
    char visible[BUS_CLAIM_MAX + 1];
    const void *value = NULL;
    if (pam_get_item(pamh, item, &value) == PAM_SUCCESS && value && *(const char *)value)
        protocol_add(question, key, text_visible(value, visible, sizeof(visible)));
}

static void begin_question(struct protocol_message *question, const char *user, unsigned seconds)
{
    char digits[16];
    question->size = 0;
    question->overflowed = false;
    snprintf(digits, sizeof(digits), "%u", seconds);
    protocol_add(question, "user", user);
    protocol_add(question, "timeout", digits);
}

static void make_question(pam_handle_t *pamh, const struct gate_options *options, const char *user,
                          const struct submission_terms *terms, struct protocol_message *ret)
{
    begin_question(ret, user, options->timeout);
    for (size_t i = 0; i < options->n_packages && !terms->emergency; i++)
        protocol_add(ret, "package", options->packages[i]);
    if (terms->emergency) {
        protocol_add(ret, "package", terms->emergency);
        protocol_add(ret, "emergency", "1");
    }
    add_claim(ret, "service", pamh, PAM_SERVICE);
    add_claim(ret, "host", pamh, PAM_RHOST);
    add_claim(ret, "tty", pamh, PAM_TTY);
    if (terms->own_login_id)
        protocol_add(ret, "login_id", "1");
    if (terms->report)
        protocol_add(ret, "report", "1");
    if (terms->can_ask)
        protocol_add(ret, "can_ask", "1");
    if (terms->justification)
        protocol_add(ret, "justification", terms->justification);
    if (terms->request)
        protocol_add(ret, "request", terms->request);
    if (terms->request && terms->outside && *terms->outside)
        protocol_add(ret, "outside", terms->outside);
}

/* ---- the answer --------------------------------------------------------------------------------------------- */

/* Copies a text that is one visible line; sets ret to "" for any other. */
static void copy_visible(const char *value, char *ret, size_t size)
{
    text_visible(value, ret, size);
    if (strcmp(value, ret) != 0)
        *ret = '\0';
}

static void copy_request(const char *value, char ret[PROTOCOL_REQUEST_MAX + 1])
{
    const size_t digits = strspn(value, "0123456789");
    if (digits >= 1 && digits <= PROTOCOL_REQUEST_MAX && !value[digits])
        strcpy(ret, value);
}

/* The word that people see for a state; "" for an unknown identifier. */
static const char *state_word(const char *identifier)
{
    static const char *const states[][2] = {
#define X(name, identifier, shown) {identifier, shown},
        STATE_TABLE(X)
#undef X
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i][0], identifier) == 0)
            return states[i][1];
    return "";
}

/* Copies one or two visible lines; drops any other text. */
static void copy_message(const char *value, char ret[PROTOCOL_MESSAGE_MAX + 1])
{
    char line[PROTOCOL_MESSAGE_MAX + 1], visible[PROTOCOL_MESSAGE_MAX + 1];
    const size_t size = strlen(value);
    if (size > PROTOCOL_MESSAGE_MAX)
        return;
    strcpy(line, value);
    char *second = strchr(line, '\n');
    if (second)
        *second++ = '\0';
    copy_visible(line, visible, sizeof(visible));
    if (!*visible)
        return;
    if (second)
        copy_visible(second, visible, sizeof(visible));
    if (*visible)
        strcpy(ret, value);
}

static void add_emergency(const char *package, struct submission *submission)
{
    if (name_is_package(package) && submission->n_emergencies < GATE_PACKAGES_MAX)
        strcpy(submission->emergencies[submission->n_emergencies++], package);
}

static void read_record(const char *key, const char *value, struct submission *submission)
{
    if (strcmp(key, "verdict") == 0)
        submission->verdict = verdict_from_word(value);
    else if (strcmp(key, "request") == 0)
        copy_request(value, submission->request);
    else if (strcmp(key, "package") == 0 && name_is_package(value))
        strcpy(submission->package, value);
    else if (strcmp(key, "state") == 0)
        strcpy(submission->state, state_word(value));
    else if (strcmp(key, "message") == 0)
        copy_message(value, submission->message);
    else if (strcmp(key, "why") == 0)
        copy_visible(value, submission->why, sizeof(submission->why));
    else if (strcmp(key, "may_emergency") == 0)
        add_emergency(value, submission);
    else if (strcmp(key, "denial") == 0)
        copy_visible(value, submission->denial, sizeof(submission->denial));
    else if (strcmp(key, "waits") == 0)
        copy_visible(value, submission->waits, sizeof(submission->waits));
    else if (strcmp(key, "outside") == 0)
        copy_visible(value, submission->outside, sizeof(submission->outside));
}

/* What an administrator can do about a failed call. The first row that fits counts; NULL and 0 fit all. */
static const struct {
    const char *call;
    int error;
    const char *advice;
} advices[] = {
    {"execve", ENOENT, "make sure that " PATH_SUBMIT " is there: install accesspkg again"},
    {"execve", EACCES,
     "make sure that " PATH_SUBMIT " may be executed here: its mode, the mount, AppArmor or SELinux"},
    {"clone", EAGAIN, "too many processes run: see RLIMIT_NPROC of the user, TasksMax= of the unit"},
    {"socketpair", EAFNOSUPPORT, "the service's RestrictAddressFamilies= must let AF_UNIX"},
    {"setgroups", EPERM,
     "this user namespace denies setgroups (see /proc/self/setgroups), or the service has no CAP_SETGID"},
    {NULL, EMFILE, "too many files are open: see RLIMIT_NOFILE of the service"},
    {NULL, ENFILE, "too many files are open on this host"},
    {NULL, ENOMEM, "there is not enough memory"},
    {"open /dev/null", 0, "the service sees no usable /dev/null"},
    {NULL, EPERM, "the service's SystemCallFilter= may forbid it"},
    {NULL, ENOSYS, "the service's SystemCallFilter= may forbid it, or the kernel is older than 5.9"},
};

static const char *advice_for(const char *call, int error)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
        if ((!advices[i].call || strcmp(advices[i].call, call) == 0) &&
            (advices[i].error == error || advices[i].error == 0))
            return advices[i].advice;
    return NULL;
}

/* The records that come instead of an answer: see spawn.h. */
struct end {
    char failed[32]; /* a call; "" when none failed */
    int error, status, killed;
};

/* A number of three digits at most; -1 for anything else. */
static int read_small_number(const char *value)
{
    const size_t digits = strspn(value, "0123456789");
    int number = 0;
    if (digits < 1 || digits > 3 || value[digits])
        return -1;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (value[i] - '0');
    return number;
}

static void read_end(const char *key, const char *value, struct end *end)
{
    if (strcmp(key, "failed") == 0)
        copy_visible(value, end->failed, sizeof(end->failed));
    else if (strcmp(key, "errno") == 0)
        end->error = read_small_number(value);
    else if (strcmp(key, "ended") == 0)
        end->status = read_small_number(value);
    else if (strcmp(key, "killed") == 0)
        end->killed = read_small_number(value);
}

static void explain_end(const struct end *end, char ret[PROTOCOL_WHY_MAX + 1])
{
    const char *error = strerrordesc_np(end->error), *advice = advice_for(end->failed, end->error);
    if (*end->failed)
        snprintf(ret, PROTOCOL_WHY_MAX + 1, "it could not be run: %s: %s%s%s", end->failed,
                 error ? error : "unknown error", advice ? "; " : "", advice ? advice : "");
    else if (end->killed > 0)
        snprintf(ret, PROTOCOL_WHY_MAX + 1, "signal %d killed it", end->killed);
    else if (end->status == LOADER_FAILED)
        snprintf(ret, PROTOCOL_WHY_MAX + 1,
                 "it ended with status %d; a library may be missing: ldd " PATH_SUBMIT, end->status);
    else if (end->status >= 0)
        snprintf(ret, PROTOCOL_WHY_MAX + 1, "it ended with status %d", end->status);
}

void submission_read(struct protocol_message *answer, struct submission *ret)
{
    struct end end = {.status = -1};
    const char *key, *value;
    size_t at = 0;
    *ret = (struct submission){.verdict = VERDICT_NO_ANSWER};
    while (protocol_next(answer, &at, &key, &value)) {
        read_record(key, value, ret);
        read_end(key, value, &end);
    }
    if (at < answer->size)
        *ret = (struct submission){.verdict = VERDICT_NO_ANSWER, .why = "its answer cannot be read"};
    else if (ret->verdict == VERDICT_NO_ANSWER && !*ret->why)
        explain_end(&end, ret->why);
}

static void explain_fault(int error, unsigned seconds, struct submission *ret)
{
    *ret = (struct submission){.verdict = VERDICT_NO_ANSWER};
    switch (-error) {
    case ETIME:
        snprintf(ret->why, sizeof(ret->why),
                 "no answer came within %u s; to see why: systemctl status accesspkgd dbus", seconds);
        break;
    case EBADMSG:
        strcpy(ret->why, "its answer cannot be read");
        break;
    case EMSGSIZE:
        strcpy(ret->why, "the question was too long for it");
        break;
    default:
        strcpy(ret->why, "somebody killed the process that runs it");
    }
}

/* Sends the question, wipes it, and reads the answer or why there is none. */
static void exchange_messages(struct protocol_message *question, unsigned seconds, struct submission *ret)
{
    struct protocol_message answer;
    const int r = question->overflowed ? -EMSGSIZE : spawn_ask(PATH_SUBMIT, question, seconds, &answer);
    explicit_bzero(question, sizeof(*question));
    if (r < 0)
        explain_fault(r, seconds, ret);
    else
        submission_read(&answer, ret);
}

void submission_file(pam_handle_t *pamh, const struct gate_options *options, const char *user,
                     const struct submission_terms *terms, struct submission *ret)
{
    struct protocol_message question;
    make_question(pamh, options, user, terms, &question);
    exchange_messages(&question, options->timeout, ret);
}

void submission_waiting(const char *user, unsigned seconds, struct submission *ret)
{
    struct protocol_message question;
    begin_question(&question, user, seconds);
    protocol_add(&question, "waiting", "1");
    exchange_messages(&question, seconds, ret);
}
