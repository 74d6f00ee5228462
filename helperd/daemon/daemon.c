/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/daemon/daemon.h"

#include "common/disk.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/supervisor.h"
#include "dbus/server_caller.h"
#include "helperd/daemon/internal.h"
#include "helperd/host/hostkey.h"
#include "helperd/lifecycle/publication.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sysexits.h>

/* ---- time ---- */

static void on_engine_deadline(struct ev_loop *loop, ev_periodic *periodic, int events)
{
    (void)events;
    struct daemon *daemon = periodic->data;
    daemon->wake_at = 0;
    engine_tick(&daemon->engine);
    daemon_start_retries(daemon);
    bus_chores_drive(daemon->chores);
    ev_now_update(loop);
    daemon->ticked = ev_now(loop);
    ev_periodic_again(loop, periodic);
}

/* Called inside the engine's commit, so chores start at the loop's next turn. */
static void set_chores(void *data)
{
    struct daemon *daemon = data;
    if (!ev_is_active(&daemon->due)) {
        ev_timer_set(&daemon->due, 0., 0.);
        ev_timer_start(daemon->loop, &daemon->due);
    }
}

static void on_chores(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon *daemon = timer->data;
    bus_chores_drive(daemon->chores);
}

static void on_settled(void *data)
{
    struct daemon *daemon = data;
    bus_manager_resume_answers(daemon->manager);
}

/* So that one sync covers many files. */
enum { SYNC_AFTER = 2 };

static void set_written(void *data)
{
    struct daemon *daemon = data;
    if (!ev_is_active(&daemon->written)) {
        ev_timer_set(&daemon->written, SYNC_AFTER, 0.);
        ev_timer_start(daemon->loop, &daemon->written);
    }
}

static void on_written(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon *daemon = timer->data;
    engine_settle_publications(&daemon->engine);
}

static void on_parked(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    on_settled(timer->data);
}

/*
 * Calls that are ready wait for others that are on their way, to share a commit (bus/share.c), for so many seconds. Then
 * they run as soon as no other event is to be handled, which may make more of them ready; or at last all the same.
 */
#define READY_WAIT 0.002
#define READY_LAST 0.008

static void set_ready(void *data)
{
    struct daemon *daemon = data;
    ev_idle_start(daemon->loop, &daemon->ready);
    if (ev_is_active(&daemon->ready_by))
        return;
    daemon->ready_late = false;
    ev_now_update(daemon->loop); /* the last commit may have taken long */
    ev_timer_set(&daemon->ready_by, READY_WAIT, READY_LAST);
    ev_timer_start(daemon->loop, &daemon->ready_by);
}

static void share_ready(struct daemon *daemon)
{
    ev_idle_stop(daemon->loop, &daemon->ready);
    if (!daemon->ready_late && bus_manager_expects_calls(daemon->manager))
        return;
    ev_timer_stop(daemon->loop, &daemon->ready_by);
    bus_manager_share(daemon->manager);
}

static void on_ready(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)loop, (void)events;
    share_ready(idle->data);
}

static void on_ready_by(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *daemon = timer->data;
    if (daemon->ready_late)
        share_ready(daemon);
    else
        ev_idle_start(loop, &daemon->ready);
    daemon->ready_late = true;
}

static void set_steps(void *data)
{
    struct daemon *daemon = data;
    ev_timer_set(&daemon->steps, 0., 0.);
    ev_timer_start(daemon->loop, &daemon->steps);
}

static void on_call_steps(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct daemon *daemon = timer->data;
    if (bus_manager_step(daemon->manager))
        set_steps(daemon);
}

static void set_parked(int64_t seconds, void *data)
{
    struct daemon *daemon = data;
    if (!ev_is_active(&daemon->parked)) {
        ev_timer_set(&daemon->parked, (double)seconds, 0.);
        ev_timer_start(daemon->loop, &daemon->parked);
    }
}

/* Of many dues the engine does some at a time; seconds for others in between. */
#define TICK_PAUSE 0.005
enum { SLICE_NS = 2000000 };

/*
 * libev asks again when the wall clock was set. A deadline stays at its wall-clock time; a clock that was set back
 * wakes the engine at once.
 */
static ev_tstamp next_wake(ev_periodic *periodic, ev_tstamp now)
{
    struct daemon *daemon = periodic->data;
    const bool went_back = now + 1. < daemon->seen;
    daemon->seen = now;
    if (went_back)
        return now;
    const double pause =
        daemon->ticked <= now && now < daemon->ticked + TICK_PAUSE ? daemon->ticked + TICK_PAUSE : now;
    return daemon->wake_at == 0 ? now + 1e9 : daemon->wake_at > pause ? daemon->wake_at : pause;
}

static void set_deadline(int64_t at, void *data)
{
    struct daemon *daemon = data;
    daemon->wake_at = (double)at;
    ev_periodic_again(daemon->loop, &daemon->deadline);
}

static void on_request_changed(int64_t request, void *data)
{
    struct daemon *daemon = data;
    if (daemon->bus)
        bus_emit_request_changed(daemon->bus, request);
    daemon_survey_soon(&daemon->survey);
}

static void on_notices(int64_t last, void *data)
{
    struct daemon *daemon = data;
    if (daemon->bus)
        bus_emit(daemon->bus, BUS_SIGNAL_NOTICES, last);
}

static void on_retries(void *data)
{
    daemon_start_retries(data);
}

static void on_accounts(void *data)
{
    struct daemon *daemon = data;
    if (daemon->bus)
        bus_manager_forget_accounts(daemon->manager);
}

/* Users or groups changed: judgements based on them may change. */
static void on_directory(void *data)
{
    struct daemon *daemon = data;
    lookup_expire_names(daemon->lookup);
    daemon_survey_all(&daemon->survey);
    bus_chores_compare(daemon->chores);
}

/* When it begins, finds unknown holders, for the status. When it is over, also retries what waited for it. */
static void on_outage(bool lasts, void *data)
{
    struct daemon *daemon = data;
    daemon_follow_walk(daemon->follow);
    if (lasts)
        return;
    engine_retry_all(&daemon->engine);
    daemon_start_retries(daemon);
    daemon_survey_all(&daemon->survey);
}

/* Seconds between two steps while calls are under way, which would wait for one at each pause of theirs. */
#define VERIFY_PAUSE 0.01

static void on_verify_again(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct daemon *daemon = timer->data;
    ev_idle_start(loop, &daemon->verify);
}

static void on_verify(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)events;
    struct daemon *daemon = idle->data;
    const bool more = engine_verify(&daemon->engine) != 0;
    if (more && !bus_manager_expects_calls(daemon->manager))
        return;
    ev_idle_stop(loop, idle);
    if (more) {
        ev_now_update(loop);
        ev_timer_set(&daemon->verify_again, VERIFY_PAUSE, 0.);
        ev_timer_start(loop, &daemon->verify_again);
        return;
    }
    daemon_survey_all(&daemon->survey);
    daemon_follow_walk(daemon->follow);
    daemon_keeping_begin(&daemon->keeping, loop, &daemon->engine);
}

/* Once the bus has been tried: a start is in a hurry, and who called first is on the way. */
static void begin_verifying(struct daemon *daemon)
{
    ev_timer_set(&daemon->verify_again, VERIFY_PAUSE, 0.);
    ev_timer_start(daemon->loop, &daemon->verify_again);
}

/* ---- the loop ---- */

static void on_stop_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)events;
    log_info("Stopping on signal %d.", signal->signum);
    ev_break(loop, EVBREAK_ALL);
}

/* ---- who calls -------------------------------------------------------------------------------------------------- */

static void on_bus_call(DBusMessage *message, void *data)
{
    struct daemon *daemon = data;
    bus_manager_call(daemon->manager, daemon->bus, message);
}

static bool is_wanted(const struct bus_header *header, void *data)
{
    const struct daemon *daemon = data;
    return bus_manager_wants(daemon->manager, header);
}

static void on_bus_lost(void *data)
{
    struct daemon *daemon = data;
    bus_manager_lose_bus(daemon->manager, daemon->bus);
    bus_chores_lose_bus(daemon->chores);
}

/* The root service can be asked from now on. */
static void on_bus_up(void *data)
{
    struct daemon *daemon = data;
    bus_chores_compare(daemon->chores);
    bus_chores_drive(daemon->chores);
}

/* Ready with the bus, or without it: its callers are activated by a bus that then waits for the name. */
static void on_bus_tried(void *data)
{
    struct daemon *daemon = data;
    begin_verifying(daemon);
    log_info("accesspkgd %s is ready: %zu package%s.", ACCESSPKG_VERSION, daemon->packages->count,
             daemon->packages->count == 1 ? "" : "s");
    supervisor_notify("READY=1");
}

static void on_door_call(struct bus *bus, DBusMessage *message, void *data)
{
    struct daemon *daemon = data;
    bus_manager_call(daemon->manager, bus, message);
}

static void on_door_lost(struct bus *bus, void *data)
{
    struct daemon *daemon = data;
    bus_manager_drop_calls(daemon->manager, bus);
}

static int open_ways(struct daemon *daemon)
{
    static const struct bus_self self = {"accesspkgd", BUS_NAME, BUS_PATH};
    const struct bus_uplink_hooks uplink_hooks = {on_bus_call,  on_bus_up, on_bus_lost,
                                                  on_bus_tried, is_wanted, daemon};
    const struct bus_door_hooks door_hooks = {on_door_call, on_door_lost, daemon};
    daemon->uplink = bus_uplink_new(daemon->loop, &self, &uplink_hooks);
    if (!daemon->uplink)
        return EX_OSERR;
    daemon->bus = bus_uplink_bus(daemon->uplink);
    daemon->chores = bus_chores_new(&daemon->engine, daemon->bus, on_settled, daemon);
    if (!daemon->chores || bus_manager_attach(daemon->manager, daemon->bus) < 0)
        return EX_OSERR;
    return bus_door_open(daemon->loop, &self, &door_hooks, &daemon->door) < 0 ? EX_OSERR : 0;
}

static void init_loop_events(struct daemon *daemon)
{
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        ev_signal_init(&daemon->stop[i], on_stop_signal, signals[i]);
        ev_signal_start(daemon->loop, &daemon->stop[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* only pkg-admin reload reloads: it writes the allow-list, too */
    ev_periodic_init(&daemon->deadline, on_engine_deadline, 0., 0., next_wake);
    daemon->deadline.data = daemon;
    daemon->seen = ev_time();
    ev_periodic_start(daemon->loop, &daemon->deadline);
    ev_timer_init(&daemon->due, on_chores, 0., 0.);
    daemon->due.data = daemon;
    ev_timer_init(&daemon->written, on_written, 0., 0.);
    daemon->written.data = daemon;
    ev_timer_init(&daemon->steps, on_call_steps, 0., 0.);
    daemon->steps.data = daemon;
    ev_idle_init(&daemon->ready, on_ready);
    daemon->ready.data = daemon;
    ev_timer_init(&daemon->ready_by, on_ready_by, 0., 0.);
    daemon->ready_by.data = daemon;
    ev_timer_init(&daemon->parked, on_parked, 0., 0.);
    daemon->parked.data = daemon;
    ev_idle_init(&daemon->verify, on_verify);
    daemon->verify.data = daemon;
    ev_timer_init(&daemon->verify_again, on_verify_again, 0., 0.);
    daemon->verify_again.data = daemon;
}

/* What a disk without room keeps from being recorded (logged) is done by the next start, or by the clock. Meanwhile revocations
 * hold, and readers and commands are served. */
static bool may_go_on(int r)
{
    return r >= 0 || disk_is_shut(r);
}

static void init_engine(struct daemon *daemon)
{
    daemon->engine = (struct engine){
        .config = &daemon->config,
        .clock = clock_system(),
        .state = PATH_STATE,
        .login_ids_count = bus_caller_login_ids_count("/proc"),
        .group_file = PATH_ETC "/group",
        .store_note = PATH_STORE_NOTE,
        .host_name = daemon->host_name,
        .slice_ns = SLICE_NS,
        .hooks = {.changed = on_request_changed,
                  .deadline = set_deadline,
                  .notices = on_notices,
                  .written = set_written,
                  .chores = set_chores,
                  .data = daemon},
    };
    gethostname(daemon->host_name, sizeof(daemon->host_name) - 1);
    daemon->started = clock_now(&daemon->engine.clock);
}

/* Takes the store's lock. ssh-keygen reads the host's key meanwhile. 0, or the exit code. */
static int lock_store(struct daemon *daemon)
{
    umask(0077);
    if (store_lock(PATH_LOCK, &daemon->lock) < 0)
        return EX_UNAVAILABLE;
    daemon->key_reading = hostkey_begin(PATH_STATE);
    return 0;
}

/* The store, and what of the host stands beside it. 0, or the exit code. */
static int open_store(struct daemon *daemon, bool *ret_is_new)
{
    if (store_open(PATH_STORE, &daemon->store, ret_is_new) < 0)
        return EX_CANTCREAT;
    umask(0022);
    daemon->engine.store = daemon->store;
    daemon->host_key = hostkey_end(daemon->key_reading);
    daemon->key_reading = NULL;
    daemon->engine.host_key = daemon->host_key;
    return 0;
}

static int load_settings(struct daemon *daemon)
{
    if (daemon_load_config(daemon) < 0)
        return EX_CONFIG;
    const int r = lock_store(daemon);
    return r == 0 && daemon_load_policy(daemon) < 0 ? EX_CONFIG : r;
}

static int start_layers(struct daemon *daemon)
{
    bool is_new = false;
    init_engine(daemon);
    init_loop_events(daemon);
    int r = load_settings(daemon);
    if (r == 0)
        r = open_store(daemon, &is_new);
    if (r != 0)
        return r;
    daemon->lookup = lookup_new(daemon->loop, PATH_LOOKUP, (double)daemon->config.lookup_timeout);
    if (daemon->lookup)
        lookup_set_outage(daemon->lookup, on_outage, daemon);
    daemon->engine.names = daemon->lookup ? lookup_names(daemon->lookup) : NULL;
    const struct bus_manager_hooks hooks = {.reload = daemon_reload_policy,
                                            .diff = daemon_diff_policy,
                                            .add_status = daemon_add_status,
                                            .parked = set_parked,
                                            .ready = set_ready,
                                            .steps = set_steps,
                                            .data = daemon};
    daemon->manager = bus_manager_new(&daemon->engine, daemon->lookup, &hooks);
    if (!daemon->lookup || !daemon->manager)
        return EX_OSERR;
    daemon_survey_init(&daemon->survey, daemon->loop, &daemon->engine, daemon->lookup);
    if (!may_go_on(engine_start(&daemon->engine, is_new)) ||
        !may_go_on(daemon_replace_former_policy(daemon)) || !may_go_on(engine_apply_policy(&daemon->engine)))
        return EX_SOFTWARE;
    daemon_log_allow_list(daemon);
    const struct daemon_follow_hooks follow_hooks = {on_retries, on_directory, on_accounts, daemon};
    if (daemon_follow_new(daemon->loop, &daemon->engine, daemon->lookup, &follow_hooks, &daemon->follow) < 0)
        return EX_OSERR;
    return open_ways(daemon);
}

static void stop_layers(struct daemon *daemon)
{
    bus_manager_free(daemon->manager);
    bus_chores_free(daemon->chores);
    bus_door_close(daemon->door);
    bus_uplink_free(daemon->uplink);
    daemon->bus = NULL;
    daemon_survey_deinit(&daemon->survey);
    daemon_keeping_end(&daemon->keeping);
    lookup_free(daemon->lookup);
    daemon_follow_free(daemon->follow);
    if (daemon->store)
        engine_deinit(&daemon->engine);
    store_close(daemon->store);
    packages_free(daemon->packages);
    packages_free(daemon->before);
    free(daemon->policy_problem);
    free(daemon->host_key);
    free(hostkey_end(daemon->key_reading));
    ev_loop_destroy(daemon->loop);
    if (daemon->lock >= 0)
        close(daemon->lock);
}

int daemon_run(void)
{
    struct daemon daemon = {.loop = ev_loop_new(EVFLAG_AUTO), .lock = -1};
    if (!daemon.loop)
        return EX_OSERR;
    int code = start_layers(&daemon);
    if (code == 0) {
        ev_run(daemon.loop, 0);
        supervisor_notify("STOPPING=1");
    }
    stop_layers(&daemon);
    return code;
}
