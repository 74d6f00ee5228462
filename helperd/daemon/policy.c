/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process's policy and settings: at the start, at a reload, and in the status. */
#include "helperd/daemon/internal.h"

#include "common/cleanup.h"
#include "common/hostname.h"
#include "common/inifile.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/storenote.h"
#include "helperd/config/configure.h"
#include "helperd/config/lastgood.h"
#include "helperd/config/packages_allow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

/* The former policy, and settings, beside those of now. A fault is logged: what is in force stays so. */
static void audit_policy(struct daemon *daemon, const struct call *asked, const struct packages *before,
                         const struct config *settings, const struct packages *after)
{
    _cleanup_free_ char *changed = settings ? config_list_changes(settings, &daemon->config) : NULL;
    const struct policy_change change = {.before = before, .after = after, .settings = changed};
    if (engine_audit_policy(&daemon->engine, asked, &change) < 0)
        log_error("That the policy was read could not be recorded in the audit log.");
}

/* What changed while accesspkgd did not run. */
static void audit_former_policy(struct daemon *daemon)
{
    const char *copy = PATH_STATE "/" LASTGOOD_CONFIG;
    struct problems problems = {0};
    struct config former;
    const bool known = access(copy, F_OK) == 0 && config_load(copy, geteuid(), &former, &problems) == 0;
    problems_deinit(&problems);
    audit_policy(daemon, NULL, daemon->before, known ? &former : NULL, daemon->packages);
}

/* Ends what removed packages gave, then saves the new policy. In this order a crash in between loses nothing. */
int daemon_replace_former_policy(struct daemon *daemon)
{
    const int r =
        daemon->before ? engine_end_removed_packages(&daemon->engine, daemon->before, daemon->packages) : 0;
    if (r == 0 && !daemon->policy_problem)
        audit_former_policy(daemon);
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
int daemon_load_policy(struct daemon *daemon)
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

int daemon_reload_policy(const struct call *asked, void *data)
{
    struct daemon *daemon = data;
    struct reply *reply = asked->reply;
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
    int r = engine_end_removed_packages(&daemon->engine, daemon->packages, packages);
    if (r == 0)
        r = engine_list_held(&daemon->engine, packages, &held, &n_held);
    if (r < 0) {
        packages_free(packages);
        problems_deinit(&problems);
        return r;
    }
    const struct config former = daemon->config;
    use_config(daemon, &config);
    audit_policy(daemon, asked, daemon->packages, &former, packages);
    use_packages(daemon, packages);
    engine_apply_policy(&daemon->engine);
    engine_retry_all(&daemon->engine);
    daemon_start_retries(daemon);
    lastgood_save(PATH_CONFIG, PATH_PACKAGES, PATH_STATE);
    free(daemon->policy_problem);
    daemon->policy_problem = NULL;
    /* The answer has only the warnings of the files; GetStatus compares the allow-list, which is written after this. */
    reply->value = json_pack("[o, o]", warnings_to_json(&problems), held_to_json(held, n_held));
    engine_free_held(held, n_held);
    compare_allow_list(daemon, &problems);
    log_problems(&problems);
    problems_deinit(&problems);
    lookup_expire_names(daemon->lookup);
    daemon_survey_all(&daemon->survey);
    return 0;
}

/* Root opened the folder, and says what is in it; only the rights to read it are accesspkgd's. */
int daemon_diff_policy(int folder, struct reply *reply, void *data)
{
    struct daemon *daemon = data;
    struct problems problems = {0};
    struct packages *packages = NULL;
    int r = faccessat(folder, ".", R_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
    if (r < 0)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "The folder cannot be read: %s. accesspkgd reads it as the user accesspkg: "
                             "`chmod go+rX` it, and its files.",
                             strerrordesc_np(-r));
    r = packages_load_at(folder, "the folder", INIFILE_ANY_OWNER, &packages, &problems);
    if (r < 0) {
        reply->long_message = join_errors("Mend them, then look again.", &problems);
        r = BUS_ERROR_INVALID_CONFIGURATION;
    } else {
        r = engine_diff(&daemon->engine, packages, reply);
    }
    packages_free(packages);
    problems_deinit(&problems);
    return r;
}

static const char *find_note_fault(const struct daemon *daemon, const char *epoch)
{
    struct storenote note;
    const int r = storenote_read(PATH_STORE_NOTE, 0, &note);
    if (daemon->engine.unaccepted)
        return NULL; /* it stays what it was */
    if (r < 0)
        return r == -ENOENT    ? "is missing"
               : r == -EBADMSG ? "is damaged"
               : r == -EPERM   ? "has the wrong owner, or others may write it"
                               : "cannot be read";
    return epoch && strcmp(note.epoch, epoch) != 0 ? "is of another store" : NULL;
}

/* Root notes it at each start and reload; accesspkgd cannot. */
static int set_note_problem(const struct daemon *daemon, const char *epoch, json_t *status)
{
    const char *fault = find_note_fault(daemon, epoch);
    if (!fault)
        return 0;
    return json_object_set_new(
        status, "store_note_problem",
        json_sprintf("%s %s: a state.db that is lost or older than it was may not be noticed. To write it: "
                     "pkg-admin reload",
                     PATH_STORE_NOTE, fault));
}

int daemon_add_status(json_t *status, void *data)
{
    struct daemon *daemon = data;
    struct problems problems = {0};
    char host[HOSTNAME_TEXT_MAX];
    _cleanup_free_ char *epoch = NULL;
    hostname_visible(host);
    store_get_epoch(daemon->store, &epoch);
    compare_allow_list(daemon, &problems);
    int r = json_object_set_new(status, "version", json_string(ACCESSPKG_VERSION)) |
            json_object_set_new(status, "host", json_string(host)) |
            json_object_set_new(status, "started", json_integer(daemon->started)) |
            json_object_set_new(status, "policy_loaded", json_integer(daemon->policy_loaded)) |
            json_object_set_new(status, "allow_list_problems", warnings_to_json(&problems)) |
            json_object_set_new(
                status, "membership",
                json_string(daemon->config.membership == CONFIG_MEMBERSHIP_FILES ? "files" : "nss"));
    r |= set_note_problem(daemon, epoch, status);
    if (epoch)
        r |= json_object_set_new(status, "epoch", json_string(epoch));
    if (daemon->host_key)
        r |= json_object_set_new(status, "host_key", json_string(daemon->host_key));
    if (bus_uplink_problem(daemon->uplink))
        r |= json_object_set_new(status, "bus_problem", json_string(bus_uplink_problem(daemon->uplink)));
    if (daemon->policy_problem)
        r |= json_object_set_new(status, "policy_problem", json_string(daemon->policy_problem));
    problems_deinit(&problems);
    return r ? -ENOMEM : 0;
}

/* ---- settings ---- */

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
int daemon_load_config(struct daemon *daemon)
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

void daemon_log_allow_list(struct daemon *daemon)
{
    struct problems problems = {0};
    compare_allow_list(daemon, &problems);
    log_problems(&problems);
    problems_deinit(&problems);
}
