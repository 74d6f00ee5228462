/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/package_settings.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/timetext.h"
#include "common/wordlist.h"

#include <stdio.h>

/* Keeps its first fault: later texts are not set. */
struct settings {
    json_t *object;
    char section[sizeof("[stage 16] ")]; /* before each key */
    bool failed;
};

static void set_text(struct settings *settings, const char *key, const char *text)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%s", settings->section, key);
    settings->failed |= json_object_set_new(settings->object, name, text ? json_string(text) : NULL) < 0;
}

static void set_list(struct settings *settings, const char *key, char *const *list)
{
    _cleanup_free_ char *text = *list ? wordlist_write(list) : NULL;
    if (*list)
        set_text(settings, key, text);
}

static void set_time(struct settings *settings, const char *key, int64_t seconds)
{
    char text[DURATION_TEXT_MAX];
    if (seconds > 0)
        set_text(settings, key, duration_write(seconds, text));
}

static void set_end(struct settings *settings, const char *key, int64_t end)
{
    char text[TIME_TEXT_MAX];
    if (end > 0)
        set_text(settings, key, time_programs(end, text));
}

static void set_stage(struct settings *settings, const struct package_stage *stage, size_t number)
{
    char quorum[32];
    snprintf(settings->section, sizeof(settings->section), "[stage %u] ", (unsigned)(number % 100));
    snprintf(quorum, sizeof(quorum), "%lld", (long long)stage->quorum);
    set_list(settings, "approvers", stage->approvers);
    set_text(settings, "quorum", quorum);
    set_time(settings, "timeout", stage->timeout);
    set_time(settings, "escalate_after", stage->escalate_after);
    set_list(settings, "fallback_approvers", stage->fallback_approvers);
}

static void set_policy(struct settings *settings, const struct package *package)
{
    static const char *const extensions[] = {[PACKAGE_EXTENSION_NO] = "no",
                                             [PACKAGE_EXTENSION_ALLOWED] = "allowed",
                                             [PACKAGE_EXTENSION_APPROVAL] = "approval"};
    static const char *const at_ends[] = {[PACKAGE_AT_END_KEEP] = "keep",
                                          [PACKAGE_AT_END_WARN] = "warn",
                                          [PACKAGE_AT_END_TERMINATE] = "terminate"};
    set_list(settings, "requestors", package->requestors);
    set_text(settings, "justification",
             package->justification_at_gate    ? "required"
             : package->justification_required ? "asked"
                                               : "optional");
    set_time(settings, "duration", package->duration);
    set_time(settings, "max_duration", package->max_duration);
    set_text(settings, "extension", extensions[package->extension]);
    set_time(settings, "max_total", package->max_total);
    set_time(settings, "cooldown", package->cooldown);
    set_time(settings, "gate_cooldown", package->gate_cooldown);
    set_end(settings, "not_after", package->not_after);
    set_time(settings, "extend_window", package->extend_window);
    set_list(settings, "incompatible", package->incompatible);
    set_list(settings, "emergency", package->emergency);
    if (package->emergency[0])
        set_time(settings, "emergency_duration", package->emergency_duration);
    set_time(settings, "review_within", package->review_within);
    set_text(settings, "at_end", at_ends[package->at_end]);
    set_list(settings, "services", package->services);
    set_text(settings, "drift", package->drift_repair ? "repair" : "report");
    set_text(settings, "on_removed", package->revoke_on_removed ? "revoke" : "keep");
    set_text(settings, "approval", package->approval_required ? "required" : "none");
    set_text(settings, "same_approver", package->same_approver ? "yes" : "no");
}

json_t *package_settings(const struct package *package)
{
    struct settings settings = {.object = json_object()};
    set_text(&settings, "description", package->description);
    set_list(&settings, "groups", package->groups);
    set_policy(&settings, package);
    for (size_t i = 0; i < package->n_stages; i++)
        set_stage(&settings, &package->stages[i], i + 1);
    if (!settings.failed)
        return settings.object;
    json_decref(settings.object);
    return NULL;
}
