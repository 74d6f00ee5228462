/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/ask.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>

struct outcome *outcomes; /* shared with the process that calls */

static struct ev_loop *loop;
static int waiting;

static void note(struct outcome *outcome, int result, const char *message)
{
    ck_assert(!outcome->told);
    outcome->told = true;
    outcome->result = result;
    snprintf(outcome->message, sizeof(outcome->message), "%s", message);
    if (--waiting == 0)
        ev_break(loop, EVBREAK_ALL);
}

static void on_done(int result, bool changed, const char *message, void *data)
{
    struct outcome *outcome = data;
    outcome->changed = changed;
    note(outcome, result, message);
}

static void on_listed(int result, char *const *lines, char *const *more, const char *message, void *data)
{
    struct outcome *outcome = data;
    for (; lines && *lines; lines++)
        strcat(strcat(outcome->lines, *lines), "\n");
    for (; more && *more; more++)
        strcat(strcat(outcome->more, *more), "\n");
    note(outcome, result, message);
}

static void on_judged(int result, const struct account_verdict *verdict, const char *message, void *data)
{
    struct outcome *outcome = data;
    if (verdict)
        snprintf(outcome->lines, sizeof(outcome->lines), "%s %lld %s",
                 account_state_identifier(verdict->state), (long long)verdict->day, verdict->account);
    for (char *const *name = verdict ? verdict->names : NULL; name && *name; name++)
        strcat(strcat(outcome->more, *name), "\n");
    note(outcome, result, message);
}

static int ask_one(struct bus_privileged *privileged, const struct ask *ask, struct outcome *outcome)
{
    char *services[] = {(char *)ask->service, NULL};
    const struct membership membership = {
        .group = (char *)ask->group, .user = (char *)ask->user, .until = ask->until ? ask->until : INT64_MAX};
    switch (ask->kind) {
    case ASK_ADD:
        return bus_privileged_add_member(privileged, &membership, on_done, outcome);
    case ASK_NOTE:
        return bus_privileged_note_member(privileged, &membership, on_done, outcome);
    case ASK_NOTES:
        return bus_privileged_get_notes(privileged, on_listed, outcome);
    case ASK_JUDGE:
        return bus_privileged_judge_account(privileged, ask->uid, ask->user, on_judged, outcome);
    case ASK_REMOVE:
        return bus_privileged_remove_member(privileged, ask->group, ask->user, on_done, outcome);
    case ASK_MEMBERS:
        return bus_privileged_get_members(privileged, ask->group, on_listed, outcome);
    case ASK_WARN:
        return bus_privileged_warn(privileged, ask->uid, ask->user, on_done, outcome);
    case ASK_END:
        return bus_privileged_end_sessions(privileged,
                                           &(struct engine_ending){.uid = ask->uid,
                                                                   .user = (char *)ask->user,
                                                                   .services = services,
                                                                   .gids = (gid_t *)ask->gids,
                                                                   .n_gids = ask->n_gids},
                                           on_listed, outcome);
    case ASK_NONE:
        break;
    }
    return 1;
}

static void no_call(DBusMessage *call, void *data)
{
    (void)call, (void)data;
}

static void on_lost(void *data)
{
    (void)data;
    _exit(3);
}

struct bus *ask_open(struct ev_loop *events)
{
    static const struct bus_self self = {"the test", BUS_NAME, BUS_PATH};
    struct bus *bus = NULL;
    const struct bus_hooks hooks = {no_call, on_lost, NULL};
    return bus_open(events, &self, &hooks, &bus) < 0 ? NULL : bus;
}

/* All at once, with nobody waiting for anybody. */
static int ask_as_daemon(void *data)
{
    const struct ask *asks = data;
    loop = ev_loop_new(EVFLAG_AUTO);
    struct bus *bus = ask_open(loop);
    struct bus_privileged *privileged = bus ? bus_privileged_new(bus) : NULL;
    if (!privileged)
        return 1;
    for (int i = 0; asks[i].kind; i++, waiting++)
        if (ask_one(privileged, &asks[i], &outcomes[i]) < 0)
            return 2;
    ev_run(loop, 0);
    bus_privileged_free(privileged);
    bus_close(bus);
    ev_loop_destroy(loop);
    return 0;
}

pid_t ask_begin(const struct ask *asks)
{
    memset(outcomes, 0, ASKS_MAX * sizeof(*outcomes));
    return live_fork("accesspkg", ask_as_daemon, (void *)asks);
}

void ask_all(const struct ask *asks)
{
    ck_assert_int_eq(live_join(ask_begin(asks)), 0);
}

struct outcome *ask_it(struct ask ask)
{
    const struct ask asks[] = {ask, {0}};
    ask_all(asks);
    ck_assert(outcomes[0].told);
    return &outcomes[0];
}

void ask_root(const char *command)
{
    ck_assert_msg(live_run("root", command) == 0, "%s: %s", command, live_output);
}

void ask_setup(const char *package)
{
    outcomes =
        mmap(NULL, ASKS_MAX * sizeof(*outcomes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(outcomes, MAP_FAILED);
    ask_root(
        "for file in group passwd; do "
        "test -e /etc/$file.first || cp -p /etc/$file /etc/$file.first; cp -p /etc/$file.first /etc/$file; "
        "done; rm -rf /run/systemd");
    live_start("p", package, NULL);
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0); /* the suite is accesspkgd */
    live_start_privileged(60);
}

void ask_teardown(void)
{
    live_stop();
}
