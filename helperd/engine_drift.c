/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's drift: what others did by hand to grant files, groups and the allow-list is compared with the store, and
 * the assignments concerned fall short. Grants nothing and puts nothing back: that is the retry's (engine_fulfil.c).
 * Users who are gone are in engine_gone.c.
 */
#include "helperd/engine_internal.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/log.h"
#include "common/names.h"
#include "helperd/grant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    OWN_MAX =
        128,      /* files remembered as ours; one that is forgotten is compared, which costs a little more */
    STEP_MAX = 4, /* what a call may have to wait for */
    GROUPS_ASKED = 64, /* in one look-up */
};

/* A file as we wrote it last. */
struct own {
    enum store_publication kind;
    char *name; /* NULL: free */
    struct grantdir_mark mark;
};

struct item {
    struct item *next;
    enum { LOOK_AT_USER, LOOK_AT_GID, MEMBER_REMOVED, GROUP_CHANGED } kind;
    char *name;               /* the user; the gid in digits; NULL for a group */
    gid_t gid;                /* MEMBER_REMOVED */
    struct store_group group; /* GROUP_CHANGED, with why and from which assignment on */
    char *why;
    strv packages; /* whose assignments alone are concerned; NULL: all */
    int64_t after;
};

struct drift {
    struct own own[OWN_MAX];
    size_t oldest;
    struct item *first;
    struct item **last;
};

/* ---- our own writing ---- */

static struct own *find_own(const struct engine *engine, enum store_publication kind, const char *name)
{
    struct drift *drift = engine->drift;
    for (size_t i = 0; i < OWN_MAX; i++)
        if (drift->own[i].name && drift->own[i].kind == kind && strcmp(drift->own[i].name, name) == 0)
            return &drift->own[i];
    return NULL;
}

/* A name stands here once, so that a former file of ours that somebody moves back is not taken for the last one. */
static void remember_own(struct engine *engine, enum store_publication kind, const char *name,
                         const struct grantdir_mark *mark)
{
    if (!engine->drift)
        return;
    struct own *own = find_own(engine, kind, name);
    if (!own && mark->inode == 0)
        return;
    if (!own) {
        own = &engine->drift->own[engine->drift->oldest];
        engine->drift->oldest = (engine->drift->oldest + 1) % OWN_MAX;
        free(own->name);
        *own = (struct own){.kind = kind, .name = strdup(name)};
    }
    own->mark = *mark;
}

static bool is_own(struct engine *engine, enum store_publication kind, const char *name)
{
    const struct own *own = find_own(engine, kind, name);
    struct grantdir_mark mark = {0};
    if (!own || own->mark.inode == 0)
        return false;
    const int r = kind == STORE_PUBLISH_USER
                      ? grantdir_mark_user(engine->state, name, &mark)
                      : grantdir_mark_gid(engine->state, (gid_t)strtoul(name, NULL, 10), &mark);
    return r == 0 && grantdir_same_mark(&own->mark, &mark);
}

int engine_write_user(struct engine *engine, const char *name, bool narrows)
{
    struct grantdir_mark mark;
    const int r =
        grant_publish_user(engine->store, engine->state, name, clock_now(&engine->clock), narrows, &mark);
    if (r == 0)
        remember_own(engine, STORE_PUBLISH_USER, name, &mark);
    return r;
}

int engine_write_gid(struct engine *engine, const char *name)
{
    struct grantdir_mark mark;
    const int r = grant_publish_gid(engine->store, engine->state, (gid_t)strtoul(name, NULL, 10),
                                    clock_now(&engine->clock), &mark);
    if (r == 0)
        remember_own(engine, STORE_PUBLISH_GID, name, &mark);
    return r;
}

/* ---- what is left to do ---- */

int engine_watch(struct engine *engine)
{
    if (engine->drift)
        return 0;
    engine->drift = calloc(1, sizeof(*engine->drift));
    if (!engine->drift)
        return -ENOMEM;
    engine->drift->last = &engine->drift->first;
    return 0;
}

static void item_free(struct item *item)
{
    free(item->name);
    free(item->group.name);
    free(item->why);
    strv_free(item->packages);
    free(item);
}

/* Takes over all that the item has. */
static int add_item(struct engine *engine, const struct item *item)
{
    struct item *copy = malloc(sizeof(*copy));
    if (!copy) {
        free(item->name);
        free(item->group.name);
        free(item->why);
        strv_free(item->packages);
        return -ENOMEM;
    }
    *copy = *item;
    copy->next = NULL;
    *engine->drift->last = copy;
    engine->drift->last = &copy->next;
    return 0;
}

static void drop_first(struct drift *drift)
{
    struct item *item = drift->first;
    drift->first = item->next;
    if (!drift->first)
        drift->last = &drift->first;
    item_free(item);
}

void engine_unwatch(struct engine *engine)
{
    struct drift *drift = engine->drift;
    if (!drift)
        return;
    while (drift->first)
        drop_first(drift);
    for (size_t i = 0; i < OWN_MAX; i++)
        free(drift->own[i].name);
    free(drift);
    engine->drift = NULL;
}

/* ---- an assignment that falls short ---- */

/* Repair comes at once, and each time later when somebody keeps taking it away. */
static int plan_repair(struct engine *engine, struct assignment *assignment)
{
    const int64_t now = clock_now(&engine->clock);
    int64_t before = 0;
    const int r =
        store_count_drift(engine->store, assignment->id, now, 2 * engine->config->retry_longest, &before);
    assignment->attempts = before;
    assignment->retry_at = now + (before == 0 ? 0 : engine_backoff(engine, before - 1));
    return r;
}

/* What lacked before, for another reason, goes on being tried. */
static bool is_tried(const struct assignment *assignment, const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (grants[i].problem && !grants[i].drifted)
            return assignment->retry_at != 0;
    return false;
}

static int note_problem(const struct assignment *assignment, struct grant *grant, const char *why,
                        bool repair)
{
    char user[NAME_ENCODED_MAX + 1];
    text_visible(assignment->user, user, sizeof(user));
    const int r = repair ? asprintf(&grant->problem, "%s (drift); it is put back by itself", why)
                         : asprintf(&grant->problem, "%s (drift); pkg-admin retry %s %s puts it back", why,
                                    assignment->package, user);
    if (r < 0)
        grant->problem = NULL;
    grant->drifted = r >= 0;
    return r < 0 ? -ENOMEM : 0;
}

static char *describe(const struct grant *grants, char *const *why, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (why[i])
            fprintf(out, "%s%s: %s", ftell(out) > 0 ? "; " : "", grants[i].group, why[i]);
    return fclose(out) == 0 ? text : NULL;
}

static int narrow(struct engine *engine, const struct assignment *assignment, const struct grant *grants,
                  char *const *why, size_t count)
{
    int r = engine_will_publish(engine, STORE_PUBLISH_USER, assignment->user, true);
    for (size_t i = 0; r == 0 && i < count; i++) {
        char gid[16];
        snprintf(gid, sizeof(gid), "%u", grants[i].gid);
        if (why[i])
            r = engine_will_publish(engine, STORE_PUBLISH_GID, gid, true);
    }
    return r;
}

static int record(struct engine *engine, const struct assignment *assignment, const struct grant *grants,
                  char *const *why, size_t count)
{
    char user[NAME_ENCODED_MAX + 1];
    _cleanup_free_ char *detail = describe(grants, why, count);
    if (!detail)
        return -ENOMEM;
    log_notice("%s of %s is not whole any more: %s.", assignment->package,
               text_visible(assignment->user, user, sizeof(user)), *detail ? detail : "changed by hand");
    return engine_audit(engine, "accesspkgd", &NOBODY, "drift", assignment->request, assignment->id, detail);
}

/* Inside a transaction. why[i]: what became of grants[i], NULL for those that are as they were. */
static int fall_short(struct engine *engine, struct assignment *assignment, struct grant *grants,
                      char *const *why, size_t count)
{
    const struct package *package = packages_find(engine->packages, assignment->package);
    const bool repair = package && package->drift_repair;
    int r = narrow(engine, assignment, grants, why, count);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (why[i])
            r = note_problem(assignment, &grants[i], why[i], repair);
    if (r == 0)
        r = engine_move_assignment(assignment, ASSIGNMENT_FALL_SHORT);
    if (r == 0 && repair)
        r = plan_repair(engine, assignment);
    else if (!is_tried(assignment, grants, count))
        assignment->retry_at = 0;
    if (r == 0)
        r = store_update_assignment(engine->store, assignment);
    if (r == 0)
        r = store_set_grants(engine->store, assignment->id, grants, count, true);
    if (r == 0)
        r = record(engine, assignment, grants, why, count);
    return r < 0 ? r : engine_will_announce(engine, assignment->request);
}

/* Why a grant that is in place is not as it should be; NULL when it is. */
typedef const char *(*judge_grant)(const struct assignment *assignment, const struct grant *grant,
                                   const void *data);

/* Inside a transaction. 1 when it fell short, 0 when the judge found nothing, -errno. `whole_too`: what the judge does
 * not say of any grant is said of the assignment, so that all of them go. */
static int judge_assignment(struct engine *engine, struct assignment *assignment, judge_grant judge,
                            const void *data, const char *whole_too)
{
    struct grant *grants = NULL;
    size_t count = 0, concerned = 0;
    int r = store_get_grants(engine->store, assignment->id, &grants, &count);
    if (r < 0)
        return r;
    _cleanup_free_ char **why = calloc(count + 1, sizeof(*why));
    for (size_t i = 0; why && i < count; i++) {
        why[i] = grants[i].problem ? NULL : (char *)judge(assignment, &grants[i], data);
        concerned += why[i] != NULL;
    }
    for (size_t i = 0; why && concerned == 0 && whole_too && i < count; i++)
        why[i] = grants[i].problem ? NULL : (char *)whole_too;
    if (!why)
        r = -ENOMEM;
    else if (concerned > 0 || whole_too)
        r = fall_short(engine, assignment, grants, why, count);
    store_free_grants(grants, count);
    return r < 0 ? r : concerned > 0 || whole_too;
}

/* ---- a user's file ---- */

struct numbers {
    int64_t *ids;
    size_t count;
};

static int collect(const struct assignment *assignment, void *data)
{
    struct numbers *numbers = data;
    int64_t *grown = reallocarray(numbers->ids, numbers->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    numbers->ids = grown;
    grown[numbers->count++] = assignment->id;
    return 0;
}

/* Calls `each` with every live assignment of the user, which it may change. *ret_count: how many it fell upon. */
static int each_assignment(struct engine *engine, const char *user,
                           int (*each)(struct engine *engine, struct assignment *assignment,
                                       const void *data),
                           const void *data, size_t *ret_count)
{
    struct numbers numbers = {0};
    size_t count = 0;
    int r = store_each_live_of_user(engine->store, user, collect, &numbers);
    for (size_t i = 0; r == 0 && i < numbers.count; i++) {
        struct assignment assignment = {0};
        r = store_get_assignment(engine->store, numbers.ids[i], &assignment);
        if (r == 0)
            r = each(engine, &assignment, data);
        if (r == 1) {
            count++;
            r = 0;
        }
        assignment_deinit(&assignment);
    }
    free(numbers.ids);
    *ret_count = count;
    return r;
}

struct finding {
    const struct grant_user *file; /* NULL: nothing of it counts */
    const char *why;
};

static const char *judge_by_file(const struct assignment *assignment, const struct grant *grant,
                                 const void *data)
{
    const struct finding *finding = data;
    if (!finding->file)
        return finding->why;
    if (grant_file_has_group(finding->file, assignment, grant))
        return NULL;
    for (size_t i = 0; i < finding->file->n_groups; i++)
        if (finding->file->groups[i].gid == grant->gid)
            return "changed by hand";
    return "removed by hand";
}

static int judge_by_whole_file(struct engine *engine, struct assignment *assignment, const void *data)
{
    const struct finding *finding = data;
    const bool lost = assignment->state == STATE_FULFILLED && finding->file &&
                      !grant_file_has_package(finding->file, assignment);
    return judge_assignment(engine, assignment, judge_by_file, finding,
                            lost ? "its package was removed by hand" : NULL);
}

/* Nothing of ours is missing: what was added goes, and that is all. */
static int drop_additions(struct engine *engine, enum store_publication kind, const char *name)
{
    char visible[NAME_ENCODED_MAX + 1];
    _cleanup_free_ char *detail = NULL;
    text_visible(name, visible, sizeof(visible));
    if (asprintf(&detail, "grants/%s/%s was changed by hand; it is made to say what was given",
                 kind == STORE_PUBLISH_USER ? "user" : "gid", visible) < 0)
        return -ENOMEM;
    log_notice("%s.", detail);
    const int r = engine_audit(engine, "accesspkgd", &NOBODY, "drift", 0, 0, detail);
    return r < 0 ? r : engine_will_publish(engine, kind, name, true);
}

static int heed_user_difference(struct engine *engine, const char *user, const struct finding *finding)
{
    size_t count = 0;
    int r = each_assignment(engine, user, judge_by_whole_file, finding, &count);
    if (r == 0 && count == 0)
        r = drop_additions(engine, STORE_PUBLISH_USER, user);
    return r;
}

/* As it should be, but perhaps not for everybody to read. */
static int mend_mode(struct engine *engine, const char *user)
{
    struct grantdir_mark mark = {0};
    if (grantdir_mark_user(engine->state, user, &mark) < 0 || grantdir_has_our_mode(&mark))
        return 0;
    return engine_write_user(engine, user, true);
}

static bool is_stray(struct engine *engine, const char *user)
{
    struct numbers numbers = {0};
    const bool stray =
        store_each_live_of_user(engine->store, user, collect, &numbers) == 0 && numbers.count == 0;
    free(numbers.ids);
    return stray;
}

static int look_at_user(struct engine *engine, const char *user, bool settled)
{
    struct grant_user file = {0};
    enum grant_likeness likeness;
    if (engine_is_outstanding(engine, STORE_PUBLISH_USER, user) || is_own(engine, STORE_PUBLISH_USER, user))
        return 0;
    int r =
        grant_compare_user(engine->store, engine->state, user, clock_now(&engine->clock), &file, &likeness);
    if (r < 0)
        return r;
    if (likeness == GRANT_ALIKE)
        return mend_mode(engine, user);
    if (!settled && is_stray(engine, user)) {
        if (likeness == GRANT_UNLIKE)
            grant_user_deinit(&file);
        return 1;
    }
    const struct finding finding = {
        .file = likeness == GRANT_UNLIKE ? &file : NULL,
        .why = likeness == GRANT_REMOVED ? "removed by hand" : "changed by hand",
    };
    r = engine_begin(engine);
    if (r == 0)
        r = engine_end(engine, heed_user_difference(engine, user, &finding));
    grant_user_deinit(&file);
    return r;
}

static int complain(int r, const char *name)
{
    char visible[NAME_ENCODED_MAX + 1];
    if (r < 0)
        log_error("Cannot compare the grant file %s with the store: %s",
                  text_visible(name, visible, sizeof(visible)), strerror(-r));
    return r;
}

int engine_heed_user_file(struct engine *engine, const char *name, bool settled)
{
    char user[NAME_ENCODED_MAX + 1];
    if (!engine->drift || name_decode(name, user, sizeof(user)) < 0)
        return 0; /* no reader ever opens it */
    return complain(look_at_user(engine, user, settled), name);
}

/* ---- a group's file ---- */

struct lacking {
    struct engine *engine;
    gid_t gid;
    size_t count;
};

static int note_lacking(const char *user, void *data)
{
    struct lacking *lacking = data;
    const struct item item = {.kind = MEMBER_REMOVED, .name = strdup(user), .gid = lacking->gid};
    lacking->count++;
    return item.name ? add_item(lacking->engine, &item) : -ENOMEM;
}

static int look_at_gid(struct engine *engine, const char *name)
{
    struct lacking lacking = {.engine = engine, .gid = (gid_t)strtoul(name, NULL, 10)};
    enum grant_likeness likeness;
    if (engine_is_outstanding(engine, STORE_PUBLISH_GID, name) || is_own(engine, STORE_PUBLISH_GID, name))
        return 0;
    int r = grant_compare_gid(engine->store, engine->state, lacking.gid, clock_now(&engine->clock),
                              note_lacking, &lacking, &likeness);
    if (r < 0 || likeness == GRANT_ALIKE || lacking.count > 0)
        return r;
    r = engine_begin(engine);
    return r < 0 ? r : engine_end(engine, drop_additions(engine, STORE_PUBLISH_GID, name));
}

int engine_heed_gid_file(struct engine *engine, const char *name)
{
    /* No other text is the name of one. */
    char again[16];
    snprintf(again, sizeof(again), "%u", (gid_t)strtoul(name, NULL, 10));
    if (!engine->drift || strcmp(name, again) != 0)
        return 0;
    return complain(look_at_gid(engine, name), name);
}

static const char *judge_member(const struct assignment *assignment, const struct grant *grant,
                                const void *data)
{
    (void)assignment;
    const gid_t *gid = data;
    return grant->gid == *gid ? "removed by hand" : NULL;
}

static int judge_by_gid(struct engine *engine, struct assignment *assignment, const void *data)
{
    return judge_assignment(engine, assignment, judge_member, data, NULL);
}

static int remove_member(struct engine *engine, const struct item *item)
{
    size_t count = 0;
    const int r = engine_begin(engine);
    return r < 0 ? r
                 : engine_end(engine, each_assignment(engine, item->name, judge_by_gid, &item->gid, &count));
}

/* ---- a line of /etc/group ---- */

struct taken {
    const char *group;
    const char *why;
};

static const char *judge_taken(const struct assignment *assignment, const struct grant *grant,
                               const void *data)
{
    (void)assignment;
    const struct taken *taken = data;
    return strcmp(grant->group, taken->group) == 0 ? taken->why : NULL;
}

static int judge_by_line(struct engine *engine, struct assignment *assignment, const void *data)
{
    return judge_assignment(engine, assignment, judge_taken, data, NULL);
}

int engine_lose_group(struct engine *engine, const char *user, const char *group)
{
    const struct taken taken = {group, "taken out of /etc/group by hand"};
    size_t count = 0;
    return each_assignment(engine, user, judge_by_line, &taken, &count);
}

/* ---- all files ---- */

static int add_user(const char *user, void *data)
{
    const struct item item = {.kind = LOOK_AT_USER, .name = strdup(user)};
    return item.name ? add_item(data, &item) : -ENOMEM;
}

static int add_gid_text(const char *gid, void *data)
{
    const struct item item = {.kind = LOOK_AT_GID, .name = strdup(gid)};
    return item.name ? add_item(data, &item) : -ENOMEM;
}

static int add_gid(gid_t gid, void *data)
{
    char text[16];
    snprintf(text, sizeof(text), "%u", gid);
    return add_gid_text(text, data);
}

int engine_heed_files(struct engine *engine, enum store_publication kind)
{
    if (!engine->drift)
        return 0;
    int r = kind == STORE_PUBLISH_USER ? store_each_live_user(engine->store, add_user, engine)
                                       : store_each_live_gid(engine->store, add_gid_text, engine);
    if (r == 0)
        r = kind == STORE_PUBLISH_USER ? grantdir_each_user(engine->state, add_user, engine)
                                       : grantdir_each_gid(engine->state, add_gid, engine);
    return r == -ENOENT ? 0 : complain(r, kind == STORE_PUBLISH_USER ? "user" : "gid");
}

/* ---- groups ---- */

int engine_next_groups(struct engine *engine, const char *after, struct inquiry *inquiry)
{
    struct store_group group = {.name = (char *)after, .gid = GID_UNSET, .local = true};
    size_t count = 0;
    strv names = calloc(GROUPS_ASKED + 1, sizeof(*names));
    int r = names ? 0 : -ENOMEM;
    while (r == 0 && count < GROUPS_ASKED) {
        r = store_next_live_group(engine->store, &group, &group);
        if (r == 0)
            names[count++] = group.name;
        group.gid = GID_UNSET; /* behind all others of this name */
        group.local = true;
    }
    if (r < 0 || count == 0) {
        strv_free(names);
        return r < 0 ? r : STORE_E_NONE;
    }
    strv_free(inquiry->groups);
    inquiry->groups = names;
    return 0;
}

/* What is at work already, or waits, would find the same. */
static bool is_known(const struct drift *drift, const struct store_group *group)
{
    for (const struct item *item = drift->first; item; item = item->next)
        if (item->kind == GROUP_CHANGED && item->group.gid == group->gid &&
            strcmp(item->group.name, group->name) == 0 && item->group.local == group->local)
            return true;
    return false;
}

/* `packages` is taken over. */
static int add_group(struct engine *engine, const struct store_group *group, strv packages, char *why)
{
    struct item item = {.kind = GROUP_CHANGED, .group = *group, .why = why, .packages = packages};
    item.group.name = strdup(group->name);
    if (!item.group.name || !why || is_known(engine->drift, group)) {
        const bool known = item.group.name && why;
        free(item.group.name);
        free(why);
        strv_free(packages);
        return known ? 0 : -ENOMEM;
    }
    return add_item(engine, &item);
}

static int note_local_group(struct engine *engine, const struct store_group *group)
{
    const int r = engine_begin(engine);
    return r < 0 ? r : engine_end(engine, store_note_group_local(engine->store, group->name, group->gid));
}

/* What the host says now of a group of which grants are in place. */
static int heed_group(struct engine *engine, const struct facts *facts, const struct store_group *group)
{
    const gid_t now = facts_gid(facts, group->name);
    const bool local = facts_group_is_local(facts, group->name);
    char *why = NULL;
    if (now == group->gid)
        return local && !group->local ? note_local_group(engine, group) : 0;
    if (now == GID_UNSET && (!group->local || local)) {
        log_warning(
            "The group %s is not known just now. Its directory may be away: what was given of it stays.",
            group->name);
        return 0;
    }
    if ((now == GID_UNSET ? asprintf(&why, "the group %s was deleted", group->name)
                          : asprintf(&why, "the group %s has the number %u now, not %u", group->name, now,
                                     group->gid)) < 0)
        return -ENOMEM;
    return add_group(engine, group, NULL, why);
}

int engine_heed_groups(struct engine *engine, const struct facts *facts)
{
    int r = engine_watch(engine);
    for (size_t i = 0; r == 0 && i < facts->n_groups; i++) {
        struct store_group after = {.name = facts->groups[i].name};
        struct store_group group = {0};
        while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
            const bool same = strcmp(group.name, after.name) == 0;
            r = same ? heed_group(engine, facts, &group) : STORE_E_NONE;
            free(group.name);
            after.gid = group.gid;
            after.local = group.local;
        }
        r = r < 0 ? r : 0;
    }
    return r;
}

static const char *judge_group(const struct assignment *assignment, const struct grant *grant,
                               const void *data)
{
    (void)assignment;
    const struct item *item = data;
    return grant->gid == item->group.gid && strcmp(grant->group, item->group.name) == 0 ? item->why : NULL;
}

/* The next assignment with this group: 1; 0: no more; -errno. */
static int take_group_away(struct engine *engine, struct item *item)
{
    struct assignment assignment = {0};
    int r = store_next_assignment_with_group(engine->store, &item->group, item->after, &assignment);
    if (r != 0)
        return r < 0 ? r : 0;
    item->after = assignment.id;
    if (!item->packages || strv_contains(item->packages, assignment.package)) {
        r = engine_begin(engine);
        if (r == 0) {
            r = judge_assignment(engine, &assignment, judge_group, item, NULL);
            r = engine_end(engine, r < 0 ? r : 0);
        }
    }
    assignment_deinit(&assignment);
    return r < 0 ? r : 1;
}

/* ---- the allow-list ---- */

static strv packages_with(const struct packages *packages, const char *group)
{
    size_t count = 0;
    strv names = calloc(packages->count + 1, sizeof(*names));
    for (size_t i = 0; names && i < packages->count; i++) {
        if (!strv_contains(packages->items[i].groups, group))
            continue;
        names[count] = strdup(packages->items[i].name);
        if (!names[count++]) {
            strv_free(names);
            return NULL;
        }
    }
    return names;
}

static int heed_allowed(struct engine *engine, const struct packages *written,
                        const struct store_group *group)
{
    char allowed[NAME_ENCODED_MAX + 1];
    if (grantdir_allowed_name(engine->state, group->gid, allowed, sizeof(allowed)) == 0 &&
        strcmp(allowed, group->name) == 0)
        return 0;
    strv packages = packages_with(written, group->name);
    if (!packages)
        return -ENOMEM;
    if (!packages[0]) {
        strv_free(packages);
        return 0;
    }
    return add_group(engine, group, packages,
                     strdup("it was taken off the allow-list, which pkg-admin reload mends"));
}

int engine_heed_allow_list(struct engine *engine, const struct packages *written)
{
    struct store_group after = {.name = (char *)""};
    struct store_group group = {0};
    char *previous = NULL;
    int r = engine_watch(engine);
    while (r == 0 && (r = store_next_live_group(engine->store, &after, &group)) == 0) {
        r = heed_allowed(engine, written, &group);
        free(previous);
        previous = group.name;
        after = group;
    }
    free(previous);
    return r < 0 ? r : 0;
}

/* ---- steps ---- */

/* 1: the item is not done yet. */
static int work_on(struct engine *engine, struct item *item)
{
    switch (item->kind) {
    case LOOK_AT_USER:
        return look_at_user(engine, item->name, true);
    case LOOK_AT_GID:
        return look_at_gid(engine, item->name);
    case MEMBER_REMOVED:
        return remove_member(engine, item);
    case GROUP_CHANGED:
        return take_group_away(engine, item);
    }
    return -EINVAL;
}

int engine_drift_step(struct engine *engine)
{
    struct drift *drift = engine->drift;
    for (int i = 0; drift && drift->first && i < STEP_MAX; i++) {
        struct item *item = drift->first;
        const int r = work_on(engine, item);
        if (r < 0)
            complain(r, item->name ? item->name : item->group.name);
        if (r <= 0)
            drop_first(drift);
    }
    return drift && drift->first;
}

/* ---- the policy ---- */

static int try_again(struct engine *engine, struct assignment *assignment)
{
    assignment->retry_at = clock_now(&engine->clock);
    const int r = engine_begin(engine);
    return r < 0 ? r : engine_end(engine, store_update_assignment(engine->store, assignment));
}

int engine_repair_drift(struct engine *engine)
{
    int64_t after = 0;
    int r = 0;
    while (r == 0) {
        struct assignment assignment = {0};
        r = store_next_partial(engine->store, after, true, &assignment);
        if (r != 0)
            break;
        const struct package *package = packages_find(engine->packages, assignment.package);
        if (package && package->drift_repair)
            r = try_again(engine, &assignment);
        after = assignment.id;
        assignment_deinit(&assignment);
    }
    return r < 0 ? r : 0;
}
