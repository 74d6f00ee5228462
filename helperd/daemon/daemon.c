/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/daemon/daemon.h"

#include "common/cleanup.h"
#include "common/config.h"
#include "common/hostname.h"
#include "common/log.h"
#include "common/paths.h"
#include "dbus/server_caller.h"
#include "helperd/bus/chores.h"
#include "helperd/bus/manager.h"
#include "helperd/config/configure.h"
#include "helperd/config/lastgood.h"
#include "helperd/config/packages.h"
#include "helperd/config/packages_allow.h"
#include "helperd/daemon/follow.h"
#include "helperd/daemon/survey.h"
#include "helperd/engine/engine.h"
#include "helperd/host/lookup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

enum { RETRIES_AT_ONCE = 8 };

/* A retry that waits for its look-up. */
struct retry {
    struct daemon *daemon; /* NULL: none */
    int64_t assignment;
};

struct daemon {
    struct ev_loop *loop;
    struct config config;
    struct packages *packages;
    struct packages *before; /* during the start: the policy of the last run; NULL: unknown */
    struct store *store;
    struct engine engine;
    struct lookup *lookup;
    struct bus *bus;
    struct bus_manager *manager;
    struct bus_chores *chores;
    struct engine_verification verification;
    ev_periodic deadline;
    ev_timer due;    /* starts chores */
    ev_timer parked; /* the longest wait of parked answers has passed */
    ev_idle verify;
    struct daemon_follow *follow;
    ev_signal stop[2];
    double wake_at; /* 0: no deadline */
    double seen;    /* the clock at the last look, to notice that it was set back */
    struct retry retries[RETRIES_AT_ONCE];
    struct daemon_survey survey;
    int lock;
    bool lost;
    int64_t started;
    int64_t policy_loaded;
    char *policy_problem; /* why the last good packages.d or settings are in use; NULL: today's are */
};

/* ---- policy ---- */

static void log_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        log_line(problems->items[i].error ? LOG_ERR : LOG_WARNING, "%s", problems->items[i].text);
}

static char *join_errors(const char *consequence, const struct problems *problems)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fprintf(out, "The configuration has errors. %s", consequence);
    for (size_t i = 0; i < problems->count; i++)
        if (problems->items[i].error)
            fprintf(out, "\n%s", problems->items[i].text);
    return fclose(out) == 0 ? text : NULL;
}

static void use_packages(struct daemon *daemon, struct packages *packages)
{
    packages_free(daemon->packages);
    daemon->packages = packages;
    daemon->engine.packages = packages;
    daemon->policy_loaded = clock_now(&daemon->engine.clock);
}

static void compare_allow_list(struct daemon *daemon, struct problems *problems)
{
    struct packages_held *held = NULL;
    size_t count = 0;
    engine_list_held(&daemon->engine, daemon->packages, &held,
                     &count); /* none if the store fails; it logs that */
    packages_compare_allow_list(daemon->packages, PATH_STATE, held, count, problems);
    engine_free_held(held, count);
}

/* The policy of the last run, to find packages removed since. Unknown if this version cannot read the copy. */
static void load_former_policy(struct daemon *daemon)
{
    struct problems problems = {0};
    packages_load(PATH_STATE "/" LASTGOOD_FOLDER, geteuid(), &daemon->before, &problems);
    problems_deinit(&problems);
}

/* Ends what removed packages gave, then saves the new policy. In this order a crash in between loses nothing. */
static int replace_former_policy(struct daemon *daemon)
{
    const int r = daemon->before ? engine_end_removed(&daemon->engine, daemon->before, daemon->packages) : 0;
    packages_free(daemon->before);
    daemon->before = NULL;
    if (r == 0 && !daemon->policy_problem)
        lastgood_save(PATH_CONFIG, PATH_PACKAGES, PATH_STATE);
    return r;
}

static void note_problem(struct daemon *daemon, const char *consequence, const struct problems *problems)
{
    char *text = join_errors(consequence, problems);
    char *both = NULL;
    if (text && daemon->policy_problem && asprintf(&both, "%s\n%s", daemon->policy_problem, text) >= 0) {
        free(text);
        text = both;
    }
    if (text) {
        free(daemon->policy_problem);
        daemon->policy_problem = text;
    }
}

/* Loads packages.d, or else the last good policy, which it logs loudly. 0 or -errno. */
static int load_first_policy(struct daemon *daemon)
{
    struct problems problems = {0};
    struct packages *packages = NULL;
    int r = packages_load(PATH_PACKAGES, 0, &packages, &problems);
    log_problems(&problems);
    if (r == 0) {
        use_packages(daemon, packages);
        load_former_policy(daemon);
    } else {
        struct problems old_problems = {0};
        note_problem(daemon, "The last good policy is in use instead. Mend them, then run: pkg-admin reload",
                     &problems);
        r = packages_load(PATH_STATE "/" LASTGOOD_FOLDER, geteuid(), &packages, &old_problems);
        if (r == 0) {
            log_error(
                "%s HAS ERRORS (above). THE LAST GOOD POLICY IS IN USE INSTEAD. Mend the errors, then run: "
                "pkg-admin reload",
                PATH_PACKAGES);
            use_packages(daemon, packages);
        } else {
            log_problems(&old_problems);
            log_error(
                "There is no usable policy: %s has errors and no good one was kept. Mend the errors, then: "
                "systemctl start accesspkgd",
                PATH_PACKAGES);
        }
        problems_deinit(&old_problems);
    }
    problems_deinit(&problems);
    return r;
}

/* A changed `membership` applies to existing grants, too. */
static void use_config(struct daemon *daemon, const struct config *config)
{
    daemon->config = *config;
    lookup_set_timeout(daemon->lookup, (double)config->lookup_timeout);
    engine_adopt_memberships(&daemon->engine);
}

static json_t *warnings_to_json(const struct problems *problems)
{
    json_t *warnings = json_array();
    for (size_t i = 0; i < problems->count; i++)
        json_array_append_new(warnings, json_string(problems->items[i].text));
    return warnings;
}

static json_t *held_to_json(const struct packages_held *held, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item = json_pack("{s:s, s:I}", "group", held[i].group, "gid", (json_int_t)held[i].gid);
        if (held[i].until != GRANT_FOREVER)
            json_object_set_new(item, "until", json_integer(held[i].until));
        json_array_append_new(list, item);
    }
    return list;
}

static void start_retries(struct daemon *daemon);

static int reload_policy(struct reply *reply, void *data)
{
    struct daemon *daemon = data;
    struct problems problems = {0};
    struct packages *packages = NULL;
    struct config config;
    const int config_r = config_load(PATH_CONFIG, 0, &config, &problems);
    const int packages_r = packages_load(PATH_PACKAGES, 0, &packages, &problems);
    if (config_r < 0 || packages_r < 0) {
        log_problems(&problems);
        reply->long_message =
            join_errors("What was running stays. Mend them, then run: pkg-admin reload", &problems);
        problems_deinit(&problems);
        packages_free(packages);
        return BUS_ERROR_INVALID_CONFIGURATION;
    }
    struct packages_held *held = NULL;
    size_t n_held = 0;
    int r = engine_end_removed(&daemon->engine, daemon->packages, packages);
    if (r == 0)
        r = engine_list_held(&daemon->engine, packages, &held, &n_held);
    if (r < 0) {
        packages_free(packages);
        problems_deinit(&problems);
        return r;
    }
    use_config(daemon, &config);
    use_packages(daemon, packages);
    engine_heed_policy(&daemon->engine);
    engine_retry_all(&daemon->engine);
    start_retries(daemon);
    lastgood_save(PATH_CONFIG, PATH_PACKAGES, PATH_STATE);
    free(daemon->policy_problem);
    daemon->policy_problem = NULL;
    /* The answer has only the warnings of the files; GetStatus compares the allow-list, which is written after this. */
    reply->value = json_pack("[o, o]", warnings_to_json(&problems), held_to_json(held, n_held));
    engine_free_held(held, n_held);
    compare_allow_list(daemon, &problems);
    log_problems(&problems);
    log_notice("The policy was reloaded: %zu package%s.", packages->count, packages->count == 1 ? "" : "s");
    problems_deinit(&problems);
    daemon_survey_all(&daemon->survey);
    return 0;
}

static int add_status(json_t *status, void *data)
{
    struct daemon *daemon = data;
    struct problems problems = {0};
    char host[HOSTNAME_TEXT_MAX];
    hostname_visible(host);
    compare_allow_list(daemon, &problems);
    int r = json_object_set_new(status, "version", json_string(ACCESSPKG_VERSION)) |
            json_object_set_new(status, "host", json_string(host)) |
            json_object_set_new(status, "started", json_integer(daemon->started)) |
            json_object_set_new(status, "policy_loaded", json_integer(daemon->policy_loaded)) |
            json_object_set_new(status, "allow_list_problems", warnings_to_json(&problems)) |
            json_object_set_new(
                status, "membership",
                json_string(daemon->config.membership == CONFIG_MEMBERSHIP_FILES ? "files" : "nss"));
    if (daemon->policy_problem)
        r |= json_object_set_new(status, "policy_problem", json_string(daemon->policy_problem));
    problems_deinit(&problems);
    return r ? -ENOMEM : 0;
}

/* ---- time ---- */

static void on_retry_facts(struct facts *facts, void *data)
{
    struct retry *retry = data;
    struct daemon *daemon = retry->daemon;
    if (facts)
        engine_retry(&daemon->engine, retry->assignment, facts);
    facts_free(facts);
    retry->daemon = NULL;
    start_retries(daemon);
}

static bool start_retry(struct daemon *daemon, struct retry *retry)
{
    struct inquiry inquiry = INQUIRY_NOBODY;
    if (engine_due_retry(&daemon->engine, &retry->assignment, &inquiry) != 0)
        return false;
    const int r = lookup_ask(daemon->lookup, &inquiry, on_retry_facts, retry);
    inquiry_deinit(&inquiry);
    if (r == 0)
        retry->daemon = daemon;
    return r == 0;
}

static void start_retries(struct daemon *daemon)
{
    for (size_t i = 0; i < RETRIES_AT_ONCE; i++)
        if (!daemon->retries[i].daemon && !start_retry(daemon, &daemon->retries[i]))
            return;
}

static void on_engine_deadline(struct ev_loop *loop, ev_periodic *periodic, int events)
{
    (void)loop, (void)events;
    struct daemon *daemon = periodic->data;
    daemon->wake_at = 0;
    engine_tick(&daemon->engine);
    start_retries(daemon);
    bus_chores_drive(daemon->chores);
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
    bus_manager_settled(daemon->manager);
}

static void on_parked(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    on_settled(timer->data);
}

static void set_parked(int64_t seconds, void *data)
{
    struct daemon *daemon = data;
    if (!ev_is_active(&daemon->parked)) {
        ev_timer_set(&daemon->parked, (double)seconds, 0.);
        ev_timer_start(daemon->loop, &daemon->parked);
    }
}

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
    return daemon->wake_at == 0 ? now + 1e9 : daemon->wake_at > now ? daemon->wake_at : now;
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
    start_retries(data);
}

/* Users or groups changed: judgements based on them may change. */
static void on_directory(void *data)
{
    struct daemon *daemon = data;
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
    start_retries(daemon);
    daemon_survey_all(&daemon->survey);
}

static void on_verify(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)events;
    struct daemon *daemon = idle->data;
    if (engine_verify(&daemon->engine, &daemon->verification) != 0)
        return;
    ev_idle_stop(loop, idle);
    daemon_survey_all(&daemon->survey);
    daemon_follow_walk(daemon->follow);
}

/* ---- the loop ---- */

static void on_stop_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)events;
    log_info("Stopping on signal %d.", signal->signum);
    ev_break(loop, EVBREAK_ALL);
}

static void on_bus_call(DBusMessage *message, void *data)
{
    struct daemon *daemon = data;
    bus_manager_call(daemon->manager, message);
}

static void on_bus_lost(void *data)
{
    struct daemon *daemon = data;
    log_error("The system bus went away. accesspkgd ends and is started again with it; holders of grants "
              "still get in.");
    daemon->lost = true;
    ev_break(daemon->loop, EVBREAK_ALL);
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
    ev_timer_init(&daemon->parked, on_parked, 0., 0.);
    daemon->parked.data = daemon;
    ev_idle_init(&daemon->verify, on_verify);
    daemon->verify.data = daemon;
    ev_idle_start(daemon->loop, &daemon->verify);
}

/* A copy that lacks the settings is of an older version, so that they are unknown: no defaults in their place. */
static int load_last_good_config(struct daemon *daemon)
{
    const char *copy = PATH_STATE "/" LASTGOOD_CONFIG;
    struct problems problems = {0};
    const int r = access(copy, F_OK) < 0 ? -errno : config_load(copy, geteuid(), &daemon->config, &problems);
    log_problems(&problems);
    problems_deinit(&problems);
    return r;
}

/* Loads accesspkg.conf, or else the last good one, which it logs loudly. 0 or -errno. */
static int load_first_config(struct daemon *daemon)
{
    struct problems problems = {0};
    int r = config_load(PATH_CONFIG, 0, &daemon->config, &problems);
    log_problems(&problems);
    if (r < 0 && load_last_good_config(daemon) == 0) {
        r = 0;
        note_problem(daemon,
                     "The last good accesspkg.conf is in use instead. Mend them, then run: pkg-admin reload",
                     &problems);
        log_error("%s HAS ERRORS (above). THE LAST GOOD ONE IS IN USE INSTEAD. Mend the errors, then run: "
                  "pkg-admin reload",
                  PATH_CONFIG);
    } else if (r < 0) {
        log_error(
            "There are no usable settings: %s has errors and no good one was kept. Mend the errors, then: "
            "systemctl start accesspkgd",
            PATH_CONFIG);
    }
    problems_deinit(&problems);
    return r;
}

static void log_allow_list(struct daemon *daemon)
{
    struct problems problems = {0};
    compare_allow_list(daemon, &problems);
    log_problems(&problems);
    problems_deinit(&problems);
}

static int start_layers(struct daemon *daemon)
{
    static const struct bus_self self = {"accesspkgd", BUS_NAME, BUS_PATH};
    bool is_new = false;
    daemon->engine = (struct engine){
        .config = &daemon->config,
        .clock = clock_system(),
        .state = PATH_STATE,
        .login_ids_count = bus_caller_login_ids_count("/proc"),
        .group_file = PATH_ETC "/group",
        .hooks = {.changed = on_request_changed,
                  .deadline = set_deadline,
                  .notices = on_notices,
                  .chores = set_chores,
                  .data = daemon},
    };
    daemon->started = clock_now(&daemon->engine.clock);
    init_loop_events(daemon);
    int r = load_first_config(daemon);
    if (r == 0)
        r = load_first_policy(daemon);
    if (r < 0)
        return EX_CONFIG;
    umask(0077);
    if (store_lock(PATH_LOCK, &daemon->lock) < 0)
        return EX_UNAVAILABLE;
    if (store_open(PATH_STORE, &daemon->store, &is_new) < 0)
        return EX_CANTCREAT;
    umask(0022);
    daemon->engine.store = daemon->store;
    daemon->lookup = lookup_new(daemon->loop, PATH_LOOKUP, (double)daemon->config.lookup_timeout);
    if (daemon->lookup)
        lookup_set_outage(daemon->lookup, on_outage, daemon);
    const struct bus_manager_hooks hooks = {reload_policy, add_status, set_parked, daemon};
    daemon->manager = bus_manager_new(&daemon->engine, daemon->lookup, &hooks);
    if (!daemon->lookup || !daemon->manager)
        return EX_OSERR;
    daemon_survey_init(&daemon->survey, daemon->loop, &daemon->engine, daemon->lookup);
    if (engine_start(&daemon->engine, is_new) < 0 || replace_former_policy(daemon) < 0 ||
        engine_heed_policy(&daemon->engine) < 0)
        return EX_SOFTWARE;
    log_allow_list(daemon);
    const struct daemon_follow_hooks follow_hooks = {on_retries, on_directory, daemon};
    if (daemon_follow_new(daemon->loop, &daemon->engine, daemon->lookup, &follow_hooks, &daemon->follow) < 0)
        return EX_OSERR;
    const struct bus_hooks bus_hooks = {on_bus_call, on_bus_lost, daemon};
    if (bus_open(daemon->loop, &self, &bus_hooks, &daemon->bus) < 0)
        return EX_UNAVAILABLE;
    bus_manager_attach(daemon->manager, daemon->bus);
    daemon->chores = bus_chores_new(&daemon->engine, daemon->bus, on_settled, daemon);
    if (!daemon->chores)
        return EX_OSERR;
    bus_chores_compare(daemon->chores);
    return 0;
}

static void stop_layers(struct daemon *daemon)
{
    bus_manager_free(daemon->manager);
    bus_chores_free(daemon->chores);
    if (daemon->bus && !daemon->lost)
        bus_flush(daemon->bus);
    bus_close(daemon->bus);
    daemon->bus = NULL;
    daemon_survey_deinit(&daemon->survey);
    lookup_free(daemon->lookup);
    daemon_follow_free(daemon->follow);
    if (daemon->store)
        engine_deinit(&daemon->engine);
    engine_verification_deinit(&daemon->verification);
    store_close(daemon->store);
    packages_free(daemon->packages);
    packages_free(daemon->before);
    free(daemon->policy_problem);
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
        log_info("accesspkgd %s is ready: %zu package%s.", ACCESSPKG_VERSION, daemon.packages->count,
                 daemon.packages->count == 1 ? "" : "s");
        sd_notify(0, "READY=1");
        ev_run(daemon.loop, 0);
        sd_notify(0, "STOPPING=1");
        code = daemon.lost ? EX_UNAVAILABLE : 0;
    }
    stop_layers(&daemon);
    return code;
}
