/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds users who hold a group by a package and whom /etc/group lists as members by other means than ours. The end of
 * an assignment leaves such a membership in place (rule 6), so answers, the journal and the status warn of it. Reads
 * /etc/group only, asks no NSS, writes nothing there.
 */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/groupfile.h"
#include "common/log.h"
#include "common/names.h"
#include "common/strv.h"
#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void standing_read_file(const struct engine *engine, const char *user, struct groupfile *ret)
{
    *ret = (struct groupfile){0};
    const int r = engine->group_file ? groupfile_read(engine->group_file, user, ret) : 0;
    if (r < 0)
        log_warning("%s cannot be read: %s. Who stands there beside a package is not known.",
                    engine->group_file, strerror(-r));
}

/* Whether we added the membership for a package, and remove it with the assignment. 1, 0, -errno. */
static int is_ours(struct engine *engine, const char *user, const char *group)
{
    struct membership membership = {0};
    const int r = store_get_membership(engine->store, user, group, &membership);
    const bool ours = r == 0 && membership.ours;
    membership_deinit(&membership);
    return r < 0 ? r : ours;
}

/* Whether the line is about the granted group, under any name, and lists the user by other means. 1, 0, -errno. */
static int is_listed_otherwise(struct engine *engine, const struct groupfile_line *line, const char *user,
                               const struct grant *grant)
{
    const bool named = strcmp(line->name, grant->group) == 0;
    if ((!named && line->gid != grant->gid) || !groupfile_lists(line, user))
        return 0;
    const int r = named ? is_ours(engine, user, grant->group) : 0;
    return r < 0 ? r : !r;
}

static int add_group_of_line(struct engine *engine, const struct groupfile_line *line, const char *user,
                             const struct grant *grant, strv *groups)
{
    const int r = is_listed_otherwise(engine, line, user, grant);
    if (r <= 0 || !text_is_utf8(line->name) || strv_contains(*groups, line->name))
        return r < 0 ? r : 0;
    return strv_add(groups, line->name);
}

/* By the group's name, then by other names for its gid. */
static int find_groups_of_grant(struct engine *engine, const struct groupfile *file, const char *user,
                                const struct grant *grant, strv *groups)
{
    const struct groupfile_line *named = groupfile_named(file, grant->group);
    int r = 0;
    for (size_t i = named ? (size_t)(named - file->lines) : file->count;
         r == 0 && i < file->count && strcmp(file->lines[i].name, grant->group) == 0; i++)
        r = add_group_of_line(engine, &file->lines[i], user, grant, groups);
    for (size_t i = 0; r == 0 && i < file->count; i++)
        if (file->lines[i].gid == grant->gid)
            r = add_group_of_line(engine, &file->lines[i], user, grant, groups);
    return r;
}

int standing_find_groups(struct engine *engine, const struct groupfile *file, const char *user,
                         const struct grants *grants, strv *ret)
{
    strv groups = NULL;
    int r = 0;
    for (size_t i = 0; r == 0 && i < grants->count; i++)
        r = find_groups_of_grant(engine, file, user, &grants->items[i], &groups);
    if (r < 0)
        strv_free(groups);
    else
        *ret = groups;
    return r;
}

static int find_groups_of_assignment(struct engine *engine, const struct assignment *assignment, strv *ret)
{
    struct groupfile file;
    _cleanup_(grants_deinit) struct grants grants = {0};
    int r = store_get_grants(engine->store, assignment->id, &grants.items, &grants.count);
    if (r < 0)
        return r;
    standing_read_file(engine, assignment->user, &file);
    r = standing_find_groups(engine, &file, assignment->user, &grants, ret);
    groupfile_deinit(&file);
    return r;
}

/* ---- at an end ---- */

void standing_note(struct txn *txn, const struct assignment *assignment)
{
    strv groups = NULL;
    txn_ok(txn, find_groups_of_assignment(txn->engine, assignment, &groups));
    for (char *const *group = groups; group && *group; group++) {
        _cleanup_free_ char *text = groupfile_say_standing(assignment->user, *group);
        if (!txn_ok(txn, text ? 0 : -ENOMEM))
            break;
        log_notice("The access to %s has ended. But %s", assignment->package, text);
        txn_audit(txn, own_act(text), AUDIT_STILL_MEMBER, assignment->request, assignment->id);
    }
    strv_free(groups);
}

int standing_set(json_t *view, char *const *groups)
{
    return groups && json_object_set_new(view, "standing", texts_new(groups)) < 0 ? -ENOMEM : 0;
}

int standing_show(struct engine *engine, const struct assignment *assignment, json_t *view)
{
    strv groups = NULL;
    int r = find_groups_of_assignment(engine, assignment, &groups);
    if (r == 0)
        r = standing_set(view, groups);
    strv_free(groups);
    return r;
}

/* ---- in a refusal ---- */

int standing_append_refusal(struct engine *engine, const struct package *package, const char *user,
                            struct reply *reply)
{
    struct groupfile file;
    strv groups = NULL;
    const size_t count = package ? strv_length(package->groups) : 0;
    _cleanup_free_ struct grant *items = calloc(count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) /* borrowed */
        items[i] = (struct grant){.group = package->groups[i], .gid = GID_UNSET};
    standing_read_file(engine, user, &file);
    const int r = standing_find_groups(engine, &file, user, &(struct grants){items, count}, &groups);
    groupfile_deinit(&file);
    for (char *const *group = groups; group && *group; group++) {
        const size_t used = strlen(reply->message);
        _cleanup_free_ char *text = groupfile_say_standing(user, *group);
        if (text && used + strlen(text) + 3 < sizeof(reply->message))
            snprintf(reply->message + used, sizeof(reply->message) - used, ". %s", text);
    }
    strv_free(groups);
    return r;
}

/* ---- all of them, for the status ---- */

struct census {
    struct engine *engine;
    const struct groupfile_line *line; /* being counted, with its grant */
    const struct grant *grant;
    json_t *seen;  /* users counted of this line: a user may have the group by two packages */
    json_t *first; /* the first `most` as lines of text */
    size_t most;
    int64_t count;
};

/* Short, so that the command fits into a row of a terminal. */
static json_t *census_line(const char *user, const char *group)
{
    char shown[NAME_ENCODED_MAX + 1], user_word[TEXT_WORD_MAX], group_word[TEXT_WORD_MAX];
    return json_sprintf("%s, by other means: gpasswd -d %s %s", text_visible(user, shown, sizeof(shown)),
                        text_word(user, user_word), text_word(group, group_word));
}

static int count_holder(const struct store_holder *holder, void *data)
{
    struct census *census = data;
    char key[NAME_ENCODED_MAX + 1];
    if (holder->gid != census->grant->gid)
        return 0;
    const int r = is_listed_otherwise(census->engine, census->line, holder->user, census->grant);
    if (r <= 0 || name_encode(holder->user, key, sizeof(key)) < 0 || json_object_get(census->seen, key))
        return r < 0 ? r : 0;
    census->count++;
    if (json_object_set_new(census->seen, key, json_true()) < 0)
        return -ENOMEM;
    return json_array_size(census->first) < census->most &&
                   json_array_append_new(census->first, census_line(holder->user, census->line->name)) < 0
               ? -ENOMEM
               : 0;
}

static int count_line(struct census *census, const struct groupfile_line *line, const struct grant *grant)
{
    if (line->gid != grant->gid && strcmp(line->name, grant->group) != 0)
        return 0;
    census->line = line;
    census->grant = grant;
    census->seen = json_object();
    const int r = census->seen
                      ? store_each_holder_of_group(census->engine->store, grant->group,
                                                   clock_now(&census->engine->clock), count_holder, census)
                      : -ENOMEM;
    json_decref(census->seen);
    return r < 0 ? r : 0;
}

/* Counts every group that a user holds, once, whether or not its grants were local. */
static int count_groups(struct census *census, const struct groupfile *file)
{
    struct store_group group = {.name = strdup("")};
    int r = group.name ? 0 : -ENOMEM;
    while (r == 0) {
        struct store_group next = {0};
        r = store_next_live_group(census->engine->store, &group, &next);
        const bool again = r == 0 && next.gid == group.gid && strcmp(next.name, group.name) == 0;
        free(group.name);
        group = next;
        const struct grant grant = {.group = group.name, .gid = group.gid};
        for (size_t i = 0; r == 0 && !again && i < file->count; i++)
            r = count_line(census, &file->lines[i], &grant);
    }
    free(group.name);
    return r < 0 ? r : 0;
}

int standing_count(struct engine *engine, size_t most, int64_t *ret, json_t **ret_first)
{
    struct groupfile file;
    struct census census = {.engine = engine, .first = json_array(), .most = most};
    standing_read_file(engine, NULL, &file);
    const int r = census.first ? count_groups(&census, &file) : -ENOMEM;
    groupfile_deinit(&file);
    if (r < 0) {
        json_decref(census.first);
        return r;
    }
    *ret = census.count;
    *ret_first = census.first;
    return 0;
}
