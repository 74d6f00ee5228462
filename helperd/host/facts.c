/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/facts.h"

#include "common/cleanup.h"
#include "common/file_seen.h"
#include "common/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the question ----------------------------------------------------------------------------------------------- */

void inquiry_deinit(struct inquiry *inquiry)
{
    free(inquiry->user);
    strv_free(inquiry->groups);
    strv_free(inquiry->others);
    strv_free(inquiry->names);
    strv_free(inquiry->principals);
    for (size_t i = 0; i < inquiry->n_holders; i++) {
        free(inquiry->holders[i].principal);
        free(inquiry->holders[i].name);
    }
    free(inquiry->holders);
    free(inquiry->gids);
    *inquiry = INQUIRY_EMPTY;
}

bool inquiry_is_empty(const struct inquiry *inquiry)
{
    return inquiry->caller == (uid_t)-1 && !inquiry->user && strv_length(inquiry->groups) == 0 &&
           strv_length(inquiry->others) == 0 && strv_length(inquiry->names) == 0 &&
           strv_length(inquiry->principals) == 0 && inquiry->n_gids == 0;
}

static int set_names(json_t *question, const char *key, char *const *names)
{
    json_t *array = json_array();
    int r = json_object_set_new(question, key, array);
    for (; r == 0 && names && *names; names++)
        r = json_array_append_new(array, json_string(*names));
    return r;
}

static int set_gids(json_t *question, const struct inquiry *inquiry)
{
    json_t *array = json_array();
    int r = json_object_set_new(question, "gids", array);
    for (size_t i = 0; r == 0 && i < inquiry->n_gids; i++)
        r = json_array_append_new(array, json_integer(inquiry->gids[i]));
    return r;
}

/* {"%dba-leads": [{"name", "uid", "gid"}, ...], ...} */
static int set_holders(json_t *question, const struct inquiry *inquiry)
{
    json_t *all = json_object();
    int r = json_object_set_new(question, "holders", all);
    for (size_t i = 0; r == 0 && i < inquiry->n_holders; i++) {
        const struct holder *holder = &inquiry->holders[i];
        if (!json_object_get(all, holder->principal))
            r = json_object_set_new(all, holder->principal, json_array());
        r |= json_array_append_new(json_object_get(all, holder->principal),
                                   json_pack("{s:s, s:I, s:I}", "name", holder->name, "uid",
                                             (json_int_t)holder->uid, "gid", (json_int_t)holder->gid));
    }
    return r;
}

json_t *inquiry_to_json(const struct inquiry *inquiry)
{
    json_t *question = json_object();
    int r = set_names(question, "groups", inquiry->groups) | set_names(question, "others", inquiry->others) |
            set_names(question, "principals", inquiry->principals) | set_gids(question, inquiry);
    if (strv_length(inquiry->names) > 0)
        r |= set_names(question, "names", inquiry->names);
    if (inquiry->n_holders > 0)
        r |= set_holders(question, inquiry);
    if (inquiry->caller != (uid_t)-1)
        r |= json_object_set_new(question, "caller", json_integer(inquiry->caller));
    if (inquiry->user)
        r |= json_object_set_new(question, "user", json_string(inquiry->user));
    if (inquiry->names_only)
        r |= json_object_set_new(question, "names_only", json_true());
    if (inquiry->addresses)
        r |= json_object_set_new(question, "addresses", json_true());
    if (inquiry->patience)
        r |= json_object_set_new(question, "patience", json_integer(inquiry->patience));
    if (r == 0)
        return question;
    json_decref(question);
    return NULL;
}

/* ---- the facts -------------------------------------------------------------------------------------------------- */

bool account_may_decide(const struct account_facts *account)
{
    return account->state == ACCOUNT_OPEN || account->state == ACCOUNT_ABSENT;
}

void account_deinit(struct account_facts *account)
{
    free(account->name);
    free(account->why);
    *account = (struct account_facts){0};
}

static void subject_free(struct subject *subject)
{
    if (!subject)
        return;
    free(subject->name);
    free(subject->full_name);
    free(subject->runs_as);
    free(subject->organisation);
    strv_free(subject->groups);
    free(subject->gids);
    account_deinit(&subject->account);
    free(subject);
}

/* As the first line of uid 0 in /etc/passwd has it. Each call of root's asks: it is kept while the file is the same. */
static char *copy_name_of_root(void)
{
    static struct file_seen seen;
    static char *kept;
    if (file_seen_still(&seen, PATH_ETC "/passwd") && kept)
        return strdup(kept);
    _cleanup_fclose_ FILE *file = fopen(PATH_ETC "/passwd", "re");
    const struct passwd *entry = NULL;
    while (file && (entry = fgetpwent(file)) && entry->pw_uid != 0)
        continue;
    seen.settled &= file != NULL; /* one that could not be opened just now is tried again */
    free(kept);
    kept = strdup(entry ? entry->pw_name : "root");
    return kept ? strdup(kept) : NULL;
}

struct subject *subject_of_root(void)
{
    struct subject *subject = calloc(1, sizeof(*subject));
    if (!subject)
        return NULL;
    *subject = (struct subject){
        .name = copy_name_of_root(), .may_log_in = true, .local = true, .groups = calloc(1, sizeof(char *))};
    if (subject->name && subject->groups)
        return subject;
    subject_free(subject);
    return NULL;
}

static void principal_deinit(struct principal *principal)
{
    for (size_t i = 0; i < principal->n_people; i++) {
        free(principal->people[i].name);
        free(principal->people[i].gecos);
        account_deinit(&principal->people[i].account);
    }
    free(principal->people);
    free(principal->name);
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    subject_free(facts->caller);
    subject_free(facts->user);
    account_deinit(&facts->login);
    for (size_t i = 0; i < facts->n_groups; i++) {
        free(facts->groups[i].name);
        free(facts->groups[i].alias);
    }
    free(facts->groups);
    for (size_t i = 0; i < facts->n_gids; i++)
        free(facts->gids[i].name);
    free(facts->gids);
    for (size_t i = 0; i < facts->n_others; i++) {
        free(facts->others[i].name);
        subject_free(facts->others[i].subject);
    }
    free(facts->others);
    for (size_t i = 0; i < facts->n_names; i++) {
        free(facts->names[i].principal);
        free(facts->names[i].name);
    }
    free(facts->names);
    for (size_t i = 0; i < facts->n_principals; i++)
        principal_deinit(&facts->principals[i]);
    free(facts->principals);
    free(facts);
}

static char *copy_item(const json_t *array, size_t index)
{
    return strdup(json_string_value(json_array_get(array, index)));
}

struct facts *facts_new(const json_t *question)
{
    const json_t *groups = json_object_get(question, "groups");
    const json_t *gids = json_object_get(question, "gids");
    const json_t *others = json_object_get(question, "others");
    const json_t *names = json_object_get(question, "names");
    struct facts *facts = calloc(1, sizeof(*facts));
    if (!facts)
        return NULL;
    facts->caller_asked = json_object_get(question, "caller");
    facts->user_asked = json_object_get(question, "user");
    facts->groups = calloc(json_array_size(groups) + 1, sizeof(*facts->groups));
    facts->gids = calloc(json_array_size(gids) + 1, sizeof(*facts->gids));
    facts->others = calloc(json_array_size(others) + 1, sizeof(*facts->others));
    facts->names = calloc(json_array_size(names) + 1, sizeof(*facts->names));
    bool failed = !facts->groups || !facts->gids || !facts->others || !facts->names;
    for (size_t i = 0; !failed && i < json_array_size(groups); i++) {
        facts->groups[facts->n_groups++] = (struct fact_group){copy_item(groups, i), .gid = GID_UNSET};
        failed = !facts->groups[i].name;
    }
    for (size_t i = 0; !failed && i < json_array_size(gids); i++)
        facts->gids[facts->n_gids++].gid = (gid_t)json_integer_value(json_array_get(gids, i));
    for (size_t i = 0; !failed && i < json_array_size(others); i++) {
        facts->others[facts->n_others++].name = copy_item(others, i);
        failed = !facts->others[i].name;
    }
    for (size_t i = 0; !failed && i < json_array_size(names); i++) {
        facts->names[facts->n_names++].principal = copy_item(names, i);
        failed = !facts->names[i].principal;
    }
    if (!failed)
        return facts;
    facts_free(facts);
    return NULL;
}

const struct subject *facts_other(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_others; i++)
        if (strcmp(facts->others[i].name, name) == 0)
            return facts->others[i].subject;
    return NULL;
}

bool facts_knows_other(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_others; i++)
        if (strcmp(facts->others[i].name, name) == 0)
            return facts->others[i].known;
    return false;
}

struct facts facts_about_other(const struct facts *facts, size_t index)
{
    struct facts about = *facts;
    about.user = index < facts->n_others ? facts->others[index].subject : NULL;
    about.user_known = index < facts->n_others && facts->others[index].known;
    about.user_asked = true;
    about.user_gone = false; /* is not asked of others */
    return about;
}

const struct principal *facts_principal(const struct facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->n_principals; i++)
        if (strcmp(facts->principals[i].name, name) == 0)
            return &facts->principals[i];
    return NULL;
}

const struct fact_group *facts_group(const struct facts *facts, const char *group)
{
    for (size_t i = 0; i < facts->n_groups; i++)
        if (strcmp(facts->groups[i].name, group) == 0)
            return &facts->groups[i];
    return NULL;
}

gid_t facts_gid(const struct facts *facts, const char *group)
{
    const struct fact_group *found = facts_group(facts, group);
    return found ? found->gid : GID_UNSET;
}

const char *facts_owner_of(const struct facts *facts, const struct fact_group *group, gid_t gid)
{
    const bool denied = (group->known || group->doubted) && group->gid == GID_UNSET;
    for (size_t i = 0; denied && i < facts->n_gids; i++)
        if (facts->gids[i].gid == gid && facts->gids[i].name && strcmp(facts->gids[i].name, group->name) != 0)
            return facts->gids[i].name;
    return NULL;
}

/* "%group", as the remembered names have it; NULL: no memory. */
static char *principal_name(const char *group)
{
    char *name = NULL;
    return asprintf(&name, "%%%s", group) < 0 ? NULL : name;
}

struct answer {
    const char *name;
    bool found, absent; /* neither: unknown */
    bool local;
};

/* Remembers a found name. True when an absence is in doubt. */
static bool doubt_answer(struct remembered *known, const struct answer *answer, double now)
{
    if (answer->found && answer->local)
        remembered_forget(known, answer->name);
    else if (answer->found)
        remembered_note(known, answer->name);
    return !answer->found && answer->absent && remembered_doubts(known, answer->name, now);
}

const char *facts_doubt(struct facts *facts, struct remembered *known, double now)
{
    const char *any = NULL;
    for (size_t i = 0; i < facts->n_groups; i++) {
        struct fact_group *group = &facts->groups[i];
        _cleanup_free_ char *name = principal_name(group->name);
        const struct answer answer = {name, group->gid != GID_UNSET, !group->local, group->local};
        if (!name || !group->known || !doubt_answer(known, &answer, now))
            continue;
        group->known = false;
        group->doubted = true;
        any = group->name;
    }
    for (size_t i = 0; i < facts->n_names; i++) {
        struct fact_name *name = &facts->names[i];
        const struct answer answer = {name->principal, name->name, !name->local, name->local};
        if (!name->known || !doubt_answer(known, &answer, now))
            continue;
        name->known = false;
        any = name->principal;
    }
    for (size_t i = 0; i < facts->n_principals; i++) {
        struct principal *principal = &facts->principals[i];
        const struct answer answer = {principal->name, principal->exists, principal->whole, principal->local};
        if (!doubt_answer(known, &answer, now))
            continue;
        principal->whole = false;
        facts->unanswered = true;
        any = principal->name;
    }
    return any;
}

bool facts_are_whole(const struct facts *facts)
{
    bool whole = (facts->caller_known || !facts->caller_asked) && (facts->user_known || !facts->user_asked);
    for (size_t i = 0; i < facts->n_groups; i++)
        whole &= facts->groups[i].known;
    for (size_t i = 0; i < facts->n_gids; i++)
        whole &= facts->gids[i].known;
    for (size_t i = 0; i < facts->n_others; i++)
        whole &= facts->others[i].known;
    for (size_t i = 0; i < facts->n_names; i++)
        whole &= facts->names[i].known;
    return whole;
}

void facts_learn(struct facts *facts, struct namebook *book)
{
    struct subject *const subjects[] = {facts->caller, facts->user};
    for (size_t i = 0; i < facts->n_names; i++) {
        const struct fact_name *name = &facts->names[i];
        namebook_note(book, name->principal,
                      !name->known ? NAMED_UNKNOWN
                      : name->name ? NAMED_FOUND
                                   : NAMED_ABSENT,
                      name->name, name->id);
    }
    for (size_t i = 0; i < 2; i++)
        if (subjects[i])
            subjects[i]->book = book;
    for (size_t i = 0; i < facts->n_others; i++)
        if (facts->others[i].subject)
            facts->others[i].subject->book = book;
}

bool subject_is_in(const struct subject *subject, gid_t gid)
{
    for (size_t i = 0; i < subject->n_gids; i++)
        if (subject->gids[i] == gid)
            return true;
    return false;
}
