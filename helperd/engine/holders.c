/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds what now, from the store: a look-up of a group does not list the users who have it by a package. For the
 * recipients of notices, and for administrators; inquire.c does the same for look-ups. Changes nothing.
 */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "common/groupfile.h"
#include "common/names.h"
#include "helperd/lifecycle/texts.h"

#include <errno.h>
#include <string.h>

enum { RECIPIENTS_MAX = 256 }; /* of a notice: as many as accesspkg-notify tells */

/* ---- for notices ---- */

struct recipients {
    json_t *names;
    int64_t unnamed;
};

static int add_recipient(const struct store_holder *holder, void *data)
{
    struct recipients *recipients = data;
    if (!text_is_utf8(holder->user) || texts_contain(recipients->names, holder->user))
        return 0;
    if (json_array_size(recipients->names) >= RECIPIENTS_MAX) {
        recipients->unnamed++;
        return 0;
    }
    return json_array_append_new(recipients->names, json_string(holder->user)) < 0 ? -ENOMEM : 0;
}

int engine_add_holders(struct engine *engine, json_t *names, int64_t *ret_unnamed)
{
    struct recipients recipients = {.names = names};
    const size_t count = json_array_size(names);
    int r = 0;
    for (size_t i = 0; r >= 0 && i < count; i++) {
        const char *principal = json_string_value(json_array_get(names, i));
        if (principal && *principal == '%')
            r = engine_each_holder(engine, principal, add_recipient, &recipients);
    }
    *ret_unnamed = recipients.unnamed;
    return r < 0 ? r : 0;
}

/* ---- for administrators ---- */

static const struct {
    unsigned kind;
    const char *word;
} kind_words[] = {{STORE_NAMES_PACKAGE, "package"}, {STORE_NAMES_GROUP, "group"}, {STORE_NAMES_USER, "user"}};

unsigned engine_holder_kind(const char *word)
{
    for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
        if (strcmp(kind_words[i].word, word) == 0)
            return kind_words[i].kind;
    return 0;
}

struct listing {
    struct engine *engine;
    struct groupfile file; /* /etc/group */
    json_t *array;
    size_t limit;
    bool more;
};

/* Makes a name visible that is not UTF-8, as a grant file may have had, so that its user is listed. */
static json_t *new_name(const char *name)
{
    char visible[NAME_ENCODED_MAX + 1];
    return json_string(text_is_utf8(name) ? name : text_visible(name, visible, sizeof(visible)));
}

/* Sets the groups in place, and the problems of the others. */
static int set_grants(json_t *view, const struct grants *grants)
{
    json_t *groups = json_array();
    json_t *problems = json_array();
    int failed = 0;
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = &grants->items[i];
        failed |= grant->problem
                      ? json_array_append_new(problems, json_sprintf("%s: %s", grant->group, grant->problem))
                      : json_array_append_new(groups, new_name(grant->group));
    }
    failed |= json_object_set_new(view, "groups", groups);
    if (json_array_size(problems) > 0)
        failed |= json_object_set(view, "problems", problems);
    json_decref(problems);
    return failed ? -ENOMEM : 0;
}

static int set_standing_groups(const struct listing *listing, json_t *view,
                               const struct assignment *assignment, const struct grants *grants)
{
    strv standing = NULL;
    int r = standing_find_groups(listing->engine, &listing->file, assignment->user, grants, &standing);
    if (r == 0)
        r = standing_set(view, standing);
    strv_free(standing);
    return r;
}

static json_t *view_holder(const struct assignment *assignment)
{
    const int64_t end = assignment->span.end;
    return json_pack(
        "{s:s, s:o, s:I, s:s, s:I, s:o*, s:o*, s:I, s:o*}", "package", assignment->package, "user",
        new_name(assignment->user), "uid", (json_int_t)assignment->uid, "state",
        state_identifier(assignment_shown_state(assignment)), "assignment", (json_int_t)assignment->id,
        "request", assignment->request ? json_integer(assignment->request) : NULL, "adopted",
        assignment->request ? NULL : json_true(), "assignment_start", (json_int_t)assignment->span.start,
        "assignment_end", end == GRANT_FOREVER ? NULL : json_integer(end));
}

static int list_holder(const struct assignment *assignment, void *data)
{
    struct listing *listing = data;
    _cleanup_(grants_deinit) struct grants grants = {0};
    if (json_array_size(listing->array) == listing->limit) {
        listing->more = true;
        return 1;
    }
    int r = store_get_grants(listing->engine->store, assignment->id, &grants.items, &grants.count);
    if (r < 0)
        return r;
    json_t *view = view_holder(assignment);
    r = view ? set_grants(view, &grants) : -ENOMEM;
    if (r == 0)
        r = set_standing_groups(listing, view, assignment, &grants);
    if (r == 0 && json_array_append(listing->array, view) < 0)
        r = -ENOMEM;
    json_decref(view);
    return r;
}

/* The kinds among `wanted` that the name has, in the store or in packages.d. */
static int find_kinds(struct engine *engine, const char *name, unsigned wanted, unsigned *ret)
{
    unsigned kinds = 0;
    const int r = store_find_held_kinds(engine->store, name, &kinds);
    if (packages_find(engine->packages, name))
        kinds |= STORE_NAMES_PACKAGE;
    for (size_t i = 0; i < engine->packages->count; i++)
        if (strv_contains(engine->packages->items[i].groups, name))
            kinds |= STORE_NAMES_GROUP;
    if (r == 0)
        *ret = kinds & wanted;
    return r;
}

static json_t *list_kind_words(unsigned kinds)
{
    json_t *words = json_array();
    for (size_t i = 0; i < sizeof(kind_words) / sizeof(kind_words[0]); i++)
        if (kinds & kind_words[i].kind)
            json_array_append_new(words, json_string(kind_words[i].word));
    return words;
}

int engine_list_holders(struct engine *engine, const struct store_holders_filter *asked, struct reply *reply)
{
    struct listing listing = {.engine = engine, .limit = (size_t)asked->limit};
    struct store_holders_filter filter = *asked;
    int r = engine_tick(engine);
    if (r == 0 && filter.name)
        r = find_kinds(engine, filter.name, asked->kinds, &filter.kinds);
    if (r < 0)
        return r;
    filter.limit++; /* one more tells whether there are more */
    listing.array = json_array();
    standing_read_file(engine, NULL, &listing.file);
    r = store_list_holders(engine->store, &filter, list_holder, &listing);
    groupfile_deinit(&listing.file);
    if (r >= 0)
        reply->value = json_pack("[O, b, o]", listing.array, listing.more,
                                 list_kind_words(filter.name ? filter.kinds : 0));
    json_decref(listing.array);
    return r < 0 ? r : reply->value ? 0 : -ENOMEM;
}
