/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's look at /etc/group: who holds a group by a package and stands there as well, by other means than ours. An
 * end of ours leaves that as it is (rule 6), so it is said where somebody believes that the access has gone. Reads the
 * one file, asks no NSS, writes nothing there.
 */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/groupfile.h"
#include "common/log.h"
#include "common/names.h"

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

/* Whether it was put there for a package, and will be taken out with it. 1, 0, -errno. */
static int is_ours(struct engine *engine, const char *user, const char *group)
{
    struct membership membership = {0};
    const int r = store_get_membership(engine->store, user, group, &membership);
    const bool ours = r == 0 && membership.ours;
    membership_deinit(&membership);
    return r < 0 ? r : ours;
}

/* The line is of the group that was given, by whatever name, and lists the user by other means. 1, 0, -errno. */
static int stands(struct engine *engine, const struct groupfile_line *line, const char *user,
                  const struct grant *grant)
{
    const bool named = strcmp(line->name, grant->group) == 0;
    if ((!named && line->gid != grant->gid) || !groupfile_lists(line, user))
        return 0;
    const int r = named ? is_ours(engine, user, grant->group) : 0;
    return r < 0 ? r : !r;
}

bool json_has_text(const json_t *texts, const char *wanted)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), wanted) == 0)
            return true;
    return false;
}

static int add_standing(struct engine *engine, const struct groupfile_line *line, const char *user,
                        const struct grant *grant, json_t *groups)
{
    const int r = stands(engine, line, user, grant);
    if (r <= 0 || !text_is_utf8(line->name) || json_has_text(groups, line->name))
        return r < 0 ? r : 0;
    return json_array_append_new(groups, json_string(line->name)) < 0 ? -ENOMEM : 0;
}

/* By the group's name, then by other names for its number. */
static int find_of_grant(struct engine *engine, const struct groupfile *file, const char *user,
                         const struct grant *grant, json_t *groups)
{
    const struct groupfile_line *named = groupfile_named(file, grant->group);
    int r = 0;
    for (size_t i = named ? (size_t)(named - file->lines) : file->count;
         r == 0 && i < file->count && strcmp(file->lines[i].name, grant->group) == 0; i++)
        r = add_standing(engine, &file->lines[i], user, grant, groups);
    for (size_t i = 0; r == 0 && i < file->count; i++)
        if (file->lines[i].gid == grant->gid)
            r = add_standing(engine, &file->lines[i], user, grant, groups);
    return r;
}

int standing_find(struct engine *engine, const struct groupfile *file, const char *user,
                  const struct grants *grants, json_t **ret)
{
    json_t *groups = json_array();
    int r = groups ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < grants->count; i++)
        r = find_of_grant(engine, file, user, &grants->items[i], groups);
    if (r < 0)
        json_decref(groups);
    else
        *ret = groups;
    return r;
}

static int find_of_assignment(struct engine *engine, const struct assignment *assignment, json_t **ret)
{
    struct groupfile file;
    _cleanup_(grants_deinit) struct grants grants = {0};
    int r = store_get_grants(engine->store, assignment->id, &grants.items, &grants.count);
    if (r < 0)
        return r;
    standing_read_file(engine, assignment->user, &file);
    r = standing_find(engine, &file, assignment->user, &grants, ret);
    groupfile_deinit(&file);
    return r;
}

/* ---- at an end ---- */

void standing_note(struct txn *txn, const struct assignment *assignment)
{
    json_t *groups = NULL;
    txn_ok(txn, find_of_assignment(txn->engine, assignment, &groups));
    for (size_t i = 0; i < json_array_size(groups); i++) {
        _cleanup_free_ char *text =
            groupfile_say_standing(assignment->user, json_string_value(json_array_get(groups, i)));
        if (!txn_ok(txn, text ? 0 : -ENOMEM))
            break;
        log_notice("The access to %s has ended. But %s", assignment->package, text);
        txn_audit(txn, own_act(text), "still-member", assignment->request, assignment->id);
    }
    json_decref(groups);
}

int standing_show(struct engine *engine, const struct assignment *assignment, json_t *view)
{
    json_t *groups = NULL;
    const int r = find_of_assignment(engine, assignment, &groups);
    if (r < 0)
        return r;
    if (json_array_size(groups) > 0)
        return json_object_set_new(view, "standing", groups) < 0 ? -ENOMEM : 0;
    json_decref(groups);
    return 0;
}

/* ---- where nothing is held ---- */

int standing_append(struct engine *engine, const struct package *package, const char *user,
                    struct reply *reply)
{
    struct groupfile file;
    json_t *groups = NULL;
    const size_t count = package ? strv_length(package->groups) : 0;
    _cleanup_free_ struct grant *items = calloc(count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) /* borrowed */
        items[i] = (struct grant){.group = package->groups[i], .gid = GID_UNSET};
    standing_read_file(engine, user, &file);
    const int r = standing_find(engine, &file, user, &(struct grants){items, count}, &groups);
    groupfile_deinit(&file);
    for (size_t i = 0; r == 0 && i < json_array_size(groups); i++) {
        const size_t used = strlen(reply->message);
        _cleanup_free_ char *text =
            groupfile_say_standing(user, json_string_value(json_array_get(groups, i)));
        if (text && used + strlen(text) + 3 < sizeof(reply->message))
            snprintf(reply->message + used, sizeof(reply->message) - used, ". %s", text);
    }
    json_decref(groups);
    return r;
}

/* ---- all of it, for the status ---- */

struct census {
    struct engine *engine;
    const struct groupfile_line *line;
    const struct grant *grant;
    json_t *seen; /* of this line: who has the group by two packages is one */
    json_t *first;
    size_t most;
    int64_t count;
};

/* Short: the command has to fit into a row of a terminal. */
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
    const int r = stands(census->engine, census->line, holder->user, census->grant);
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

/* The groups that somebody has, each once: where it stood is of no matter. */
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
