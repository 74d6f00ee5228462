/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate: account phase of sshd, sudo, su, login. Knows the order of questions (who is judged, is there a grant,
 * else have a request filed) and what is said to whom; each question has a file of its own. Must let nobody in
 * without a valid grant (rule 1) and leave the host process as it found it (rule 11). Called by libpam.
 */
#include "common/grantdir.h"
#include "common/names.h"
#include "common/paths.h"
#include "pam_module/check.h"
#include "pam_module/judge.h"
#include "pam_module/options.h"
#include "pam_module/submission.h"
#include "pam_module/verdict.h"

#include <fcntl.h>
#include <limits.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STANDARD = STDERR_FILENO + 1,
    WORD_MAX = 512,
    LIST_MAX = BUS_PACKAGES_MAX * (NAME_PACKAGE_MAX + 4) + 1
};

/* One call of the module. */
struct gate {
    pam_handle_t *pamh;
    int flags;
    struct options options;
    struct judged judged;
    struct check check;
    const char *fault; /* what was wrong with the grant file at first, NULL: nothing */
    struct submission submission;
};

/* ---- what is logged ----------------------------------------------------------------------------------------- */

/* A text from outside as one word of a log line: visible, and unable to end the quotes it stands in. */
static const char *quoted(const void *text, char ret[WORD_MAX])
{
    text_visible(text ? text : "", ret, WORD_MAX);
    for (char *at = strchr(ret, '"'); at; at = strchr(at, '"'))
        *at = '\'';
    return ret;
}

static const char *quoted_item(const struct gate *gate, int item, char ret[WORD_MAX])
{
    const void *value = NULL;
    return quoted(pam_get_item(gate->pamh, item, &value) == PAM_SUCCESS ? value : NULL, ret);
}

/* "db-admins", "db-admins or web-ops"; "" when none is named. */
static const char *package_list(const struct gate *gate, const char *separator, char ret[LIST_MAX])
{
    char *at = ret;
    *at = '\0';
    for (size_t i = 0; i < gate->options.n_packages; i++) {
        at = stpcpy(at, i ? separator : "");
        at = stpcpy(at, gate->options.packages[i]);
    }
    return ret;
}

/*
 * glibc opens the log on the lowest free descriptor, and keeps it: that must not become a standard one, which the host
 * has closed and whose readers and writers know nothing of a log (rule 11).
 */
static void occupy_standard(bool ret_occupied[STANDARD])
{
    for (int fd = 0; fd < STANDARD; fd++) {
        ret_occupied[fd] = fcntl(fd, F_GETFD) < 0;
        const int null = ret_occupied[fd] ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd;
        if (null == fd)
            continue;
        ret_occupied[fd] = false;
        if (null >= 0)
            close(null);
    }
}

static void release_standard(const bool occupied[STANDARD])
{
    for (int fd = 0; fd < STANDARD; fd++)
        if (occupied[fd])
            close(fd);
}

/* One line into the journal. */
static void __attribute__((format(printf, 3, 4)))
log_line(const struct gate *gate, int priority, const char *format, ...)
{
    bool occupied[STANDARD];
    va_list arguments;
    occupy_standard(occupied);
    va_start(arguments, format);
    pam_vsyslog(gate->pamh, priority, format, arguments);
    va_end(arguments);
    release_standard(occupied);
}

/* The one line of a decision: who, where, what, why. */
static void log_decision(const struct gate *gate, const char *what, const struct verdict_row *row,
                         int priority)
{
    char user[WORD_MAX], service[WORD_MAX], host[WORD_MAX], packages[LIST_MAX];
    const struct submission *submission = &gate->submission;
    const char *name = gate->check.name ? gate->check.name : gate->judged.name;
    const char *package = *submission->package ? submission->package : package_list(gate, ",", packages);
    log_line(gate, priority,
             "%s: user=\"%s\" service=\"%s\" host=\"%s\" package=\"%s\" request=%s why=\"%s%s%s%s%s%s%s\"",
             what, quoted(name, user), quoted_item(gate, PAM_SERVICE, service),
             quoted_item(gate, PAM_RHOST, host), package, *submission->request ? submission->request : "none",
             row->why, *submission->state ? ", " : "", submission->state, *submission->why ? "; " : "",
             submission->why, gate->fault ? "; " : "", gate->fault ? gate->fault : "");
}

static void log_argument(const char *argument, const char *why, void *data)
{
    const struct gate *gate = data;
    char visible[WORD_MAX];
    log_line(gate, LOG_ERR, "the argument \"%s\" is ignored: %s.", quoted(argument, visible), why);
}

/* ---- what the person is told -------------------------------------------------------------------------------- */

static const char *host_name(char ret[HOST_NAME_MAX + 1])
{
    char name[HOST_NAME_MAX + 1] = "";
    if (gethostname(name, sizeof(name)) < 0 || !*name)
        return strcpy(ret, "this host");
    name[HOST_NAME_MAX] = '\0';
    return text_visible(name, ret, HOST_NAME_MAX + 1);
}

/*
 * An error message, not a text: su and sudo print texts on stdout, which belongs to the command. Not pam_error, which
 * puts a line of its own into the journal where nobody listens (cron, a unit with PAMName=).
 */
static void say(const struct gate *gate, const char *line)
{
    const struct pam_message message = {.msg_style = PAM_ERROR_MSG, .msg = line};
    const struct pam_message *messages = &message;
    struct pam_response *response = NULL;
    const void *item = NULL;
    if (pam_get_item(gate->pamh, PAM_CONV, &item) != PAM_SUCCESS || !item)
        return;
    const struct pam_conv *conversation = item;
    if (!conversation->conv)
        return;
    conversation->conv(1, &messages, &response, conversation->appdata_ptr);
    if (response)
        free(response->resp);
    free(response);
}

static void tell_own(const struct gate *gate, const struct verdict_row *row)
{
    char packages[LIST_MAX], host[HOST_NAME_MAX + 1], line[PROTOCOL_MESSAGE_MAX + 1];
    package_list(gate, " or ", packages);
    snprintf(line, sizeof(line), "%s%s%s: %s", packages, *packages ? " on " : "", host_name(host), row->text);
    say(gate, line);
}

/* The first line says what happened and what to do; PAM_SILENT keeps back the second. */
static void tell(const struct gate *gate, const struct verdict_row *row)
{
    char message[PROTOCOL_MESSAGE_MAX + 1];
    if (gate->options.quiet)
        return;
    if (!*gate->submission.message) {
        tell_own(gate, row);
        return;
    }
    strcpy(message, gate->submission.message);
    char *second = strchr(message, '\n');
    if (second)
        *second++ = '\0';
    say(gate, message);
    if (second && !(gate->flags & PAM_SILENT))
        say(gate, second);
}

/* ---- the decision ------------------------------------------------------------------------------------------- */

static void look(struct gate *gate)
{
    struct timespec now;
    gate->check = (struct check){0};
    if (clock_gettime(CLOCK_REALTIME, &now) == 0)
        check_grant(gate->pamh, PATH_STATE, &gate->judged, &gate->options, now.tv_sec, &gate->check);
}

/* accesspkgd believes uid 0 about any user, and every other caller about that caller alone. */
static bool may_submit(const struct gate *gate)
{
    return gate->options.submit && (geteuid() == 0 || geteuid() == gate->check.uid);
}

static enum verdict submit(struct gate *gate)
{
    submission_file(gate->pamh, &gate->options, gate->check.name, &gate->submission);
    if (gate->submission.verdict != VERDICT_GRANTED)
        return gate->submission.verdict;
    look(gate);
    return gate->check.outcome == CHECK_HOLDS ? VERDICT_HELD : VERDICT_GRANTED;
}

static enum verdict decide(struct gate *gate)
{
    if (judge_find(gate->pamh, &gate->judged) < 0)
        return VERDICT_INVALID_USER;
    look(gate);
    gate->fault = gate->check.fault;
    if (gate->check.outcome == CHECK_UNKNOWN_USER)
        return VERDICT_INVALID_USER;
    if (gate->check.uid == 0 && !gate->options.enforce_for_root)
        return VERDICT_EXEMPT;
    if (gate->check.outcome == CHECK_HOLDS)
        return VERDICT_HELD;
    if (gate->options.n_packages == 0)
        return VERDICT_NO_PACKAGE;
    if (gate->options.report || !may_submit(gate))
        return VERDICT_NO_GRANT;
    return submit(gate);
}

static int conclude(const struct gate *gate, enum verdict verdict)
{
    const struct verdict_row *row = verdict_row(verdict);
    if (row->code == PAM_SUCCESS || row->code == PAM_IGNORE) {
        if (gate->options.debug)
            log_decision(gate, "let through", row, LOG_DEBUG);
        else if (gate->fault && row->code == PAM_SUCCESS)
            log_decision(gate, "let in after a fault", row, LOG_WARNING);
        return row->code;
    }
    if (gate->options.report) {
        log_decision(gate, "would be refused (mode=report)", row, LOG_NOTICE);
        return verdict_row(VERDICT_REPORTED)->code;
    }
    log_decision(gate, "refused", row, row->priority);
    tell(gate, row);
    return row->code;
}

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc,
                                                            const char **argv)
{
    struct gate gate = {.pamh = pamh, .flags = flags};
    options_parse(argc, argv, &gate.options, log_argument, &gate);
    return conclude(&gate, decide(&gate));
}
