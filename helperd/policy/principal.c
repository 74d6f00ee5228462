/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Says whether a principal of a policy is a subject. Compares what the directory found by the written name with what it
 * found for the subject, never the spelling: "Olga@corp" is olga where the directory says so, and a user or group of
 * the same name that the directory does not mean by it is not. No other code compares them.
 */
#include "helperd/policy/policy.h"

#include <string.h>

enum match { MATCH_NO = 0, MATCH_MAYBE, MATCH_YES };

/* Without a book: the root of this host, whose name needs no directory. */
static enum match match_spelling(const char *principal, const struct subject *subject)
{
    if (principal[0] != '%')
        return strcmp(principal, subject->name) == 0 ? MATCH_YES : MATCH_NO;
    if (strv_contains(subject->groups, principal + 1))
        return MATCH_YES;
    return subject->all_groups ? MATCH_NO : MATCH_MAYBE;
}

static enum match match_found(const struct named *named, bool is_group, const struct subject *subject)
{
    if (is_group ? subject_is_in(subject, (gid_t)named->id)
                 : named->id == subject->uid && strcmp(named->name, subject->name) == 0)
        return named->sure ? MATCH_YES : MATCH_MAYBE;
    return is_group && !subject->all_groups ? MATCH_MAYBE : MATCH_NO;
}

static enum match match(const char *principal, const struct subject *subject)
{
    if (!subject->book)
        return match_spelling(principal, subject);
    const struct named *named = namebook_find(subject->book, principal);
    if (!named)
        return MATCH_MAYBE;
    if (named->state == NAMED_ABSENT)
        return named->sure ? MATCH_NO : MATCH_MAYBE;
    return match_found(named, principal[0] == '%', subject);
}

static enum match match_any(char *const *principals, const struct subject *subject)
{
    enum match best = MATCH_NO;
    for (; principals && *principals && best != MATCH_YES; principals++) {
        const enum match one = match(*principals, subject);
        best = one > best ? one : best;
    }
    return best;
}

bool policy_names(char *const *principals, const struct subject *subject)
{
    return match_any(principals, subject) == MATCH_YES;
}

bool policy_may_name(char *const *principals, const struct subject *subject)
{
    return match_any(principals, subject) != MATCH_NO;
}
