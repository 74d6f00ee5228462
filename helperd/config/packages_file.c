/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks a package file: one table of keys, then rules over several keys. A draft has what the file says;
 * finish_package() alone turns it into a package, so that defaults and shorthands have one place. No rule looks beyond
 * the file: configure_names.c warns of unknown names, configure_chain.c of packages that chain.
 */
#include "helperd/config/packages_file.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/names.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_DURATION ((int64_t)8 * 3600)
#define DEFAULT_TIMEOUT  ((int64_t)24 * 3600)
#define EMERGENCY_MAX    ((int64_t)24 * 3600) /* without emergency_duration */
#define REVIEW_MIN       ((int64_t)60)        /* each time everybody who may review is told */

enum { APPROVAL_REQUIRED = 0, APPROVAL_NONE };

struct draft {
    struct package package;
    int justification;
    int extension;
    int approval;
    int at_end;
    int on_removed;
    int drift;
    int same_approver;
    strv approvers;
    int64_t approval_timeout;
    struct package_stage stages[PACKAGE_STAGES_MAX];
    bool present[PACKAGE_STAGES_MAX];
    size_t n_stages; /* the highest number present */
};

enum { JUSTIFICATION_REQUIRED = 2 };
static const char *const justification_words[] = {"optional", "asked", "required", NULL};
static const char *const extension_words[] = {
    [PACKAGE_EXTENSION_NO] = "no",
    [PACKAGE_EXTENSION_ALLOWED] = "allowed",
    [PACKAGE_EXTENSION_APPROVAL] = "approval",
    NULL,
};
static const char *const at_end_words[] = {
    [PACKAGE_AT_END_KEEP] = "keep",
    [PACKAGE_AT_END_WARN] = "warn",
    [PACKAGE_AT_END_TERMINATE] = "terminate",
    NULL,
};
static const char *const removed_words[] = {"keep", "revoke", NULL};
static const char *const approval_words[] = {"required", "none", NULL};
static const char *const no_yes_words[] = {"no", "yes", NULL};
static const char *const drift_words[] = {"report", "repair", NULL};

#define IN_DRAFT(member) offsetof(struct draft, member)
#define IN_STAGE(member) offsetof(struct package_stage, member)

static const struct inifile_key keys[] = {
    {"package", "description", INIFILE_TEXT, IN_DRAFT(package.description), NULL, 0, 0},
    {"package", "groups", INIFILE_LIST, IN_DRAFT(package.groups), NULL, 0, 0},
    {"policy", "requestors", INIFILE_LIST, IN_DRAFT(package.requestors), NULL, 0, 0},
    {"policy", "justification", INIFILE_WORD, IN_DRAFT(justification), justification_words, 0, 0},
    {"policy", "duration", INIFILE_TERM, IN_DRAFT(package.duration), NULL, 0, 0},
    {"policy", "max_duration", INIFILE_TERM, IN_DRAFT(package.max_duration), NULL, 0, 0},
    {"policy", "max_total", INIFILE_DURATION, IN_DRAFT(package.max_total), NULL, 0, 0},
    {"policy", "cooldown", INIFILE_DURATION, IN_DRAFT(package.cooldown), NULL, 0, 0},
    {"policy", "gate_cooldown", INIFILE_DURATION, IN_DRAFT(package.gate_cooldown), NULL, 0, 0},
    {"policy", "not_after", INIFILE_END, IN_DRAFT(package.not_after), NULL, 0, 0},
    {"policy", "extend_window", INIFILE_DURATION, IN_DRAFT(package.extend_window), NULL, 0, 0},
    {"policy", "emergency", INIFILE_LIST, IN_DRAFT(package.emergency), NULL, 0, 0},
    {"policy", "emergency_duration", INIFILE_DURATION, IN_DRAFT(package.emergency_duration), NULL, 0, 0},
    {"policy", "review_within", INIFILE_DURATION, IN_DRAFT(package.review_within), NULL, REVIEW_MIN, 0},
    {"policy", "incompatible", INIFILE_LIST, IN_DRAFT(package.incompatible), NULL, 0, 0},
    {"policy", "drift", INIFILE_WORD, IN_DRAFT(drift), drift_words, 0, 0},
    {"policy", "extension", INIFILE_WORD, IN_DRAFT(extension), extension_words, 0, 0},
    {"policy", "at_end", INIFILE_WORD, IN_DRAFT(at_end), at_end_words, 0, 0},
    {"policy", "services", INIFILE_LIST, IN_DRAFT(package.services), NULL, 0, 0},
    {"policy", "approval", INIFILE_WORD, IN_DRAFT(approval), approval_words, 0, 0},
    {"policy", "on_removed", INIFILE_WORD, IN_DRAFT(on_removed), removed_words, 0, 0},
    {"policy", "approvers", INIFILE_LIST, IN_DRAFT(approvers), NULL, 0, 0},
    {"policy", "same_approver", INIFILE_WORD, IN_DRAFT(same_approver), no_yes_words, 0, 0},
    {"policy", "approval_timeout", INIFILE_DURATION, IN_DRAFT(approval_timeout), NULL, 0, 0},
    {"stage N", "approvers", INIFILE_LIST, IN_STAGE(approvers), NULL, 0, 0},
    {"stage N", "quorum", INIFILE_NUMBER, IN_STAGE(quorum), NULL, 1, PACKAGE_PRINCIPALS_MAX},
    {"stage N", "timeout", INIFILE_DURATION, IN_STAGE(timeout), NULL, 0, 0},
    {"stage N", "escalate_after", INIFILE_DURATION, IN_STAGE(escalate_after), NULL, 0, 0},
    {"stage N", "fallback_approvers", INIFILE_LIST, IN_STAGE(fallback_approvers), NULL, 0, 0},
};
static const struct inifile_table table = {keys, sizeof(keys) / sizeof(*keys)};

/* ---- sections ------------------------------------------------------------------------------------------------ */

/* The number of "stage N"; 0 for another section. */
static size_t stage_number(const char *section)
{
    static const char prefix[] = "stage ";
    if (strncmp(section, prefix, strlen(prefix)) != 0)
        return 0;
    const char *digits = section + strlen(prefix);
    const size_t length = strspn(digits, "0123456789");
    if (length < 1 || length > 2 || digits[length] || digits[0] == '0')
        return 0;
    const size_t number = strtoul(digits, NULL, 10);
    return number <= PACKAGE_STAGES_MAX ? number : 0;
}

static char *stage_name(size_t number, char ret[sizeof("stage 16")])
{
    snprintf(ret, sizeof("stage 16"), "stage %u", (unsigned)(number % 100));
    return ret;
}

static int read_package_section(struct inifile *file, size_t section, struct draft *draft)
{
    const char *name = file->sections[section].name;
    const size_t number = stage_number(name);
    if (number > 0) {
        struct package_stage *stage = &draft->stages[number - 1];
        if (!draft->present[number - 1]) {
            stage->quorum = 1;
            stage->timeout = DEFAULT_TIMEOUT;
        }
        draft->present[number - 1] = true;
        if (number > draft->n_stages)
            draft->n_stages = number;
        return inifile_apply(file, section, "stage N", &table, stage);
    }
    if (strcmp(name, "package") == 0 || strcmp(name, "policy") == 0)
        return inifile_apply(file, section, name, &table, draft);
    inifile_complain(file, file->sections[section].line,
                     "there is no section [%s]; sections are [package], [policy] and [stage 1] to [stage %d]",
                     name, PACKAGE_STAGES_MAX);
    return 0;
}

/* ---- rules over names ---------------------------------------------------------------------------------------- */

/* Leaves room for "name-", which names of allow-list entries began with once. */
enum { GROUP_ENCODED_MAX = NAME_ENCODED_MAX - (int)sizeof("name-") + 1 };

/* Why this is no name of a user or a group, with at most so many bytes once encoded; NULL when it is one. */
static const char *name_fault(const char *name, size_t most)
{
    char encoded[NAME_ENCODED_MAX + 1], visible[INIFILE_LINE_MAX * 4 + 1];
    if (strcmp(text_visible(name, visible, sizeof(visible)), name) != 0)
        return "it holds an invisible character, shown as \\x; take that out";
    if (!name[0])
        return "a name is missing behind the %; write it, or take the % away";
    if (name[0] == '!')
        return "a list cannot leave anybody out; take the ! away or name those who are meant";
    if (strchr(name, ':'))
        return "no name of a user or a group holds a colon";
    return name_encode(name, encoded, most + 1) < 0 ? "the name is too long; take one of fewer bytes" : NULL;
}

struct list_key {
    const char *section, *key;
    bool principals; /* users and %groups; else bare names */
};

static void check_list(struct inifile *file, struct list_key key, char *const *list)
{
    const size_t line = inifile_line(file, key.section, key.key);
    const size_t most = key.principals ? PACKAGE_PRINCIPALS_MAX : PACKAGE_GROUPS_MAX;
    if (strv_length(list) > most) {
        inifile_complain(file, line, "%s has more than %zu names; use a group that has them as members",
                         key.key, most);
        return;
    }
    for (size_t i = 0; list && list[i]; i++) {
        const char *fault = name_fault(list[i] + (key.principals && list[i][0] == '%'),
                                       key.principals ? NAME_ENCODED_MAX : GROUP_ENCODED_MAX);
        if (!key.principals && list[i][0] == '%')
            fault = "plain names stand here; leave the % away";
        if (fault)
            inifile_complain(file, line, "%s: \"%s\": %s", key.key, list[i], fault);
        if (strv_contains(list + i + 1, list[i]))
            inifile_complain(file, line, "%s names %s twice; keep one of them", key.key, list[i]);
    }
}

static void check_groups(struct inifile *file, const struct draft *draft)
{
    char *const *groups = draft->package.groups;
    if (!inifile_has(file, "package", "groups"))
        inifile_complain(file, inifile_line(file, "package", "groups"),
                         "[package] groups is missing; name the groups that the package gives");
    check_list(file, (struct list_key){"package", "groups", false}, groups);
    if (strv_contains(groups, "root"))
        inifile_complain(
            file, inifile_line(file, "package", "groups"),
            "groups: no package can give the group root; give a group that sudoers names instead");
}

/* ---- rules over stages --------------------------------------------------------------------------------------- */

static size_t count_listed(const struct package_stage *stage, bool *ret_has_group)
{
    const strv lists[] = {stage->approvers, stage->fallback_approvers};
    size_t count = 0;
    bool has_group = false;
    for (size_t i = 0; i < 2; i++)
        for (char *const *name = lists[i]; name && *name; name++) {
            has_group = has_group || (*name)[0] == '%';
            count += i == 0 || !strv_contains(stage->approvers, *name);
        }
    *ret_has_group = has_group;
    return count;
}

static void check_escalation(struct inifile *file, const char *section, const struct package_stage *stage)
{
    const bool has_fallback = inifile_has(file, section, "fallback_approvers");
    const bool escalates = inifile_has(file, section, "escalate_after");
    const size_t line = inifile_line(file, section, "escalate_after");
    if (escalates && !has_fallback)
        inifile_complain(file, line, "escalate_after needs fallback_approvers: name who is asked then");
    if (escalates && stage->escalate_after >= stage->timeout)
        inifile_complain(file, line, "escalate_after comes no sooner than the stage's timeout; shorten it");
}

static void check_stage(struct inifile *file, const struct package_stage *stage, size_t number)
{
    char section[sizeof("stage 16")];
    bool has_group = false;
    stage_name(number, section);
    if (!inifile_has(file, section, "approvers"))
        inifile_complain(file, inifile_line(file, section, "approvers"),
                         "[%s] has no approvers; name who approves, users or %%groups", section);
    check_list(file, (struct list_key){section, "approvers", true}, stage->approvers);
    check_list(file, (struct list_key){section, "fallback_approvers", true}, stage->fallback_approvers);
    check_escalation(file, section, stage);

    const size_t count = count_listed(stage, &has_group);
    if (!has_group && count > 0 && stage->quorum > (int64_t)count)
        inifile_complain(
            file, inifile_line(file, section, "quorum"),
            "quorum = %lld cannot be reached with %zu named to approve; lower it, or name more people",
            (long long)stage->quorum, count);
}

/* ---- rules over approval as a whole --------------------------------------------------------------------------- */

static void check_numbering(struct inifile *file, const struct draft *draft)
{
    for (size_t number = 1; number < draft->n_stages; number++)
        if (!draft->present[number - 1]) {
            char next[sizeof("stage 16")];
            size_t there = number + 1;
            while (!draft->present[there - 1])
                there++;
            stage_name(there, next);
            inifile_complain(file, inifile_line(file, next, ""),
                             "[%s] has no [stage %zu] before it; number the stages 1, 2, 3 without a gap",
                             next, number);
            return;
        }
}

/* With approval = none, no key may name approvers. */
static void check_without_approval(struct inifile *file, const struct draft *draft)
{
    static const char *const shorthands[] = {"approvers", "approval_timeout"};
    static const char advice[] = "contradicts approval = none; take one of the two away";
    for (size_t i = 0; i < 2; i++)
        if (inifile_has(file, "policy", shorthands[i]))
            inifile_complain(file, inifile_line(file, "policy", shorthands[i]), "%s %s", shorthands[i],
                             advice);
    for (size_t i = 0; i < draft->n_stages; i++) {
        char section[sizeof("stage 16")];
        if (draft->present[i])
            inifile_complain(file, inifile_line(file, stage_name(i + 1, section), ""), "[%s] %s", section,
                             advice);
    }
}

static void check_with_approval(struct inifile *file, const struct draft *draft)
{
    static const char *const shorthands[] = {"approvers", "approval_timeout"};
    for (size_t i = 0; i < 2; i++)
        if (draft->n_stages > 0 && inifile_has(file, "policy", shorthands[i]))
            inifile_complain(
                file, inifile_line(file, "policy", shorthands[i]),
                "[policy] %s is short for one [stage 1] and cannot stand beside a [stage]; move it there",
                shorthands[i]);
    if (draft->n_stages == 0 && !inifile_has(file, "policy", "approvers"))
        inifile_complain(file, inifile_line(file, "policy", "approval"),
                         "nobody can approve this package; write approvers in [policy], a [stage 1], or "
                         "approval = none");
    check_list(file, (struct list_key){"policy", "approvers", true}, draft->approvers);
    check_numbering(file, draft);
    for (size_t i = 0; i < draft->n_stages; i++)
        if (draft->present[i])
            check_stage(file, &draft->stages[i], i + 1);
}

/* Endless access has to be written at two keys, so that one word cannot give it by mistake. */
static void check_forever(struct inifile *file, const struct package *package)
{
    if (package->duration == DURATION_FOREVER && !package->max_duration)
        inifile_complain(file, inifile_line(file, "policy", "duration"),
                         "duration = forever needs max_duration = forever beside it");
    if (package->max_duration == DURATION_FOREVER && package->max_total)
        inifile_complain(
            file, inifile_line(file, "policy", "max_total"),
            "max_total contradicts max_duration = forever; take it away, or bound max_duration too");
}

static void check_durations(struct inifile *file, const struct draft *draft)
{
    const struct package *package = &draft->package;
    if (package->extend_window && draft->extension == PACKAGE_EXTENSION_NO)
        inifile_complain(file, inifile_line(file, "policy", "extend_window"),
                         "extend_window needs extension = allowed or approval; write it, or take this away");
    check_forever(file, package);
    if (package->max_duration == DURATION_FOREVER)
        return;
    if (package->duration && package->max_duration && package->duration > package->max_duration)
        inifile_complain(file, inifile_line(file, "policy", "duration"),
                         "duration is longer than max_duration; shorten the one or lengthen the other");
    if (package->max_total &&
        package->max_total < (package->max_duration ? package->max_duration : package->duration))
        inifile_complain(
            file, inifile_line(file, "policy", "max_total"),
            "max_total is shorter than what one request may last; lengthen it, or shorten max_duration");
}

static void check_incompatible(struct inifile *file, const struct draft *draft)
{
    const size_t line = inifile_line(file, "policy", "incompatible");
    char *const *list = draft->package.incompatible;
    for (size_t i = 0; list && list[i]; i++) {
        if (!name_is_package(list[i]))
            inifile_complain(file, line,
                             "incompatible: \"%s\" cannot be a package's name; check its spelling", list[i]);
        if (strv_contains(list + i + 1, list[i]))
            inifile_complain(file, line, "incompatible names %s twice; keep one of them", list[i]);
    }
}

static void check_at_end(struct inifile *file, const struct draft *draft)
{
    const bool terminate = draft->at_end == PACKAGE_AT_END_TERMINATE;
    const bool named = inifile_has(file, "policy", "services");
    if (terminate && !named)
        inifile_complain(
            file, inifile_line(file, "policy", "at_end"),
            "at_end = terminate needs services; name whose sessions end, as in services = sshd login");
    if (!terminate && named)
        inifile_complain(
            file, inifile_line(file, "policy", "services"),
            "services says whose sessions at_end = terminate ends; write that, or take services away");
    check_list(file, (struct list_key){"policy", "services", false}, draft->package.services);
}

/* Without approval there is nothing for an emergency to bypass, and no approver to review it. */
static void check_emergency_keys(struct inifile *file, const struct draft *draft)
{
    const bool has_emergency = inifile_has(file, "policy", "emergency");
    if (has_emergency && draft->approval == APPROVAL_NONE)
        inifile_complain(file, inifile_line(file, "policy", "emergency"),
                         "emergency contradicts approval = none; take one of the two away");
    static const char *const keys_of_it[] = {"emergency_duration", "review_within"};
    for (size_t i = 0; i < 2; i++)
        if (!has_emergency && inifile_has(file, "policy", keys_of_it[i]))
            inifile_complain(file, inifile_line(file, "policy", keys_of_it[i]),
                             "%s needs emergency: name who may use it, users or %%groups", keys_of_it[i]);
    check_list(file, (struct list_key){"policy", "emergency", true}, draft->package.emergency);
}

static void check_draft(struct inifile *file, const struct draft *draft)
{
    check_groups(file, draft);
    check_list(file, (struct list_key){"policy", "requestors", true}, draft->package.requestors);
    check_durations(file, draft);
    check_incompatible(file, draft);
    check_at_end(file, draft);
    check_emergency_keys(file, draft);
    if (draft->approval == APPROVAL_NONE)
        check_without_approval(file, draft);
    else
        check_with_approval(file, draft);
}

/* ---- from the draft to the package --------------------------------------------------------------------------- */

static void package_stage_deinit(struct package_stage *stage)
{
    strv_free(stage->approvers);
    strv_free(stage->fallback_approvers);
    *stage = (struct package_stage){0};
}

void package_deinit(struct package *package)
{
    for (size_t i = 0; i < package->n_stages; i++)
        package_stage_deinit(&package->stages[i]);
    free(package->stages);
    free(package->name);
    free(package->description);
    strv_free(package->groups);
    strv_free(package->requestors);
    strv_free(package->services);
    strv_free(package->incompatible);
    strv_free(package->emergency);
    *package = (struct package){0};
}

static void package_draft_deinit(struct draft *draft)
{
    for (size_t i = 0; i < PACKAGE_STAGES_MAX; i++)
        package_stage_deinit(&draft->stages[i]);
    strv_free(draft->approvers);
    package_deinit(&draft->package);
}

static bool fill_list(strv *list)
{
    if (!*list)
        *list = strv_split("");
    return *list != NULL;
}

static int finish_stages(struct draft *draft)
{
    struct package *package = &draft->package;
    if (draft->approval == APPROVAL_NONE)
        return 0;
    if (draft->n_stages == 0) {
        draft->stages[0] = (struct package_stage){
            .approvers = steal_ptr(draft->approvers),
            .quorum = 1,
            .timeout = draft->approval_timeout ? draft->approval_timeout : DEFAULT_TIMEOUT,
        };
        draft->n_stages = 1;
    }
    package->stages = calloc(draft->n_stages, sizeof(*package->stages));
    if (!package->stages)
        return -ENOMEM;
    for (size_t i = 0; i < draft->n_stages; i++) {
        struct package_stage *stage = &draft->stages[i];
        if (!fill_list(&stage->approvers) || !fill_list(&stage->fallback_approvers))
            return -ENOMEM;
        package->stages[package->n_stages++] = *stage;
        *stage = (struct package_stage){0};
    }
    return 0;
}

static int finish_package(struct draft *draft, const char *name)
{
    struct package *package = &draft->package;
    package->name = strdup(name);
    if (!package->description)
        package->description = strdup(name);
    if (!package->name || !package->description || !fill_list(&package->groups) ||
        !fill_list(&package->requestors) || !fill_list(&package->services) ||
        !fill_list(&package->incompatible) || !fill_list(&package->emergency))
        return -ENOMEM;
    if (!package->duration)
        package->duration = package->max_duration && package->max_duration < DEFAULT_DURATION
                                ? package->max_duration
                                : DEFAULT_DURATION;
    if (!package->max_duration)
        package->max_duration = package->duration;
    if (!package->emergency_duration)
        package->emergency_duration = package->duration < EMERGENCY_MAX ? package->duration : EMERGENCY_MAX;
    package->justification_required = draft->justification != 0;
    package->justification_at_gate = draft->justification == JUSTIFICATION_REQUIRED;
    package->approval_required = draft->approval != APPROVAL_NONE;
    package->at_end = (enum package_at_end)draft->at_end;
    package->revoke_on_removed = draft->on_removed != 0;
    package->extension = (enum package_extension)draft->extension;
    package->drift_repair = draft->drift != 0;
    package->same_approver = draft->same_approver != 0;
    return finish_stages(draft);
}

int packages_file_check(struct inifile *file, const char *name, struct package *ret)
{
    struct draft draft = {0};
    int rc = 0;
    for (size_t i = 0; i < file->n_sections && rc == 0; i++)
        rc = read_package_section(file, i, &draft);
    if (rc == 0) {
        check_draft(file, &draft);
        rc = finish_package(&draft, name);
    }
    if (rc == 0) {
        *ret = draft.package;
        draft.package = (struct package){0};
    }
    package_draft_deinit(&draft);
    return rc;
}
