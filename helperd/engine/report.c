/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reports for uid 0: a period in figures, and the audit log. Each call reads a bounded part. */
#include "helperd/engine/internal.h"

#include "common/log.h"
#include "helperd/policy/report.h"

#include <errno.h>
#include <string.h>

/* Rows that one call may read: it blocks other calls for some tens of milliseconds. */
enum { REPORT_MAX = 10000, AUDIT_EXAMINED = 2000 };

struct reporting {
    struct engine *engine;
    json_t *collected;
    int64_t count;
    int64_t earliest; /* when the oldest request read was submitted */
    bool told;        /* logged that uses are unknown */
};

static enum report_use find_use(struct reporting *reporting, const struct assignment *assignment)
{
    struct usage use;
    const int r = assignment_read_use(reporting->engine, assignment, &use);
    if (r < 0 && !reporting->told) {
        reporting->told = true;
        log_warning(
            "Which assignments are used is not known: their notes in %s/used cannot be read: %s. Run: "
            "systemd-tmpfiles --create accesspkg.conf",
            reporting->engine->state, strerror(-r));
    }
    return r < 0 ? REPORT_NOT_KNOWN : use.last ? REPORT_USED : REPORT_UNUSED;
}

/* An extension has no assignment of its own. */
static int report_use(struct reporting *reporting, const struct request *request)
{
    struct assignment assignment = {0};
    const int r = store_find_assignment_of_request(reporting->engine->store, request->id, &assignment);
    int result = r == STORE_E_NONE ? 0 : r;
    if (r == 0 && assignment.begun)
        result =
            report_add_assignment(reporting->collected, request->package, find_use(reporting, &assignment));
    assignment_deinit(&assignment);
    return result;
}

static int report_one(const struct request *request, void *data)
{
    struct reporting *reporting = data;
    struct decision *decisions = NULL;
    size_t count = 0;
    int r = store_get_decisions(reporting->engine->store, request->id, &decisions, &count);
    if (r == 0)
        r = report_add(reporting->collected, request, decisions, count);
    store_free_decisions(decisions, count);
    if (r == 0)
        r = report_use(reporting, request);
    reporting->count++;
    reporting->earliest = request->submitted;
    return r;
}

int engine_report(struct engine *engine, int64_t since, const char *package, struct reply *reply)
{
    struct reporting reporting = {.engine = engine, .collected = json_object()};
    const struct store_period period = {.since = since, .package = package, .limit = REPORT_MAX};
    int r = engine_tick(engine);
    if (r == 0)
        r = store_each_filed(engine->store, &period, report_one, &reporting);
    json_t *rows = r == 0 ? report_rows(reporting.collected) : NULL;
    json_decref(reporting.collected);
    if (r != 0)
        return r;
    reply->value =
        json_pack("[o, I]", rows, (json_int_t)(reporting.count < REPORT_MAX ? since : reporting.earliest));
    return reply->value ? 0 : -ENOMEM;
}

/* ---- the audit log ---- */

static int set_uid(json_t *object, const char *key, uid_t uid)
{
    return uid == UID_UNSET ? 0 : view_set(object, key, json_integer(uid));
}

static int set_number(json_t *object, const char *key, int64_t number)
{
    return number ? view_set(object, key, json_integer(number)) : 0;
}

static int list_line(const struct audit_line *line, void *data)
{
    const struct audit *audit = &line->audit;
    json_t *object = json_pack("{s:I, s:I, s:s, s:s, s:s*, s:s*, s:s*}", "id", (json_int_t)line->id, "at",
                               (json_int_t)audit->at, "actor", audit->actor, "event", audit->event, "detail",
                               audit->detail, "user", line->user, "package", line->package);
    if (!object || set_uid(object, "uid", audit->identity.uid) < 0 ||
        set_uid(object, "loginuid", audit->identity.loginuid) < 0 ||
        set_number(object, "request", audit->request) < 0 ||
        set_number(object, "assignment", audit->assignment) < 0) {
        json_decref(object);
        return -ENOMEM;
    }
    return json_array_append_new(data, object) < 0 ? -ENOMEM : 0;
}

int engine_list_audit(struct engine *engine, const struct store_audit_filter *asked, struct reply *reply)
{
    struct store_audit_filter filter = *asked;
    struct store_audit_cursor next = {0};
    json_t *lines = json_array();
    filter.examine = AUDIT_EXAMINED;
    int r = engine_tick(engine);
    if (r == 0)
        r = store_list_audit(engine->store, &filter, list_line, lines, &next);
    if (r == 0)
        reply->value = json_pack("[O, I, I]", lines, (json_int_t)next.at, (json_int_t)next.id);
    json_decref(lines);
    return r < 0 ? r : reply->value ? 0 : -ENOMEM;
}
