/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows pam_succeed_if(8): three words make a condition, all of which must hold. */
#include "cli/pam_judge.h"

#include <errno.h>
#include <fnmatch.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 1024 };

bool pam_judge_is_member(const struct pam_person *person, const char *name)
{
    const struct group *group = getgrnam(name);
    gid_t gids[GROUPS_MAX];
    int count = GROUPS_MAX;

    if (!group || getgrouplist(person->name, person->gid, gids, &count) < 0)
        return false;
    for (int i = 0; i < count; i++)
        if (gids[i] == group->gr_gid)
            return true;
    return false;
}

/* ---- a condition ------------------------------------------------------------------------------------------------ */

struct condition {
    const struct pam_person *person;
    const char *value; /* of its left side, as text */
    const char *right;
};

/* Whether one of the words between colons passes. */
static int any_word(const struct condition *condition, bool (*passes)(const struct condition *, const char *))
{
    char words[1024];
    char *rest = words;

    if (snprintf(words, sizeof(words), "%s", condition->right) >= (int)sizeof(words))
        return -1;
    for (const char *word; (word = strsep(&rest, ":"));)
        if (passes(condition, word))
            return 1;
    return 0;
}

static bool is_value(const struct condition *condition, const char *word)
{
    return strcmp(condition->value, word) == 0;
}

static bool is_in_group(const struct condition *condition, const char *word)
{
    return pam_judge_is_member(condition->person, word);
}

static int is_equal(const struct condition *condition)
{
    return is_value(condition, condition->right);
}

static int is_like(const struct condition *condition)
{
    return fnmatch(condition->right, condition->value, 0) == 0;
}

static int is_in_list(const struct condition *condition)
{
    return any_word(condition, is_value);
}

static int is_in_groups(const struct condition *condition)
{
    return any_word(condition, is_in_group);
}

/* -1, 0 or 1 as the value is less, the same or more; 2: one of them is no number. */
static int compare(const struct condition *condition)
{
    char *end, *right_end;
    errno = 0;
    const long value = strtol(condition->value, &end, 10), right = strtol(condition->right, &right_end, 10);
    if (errno || *end || *right_end || end == condition->value || right_end == condition->right)
        return 2;
    return (value > right) - (value < right);
}

static const struct {
    const char *word;
    int (*holds)(const struct condition *condition); /* 1, 0, -1 */
    bool negated;
} of_text[] = {
    {"=", is_equal, false},           {"!=", is_equal, true},
    {"=~", is_like, false},           {"!~", is_like, true},
    {"in", is_in_list, false},        {"notin", is_in_list, true},
    {"ingroup", is_in_groups, false}, {"notingroup", is_in_groups, true},
};

static const struct {
    const char *word, *sign;
    bool less, same, more; /* which of these hold */
} of_number[] = {
    {"lt", "<", true, false, false}, {"le", "<=", true, true, false}, {"eq", "eq", false, true, false},
    {"ge", ">=", false, true, true}, {"gt", ">", false, false, true}, {"ne", "ne", true, false, true},
};

static int holds(const struct condition *condition, const char *word)
{
    for (size_t i = 0; i < sizeof(of_text) / sizeof(*of_text); i++)
        if (strcmp(of_text[i].word, word) == 0) {
            const int does = of_text[i].holds(condition);
            return does < 0 ? -1 : (does != 0) != of_text[i].negated;
        }
    for (size_t i = 0; i < sizeof(of_number) / sizeof(*of_number); i++)
        if (strcmp(of_number[i].word, word) == 0 || strcmp(of_number[i].sign, word) == 0) {
            const int order = compare(condition);
            return order == 2   ? -1
                   : order < 0  ? of_number[i].less
                   : order == 0 ? of_number[i].same
                                : of_number[i].more;
        }
    return -1;
}

static int judge_condition(const struct pam_person *person, const char *const words[3])
{
    char number[16];
    struct condition condition = {person, NULL, words[2]};

    if (strcmp(words[0], "user") == 0)
        condition.value = person->name;
    else if (strcmp(words[0], "service") == 0)
        condition.value = person->service;
    else if (strcmp(words[0], "uid") == 0 || strcmp(words[0], "gid") == 0)
        condition.value = number;
    snprintf(number, sizeof(number), "%u", words[0][0] == 'g' ? person->gid : person->uid);
    return condition.value ? holds(&condition, words[1]) : -1;
}

/* ---- a line ----------------------------------------------------------------------------------------------------- */

static bool is_option(const char *word)
{
    static const char *const options[] = {"debug",      "use_uid",       "quiet",
                                          "quiet_fail", "quiet_success", "audit"};
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
        if (strcmp(options[i], word) == 0)
            return true;
    return false;
}

static int judge_conditions(const struct pam_person *person, const struct pamd_line *line)
{
    const char *words[3];
    size_t count = 0;
    int verdict = -1;

    for (size_t i = 0; i < line->n_arguments; i++) {
        if (is_option(line->arguments[i]))
            continue;
        words[count++] = line->arguments[i];
        if (count < 3)
            continue;
        const int does = judge_condition(person, words);
        if (does <= 0)
            return does;
        verdict = 1;
        count = 0;
    }
    return count > 0 ? -1 : verdict;
}

int pam_judge_applies(const struct pam_person *person, const struct pamd_line *line)
{
    if (strcmp(pamd_module(line), "pam_rootok.so") == 0)
        return person->uid == 0;
    return strcmp(pamd_module(line), "pam_succeed_if.so") == 0 ? judge_conditions(person, line) : -1;
}
