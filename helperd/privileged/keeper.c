/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/privileged/keeper.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "common/paths.h"
#include "helperd/privileged/holder.h"
#include "helperd/privileged/members.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
    TURN_SECONDS = 1, /* after which no other end is begun: calls wait meanwhile */
    TURN_DEADLINE = 30,
    RETRY_FIRST = 5, /* seconds; doubled with each failure */
    RETRY_MAX = 300,
    RESULT_MAX = 4096,
    RESULT_FD = STDERR_FILENO + 1,
};

/* ---- the worker ---- */

static double clock_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct turn {
    int folder;
    int64_t now;
    int64_t next; /* 0: none */
    bool looks;   /* for notes whose member is out, too */
    bool failed;
    double until; /* by the monotonic clock */
};

static void expect(int64_t *next, int64_t until)
{
    if (until > 0 && until != NOTE_FOREVER && (*next == 0 || until < *next))
        *next = until;
}

/* Of an addition that was interrupted, or of a member whom others took out. */
static bool is_out(const struct note *note)
{
    struct holder holder = {0};
    const int r = holder_find(PATH_ETC, note, &holder);
    const bool out = r == 0 && !holder.users;
    holder_deinit(&holder);
    return out;
}

static void end_one(struct turn *turn, const struct note *note)
{
    struct answer answer = {0};
    bool removed = false;
    if (members_end(turn->folder, note, &removed, &answer) != 0) {
        log_error("The end of %s in %s waits: %s", note->user, note->group, answer.message);
        turn->failed = true;
    } else if (removed) {
        log_notice("The membership of %s in %s has ended.", note->user, note->group);
    }
    answer_deinit(&answer);
}

static bool has_time(const struct turn *turn)
{
    return clock_seconds(CLOCK_MONOTONIC) < turn->until;
}

static void end_if_due(struct turn *turn, const struct note *note)
{
    if (note->until <= turn->now && has_time(turn))
        end_one(turn, note);
    else
        expect(&turn->next, note->until > turn->now ? note->until : turn->now);
}

static void drop_if_out(struct turn *turn, const struct note *note)
{
    if (note->until > turn->now && has_time(turn) && is_out(note))
        notes_remove(turn->folder, note);
}

/* What failed before has NOTE_ENDED, and comes last. */
static int by_until(const void *a, const void *b)
{
    const int64_t x = ((const struct note *)a)->until, y = ((const struct note *)b)->until;
    return (x < y) - (x > y);
}

/* 0 or -errno. Without a folder there are no notes. */
static int take_turn(struct turn *turn)
{
    _cleanup_(notes_deinit) struct note_list notes = {0};
    _cleanup_close_ int folder = notes_open(PATH_NOTES);
    if (folder == -ENOENT)
        return 0;
    const int r = folder < 0 ? folder : notes_load(folder, &(struct note){0}, &notes);
    if (r < 0)
        return r;
    turn->folder = folder;
    turn->now = (int64_t)clock_seconds(CLOCK_REALTIME);
    turn->until = clock_seconds(CLOCK_MONOTONIC) + TURN_SECONDS;
    if (notes.count > 0)
        qsort(notes.items, notes.count, sizeof(*notes.items), by_until);
    for (size_t i = 0; i < notes.count; i++)
        end_if_due(turn, &notes.items[i]);
    for (size_t i = 0; turn->looks && i < notes.count; i++)
        drop_if_out(turn, &notes.items[i]);
    return 0;
}

static bool run_turn(struct turn *turn)
{
    const int r = take_turn(turn);
    if (r < 0)
        log_error(PATH_NOTES ", the notes of members of /etc/group, cannot be read: %s", strerror(-r));
    return r == 0 && !turn->failed;
}

void keeper_run_once(void)
{
    struct turn turn = {0};
    run_turn(&turn);
}

int keeper_end_user(const char *user, uid_t uid)
{
    _cleanup_(notes_deinit) struct note_list notes = {0};
    _cleanup_close_ int folder = notes_open(PATH_NOTES);
    if (folder == -ENOENT)
        return 0;
    int r = folder < 0 ? folder : notes_load(folder, &(struct note){0}, &notes);
    if (r < 0) {
        log_error(PATH_NOTES ", the notes of members of /etc/group, cannot be read: %s", strerror(-r));
        return r;
    }
    struct turn turn = {.folder = folder};
    for (size_t i = 0; i < notes.count; i++)
        if (strcmp(notes.items[i].user, user) == 0 || (uid != (uid_t)-1 && notes.items[i].uid == uid))
            end_one(&turn, &notes.items[i]);
    return turn.failed;
}

/* Prints the next time; its status says whether all went well. */
static int work(void *data)
{
    const struct keeper *keeper = data;
    struct turn turn = {.looks = !keeper->looked};
    const bool well = run_turn(&turn);
    return dprintf(RESULT_FD, "%lld", (long long)turn.next) > 0 && well ? 0 : 1;
}

/* ---- the service's side ---- */

static void set_wanted(struct keeper *keeper)
{
    keeper->wanted = true;
    ev_timer_stop(keeper->loop, &keeper->retry);
    keeper->changed(keeper->data);
}

static void on_due(struct ev_loop *loop, ev_periodic *periodic, int events)
{
    (void)loop, (void)events;
    struct keeper *keeper = periodic->data;
    keeper->next = 0;
    set_wanted(keeper);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    set_wanted(timer->data);
}

/* libev asks again when the wall clock was set. */
static ev_tstamp next_due(ev_periodic *periodic, ev_tstamp now)
{
    const struct keeper *keeper = periodic->data;
    const ev_tstamp next = (ev_tstamp)keeper->next;
    return keeper->next == 0 ? now + 1e9 : next > now ? next : now;
}

void keeper_init(struct keeper *keeper, struct ev_loop *loop, void (*changed)(void *data), void *data)
{
    *keeper = (struct keeper){.loop = loop, .wanted = true, .changed = changed, .data = data};
    ev_periodic_init(&keeper->due, on_due, 0., 0., next_due);
    keeper->due.data = keeper;
    ev_periodic_start(loop, &keeper->due);
    ev_init(&keeper->retry, on_retry);
    keeper->retry.data = keeper;
}

void keeper_deinit(struct keeper *keeper)
{
    if (keeper->worker)
        child_kill(keeper->worker);
    ev_periodic_stop(keeper->loop, &keeper->due);
    ev_timer_stop(keeper->loop, &keeper->retry);
}

void keeper_expect(struct keeper *keeper, int64_t until)
{
    expect(&keeper->next, until);
    ev_periodic_again(keeper->loop, &keeper->due);
}

void keeper_retry(struct keeper *keeper)
{
    double pause = RETRY_FIRST;
    for (unsigned i = 0; i < keeper->fails && pause < RETRY_MAX; i++)
        pause *= 2;
    keeper->fails++;
    ev_timer_stop(keeper->loop, &keeper->retry);
    ev_timer_set(&keeper->retry, pause < RETRY_MAX ? pause : RETRY_MAX, 0.);
    ev_timer_start(keeper->loop, &keeper->retry);
}

static void on_worked(const struct child_end *end, void *data)
{
    struct keeper *keeper = data;
    keeper->worker = NULL;
    keeper->looked = true;
    const int64_t next = strtoll(end->output, NULL, 10);
    /* One end that fails keeps no other waiting. */
    if (next > 0)
        keeper_expect(keeper, next);
    if (end->timed_out || end->status != 0)
        keeper_retry(keeper);
    else
        keeper->fails = 0;
    keeper->changed(keeper->data);
}

void keeper_begin(struct keeper *keeper)
{
    const struct child_plan plan = {.run = work,
                                    .data = keeper,
                                    .fds = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, CHILD_OUTPUT},
                                    .n_fds = RESULT_FD + 1};
    const struct child_terms terms = {
        .done = on_worked, .data = keeper, .output_max = RESULT_MAX, .deadline = TURN_DEADLINE};
    keeper->wanted = false;
    keeper->yields = true;
    const int r = child_run(keeper->loop, &plan, &terms, &keeper->worker);
    if (r < 0) {
        log_error("Cannot start a process: %s", strerror(-r));
        keeper_retry(keeper);
    }
}

bool keeper_stays(const struct keeper *keeper)
{
    if (keeper->wanted || keeper->worker)
        return true;
    return (keeper->next != 0 || ev_is_active(&keeper->retry)) && notes_any(PATH_NOTES);
}
