/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/chores.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of what is over without an answer of the root service, in one turn of the loop: there may be many, each with a commit or
 * two, while there is no bus. */
enum { AT_ONCE = 16 };

struct bus_chores {
    struct engine *engine;
    struct bus_privileged *privileged;
    void (*settled)(void *data);
    void *data;
    struct membership membership; /* user NULL: none is under way */
    bool warning;                 /* whether one is */
    uid_t warned;                 /* the uid that it is for */
    struct engine_ending ending;  /* user NULL: none is under way */
    strv groups;                  /* being compared with /etc/group; NULL: none */
    size_t group;                 /* the index of the one under way */
    bool again;                   /* the file changed meanwhile: compare all once more */
};

struct bus_chores *bus_chores_new(struct engine *engine, struct bus *bus, void (*settled)(void *data),
                                  void *data)
{
    struct bus_chores *chores = calloc(1, sizeof(*chores));
    if (!chores)
        return NULL;
    *chores = (struct bus_chores){
        .engine = engine, .privileged = bus_privileged_new(bus), .settled = settled, .data = data};
    if (!chores->privileged) {
        free(chores);
        return NULL;
    }
    return chores;
}

void bus_chores_free(struct bus_chores *chores)
{
    if (!chores)
        return;
    bus_privileged_free(chores->privileged);
    membership_deinit(&chores->membership);
    engine_ending_deinit(&chores->ending);
    strv_free(chores->groups);
    free(chores);
}

/* The failure in words; NULL: none. */
static const char *describe_failure(int result, const char *message)
{
    if (result == 0)
        return NULL;
    return *message
               ? message
               : "the root service accesspkg-privileged gave an answer that cannot be read; see: journalctl "
                 "-u accesspkg-privileged";
}

/* Counts what is over at once. False: the rest is for the next turn of the loop. */
static bool may_go_on(const struct bus_chores *chores, int *count)
{
    const struct engine_hooks *hooks = &chores->engine->hooks;
    if (++*count <= AT_ONCE)
        return true;
    if (hooks->chores)
        hooks->chores(hooks->data);
    return false;
}

/* ---- memberships ---- */

static void finish_membership(struct bus_chores *chores, int result, bool member, const char *message)
{
    struct membership done = chores->membership;
    chores->membership = (struct membership){0};
    engine_membership_done(chores->engine, &done, member, describe_failure(result, message));
    membership_deinit(&done);
    chores->settled(chores->data);
    bus_chores_drive(chores);
}

/* Who was there when an addition came to its turn is not ours (rule 6). */
static void on_added(int result, bool added, const char *message, void *data)
{
    finish_membership(data, result, result == 0 && !added, message);
}

static void on_changed(int result, bool changed, const char *message, void *data)
{
    (void)changed;
    finish_membership(data, result, false, message);
}

/* Who is noted is there by our doing, whatever the store knows of it. */
static void on_seen(int result, char *const *members, char *const *noted, const char *message, void *data)
{
    struct bus_chores *chores = data;
    const char *user = chores->membership.user;
    finish_membership(chores, result, strv_contains(members, user) && !strv_contains(noted, user), message);
}

static int ask_root_service(struct bus_chores *chores)
{
    const struct membership *wanted = &chores->membership;
    switch (membership_act(wanted->state)) {
    case MEMBERSHIP_ACT_ASK:
        return bus_privileged_get_members(chores->privileged, wanted->group, on_seen, chores);
    case MEMBERSHIP_ACT_ADD:
        return bus_privileged_add_member(chores->privileged, wanted, on_added, chores);
    case MEMBERSHIP_ACT_NOTE:
        return bus_privileged_note_member(chores->privileged, wanted, on_changed, chores);
    case MEMBERSHIP_ACT_REMOVE:
        return bus_privileged_remove_member(chores->privileged, wanted->group, wanted->user, on_changed,
                                            chores);
    case MEMBERSHIP_ACT_NONE:
        break;
    }
    return 0;
}

static void drive_membership(struct bus_chores *chores)
{
    int count = 0;
    while (!chores->membership.user && may_go_on(chores, &count) &&
           engine_take_due_membership(chores->engine, &chores->membership) == 0) {
        const int r = ask_root_service(chores);
        if (r == 0)
            return;
        /* Reported as a failure, for answers and the end of sessions wait for it. */
        struct membership failed = chores->membership;
        chores->membership = (struct membership){0};
        engine_membership_done(chores->engine, &failed, false,
                               r == -EINVAL ? "a name that is not UTF-8 cannot be sent to the root service"
                                            : "the root service could not be asked");
        membership_deinit(&failed);
        chores->settled(chores->data);
    }
}

/* ---- warnings ---- */

static void drive_warning(struct bus_chores *chores);

static void on_warned(int result, bool changed, const char *message, void *data)
{
    (void)changed;
    struct bus_chores *chores = data;
    if (result != 0)
        log_warning("The user with the uid %u could not be warned of an end: %s", chores->warned,
                    describe_failure(result, message));
    chores->warning = false;
    drive_warning(chores);
}

static void drive_warning(struct bus_chores *chores)
{
    struct engine_warning warning;
    int count = 0;
    while (!chores->warning && may_go_on(chores, &count) &&
           engine_take_due_warning(chores->engine, &warning) == 0) {
        chores->warned = warning.uid;
        chores->warning =
            bus_privileged_warn(chores->privileged, warning.uid, warning.text, on_warned, chores) == 0;
        if (!chores->warning)
            log_warning(
                "The user with the uid %u could not be warned of an end: the root service could not be "
                "asked.",
                warning.uid);
    }
}

/* ---- ends of sessions ---- */

static void drive_ending(struct bus_chores *chores);

static void on_sessions_ended(int result, char *const *lines, char *const *more, const char *message,
                              void *data)
{
    (void)more;
    struct bus_chores *chores = data;
    struct engine_ending done = chores->ending;
    chores->ending = (struct engine_ending){0};
    /* The uid belongs to another user by now: nothing is left to end. */
    if (result == BUS_ERROR_NO_SUCH_USER)
        engine_ending_done(chores->engine, &done, (char *const[]){(char *)message, NULL}, NULL);
    else
        engine_ending_done(chores->engine, &done, lines, describe_failure(result, message));
    engine_ending_deinit(&done);
    drive_ending(chores);
}

static void drive_ending(struct bus_chores *chores)
{
    int count = 0;
    while (!chores->ending.user && may_go_on(chores, &count) &&
           engine_take_due_ending(chores->engine, &chores->ending) == 0) {
        const struct engine_ending *ending = &chores->ending;
        const bool nothing = !ending->services[0] && ending->n_gids == 0;
        if (!nothing &&
            bus_privileged_end_sessions(chores->privileged, ending, on_sessions_ended, chores) == 0)
            return;
        if (nothing) /* other packages of the user give all of it */
            engine_ending_done(chores->engine, ending, NULL, NULL);
        engine_ending_deinit(&chores->ending);
    }
}

void bus_chores_drive(struct bus_chores *chores)
{
    drive_membership(chores);
    drive_warning(chores);
    drive_ending(chores);
}

/* ---- what /etc/group says ---- */

static void compare_next_group(struct bus_chores *chores);

static void on_members(int result, char *const *members, char *const *noted, const char *message, void *data)
{
    (void)noted, (void)message; /* ignored: the next change of the file compares again */
    struct bus_chores *chores = data;
    if (result == 0 && members)
        engine_compare_members(chores->engine, chores->groups[chores->group], members);
    chores->group++;
    compare_next_group(chores);
}

static void finish_comparison(struct bus_chores *chores)
{
    strv_free(chores->groups);
    chores->groups = NULL;
    if (chores->again)
        bus_chores_compare(chores);
    else
        bus_chores_drive(chores);
}

static void on_notes(int result, char *const *users, char *const *groups, const char *message, void *data)
{
    (void)message; /* ignored, as above */
    struct bus_chores *chores = data;
    if (result == 0 && users && groups)
        engine_compare_notes(chores->engine, users, groups);
    finish_comparison(chores);
}

static void compare_next_group(struct bus_chores *chores)
{
    while (chores->groups[chores->group] &&
           bus_privileged_get_members(chores->privileged, chores->groups[chores->group], on_members, chores) <
               0)
        chores->group++;
    if (chores->groups[chores->group])
        return;
    const bool has_notes = chores->group > 0 || engine_gives_by_files(chores->engine);
    if (!has_notes || bus_privileged_get_notes(chores->privileged, on_notes, chores) < 0)
        finish_comparison(chores);
}

void bus_chores_compare(struct bus_chores *chores)
{
    chores->again = chores->groups != NULL;
    if (chores->again || engine_membership_groups(chores->engine, &chores->groups) < 0)
        return;
    chores->group = 0;
    compare_next_group(chores);
}

void bus_chores_lose_bus(struct bus_chores *chores)
{
    bus_privileged_fail(chores->privileged);
}
