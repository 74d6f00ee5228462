/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends sessions, and processes that carry groups. What must hold:
 * MUST 1  nothing of uid 0, and nothing of a uid that is another user's by now;
 * MUST 2  what belongs to a session that stays, stays; when the sessions are not known, nothing is ended;
 * MUST 3  a process is signalled through a pidfd, and judged after the pidfd was opened: no reused number is hit;
 * MUST 4  what goes on all the same is told.
 * Polite first: SIGTERM, logind and systemd; SIGKILL for what is left after a few seconds.
 */
#include "helperd/privileged/sessions.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/log.h"
#include "common/names.h"
#include "common/paths.h"
#include "helperd/privileged/members.h"
#include "helperd/privileged/processes.h"
#include "helperd/session/logind.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

enum { GROUPS_MAX = 4096 };

struct ending {
    uid_t uid;
    const char *user;
    const json_t *services;
    gid_t gids[SESSIONS_LIST_MAX];
    struct processes_wanted wanted;
    struct subuid_range ranges[SUBUID_RANGES_MAX];
    struct logind_session *sessions;
    size_t n_sessions;
    struct sd_bus *bus; /* NULL: not connected */
    json_t *remaining;
    size_t untold; /* lines that were too many */
};

/* ---- what is asked for ---- */

static int check_gids(const json_t *gids, struct ending *ending, struct answer *answer)
{
    for (size_t i = 0; i < json_array_size(gids); i++) {
        const gid_t gid = (gid_t)json_integer_value(json_array_get(gids, i));
        if (!grantdir_allows(PATH_STATE, gid))
            return answer_refuse(
                answer, BUS_ERROR_NOT_AUTHORIZED,
                "the gid %u is not on the allow-list; if a package gives it, run as root: pkg-admin reload",
                gid);
        ending->gids[i] = gid;
    }
    ending->wanted = (struct processes_wanted){
        .uid = ending->uid, .gids = ending->gids, .count = json_array_size(gids), .ranges = ending->ranges};
    ending->wanted.n_ranges = subuid_read("/etc/subuid", ending->user, ending->uid, ending->ranges);
    return 0;
}

/* MUST 1. A user who is gone, or has another uid by now, leaves processes behind that may be ended. */
static int check_user(const struct ending *ending, struct answer *answer)
{
    errno = 0;
    const struct passwd *entry = getpwnam(ending->user);
    if (entry && entry->pw_uid == ending->uid)
        return 0;
    if (entry || errno == 0 || errno == ENOENT || errno == ESRCH) {
        errno = 0;
        entry = getpwuid(ending->uid);
        if (entry)
            return answer_refuse(answer, BUS_ERROR_NO_SUCH_USER, "The uid %u is %s's now, not %s's.",
                                 ending->uid, entry->pw_name, ending->user);
    }
    if (errno != 0 && errno != ENOENT && errno != ESRCH)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the user %s could not be looked up: %s",
                             ending->user, strerror(errno));
    return 0;
}

static int read_arguments(const json_t *arguments, struct ending *ret, struct answer *answer)
{
    const json_t *gids = json_array_get(arguments, 3);
    ret->uid = (uid_t)json_integer_value(json_array_get(arguments, 0));
    ret->user = json_string_value(json_array_get(arguments, 1));
    ret->services = json_array_get(arguments, 2);
    if (ret->uid == 0 || ret->uid == (uid_t)-1)
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "nothing is ended for the uid %u", ret->uid);
    if (!ret->user || !members_is_name(ret->user))
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "no user can have this name: %s",
                             ret->user ? ret->user : "");
    if (json_array_size(gids) > SESSIONS_LIST_MAX || json_array_size(ret->services) > SESSIONS_LIST_MAX)
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "there are more than %d services or gids",
                             SESSIONS_LIST_MAX);
    const int r = check_gids(gids, ret, answer);
    return r != 0 ? r : check_user(ret, answer);
}

static bool is_to_end(const struct ending *ending, const struct logind_session *session)
{
    for (size_t i = 0; i < json_array_size(ending->services); i++)
        if (strcmp(json_string_value(json_array_get(ending->services, i)), session->service) == 0)
            return true;
    return false;
}

/* ---- what remains ---- */

static void tell(struct ending *ending, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct ending *ending, const char *format, ...)
{
    char line[512];
    char visible[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_visible(line, visible, sizeof(visible));
    for (size_t i = 0; i < json_array_size(ending->remaining); i++)
        if (strcmp(json_string_value(json_array_get(ending->remaining, i)), visible) == 0)
            return;
    if (json_array_size(ending->remaining) < SESSIONS_LINES_MAX)
        json_array_append_new(ending->remaining, json_string(visible));
    else
        ending->untold++;
}

static const char *group_of(gid_t gid)
{
    static char name[NAME_ENCODED_MAX + 1];
    if (grantdir_allowed_name(PATH_STATE, gid, name, sizeof(name)) < 0)
        snprintf(name, sizeof(name), "%u", gid);
    return name;
}

/*
 * What the user has by other means stays theirs: a line of /etc/group, another package. It is told (MUST 4), for a cache
 * may say so of what was just taken away. Who has the name with another uid now has nothing to do with it.
 */
static int spare_held(struct ending *ending, struct answer *answer)
{
    const struct passwd *entry = getpwnam(ending->user);
    gid_t held[GROUPS_MAX];
    int count = GROUPS_MAX;
    if (!entry || entry->pw_uid != ending->uid)
        return 0;
    if (getgrouplist(ending->user, entry->pw_gid, held, &count) < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "%s is in more than %d groups", ending->user,
                             GROUPS_MAX);
    size_t kept = 0;
    for (size_t i = 0; i < ending->wanted.count; i++) {
        bool still = false;
        for (int j = 0; j < count; j++)
            still |= held[j] == ending->gids[i];
        if (still)
            tell(ending, "%s has the group %s still, by other means; what runs with it goes on.",
                 ending->user, group_of(ending->gids[i]));
        else
            ending->gids[kept++] = ending->gids[i];
    }
    ending->wanted.count = kept;
    return 0;
}

/* MUST 2: the session that stays and has this process, or NULL. */
static const struct logind_session *session_that_stays(const struct ending *ending, pid_t pid)
{
    _cleanup_free_ char *id = logind_session_of(pid);
    for (size_t i = 0; id && i < ending->n_sessions; i++)
        if (strcmp(ending->sessions[i].id, id) == 0)
            return is_to_end(ending, &ending->sessions[i]) ? NULL : &ending->sessions[i];
    return NULL;
}

static void tell_sessions(struct ending *ending)
{
    for (size_t i = 0; i < ending->n_sessions; i++) {
        const struct logind_session *session = &ending->sessions[i];
        const char *what = is_to_end(ending, session) ? "would not end" : "was not to be ended";
        if (logind_has(session->id))
            tell(ending, "Session %s (%s%s%s) %s.", session->id, *session->service ? session->service : "?",
                 *session->tty ? " on " : "", session->tty, what);
    }
}

static int tell_processes(struct ending *ending)
{
    _cleanup_free_ pid_t *pids = NULL;
    size_t count = 0;
    const int r = processes_find("/proc", &ending->wanted, &pids, &count);
    for (size_t i = 0; i < count; i++) {
        struct process_facts facts;
        const struct logind_session *session = session_that_stays(ending, pids[i]);
        if (process_is_wanted("/proc", pids[i], &ending->wanted, &facts) != 1)
            continue;
        if (session)
            tell(ending, "Process %d (%s) of session %s (%s) goes on with the group %s.", (int)pids[i],
                 facts.name, session->id, session->service, group_of(facts.gid));
        else
            tell(ending, "Process %d (%s) would not end and goes on with the group %s.", (int)pids[i],
                 facts.name, group_of(facts.gid));
    }
    return r;
}

/* ---- ending ---- */

static struct sd_bus *connected(struct ending *ending)
{
    char error[LOGIND_ERROR_MAX];
    if (!ending->bus && !(ending->bus = logind_connect(error)))
        tell(ending, "logind and systemd cannot be asked: %s", error);
    return ending->bus;
}

static void end_sessions(struct ending *ending,
                         int (*end)(struct sd_bus *bus, const char *session, char *ret_error))
{
    char error[LOGIND_ERROR_MAX];
    for (size_t i = 0; i < ending->n_sessions; i++) {
        const struct logind_session *session = &ending->sessions[i];
        if (is_to_end(ending, session) && logind_has(session->id) && connected(ending) &&
            end(ending->bus, session->id, error) < 0)
            tell(ending, "Session %s (%s) could not be ended: %s", session->id, session->service, error);
    }
}

/* MUST 3. A pidfd of what was signalled; -1 when it is not to be. */
static int signal_process(const struct ending *ending, pid_t pid, int signal, bool *ret_is_manager)
{
    struct process_facts facts;
    _cleanup_close_ int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0 || process_is_wanted("/proc", pid, &ending->wanted, &facts) != 1 ||
        session_that_stays(ending, pid))
        return -1;
    *ret_is_manager |= logind_is_manager(ending->uid, pid);
    if (pidfd_send_signal(pidfd, signal, NULL, 0) < 0)
        return -1;
    log_notice("Sent signal %d to process %d (%s) of %s, which carried the group %s.", signal, (int)pid,
               facts.name, ending->user, group_of(facts.gid));
    return steal_fd(&pidfd);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool sessions_are_over(const struct ending *ending)
{
    for (size_t i = 0; i < ending->n_sessions; i++)
        if (is_to_end(ending, &ending->sessions[i]) && logind_has(ending->sessions[i].id))
            return false;
    return true;
}

/* Until these processes and the sessions are over. fds[0] is the monitor's; a pidfd that ended is closed here. */
static void wait_for(const struct ending *ending, struct pollfd *fds, size_t count, int ms)
{
    struct sd_login_monitor *monitor = logind_watch(&fds[0]);
    const int64_t until = now_ms() + ms;
    size_t left = count;
    while (left > 0 || !sessions_are_over(ending)) {
        const int64_t rest = until - now_ms();
        if (rest <= 0 || (poll(fds, count + 1, (int)rest) < 0 && errno != EINTR))
            break;
        if (fds[0].revents)
            logind_watch_flush(monitor);
        for (size_t i = 1; i <= count; i++) {
            if (fds[i].fd >= 0 && fds[i].revents) {
                close(fds[i].fd);
                fds[i].fd = -1;
                left--;
            }
        }
    }
    for (size_t i = 1; i <= count; i++)
        if (fds[i].fd >= 0)
            close(fds[i].fd);
    logind_unwatch(monitor);
}

/* Signals what there is and waits for it. 1 when there was something, 0, -errno. */
static int end_processes(struct ending *ending, int signal, int ms)
{
    _cleanup_free_ pid_t *pids = NULL;
    char error[LOGIND_ERROR_MAX];
    size_t count = 0;
    size_t signalled = 0;
    bool manager = false;
    const int r = processes_find("/proc", &ending->wanted, &pids, &count);
    if (r < 0)
        return r;
    _cleanup_free_ struct pollfd *fds = calloc(count + 1, sizeof(*fds));
    if (!fds)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const int pidfd = signal_process(ending, pids[i], signal, &manager);
        if (pidfd >= 0)
            fds[++signalled] = (struct pollfd){.fd = pidfd, .events = POLLIN};
    }
    if (manager && connected(ending) && logind_stop_manager(ending->bus, ending->uid, error) < 0)
        tell(ending, "The manager of %s (user@%u.service) could not be stopped: %s", ending->user,
             ending->uid, error);
    wait_for(ending, fds, signalled, ms);
    return signalled > 0;
}

static int end_all(struct ending *ending)
{
    end_sessions(ending, logind_terminate);
    int r = end_processes(ending, SIGTERM, SESSIONS_TERM_MS);
    if (r >= 0 && !sessions_are_over(ending))
        end_sessions(ending, logind_kill);
    /* Again, for what was started meanwhile. */
    for (int look = 0; r >= 0 && look < SESSIONS_LOOKS; look++) {
        r = end_processes(ending, SIGKILL, SESSIONS_KILL_MS);
        if (r == 0 && sessions_are_over(ending))
            break;
    }
    tell_sessions(ending);
    return r < 0 ? r : tell_processes(ending);
}

/* 0 when it did what it could; the error, with the answer filled. */
static int end_and_tell(struct ending *ending, struct answer *answer)
{
    int r = logind_sessions(ending->uid, &ending->sessions, &ending->n_sessions);
    if (r < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the sessions of %s cannot be read: %s",
                             ending->user, strerror(-r));
    r = end_all(ending);
    if (ending->untold)
        json_array_append_new(ending->remaining, json_sprintf("... and %zu more.", ending->untold));
    log_notice("Ended sessions of %s (uid %u); %zu things go on.", ending->user, ending->uid,
               json_array_size(ending->remaining));
    logind_sessions_free(ending->sessions, ending->n_sessions);
    if (r == 0)
        return answer_give(answer, json_incref(ending->remaining));
    return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the processes of %s could not all be looked at: %s",
                         ending->user,
                         r == -EPERM ? "/proc is mounted with hidepid, which hides them" : strerror(-r));
}

int sessions_end(const json_t *arguments, struct answer *answer)
{
    struct ending ending = {.remaining = json_array()};
    int r = read_arguments(arguments, &ending, answer);
    if (r == 0)
        r = spare_held(&ending, answer);
    if (r == 0)
        r = end_and_tell(&ending, answer);
    json_decref(ending.remaining);
    return r;
}
