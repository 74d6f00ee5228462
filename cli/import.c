/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Reads the members that this host lists (no list has users who have the group by a package) and sends
 * them in portions; accesspkgd looks each one up and decides. Reads /etc/group and never writes it: prints the commands
 * for the administrator.
 */
#include "cli/import.h"

#include "cli/calls.h"
#include "common/directory.h"
#include "common/groupfile.h"
#include "common/names.h"
#include "common/paths.h"

#include <grp.h>
#include <string.h>
#include <sysexits.h>

/* ---- members ---------------------------------------------------------------------------------------------- */

static bool has_text(const json_t *texts, const char *wanted)
{
    size_t i;
    json_t *text;

    json_array_foreach(texts, i, text)
    {
        if (strcmp(json_string_value(text), wanted) == 0)
            return true;
    }
    return false;
}

/* Skips names that are not UTF-8, with a message: the bus cannot carry them. */
static json_t *list_members(const struct invocation *invocation, const struct group *group)
{
    json_t *members = json_array();

    for (char *const *member = group->gr_mem; *member; member++) {
        json_t *name = json_string(*member);

        if (!name)
            output_message(invocation->program->name, "the member '%s' was skipped: the name is not UTF-8",
                           *member);
        else if (!has_text(members, *member) && json_array_append(members, name) < 0)
            output_no_memory();
        json_decref(name);
    }
    return members;
}

static int find_group_members(const struct invocation *invocation, json_t **ret)
{
    const char *name = invocation->operands[0];

    const struct group *group = NULL;
    const enum directory_answer answer = directory_group(name, &group);
    if (answer == DIRECTORY_UNANSWERED) {
        output_message(invocation->program->name,
                       "the group %s could not be looked up, so nobody was taken over: a directory does not "
                       "answer. Try again when it does.",
                       name);
        return EX_UNAVAILABLE;
    }
    if (answer == DIRECTORY_ABSENT) {
        output_message(
            invocation->program->name,
            "there is no group %s on this host, so nobody was taken over. All groups: getent group", name);
        return EX_NOUSER;
    }
    *ret = list_members(invocation, group);
    return 0;
}

/* ---- calls ------------------------------------------------------------------------------------------------ */

static json_t *make_portion(const json_t *members, size_t from)
{
    json_t *portion = json_array();

    for (size_t i = from; i < json_array_size(members) && i < from + BUS_IMPORT_MAX; i++)
        if (json_array_append(portion, json_array_get(members, i)) < 0)
            output_no_memory();
    return portion;
}

static json_t *make_arguments(const struct invocation *invocation, json_t *portion)
{
    json_t *options = json_pack("{s:s*}", "reason", invocation->reason);

    if (invocation->duration > 0)
        json_object_set_new(options, "duration", json_integer(invocation->duration));
    if (invocation->dry_run)
        json_object_set_new(options, "dry_run", json_true());
    return json_pack("[s, s, o, o]", invocation->operands[0], invocation->package, portion, options);
}

/* Fills `outcomes` until all members are done or a call fails. Returns the exit code. */
static int import_all(struct invocation *invocation, const json_t *members, json_t *outcomes)
{
    for (size_t i = 0; i < json_array_size(members); i += BUS_IMPORT_MAX) {
        struct client_error error;
        json_t *some = NULL;

        if (calls_call(
                invocation,
                client_message("Import", "ssasa{sv}", make_arguments(invocation, make_portion(members, i))),
                JSON_ARRAY, &some, &error) < 0) {
            const int code = calls_report(invocation, &error);

            if (i > 0)
                output_message(invocation->program->name,
                               "%zu of %zu members were not tried; run this again for the rest",
                               json_array_size(members) - i, json_array_size(members));
            return code;
        }
        if (json_array_extend(outcomes, some) < 0)
            output_no_memory();
        json_decref(some);
    }
    return 0;
}

/* ---- the table -------------------------------------------------------------------------------------------- */

static char *field_outcome(const struct output *output, const json_t *outcome, const char *member)
{
    static const struct {
        const char *word;
        const char *shown;
    } words[] = {{"assigned", "assigned"}, {"would-assign", "would be assigned"}, {"holds", "skipped"},
                 {"unknown", "skipped"},   {"unanswered", "not known"},           {"no-member", "skipped"},
                 {"refused", "skipped"}};

    (void)output;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i].word, member_text(outcome, member)) == 0)
            return output_format("%s", words[i].shown);
    return output_format("%s", member_text(outcome, member));
}

static char *field_held(const struct output *output, const json_t *outcome, const char *member)
{
    return json_object_get(outcome, member) ? field_state(output, outcome, member) : NULL;
}

static const struct field fields[] = {
    {"USER", "user", field_text, FIELD_PLAIN},
    {"OUTCOME", "outcome", field_outcome, FIELD_WRAP},
    {"STATE", "state", field_held, FIELD_WRAP | FIELD_RANK(3)},
    {"UNTIL", "assignment_end", field_end_when, FIELD_RANK(2)},
    {"WHY", "why", field_text, FIELD_WRAP | FIELD_RANK(1)},
};

/* ---- commands for the administrator ----------------------------------------------------------------------- */

/* True when the user can be removed from the file: they have the whole package, or would have. */
static bool is_taken_over(const json_t *outcome)
{
    const enum state state = state_from_identifier(member_text(outcome, "state"));

    return strcmp(member_text(outcome, "outcome"), "would-assign") == 0 || state == STATE_FULFILLED ||
           state == STATE_ACCESS_EXTENDED;
}

/* True when the user is in the file that gpasswd edits. */
static bool is_local(const struct groupfile *file, const char *group, const char *user)
{
    const struct groupfile_line *line = groupfile_named(file, group);

    for (; line && line < file->lines + file->count && strcmp(line->name, group) == 0; line++)
        if (groupfile_lists(line, user))
            return true;
    return false;
}

static bool print_gpasswd_commands(struct invocation *invocation, const json_t *outcomes)
{
    const char *group = invocation->operands[0];
    struct groupfile file = {0};
    json_t *outcome;
    bool left = false;
    size_t i;

    groupfile_read(PATH_ETC "/group", NULL, &file);
    json_array_foreach(outcomes, i, outcome)
    {
        const char *user = member_text(outcome, "user");
        char user_word[TEXT_WORD_MAX], group_word[TEXT_WORD_MAX];

        if (!is_taken_over(outcome) || !is_local(&file, group, user))
            continue;
        if (!left) {
            output_line(&invocation->output, "%s", "");
            output_wrapped(&invocation->output,
                           "%s in /etc/group still, which gives the group without an end. %s:",
                           invocation->dry_run ? "They would stand" : "They stand",
                           invocation->dry_run ? "Then it would be up to you to run" : "To end that, run");
        }
        left = true;
        output_line(&invocation->output, "  gpasswd -d %s %s", text_word(user, user_word),
                    text_word(group, group_word));
    }
    groupfile_deinit(&file);
    return left;
}

static void print_outcomes(struct invocation *invocation, const json_t *outcomes, bool *ret_left)
{
    if (invocation->output.json) {
        output_json(&invocation->output, outcomes);
        return;
    }
    if (json_array_size(outcomes) == 0)
        return;
    output_table(&invocation->output, fields, sizeof(fields) / sizeof(*fields), outcomes);
    *ret_left = print_gpasswd_commands(invocation, outcomes);
}

int import_group(struct invocation *invocation, bool *ret_left)
{
    json_t *members = NULL, *outcomes = NULL;
    int code;

    if (!invocation->package)
        return command_usage(invocation, "the command 'import' needs the package: --package NAME");
    code = find_group_members(invocation, &members);
    if (code != 0)
        return code;
    outcomes = json_array();
    if (json_array_size(members) == 0)
        output_message(invocation->program->name, "the group %s has no members, so nobody was taken over",
                       invocation->operands[0]);
    code = import_all(invocation, members, outcomes);
    print_outcomes(invocation, outcomes, ret_left);
    json_decref(outcomes);
    json_decref(members);
    return code;
}
