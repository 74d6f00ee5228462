/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. What narrows comes first: nothing is looked up, called or asked before the grant file is gone. */
#include "cli/lock.h"

#include "cli/lock_parts.h"
#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/identity.h"
#include "common/locks.h"
#include "common/names.h"
#include "common/paths.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* ---- both commands ---------------------------------------------------------------------------------------- */

static int refuse(const struct invocation *invocation, int code, const char *text)
{
    output_message(invocation->program->name, "%s", text);
    return code;
}

static int check_invocation(const struct invocation *invocation)
{
    char encoded[NAME_ENCODED_MAX + 1];

    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error like a full disk */
    if (geteuid() != 0)
        return refuse(invocation, EX_NOPERM,
                      "only root can lock and unlock users. Run the same command with sudo, or as root.");
    if (name_encode(invocation->operands[0], encoded, sizeof(encoded)) < 0)
        return refuse(invocation, EX_USAGE, "this cannot be a user's name: it is empty or too long");
    if (invocation->reason && !text_is_line(invocation->reason))
        return refuse(invocation, EX_USAGE, "the reason must be one line of text");
    return 0;
}

static const char *reason_of(const struct invocation *invocation)
{
    return invocation->reason && !text_is_blank(invocation->reason) ? invocation->reason : "";
}

/* For the journal, whatever becomes of accesspkgd's own record. */
static void log_act(const char *what, const struct lock *lock, const char *why)
{
    char user[NAME_ENCODED_MAX + 1], login[16] = "none";

    if (lock->login != UID_UNSET)
        snprintf(login, sizeof(login), "%u", lock->login);
    openlog("pkg-admin", LOG_PID, LOG_AUTHPRIV);
    syslog(LOG_NOTICE, "%s %s by uid %u, login id %s%s%s", text_visible(lock->user, user, sizeof(user)), what,
           getuid(), login, *why ? ": " : "", why);
    closelog();
}

static void print_result(struct invocation *invocation, const struct lock *lock, bool locked, bool recorded)
{
    json_t *result = json_pack("{s:s, s:b, s:b}", "user", lock->user, "locked", locked, "recorded", recorded);

    if (!result ||
        (lock->uid != UID_UNSET && json_object_set_new(result, "uid", json_integer(lock->uid)) < 0))
        output_no_memory();
    output_json(&invocation->output, result);
    json_decref(result);
}

static void say_told(struct invocation *invocation, enum lock_told told, const char *what)
{
    if (told == LOCK_TOLD)
        return;
    if (told == LOCK_TOLD_NOBODY)
        output_message(invocation->program->name, "accesspkgd does not run: it %s when it starts", what);
    else
        output_message(invocation->program->name,
                       "accesspkgd did not answer: it %s as soon as it looks (journalctl -u accesspkgd)",
                       what);
}

/* ---- lock ------------------------------------------------------------------------------------------------- */

/* What of a lock could not be done: 0, or an errno. */
struct outcome {
    int record;
    int folder;
    int others;
    bool locked;  /* by this lock, or by one from before */
    bool members; /* somebody noted is still in /etc/group */
};

static bool has_file(const struct lock *lock)
{
    struct grantdir_mark mark;

    return grantdir_mark_user(PATH_STATE, lock->user, &mark) != -ENOENT;
}

/* By a lock from before, at least. */
static bool is_locked(const struct lock *lock)
{
    struct locks locks = {0};
    const bool is = locks_load(PATH_STATE, &locks) == 0 && locks_find(&locks, lock->user, lock->uid);

    locks_deinit(&locks);
    return is;
}

/* Nothing could be written. */
static void say_not_locked(const char *name, const struct lock *lock, int error)
{
    char user[NAME_ENCODED_MAX + 1];

    output_message(name, "%s is NOT locked: %s. %s. %s " PATH_STATE ", and repeat this",
                   text_visible(lock->user, user, sizeof(user)), strerror(error),
                   has_file(lock)
                       ? "They KEEP what they hold, for their grant file could not be removed either"
                       : "They have no grant file any more, so they hold no package, and accesspkgd puts "
                         "nothing back unasked",
                   error == ENOSPC || error == EDQUOT ? "Make room on the disk of" : "Look at");
}

static void say_shortcomings(const struct invocation *invocation, const struct lock *lock,
                             const struct outcome *outcome)
{
    const char *name = invocation->program->name;
    char user[NAME_ENCODED_MAX + 1];

    text_visible(lock->user, user, sizeof(user));
    if (outcome->record && outcome->folder && !outcome->locked)
        say_not_locked(name, lock, outcome->record);
    else if (outcome->record && outcome->folder)
        output_message(name,
                       "%s stays locked as before, for this lock could not be written: %s. Repeat it later",
                       user, strerror(outcome->record));
    else if (outcome->record)
        output_message(name, "%s is locked, but who did it and why could not be written: %s. Repeat it later",
                       user, strerror(outcome->record));
    else if (outcome->folder)
        output_message(
            name,
            "%s is locked for accesspkgd, %s; that no other program puts one there could not be made "
            "sure: %s. Repeat it later",
            user,
            has_file(lock) ? "which is to remove their grant file, for that could not be done here"
                           : "and their grant file is gone",
            strerror(outcome->folder));
    if (outcome->others)
        output_message(name,
                       "not every grant file that has the uid of %s under another name could be removed: %s. "
                       "Repeat it later",
                       user, strerror(outcome->others));
    if (outcome->members)
        output_message(name,
                       "not every group of /etc/group that accesspkg put %s into could be taken away; it is "
                       "tried again by: systemctl start accesspkg-privileged",
                       user);
}

static void say_locked(struct invocation *invocation, const struct lock *lock)
{
    char user[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];

    output_line(&invocation->output,
                "%s is locked: holds no package here, and can ask for, decide and delegate nothing until: "
                "pkg-admin unlock %s",
                text_visible(lock->user, user, sizeof(user)), text_word(lock->user, word));
}

static int set_lock(struct invocation *invocation, const struct lock *lock)
{
    struct outcome outcome;
    int record = 0, folder = 0;

    locks_prepare(PATH_STATE);
    locks_set(PATH_STATE, lock, &record, &folder);
    outcome.record = -record;
    outcome.folder = -folder;
    outcome.others = -locks_remove_others(PATH_STATE, lock);
    locks_prepare(PATH_STATE);
    outcome.members = lock_end_members(lock) != 0;
    outcome.locked = !outcome.record || !outcome.folder || is_locked(lock);
    log_act(outcome.locked ? "is locked" : "could NOT be locked", lock, lock->why);
    if (!invocation->output.json && outcome.locked)
        say_locked(invocation, lock);
    say_shortcomings(invocation, lock, &outcome);
    const enum lock_told told = lock_tell(lock->user, "Lock");
    say_told(invocation, told, "ends what they held in its books, and records it,");
    if (invocation->output.json)
        print_result(invocation, lock, outcome.locked, told == LOCK_TOLD);
    return outcome.record || outcome.folder || outcome.others ? EX_IOERR
           : outcome.members                                  ? EX_UNAVAILABLE
                                                              : 0;
}

/* The name is not known to be the user's: accesspkg folds no letters, but the directory may. */
static void say_unknown(const struct invocation *invocation, enum lock_target found, const char *typed)
{
    _cleanup_free_ char *alike = lock_find_alike(typed);
    char word[TEXT_WORD_MAX];

    output_message(invocation->program->name, "%s",
                   found == LOCK_TARGET_ABSENT
                       ? "there is no user of this name here; the name is locked all the same"
                       : "the directory does not answer; the user is locked by the name as it was typed");
    if (alike)
        output_message(invocation->program->name,
                       "%s, who holds something, is NOT locked by that. To lock them: pkg-admin lock %s",
                       alike, text_word(alike, word));
}

int lock_user(struct invocation *invocation)
{
    struct lock lock = {.lifted_by = UID_UNSET, .lifted_login = UID_UNSET};
    int code = check_invocation(invocation);

    if (code != 0)
        return code;
    const enum lock_target found = lock_find_target(invocation->operands[0], &lock);
    if (lock.uid == 0) {
        lock_deinit(&lock);
        return refuse(invocation, bus_error_exit_code(BUS_ERROR_POLICY_REFUSED),
                      "uid 0 cannot be locked: root needs no package");
    }
    if (found != LOCK_TARGET_FOUND)
        say_unknown(invocation, found, lock.user);
    lock.at = time(NULL);
    lock.by = getuid();
    lock.login = lock_own_login();
    lock.why = strdup(reason_of(invocation));
    lock.lifted_why = strdup("");
    if (!lock.why || !lock.lifted_why)
        output_no_memory();
    lock_new_id(&lock);
    code = set_lock(invocation, &lock);
    lock_deinit(&lock);
    return code;
}

/* ---- unlock ----------------------------------------------------------------------------------------------- */

/* One of the same uid, which keeps the user locked; NULL: none. */
static void say_lifted(struct invocation *invocation, const struct lock *lock, const struct lock *other)
{
    char user[NAME_ENCODED_MAX + 1], other_user[NAME_ENCODED_MAX + 1], word[TEXT_WORD_MAX];

    text_visible(lock->user, user, sizeof(user));
    if (other)
        output_message(invocation->program->name,
                       "the lock of %s is lifted, but not that of %s, who has the same uid: %s stays "
                       "locked until: pkg-admin unlock %s",
                       user, text_visible(other->user, other_user, sizeof(other_user)), user,
                       text_word(other->user, word));
    else if (!invocation->output.json)
        output_line(&invocation->output,
                    "%s is unlocked, and can ask for packages again. What they held does not come back.",
                    user);
}

/* Its folder may have gone with that of the lock that was lifted. */
static bool is_locked_anew(const struct lock *lock)
{
    struct locks locks = {0};
    const struct lock *record = locks_load(PATH_STATE, &locks) == 0 ? locks_record(&locks, lock->user) : NULL;
    const bool anew = record && !record->lifted;

    if (anew)
        locks_close(PATH_STATE, lock->user);
    locks_deinit(&locks);
    return anew;
}

/* other: see say_lifted. */
static int lift(struct invocation *invocation, const struct lock *lock, const struct lock *other)
{
    char user[NAME_ENCODED_MAX + 1];
    int r = locks_lift(PATH_STATE, lock);

    text_visible(lock->user, user, sizeof(user));
    if (r == 0)
        r = locks_open(PATH_STATE, lock->user);
    if (r == -ESTALE || (r == 0 && is_locked_anew(lock))) {
        output_message(invocation->program->name,
                       "%s was locked again meanwhile, and stays locked. By whom: pkg-admin status", user);
        return bus_error_exit_code(BUS_ERROR_POLICY_REFUSED);
    }
    if (r < 0) {
        output_message(invocation->program->name, "%s stays locked: %s. Repeat it later", user, strerror(-r));
        return EX_IOERR;
    }
    log_act("is unlocked", lock, lock->lifted_why);
    say_lifted(invocation, lock, other);
    const enum lock_told told = lock_tell(lock->user, "Unlock");
    say_told(invocation, told, "records it");
    /* Else the record stays: what ended with the lock, ends. */
    if (told == LOCK_TOLD)
        locks_remove(PATH_STATE, lock);
    if (invocation->output.json)
        print_result(invocation, lock, other != NULL, told == LOCK_TOLD);
    return other ? bus_error_exit_code(BUS_ERROR_POLICY_REFUSED) : 0;
}

/* By the name as it was typed, else by the one that the directory has for it. */
static struct lock *find_standing(const struct locks *locks, const char *typed)
{
    const struct lock *lock = locks_find(locks, typed, UID_UNSET);
    struct lock target = {0};

    if (!lock && lock_find_target(typed, &target) == LOCK_TARGET_FOUND)
        lock = locks_find(locks, target.user, target.uid);
    lock_deinit(&target);
    return (struct lock *)lock;
}

int unlock_user(struct invocation *invocation)
{
    struct locks locks = {0};
    int code = check_invocation(invocation);

    if (code != 0)
        return code;
    const int r = locks_load(PATH_STATE, &locks);
    struct lock *lock = r == 0 ? find_standing(&locks, invocation->operands[0]) : NULL;
    if (r < 0) {
        output_message(invocation->program->name,
                       "the list of locked users cannot be read in " PATH_STATE ": %s", strerror(-r));
        code = EX_IOERR;
    } else if (!lock) {
        code = bus_error_exit_code(BUS_ERROR_POLICY_REFUSED);
        output_message(invocation->program->name, "%s is not locked. Who is: pkg-admin status",
                       invocation->operands[0]);
    } else {
        free(lock->lifted_why);
        lock->lifted_why = strdup(reason_of(invocation));
        if (!lock->lifted_why)
            output_no_memory();
        lock->lifted = time(NULL);
        lock->lifted_by = getuid();
        lock->lifted_login = lock_own_login();
        code = lift(invocation, lock, locks_find(&locks, lock->user, lock->uid));
    }
    locks_deinit(&locks);
    return code;
}

/* ---- for status ------------------------------------------------------------------------------------------- */

static json_t *lock_object(const struct lock *lock)
{
    json_t *object = json_pack("{s:s, s:I, s:b, s:s*}", "user", lock->user, "at", (json_int_t)lock->at,
                               "closed", lock->closed, "why", *lock->why ? lock->why : NULL);
    int failed = !object;

    if (lock->uid != UID_UNSET)
        failed |= json_object_set_new(object, "uid", json_integer(lock->uid));
    if (lock->by != UID_UNSET)
        failed |= json_object_set_new(object, "by", json_integer(lock->by));
    if (lock->login != UID_UNSET)
        failed |= json_object_set_new(object, "login", json_integer(lock->login));
    if (failed)
        output_no_memory();
    return object;
}

json_t *lock_list(int *ret_error)
{
    struct locks locks = {0};
    json_t *list;

    *ret_error = locks_load(PATH_STATE, &locks);
    if (*ret_error < 0)
        return NULL;
    list = json_array();
    for (size_t i = 0; i < locks.count; i++)
        if (!locks.items[i].lifted && json_array_append_new(list, lock_object(&locks.items[i])) < 0)
            output_no_memory();
    locks_deinit(&locks);
    return list;
}

static char *one_line(const struct output *output, const json_t *lock)
{
    _cleanup_free_ char *since = field_time(output, lock, "at");
    _cleanup_free_ char *login =
        member_has(lock, "login") ? lock_user_name((uid_t)member_integer(lock, "login")) : NULL;

    return output_format(
        "%s, since %s%s%s%s%s%s", member_text(lock, "user"), since ? since : "an unknown time",
        login ? ", by " : "", login ? login : "", member_has(lock, "why") ? ": " : "",
        member_text(lock, "why"),
        member_true(lock, "closed") ? "" : " (no folder in the place of the grant file: lock again)");
}

char *lock_field(const struct output *output, const json_t *object, const char *member)
{
    const json_t *lock;
    size_t i;
    char *text = NULL;

    json_array_foreach(json_object_get(object, member), i, lock)
    {
        _cleanup_free_ char *line = one_line(output, lock);
        char *longer = output_format("%s%s%s", text ? text : "", text ? "\n" : "", line);
        free(text);
        text = longer;
    }
    return text;
}
