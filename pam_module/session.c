/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The session phase: tells the user which of their packages end soon, which groups their old session lacks, and how
 * many requests wait for their decision; notes which assignments are used. Must never refuse or delay a login: it
 * always succeeds, and accesspkgd gets one second to answer. Leaves the host process as it found it (rule 11). Called
 * by libpam.
 */
#include "common/cleanup.h"
#include "common/duration.h"
#include "common/gate_options.h"
#include "common/grantdir.h"
#include "common/hostname.h"
#include "common/paths.h"
#include "common/usage.h"
#include "pam_module/calling.h"
#include "pam_module/check.h"
#include "pam_module/converse.h"
#include "pam_module/gate.h"
#include "pam_module/journal.h"
#include "pam_module/judge.h"
#include "pam_module/submission.h"

#include <inttypes.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_SECONDS = 1,     /* for accesspkgd: a login waits for it */
    SOON_SECONDS = 60 * 60, /* before an end; a tenth of the whole time if that is longer */
    ENDS_SHOWN = 4,
    GROUPS_SHOWN = 4,
    GROUP_MAX = 128, /* bytes of a group's name, made visible: GROUPS_SHOWN of them fit into TEXT_MAX */
    NOTES_MAX = 64,  /* in one login: accesspkgd writes the grant files, and must not make root fill a disk */
    TEXT_MAX = 1024,
};

struct session {
    pam_handle_t *pamh;
    struct gate_options options;
    struct judged judged;
    struct check check;
    struct grant_user file;
    int64_t now;
    char host[HOSTNAME_TEXT_MAX];
};

/* ---- what ends soon ------------------------------------------------------------------------------------------ */

static bool ends_soon(const struct grant_span *span, int64_t now)
{
    if (!grant_span_holds(span, now) || span->end == GRANT_FOREVER)
        return false;
    const int64_t tenth = (span->end - span->start) / 10;
    return span->end - now <= (tenth > SOON_SECONDS ? tenth : SOON_SECONDS);
}

/* Rounds up to whole minutes, above one minute. */
static const char *time_left(int64_t seconds, char ret[DURATION_TEXT_MAX])
{
    return duration_format(seconds > 60 ? (seconds + 59) / 60 * 60 : seconds, ret);
}

static void tell_ends(const struct session *session)
{
    char line[TEXT_MAX], left[DURATION_TEXT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < session->file.n_packages; i++) {
        const struct grant_package *package = &session->file.packages[i];
        if (!ends_soon(&package->span, session->now) || ++count > ENDS_SHOWN)
            continue;
        snprintf(line, sizeof(line),
                 "%s on %s: your access ends in %s. To ask for more time: pkg-request extend %s",
                 package->name, session->host, time_left(package->span.end - session->now, left),
                 package->name);
        converse_say(session->pamh, line);
    }
    if (count > ENDS_SHOWN) {
        snprintf(line, sizeof(line), "%s: %zu more of your packages end soon. To see them: pkg-request",
                 session->host, count - ENDS_SHOWN);
        converse_say(session->pamh, line);
    }
}

/* ---- a session that is older than a grant --------------------------------------------------------------------- */

static void show_missing_groups(const struct session *session, const bool *missing)
{
    char line[TEXT_MAX], visible[GROUP_MAX];
    size_t count = 0, used = 0;
    line[0] = '\0';
    for (size_t i = 0; i < session->file.n_groups; i++) {
        const struct grant_group *group = &session->file.groups[i];
        if (!missing[i] || !grant_span_holds(&group->span, session->now) || ++count > GROUPS_SHOWN)
            continue;
        text_visible(group->name, visible, sizeof(visible));
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", used ? ", " : "", visible);
    }
    if (count == 0)
        return;
    char message[TEXT_MAX + HOSTNAME_TEXT_MAX + 256];
    snprintf(message, sizeof(message),
             "%s: you have the group%s %s%s now; your session began before that. Log in again to use %s.",
             session->host, count > 1 ? "s" : "", line, count > GROUPS_SHOWN ? ", ..." : "",
             count > 1 ? "them" : "it");
    converse_say(session->pamh, message);
}

/* Only for su and sudo: a session of its own, as of sshd and login, has all groups. */
static void tell_missing_groups(const struct session *session)
{
    if (!session->judged.is_real)
        return;
    const struct calling_process process = {"/proc", getppid(), session->judged.uid};
    _cleanup_free_ bool *missing = malloc(session->file.n_groups + 1);
    if (missing && calling_find_missing(&process, session->file.groups, session->file.n_groups, missing) == 0)
        show_missing_groups(session, missing);
}

/* ---- what waits ----------------------------------------------------------------------------------------------- */

static void tell_waiting(const struct session *session)
{
    struct submission submission;
    if (geteuid() != 0 && geteuid() != session->check.uid)
        return; /* accesspkgd would answer for another user */
    submission_waiting(session->check.name, ANSWER_SECONDS, &submission);
    if (*submission.message)
        converse_say(session->pamh, submission.message);
    else if (session->options.debug)
        journal_line(session->pamh, LOG_DEBUG, "nothing is said of what waits for the user: %s",
                     *submission.why ? submission.why : "nothing does");
}

/* ---- what is used --------------------------------------------------------------------------------------------- */

/* A session of its own has the groups of all the user's packages. Not under su, whose session is the target's. */
static void note_use(const struct session *session)
{
    if (session->judged.is_real || geteuid() != 0)
        return;
    for (size_t i = 0; i < session->file.n_packages && i < NOTES_MAX; i++) {
        const struct grant_package *package = &session->file.packages[i];
        const struct usage_subject use = {package->assignment, package->span.start};
        if (grant_span_holds(&package->span, session->now))
            usage_note(PATH_STATE, &use, session->now);
    }
}

/* ---- the phase ------------------------------------------------------------------------------------------------ */

static void run_session(struct session *session, bool tells)
{
    struct timespec now;
    if (judge_find(session->pamh, session->options.judge_user, &session->judged) != 0 ||
        clock_gettime(CLOCK_REALTIME, &now) < 0)
        return;
    session->now = now.tv_sec;
    hostname_visible(session->host);
    const struct check_context context = {session->pamh, PATH_STATE, session->now};
    if (check_read_file(&context, &session->judged, &session->file, &session->check)) {
        note_use(session);
        if (tells) {
            tell_ends(session);
            tell_missing_groups(session);
        }
        grant_user_deinit(&session->file);
    }
    if (tells && session->check.name)
        tell_waiting(session);
}

int gate_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct session session = {.pamh = pamh};
    gate_options_parse(argc, argv, &session.options, journal_argument, pamh);
    run_session(&session, !session.options.quiet && converse_may_prompt(pamh, flags));
    return PAM_SUCCESS;
}
