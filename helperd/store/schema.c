/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/store/schema.h"

#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

/*
 * What each step adds.
 *
 * step 10
 *   assignment.first_used, last_used  as the notes of its use (common/usage.h) said when it ended; 0: none is known
 *   assignment_over, request_over     what is over, by when it ended: what was held in a period, what is not kept any longer
 *   delegation_until                  the same, of delegations
 *   request_extends, audit_assignment, audit_alone  what belongs to it, and to nothing
 * step 9
 *   written_by  the version that brought the store to its format: an older one says which is needed
 * step 8
 *   request.nonce  makes the text of a request unlike any other (common/requesttext.h)
 *   request.gids   the gids that its groups had when it was filed, or at an approval
 *   epoch       the lives of this store: a new one begins where it is not what it was (restored, taken for another)
 *   locked      root's locks of users (common/locks.h) that are in the audit log
 *   assignment.held  its store was put back, and nothing but an administrator's retry gives it (engine/lineage.c)
 *   origin      the key of the host whose store it is
 *   unaccepted  why the store is not what was known, until root accepts it: one row; requests up to that number wait
 *   publication  of all who hold something: until then it did not say which files were on stable storage
 * step 7
 *   assignment_current, grant_holder  who holds what now, in the order of numbers (pkg-admin holders)
 * step 6
 *   publication  of users only: there are no files of groups any more
 * step 5
 *   request_age  the age of pending requests (pkg-admin status)
 * step 4
 *   assignment.begun  a group of it was once in place
 *   assignment.warn_at  when to tell the user that the end is near
 *   ending      the live sessions to end after an assignment, and what remained of them
 *   membership  who is in a group of /etc/group because of us, or is to be (policy/membership.h)
 *   assignment_package, request_waiting_package  who has a package that is no longer in packages.d
 *   stage.escalated      when the fallback approvers were first asked
 *   request.escalate_at  when they will be, unless the current stage is decided before; 0: not, or done
 *   request.undecidable  why no approver can decide it now
 *   delegation  who decides in an approver's name, until when; kept when it is over
 *   decision.for_user  in whose name, with the uid and login id by which that approver delegated
 *   request.emergency  taken without approval; reviewed: when it was reviewed, 0: not yet
 *   grant.drifted       removed manually: put back only on request
 *   local               the user, or the group, was in the files of this host: missing there now, it is gone;
 *                       of a delegation both the approver and the delegate
 *   assignment.missing  no directory knew the user at the last look-up, which was logged
 *   assignment.drifts   how often it drifted in quick succession, and when it last did
 *   assignment.ended    when it was revoked or handed back, by whom and why, which its user reads
 *   request_submitted, audit_at  reports over a period (pkg-admin report, audit)
 *   outbox      notices that are not delivered yet (common/outbox.h); `turn` tells two of one kind apart
 *   request.remind_at, assignment.notice_at  when to remind the approvers (of an emergency: those who may review it), and
 *                       to announce the end; 0: no more
 *   request.until, assignment.until  the latest end that was asked for, or given; 0: none
 *   assignment.told  the state that its user was last told of
 * step 3
 *   request_last, request_waiting  for each login: without a scan of all that the user ever filed
 * step 2
 *   request.assignment  what an extension would extend
 *   request.granted     the duration that was granted, where it is less than what was requested
 *   request.waiting     approved, its start lies ahead
 *   request.assigned    1: by an administrator, without a request; 2: and against the separation of duties
 * step 1
 *   circle      a distinct list of principals, so that "which requests could I decide" asks policy.c about a few
 *               lists instead of a million requests
 *   publication users and groups whose grant file may not say yet what this database says: written in the transaction
 *               that changes them, removed once the file is in place, replayed at start
 */
/* A step may be longer than the 4095 bytes that ISO C promises for a string; gcc and clang take any. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
static const char *const steps[] = {
    "CREATE TABLE circle ("
    " id INTEGER PRIMARY KEY, principals TEXT NOT NULL UNIQUE) STRICT;"

    "CREATE TABLE request ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, package TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL,"
    " loginuid INTEGER, full_name TEXT, organisation TEXT,"
    " state TEXT NOT NULL CHECK (state IN ('submitted', 'pending-approval', 'expired', 'denied', 'cancelled',"
    "  'approved')),"
    " justification TEXT, no_reason_given INTEGER NOT NULL, service TEXT, host TEXT, address TEXT, tty TEXT,"
    " origin_verified INTEGER NOT NULL, duration INTEGER NOT NULL, start INTEGER NOT NULL,"
    " submitted INTEGER NOT NULL, ended INTEGER NOT NULL, cancel_reason TEXT, stage INTEGER NOT NULL,"
    " n_stages INTEGER NOT NULL, deadline INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX request_open ON request (uid, package, user)"
    " WHERE state IN ('submitted', 'pending-approval');"
    "CREATE INDEX request_pending ON request (id) WHERE state = 'pending-approval';"
    "CREATE INDEX request_deadline ON request (deadline) WHERE state = 'pending-approval';"
    "CREATE INDEX request_uid ON request (uid, id);"

    "CREATE TABLE stage ("
    " request INTEGER NOT NULL REFERENCES request (id), number INTEGER NOT NULL,"
    " approvers INTEGER NOT NULL REFERENCES circle (id), fallback INTEGER REFERENCES circle (id),"
    " quorum INTEGER NOT NULL, timeout INTEGER NOT NULL, escalate_after INTEGER NOT NULL,"
    " entered INTEGER NOT NULL, PRIMARY KEY (request, number)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX stage_approvers ON stage (approvers, request);"
    "CREATE INDEX stage_fallback ON stage (fallback, request) WHERE fallback IS NOT NULL;"

    "CREATE TABLE decision ("
    " id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES request (id), stage INTEGER NOT NULL,"
    " decider TEXT NOT NULL, uid INTEGER NOT NULL, loginuid INTEGER, approved INTEGER NOT NULL, reason TEXT,"
    " at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX decision_request ON decision (request, id);"
    "CREATE INDEX decision_uid ON decision (uid, request);"

    "CREATE TABLE assignment ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, request INTEGER UNIQUE REFERENCES request (id),"
    " package TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('partially-fulfilled', 'fulfilled', 'access-expired', 'revoked')),"
    " start INTEGER NOT NULL, end INTEGER NOT NULL, duration INTEGER NOT NULL, extended INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, retry_at INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX assignment_live ON assignment (uid, package, user)"
    " WHERE state IN ('partially-fulfilled', 'fulfilled');"
    "CREATE INDEX assignment_user ON assignment (user)"
    " WHERE state IN ('partially-fulfilled', 'fulfilled');"
    "CREATE INDEX assignment_end ON assignment (end) WHERE state IN ('partially-fulfilled', 'fulfilled');"
    "CREATE INDEX assignment_retry ON assignment (retry_at)"
    " WHERE state = 'partially-fulfilled' AND retry_at > 0;"

    "CREATE TABLE \"grant\" ("
    " assignment INTEGER NOT NULL REFERENCES assignment (id), name TEXT NOT NULL, gid INTEGER,"
    " problem TEXT, live INTEGER NOT NULL, PRIMARY KEY (assignment, name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX grant_gid ON \"grant\" (gid) WHERE live = 1 AND problem IS NULL;"

    "CREATE TABLE publication ("
    " kind TEXT NOT NULL CHECK (kind IN ('user', 'gid')), name TEXT NOT NULL, narrows INTEGER NOT NULL,"
    " PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE audit ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, uid INTEGER,"
    " loginuid INTEGER, event TEXT NOT NULL, request INTEGER, assignment INTEGER, detail TEXT) STRICT;"
    "CREATE INDEX audit_request ON audit (request) WHERE request IS NOT NULL;",

    "ALTER TABLE request ADD COLUMN assignment INTEGER REFERENCES assignment (id);"
    "ALTER TABLE request ADD COLUMN granted INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN assigned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN at_gate INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX request_start ON request (start) WHERE waiting = 1;",

    "CREATE INDEX request_last ON request (uid, package, user, id);"
    "CREATE INDEX request_waiting ON request (uid, package, user) WHERE waiting = 1;",

    "ALTER TABLE assignment ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
    "UPDATE assignment SET begun = 1 WHERE state <> 'partially-fulfilled';"
    "ALTER TABLE assignment ADD COLUMN warn_at INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX assignment_warn ON assignment (warn_at)"
    " WHERE state IN ('partially-fulfilled', 'fulfilled') AND warn_at > 0;"
    "CREATE TABLE ending ("
    " assignment INTEGER PRIMARY KEY REFERENCES assignment (id), services TEXT NOT NULL, attempts INTEGER "
    "NOT NULL,"
    " retry_at INTEGER NOT NULL, problem TEXT, remaining TEXT) STRICT;"
    "CREATE INDEX ending_retry ON ending (retry_at) WHERE retry_at > 0;"
    "CREATE TABLE membership ("
    " user TEXT NOT NULL, name TEXT NOT NULL, gid INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('asking', 'adding', 'there', 'lost', 'removing')),"
    " ours INTEGER NOT NULL, attempts INTEGER NOT NULL, retry_at INTEGER NOT NULL, problem TEXT,"
    " PRIMARY KEY (user, name)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX membership_retry ON membership (retry_at) WHERE retry_at > 0;"
    "CREATE INDEX membership_name ON membership (name, user);"
    "CREATE INDEX assignment_package ON assignment (package)"
    " WHERE state IN ('partially-fulfilled', 'fulfilled');"
    "CREATE INDEX request_waiting_package ON request (package) WHERE waiting = 1;"
    "ALTER TABLE stage ADD COLUMN escalated INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN escalate_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN undecidable TEXT;"
    "UPDATE request SET escalate_at = coalesce((SELECT s.entered + s.escalate_after FROM stage s"
    "  WHERE s.request = request.id AND s.number = request.stage AND s.escalate_after > 0"
    "  AND s.fallback IS NOT NULL), 0) WHERE state = 'pending-approval';"
    "CREATE INDEX request_escalation ON request (escalate_at)"
    " WHERE state = 'pending-approval' AND escalate_at > 0;"
    "CREATE INDEX request_undecidable ON request (id)"
    " WHERE state = 'pending-approval' AND undecidable IS NOT NULL;"
    "CREATE TABLE delegation ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, uid INTEGER NOT NULL, loginuid INTEGER,"
    " delegate TEXT NOT NULL, delegate_uid INTEGER NOT NULL, reason TEXT, since INTEGER NOT NULL,"
    " until INTEGER NOT NULL, revoked INTEGER NOT NULL) STRICT;"
    "CREATE INDEX delegation_given ON delegation (uid, until) WHERE revoked = 0;"
    "CREATE INDEX delegation_received ON delegation (delegate_uid, until) WHERE revoked = 0;"
    "CREATE INDEX delegation_live ON delegation (until) WHERE revoked = 0;"
    "CREATE INDEX delegation_uid ON delegation (uid, id);"
    "ALTER TABLE decision ADD COLUMN for_user TEXT;"
    "ALTER TABLE decision ADD COLUMN for_uid INTEGER;"
    "ALTER TABLE decision ADD COLUMN for_loginuid INTEGER;"
    "CREATE INDEX decision_for ON decision (for_uid, request) WHERE for_uid IS NOT NULL;"
    "ALTER TABLE request ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE request ADD COLUMN reviewed INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX request_review ON request (id) WHERE emergency = 1 AND reviewed = 0;"
    "CREATE INDEX request_review_of ON request (uid, package, user) WHERE emergency = 1 AND reviewed = 0;"
    "ALTER TABLE request ADD COLUMN local INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN local INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN drifts INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN drifted_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE \"grant\" ADD COLUMN local INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE \"grant\" ADD COLUMN drifted INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX grant_group ON \"grant\" (name, gid, local) WHERE live = 1 AND problem IS NULL;"
    "CREATE INDEX assignment_partial ON assignment (id) WHERE state = 'partially-fulfilled';"
    "CREATE INDEX assignment_resting ON assignment (id)"
    " WHERE state = 'partially-fulfilled' AND retry_at = 0;"
    "CREATE INDEX request_open_user ON request (user) WHERE state IN ('submitted', 'pending-approval');"
    "CREATE INDEX request_waiting_user ON request (user) WHERE waiting = 1;"
    "ALTER TABLE delegation ADD COLUMN local INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE delegation ADD COLUMN delegate_local INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX delegation_user ON delegation (user) WHERE revoked = 0;"
    "CREATE INDEX delegation_delegate ON delegation (delegate) WHERE revoked = 0;"
    "ALTER TABLE assignment ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN ended_by TEXT;"
    "ALTER TABLE assignment ADD COLUMN end_reason TEXT;"
    "CREATE INDEX request_submitted ON request (submitted, package);"
    "CREATE INDEX audit_at ON audit (at);"
    "CREATE TABLE outbox ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, request INTEGER NOT NULL,"
    " assignment INTEGER NOT NULL, turn INTEGER NOT NULL, recipients TEXT NOT NULL, at INTEGER NOT NULL,"
    " facts TEXT NOT NULL, done TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,"
    " failure TEXT, failed_at INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE UNIQUE INDEX outbox_once ON outbox (event, request, assignment, turn, recipients);"
    "CREATE INDEX outbox_at ON outbox (at);"
    "CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at > 0;"
    "ALTER TABLE request ADD COLUMN remind_at INTEGER NOT NULL DEFAULT 0;"
    "UPDATE request SET remind_at = coalesce((SELECT s.entered + s.timeout / 2 FROM stage s"
    "  WHERE s.request = request.id AND s.number = request.stage), 0) WHERE state = 'pending-approval';"
    "CREATE INDEX request_reminder ON request (remind_at)"
    " WHERE state = 'pending-approval' AND remind_at > 0;"
    "ALTER TABLE assignment ADD COLUMN notice_at INTEGER NOT NULL DEFAULT 0;"
    "UPDATE assignment SET notice_at = end - max(900, (end - start) / 10) WHERE end < 9223372036854775807"
    "  AND state IN ('partially-fulfilled', 'fulfilled') AND end - max(900, (end - start) / 10) > start;"
    "CREATE INDEX assignment_notice ON assignment (notice_at)"
    " WHERE state IN ('partially-fulfilled', 'fulfilled') AND notice_at > 0;"
    "ALTER TABLE assignment ADD COLUMN told TEXT;"
    "UPDATE assignment SET told = state;",

    "CREATE INDEX request_age ON request (submitted, state) WHERE state = 'pending-approval';",

    "ALTER TABLE publication RENAME TO former_publication;"
    "CREATE TABLE publication (user TEXT NOT NULL PRIMARY KEY, narrows INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID;"
    "INSERT INTO publication SELECT name, narrows FROM former_publication WHERE kind = 'user';"
    "DROP TABLE former_publication;"
    "CREATE INDEX assignment_current ON assignment (id)"
    " WHERE state IN ('partially-fulfilled', 'fulfilled');"
    "CREATE INDEX grant_holder ON \"grant\" (name, assignment) WHERE live = 1 AND problem IS NULL;",

    "ALTER TABLE request ADD COLUMN groups TEXT;"
    "UPDATE assignment SET begun = 1 WHERE state = 'partially-fulfilled' AND id IN"
    " (SELECT assignment FROM \"grant\" WHERE live = 1 AND problem IS NULL);",

    "ALTER TABLE request ADD COLUMN nonce TEXT;"
    "ALTER TABLE request ADD COLUMN gids TEXT;"
    "UPDATE request SET nonce = lower(hex(randomblob(16))) WHERE state IN ('submitted', 'pending-approval');"
    "CREATE TABLE epoch (number INTEGER PRIMARY KEY, name TEXT NOT NULL, begun INTEGER NOT NULL) STRICT;"
    "INSERT INTO epoch (name, begun) VALUES (lower(hex(randomblob(16))), unixepoch());"
    "CREATE TABLE locked ("
    " user TEXT NOT NULL PRIMARY KEY, id TEXT NOT NULL, lifted INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "ALTER TABLE assignment ADD COLUMN held INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE origin (host TEXT NOT NULL) STRICT;"
    "CREATE TABLE unaccepted (why TEXT NOT NULL, since INTEGER NOT NULL, request INTEGER NOT NULL) STRICT;"
    "INSERT INTO publication SELECT DISTINCT user, 0 FROM assignment"
    " WHERE state IN ('partially-fulfilled', 'fulfilled') ON CONFLICT (user) DO NOTHING;",

    "CREATE TABLE written_by (version TEXT NOT NULL) STRICT;",

    "ALTER TABLE assignment ADD COLUMN first_used INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN last_used INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX assignment_over ON assignment (coalesce(nullif(ended, 0), end), id)"
    " WHERE state IN ('access-expired', 'revoked');"
    "CREATE INDEX request_over ON request (ended) WHERE state IN ('expired', 'denied', 'cancelled');"
    "CREATE INDEX request_extends ON request (assignment) WHERE assignment IS NOT NULL;"
    "CREATE INDEX audit_assignment ON audit (assignment) WHERE assignment IS NOT NULL AND request IS NULL;"
    "CREATE INDEX audit_alone ON audit (at) WHERE assignment IS NULL AND request IS NULL;"
    "CREATE INDEX delegation_until ON delegation (until);",

    "ALTER TABLE request ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE assignment ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX request_review_due ON request (remind_at)"
    " WHERE emergency = 1 AND reviewed = 0 AND remind_at > 0;",

    "DROP INDEX request_open_user;"
    "CREATE INDEX request_open_user ON request (user, uid, local)"
    " WHERE state IN ('submitted', 'pending-approval');"
    "DROP INDEX request_waiting_user;"
    "CREATE INDEX request_waiting_user ON request (user, uid, local) WHERE waiting = 1;",
};
#pragma GCC diagnostic pop

enum { STEPS = sizeof(steps) / sizeof(steps[0]), WRITER_MAX = 128 };

static int run_statements(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    log_error("state.db could not be brought to the format of this version: %s. It stays as it was.",
              sqlite3_errmsg(database));
    return -EIO;
}

static int read_version(sqlite3 *database, int *ret)
{
    sqlite3_stmt *statement = NULL;
    int r = -EIO;
    if (sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        *ret = sqlite3_column_int(statement, 0);
        r = 0;
    } else {
        log_error("state.db cannot be read: %s. If it is damaged, restore a backup.",
                  sqlite3_errmsg(database));
    }
    sqlite3_finalize(statement);
    return r;
}

static int climb_steps(sqlite3 *database, int version)
{
    char set_version[256];
    snprintf(set_version, sizeof(set_version),
             "PRAGMA user_version = %d; DELETE FROM written_by; INSERT INTO written_by VALUES ('%s')", STEPS,
             ACCESSPKG_VERSION);
    if (run_statements(database, "BEGIN IMMEDIATE") < 0)
        return -EIO;
    for (int step = version; step < STEPS; step++)
        if (run_statements(database, steps[step]) < 0)
            return -EIO;
    return run_statements(database, set_version) < 0 ? -EIO : run_statements(database, "COMMIT");
}

/* Packages read the format in the header (packaging/store-guard), not in the log, where a crash right after the climb leaves
 * it. A disk that is full does not hinder the start, and the log keeps its length (reserve.h). */
static void write_header(sqlite3 *database)
{
    sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* The version that wrote a format which this one does not know: " by accesspkg 0.3", or "" where it does not say. */
static void read_writer(sqlite3 *database, char ret[WRITER_MAX])
{
    sqlite3_stmt *statement = NULL;
    const char *version = NULL;
    char visible[WRITER_MAX / 2];
    if (sqlite3_prepare_v2(database, "SELECT version FROM written_by", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = (const char *)sqlite3_column_text(statement, 0);
    snprintf(ret, WRITER_MAX, "%s%s", version ? " by accesspkg " : "",
             text_visible(version ? version : "", visible, sizeof(visible)));
    sqlite3_finalize(statement);
}

static void refuse_newer(sqlite3 *database, int version)
{
    char writer[WRITER_MAX];
    read_writer(database, writer);
    log_error("state.db was brought to format %d%s, and this accesspkgd, of accesspkg " ACCESSPKG_VERSION
              ", knows formats up to %d. Install that version again, or restore a backup made by this one.",
              version, writer, STEPS);
}

int schema_newest(void)
{
    return STEPS;
}

int schema_climb(sqlite3 *database)
{
    int version = 0;
    int r = read_version(database, &version);
    if (r < 0)
        return r;
    if (version < 0) {
        log_error("state.db has format %d, which no version writes: it is damaged. Restore a backup.",
                  version);
        return -EPROTO;
    }
    if (version > STEPS) {
        refuse_newer(database, version);
        return -EPROTO;
    }
    r = version == STEPS ? 0 : climb_steps(database, version);
    if (r < 0)
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    else
        write_header(database);
    return r;
}
