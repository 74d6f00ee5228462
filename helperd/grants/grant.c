/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Derives the grant files from the store: writes them, compares them, and adopts them into a new store. */
#include "helperd/grants/grant.h"

#include "common/duration.h"
#include "common/grantdir.h"
#include "common/locks.h"
#include "common/log.h"
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A user's file under construction; owns its strings. */
struct draft {
    const struct grant_source *source;
    struct grant_user file;
};

static int draft_add_package(struct draft *draft, const struct assignment *assignment)
{
    struct grant_package *grown =
        reallocarray(draft->file.packages, draft->file.n_packages + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    draft->file.packages = grown;
    grown[draft->file.n_packages] = (struct grant_package){
        .name = strdup(assignment->package), .span = assignment->span, .assignment = assignment->id};
    return grown[draft->file.n_packages++].name ? 0 : -ENOMEM;
}

static int draft_add_group(struct draft *draft, const struct grant *grant, const struct grant_span *span)
{
    struct grant_group *grown = reallocarray(draft->file.groups, draft->file.n_groups + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    draft->file.groups = grown;
    grown[draft->file.n_groups] =
        (struct grant_group){.gid = grant->gid, .name = strdup(grant->group), .span = *span};
    return grown[draft->file.n_groups++].name ? 0 : -ENOMEM;
}

static void draft_clear(struct draft *draft)
{
    for (size_t i = 0; i < draft->file.n_packages; i++)
        free((char *)draft->file.packages[i].name);
    for (size_t i = 0; i < draft->file.n_groups; i++)
        free((char *)draft->file.groups[i].name);
    draft->file.n_packages = draft->file.n_groups = 0;
}

static void draft_deinit(struct draft *draft)
{
    draft_clear(draft);
    free(draft->file.packages);
    free(draft->file.groups);
}

/* By the number: its end may have moved since the file was written. */
static bool bound_has_package(const struct grant_user *bound, const struct assignment *assignment)
{
    for (size_t i = 0; i < bound->n_packages; i++)
        if (bound->packages[i].assignment == assignment->id &&
            strcmp(bound->packages[i].name, assignment->package) == 0)
            return true;
    return false;
}

static bool bound_has_group(const struct grant_user *bound, const struct assignment *assignment,
                            const struct grant *grant)
{
    for (size_t i = 0; i < bound->n_groups; i++)
        if (bound->groups[i].gid == grant->gid && bound->groups[i].span.start == assignment->span.start)
            return true;
    return false;
}

/* A package is listed, and opens the gate, when it is fulfilled; of a partial assignment only the groups in place
 * are. */
static int draft_add_assignment(const struct assignment *assignment, void *data)
{
    struct draft *draft = data;
    const struct grant_source *source = draft->source;
    struct grant *grants = NULL;
    size_t count = 0;
    if (source->is_over && source->is_over(assignment, source->data))
        return 0;
    /* Two users had this name in turn: the file is for the later one. The engine ends what the other held. */
    if (draft->file.uid != assignment->uid)
        draft_clear(draft);
    draft->file.uid = assignment->uid;
    const struct grant_user *bound = assignment->id <= source->bound_to ? source->bound : NULL;
    static const struct grant_user nothing;
    if (bound && bound->uid != assignment->uid)
        bound = &nothing;
    int r = store_get_grants(source->store, assignment->id, &grants, &count);
    if (r == 0 && assignment->state == STATE_FULFILLED && (!bound || bound_has_package(bound, assignment)))
        r = draft_add_package(draft, assignment);
    for (size_t i = 0; r == 0 && i < count; i++)
        if (!grants[i].problem && (!bound || bound_has_group(bound, assignment, &grants[i])))
            r = draft_add_group(draft, &grants[i], &assignment->span);
    store_free_grants(grants, count);
    return r;
}

static int draft_init_user(const struct grant_source *source, const char *user, struct draft *ret)
{
    *ret = (struct draft){.source = source, .file = {.user = user, .written = source->now}};
    return store_each_live_of_user(source->store, user, draft_add_assignment, ret);
}

static bool is_empty(const struct grant_user *file)
{
    return file->n_packages == 0 && file->n_groups == 0;
}

static int replace_file(const struct grant_source *source, const struct grant_user *file, bool durable,
                        struct grantdir_mark *ret_mark)
{
    if (!is_empty(file))
        return grantdir_write_user_marked(source->state, file, durable, ret_mark);
    const int r = durable ? grantdir_remove_user(source->state, file->user)
                          : grantdir_unlink_user(source->state, file->user);
    return r == -ENOENT ? 0 : r;
}

int grant_publish_user(const struct grant_source *source, const char *user, bool durable,
                       struct grantdir_mark *ret_mark)
{
    struct draft draft;
    int r = draft_init_user(source, user, &draft);
    *ret_mark = (struct grantdir_mark){0};
    if (r == 0)
        r = replace_file(source, &draft.file, durable, ret_mark);
    draft_deinit(&draft);
    /* The user is locked, perhaps in this moment: nothing is to be written. */
    if (r == -EISDIR && locks_is_closed(source->state, user)) {
        *ret_mark = (struct grantdir_mark){0};
        r = 0;
    }
    if (r < 0)
        log_error("Cannot write the grant file of user %s in grants/user: %s. It is tried again.", user,
                  r == -ENOTDIR || r == -ELOOP || r == -EPERM ? grantdir_fault(r) : strerror(-r));
    return r;
}

/* ---- comparing files ---- */

static bool same_span(const struct grant_span *a, const struct grant_span *b)
{
    return a->start == b->start && a->end == b->end;
}

bool grant_is_reading_fault(int error)
{
    return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EIO || error == -EINTR;
}

static enum grant_likeness likeness_from_error(int error)
{
    return error == -ENOENT || error == -ENOTDIR ? GRANT_REMOVED : GRANT_REJECTED;
}

bool grant_file_has_package(const struct grant_user *file, const struct assignment *assignment)
{
    for (size_t i = 0; i < file->n_packages; i++)
        if (file->packages[i].assignment == assignment->id &&
            strcmp(file->packages[i].name, assignment->package) == 0 &&
            same_span(&file->packages[i].span, &assignment->span))
            return true;
    return false;
}

static bool has_group_line(const struct grant_user *file, gid_t gid, const char *name,
                           const struct grant_span *span)
{
    for (size_t i = 0; i < file->n_groups; i++)
        if (file->groups[i].gid == gid && strcmp(file->groups[i].name, name) == 0 &&
            same_span(&file->groups[i].span, span))
            return true;
    return false;
}

bool grant_file_has_group(const struct grant_user *file, const struct assignment *assignment,
                          const struct grant *grant)
{
    return has_group_line(file, grant->gid, grant->group, &assignment->span);
}

/* True when both have the same lines, in any order. */
static bool is_alike(const struct grant_user *file, const struct grant_user *wanted)
{
    if (file->n_packages != wanted->n_packages || file->n_groups != wanted->n_groups)
        return false;
    for (size_t i = 0; i < wanted->n_packages; i++) {
        const struct assignment assignment = {.id = wanted->packages[i].assignment,
                                              .package = (char *)wanted->packages[i].name,
                                              .span = wanted->packages[i].span};
        if (!grant_file_has_package(file, &assignment))
            return false;
    }
    for (size_t i = 0; i < wanted->n_groups; i++)
        if (!has_group_line(file, wanted->groups[i].gid, wanted->groups[i].name, &wanted->groups[i].span))
            return false;
    return true;
}

static enum grant_likeness compare_file(const struct grant_user *file, int read,
                                        const struct grant_user *wanted, int64_t now)
{
    const bool any = !is_empty(wanted);
    if (read == -ENOENT && !any)
        return GRANT_ALIKE;
    if (read < 0)
        return likeness_from_error(read);
    if (any && file->uid != wanted->uid)
        return GRANT_REJECTED;
    if (!any || !is_alike(file, wanted))
        return GRANT_CHANGED;
    return file->written - GRANTFILE_SKEW > now ? GRANT_EARLY : GRANT_ALIKE;
}

int grant_compare_user(const struct grant_source *source, const char *user, struct grant_user *ret_file,
                       enum grant_likeness *ret)
{
    struct draft draft;
    struct grant_user file = {0};
    int r = draft_init_user(source, user, &draft);
    /* A clock that was wrong and is right now, or the other way round, is no change by hand. */
    const int read = r == 0 ? grantdir_read_user(source->state, user, INT64_MAX, &file) : 0;
    if (grant_is_reading_fault(read))
        r = read;
    if (r == 0)
        *ret = compare_file(&file, read, &draft.file, source->now);
    draft_deinit(&draft);
    if (r == 0 && *ret == GRANT_CHANGED)
        *ret_file = file;
    else
        grant_user_deinit(&file);
    return r;
}

static bool covers(const struct grant_span *wanted, const struct grant_span *span)
{
    return wanted->start <= span->start && wanted->end >= span->end;
}

static bool covers_package(const struct grant_user *wanted, const struct grant_package *package)
{
    for (size_t i = 0; i < wanted->n_packages; i++)
        if (strcmp(wanted->packages[i].name, package->name) == 0 &&
            covers(&wanted->packages[i].span, &package->span))
            return true;
    return false;
}

static bool covers_group(const struct grant_user *wanted, const struct grant_group *group)
{
    for (size_t i = 0; i < wanted->n_groups; i++)
        if (wanted->groups[i].gid == group->gid && covers(&wanted->groups[i].span, &group->span))
            return true;
    return false;
}

static bool covers_all(const struct grant_user *wanted, const struct grant_user *file)
{
    bool all = is_empty(file) || wanted->uid == file->uid;
    for (size_t i = 0; all && i < file->n_packages; i++)
        all = covers_package(wanted, &file->packages[i]);
    for (size_t i = 0; all && i < file->n_groups; i++)
        all = covers_group(wanted, &file->groups[i]);
    return all;
}

bool grant_file_exceeds(const struct grant_source *source, const char *user)
{
    struct draft draft;
    struct grant_user file = {0};
    const int drafted = draft_init_user(source, user, &draft);
    const int read = grantdir_read_user(source->state, user, source->now, &file);
    /* What the readers refuse gives nothing. */
    const bool exceeds =
        read < 0 ? grant_is_reading_fault(read) : drafted < 0 || !covers_all(&draft.file, &file);
    draft_deinit(&draft);
    grant_user_deinit(&file);
    return exceeds;
}

static void audit_adoption(const struct grant_source *source, const char *event, int64_t assignment,
                           const char *detail)
{
    store_add_audit(source->store, &(struct audit){.at = source->now,
                                                   .actor = "accesspkgd",
                                                   .identity = {UID_UNSET, UID_UNSET},
                                                   .event = event,
                                                   .assignment = assignment,
                                                   .detail = detail});
}

/* A group may be listed twice: two packages with one span may give it. */
static bool grants_contain(const struct grant *grants, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(grants[i].group, name) == 0)
            return true;
    return false;
}

char *const *grant_named_groups(const struct grant_source *source, const char *name)
{
    const struct package *package = source->packages ? packages_find(source->packages, name) : NULL;
    return package ? package->groups : NULL;
}

int grant_list_groups(const struct grant_user *file, const struct grant_package *package, char *const *groups,
                      struct grant **ret, size_t *ret_count)
{
    struct grant *grants = calloc(file->n_groups ? file->n_groups : 1, sizeof(*grants));
    if (!grants)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < file->n_groups; i++)
        if (same_span(&file->groups[i].span, &package->span) &&
            (!groups || strv_contains(groups, file->groups[i].name)) &&
            !grants_contain(grants, count, file->groups[i].name))
            grants[count++] =
                (struct grant){.group = (char *)file->groups[i].name, .gid = file->groups[i].gid};
    *ret = grants;
    *ret_count = count;
    return 0;
}

int grant_adopt_package(const struct grant_source *source, const struct grant_user *file,
                        const struct grant_package *package)
{
    struct assignment assignment = {
        .package = (char *)package->name,
        .user = (char *)file->user,
        .uid = file->uid,
        .state = assignment_next(STATE_NONE, ASSIGNMENT_FULFIL),
        .span = package->span,
        .begun = true,
        .duration =
            package->span.end == GRANT_FOREVER ? DURATION_FOREVER : package->span.end - package->span.start,
    };
    struct grant *grants = NULL;
    size_t count = 0;
    const int r =
        grant_list_groups(file, package, grant_named_groups(source, package->name), &grants, &count);
    if (r < 0)
        return r;
    store_add_assignment(source->store, &assignment);
    store_set_grants(source->store, assignment.id, grants, count, true);
    audit_adoption(source, "adopt", assignment.id, "taken over from the grant file");
    free(grants);
    return 0;
}

struct adoption {
    const struct grant_source *source;
    int64_t adopted;
};

/* Two lines of one package are one assignment. */
static bool is_adopted(const struct adoption *adoption, const struct grant_user *file, size_t package)
{
    for (size_t i = 0; i < package; i++)
        if (strcmp(file->packages[i].name, file->packages[package].name) == 0 &&
            grant_span_holds(&file->packages[i].span, adoption->source->now))
            return true;
    return false;
}

static int adopt_user(const char *user, void *data)
{
    struct adoption *adoption = data;
    struct grant_user file = {0};
    int r = grantdir_read_user(adoption->source->state, user, adoption->source->now, &file);
    if (r == -ENOENT || r == -EISDIR) /* removed meanwhile; locked */
        return 0;
    if (r < 0) {
        char visible[NAME_ENCODED_MAX + 1];
        log_warning("What %s held is not taken over: %s. They have to ask for it again.",
                    text_visible(user, visible, sizeof(visible)), grantdir_fault(r));
        return 0;
    }
    for (size_t i = 0; r == 0 && i < file.n_packages; i++)
        if (grant_span_holds(&file.packages[i].span, adoption->source->now) &&
            !is_adopted(adoption, &file, i)) {
            r = grant_adopt_package(adoption->source, &file, &file.packages[i]);
            adoption->adopted += r == 0;
        }
    /* The numbers of assignments are others now. */
    store_add_publication(adoption->source->store, user, false);
    grant_user_deinit(&file);
    return r;
}

int grant_adopt(const struct grant_source *source)
{
    struct adoption adoption = {.source = source};
    const int r = grantdir_each_user(source->state, adopt_user, &adoption);
    if (r < 0 && r != -ENOENT)
        return r;
    /* Always written: a store with an audit line is newborn no longer. */
    audit_adoption(source, "begin", 0, "the store is new");
    if (adoption.adopted > 0)
        log_notice("state.db is new: %lld assignment%s taken over from the grant files, until %s.",
                   (long long)adoption.adopted, adoption.adopted == 1 ? " was" : "s were",
                   adoption.adopted == 1 ? "its end" : "their ends");
    return 0;
}
