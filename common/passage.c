/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/passage.h"

#include "common/names.h"
#include "common/strv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void passage_read_grants(const char *state, int64_t now, struct passage_person *person)
{
    if (grantdir_read_user(state, person->name, now, &person->grants) < 0)
        person->grants = (struct grant_user){0};
    else if (person->grants.uid != person->uid)
        grant_user_deinit(&person->grants);
}

bool passage_is_exempt(const struct passage_lookup *lookup, const struct passage_person *person,
                       const struct gate_line *line)
{
    const struct pamstack_entry *entry;
    if (person->uid == 0 && !line->options.enforce_for_root)
        return true;
    if (line->stack->uncertain || line->stack->given_up || gates_past_otherwise(line->stack, line->at))
        return true;
    for (size_t at = 0; (entry = gates_next_past(line->stack, line->at, &at));) {
        const char *group = gates_group_of(entry->line);
        if (!group || lookup->in_group(person, group, lookup->data) != 0)
            return true;
    }
    return false;
}

static bool is_user(const struct passage_lookup *lookup, const struct passage_person *person,
                    const char *user)
{
    uid_t uid;
    if (strcmp(user, person->name) == 0)
        return true;
    const int r = lookup->uid_of(user, lookup->data, &uid);
    return r == 0 ? uid == person->uid : r != -ENOENT;
}

bool passage_is_named(const struct passage_lookup *lookup, const struct passage_person *person,
                      char *const *principals)
{
    for (; *principals; principals++)
        if (**principals == '%' ? lookup->in_group(person, *principals + 1, lookup->data) != 0
                                : is_user(lookup, person, *principals))
            return true;
    return false;
}

bool passage_holds(const struct passage_person *person, const char *package, int64_t now)
{
    for (size_t i = 0; i < person->grants.n_packages; i++)
        if (strcmp(person->grants.packages[i].name, package) == 0 &&
            grant_span_holds(&person->grants.packages[i].span, now))
            return true;
    return false;
}

bool passage_holds_one(const struct passage_person *person, const struct gate_options *options, int64_t now)
{
    for (size_t i = 0; i < options->n_packages; i++)
        if (passage_holds(person, options->packages[i], now))
            return true;
    return false;
}

enum { NAMES_SHOWN = 6, NAMES_MAX = 512 };

/* "bob", "bob and carol", "bob, carol and 3 others". */
static void list_names(char *const *people, char ret[NAMES_MAX])
{
    char visible[NAME_ENCODED_MAX + 1];
    const size_t count = strv_length(people);
    size_t used = 0;
    *ret = '\0';
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
        used += (size_t)snprintf(ret + used, NAMES_MAX - used, "%s%.64s",
                                 i == 0           ? ""
                                 : i + 1 == count ? " and "
                                                  : ", ",
                                 text_visible(people[i], visible, sizeof(visible)));
    if (count > NAMES_SHOWN)
        snprintf(ret + used, NAMES_MAX - used, " and %zu others", count - NAMES_SHOWN);
}

void passage_tell(const struct gate_line *line, char *const *people, char ret[PASSAGE_TOLD_MAX])
{
    const struct pamstack_entry *entry = &line->stack->entries[line->at];
    char names[NAMES_MAX];
    list_names(people, names);
    snprintf(
        ret, PASSAGE_TOLD_MAX,
        "%s:%u: %s may approve but cannot get in by %s: to them, too, this line gives its packages only with "
        "an "
        "approval. Add a package with `approval = none` that names them as requestors (README.md, \"Guard "
        "ssh: approvers first\")",
        entry->file->path, entry->line->number, names, line->service);
}
