/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. accesspkgd says what a name is (package, group, user), and lists its holders page by page. This file
 * parses what was typed, finds how the directory spells a name, and prints the table and the gpasswd commands for users
 * who are in /etc/group, too.
 */
#include "cli/holders.h"

#include "cli/calls.h"
#include "cli/csv.h"
#include "cli/find.h"
#include "cli/history.h"
#include "cli/pager.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/names.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* The question. NULL: every name; any kind. */
struct wanted {
    const char *name;
    const char *kind;
};

/* The answer. */
struct found {
    json_t *rows;
    json_t *kinds; /* what the name is, of "package", "group" and "user" */
    bool more;     /* there are more pages */
};

/* ---- fetching --------------------------------------------------------------------------------------------- */

/* Adds the page of assignments below `before` (0: the newest). */
static int fetch_holders_page(struct invocation *invocation, const struct wanted *wanted, int64_t before,
                              struct found *found, struct client_error *ret_error)
{
    json_t *values = NULL, *filter = json_pack("{s:I, s:s*, s:s*}", "limit", (json_int_t)BUS_PAGE_MAX, "name",
                                               wanted->name, "kind", wanted->kind);

    if (before > 0)
        json_object_set_new(filter, "before", json_integer(before));
    if (calls_call_all(invocation, client_message("ListHolders", "a{sv}", json_pack("[o]", filter)), &values,
                       ret_error) < 0)
        return -1;
    const int r = json_array_extend(found->rows, json_array_get(values, 0));
    found->more = json_is_true(json_array_get(values, 1));
    json_decref(found->kinds);
    found->kinds = json_incref(json_array_get(values, 2));
    json_decref(values);
    return r == 0 && json_is_array(found->kinds) ? 0 : calls_wrong_shape(ret_error);
}

static int64_t last_number(const json_t *rows)
{
    const size_t count = json_array_size(rows);

    return count > 0 ? member_integer(json_array_get(rows, count - 1), "assignment") : 0;
}

static int fetch_holders(struct invocation *invocation, const struct wanted *wanted, struct found *found,
                         struct client_error *ret_error)
{
    int64_t before = 0;

    do {
        if (fetch_holders_page(invocation, wanted, before, found, ret_error) < 0)
            return -1;
        const int64_t last = last_number(found->rows);
        /* Numbers fall from page to page. Stop if not, or a wrong answer would make this loop endless. */
        if (last <= 0 || (before > 0 && last >= before))
            break;
        before = last;
    } while (found->more);
    return 0;
}

static bool is_kind(const struct found *found, const char *kind)
{
    for (size_t i = 0; i < json_array_size(found->kinds); i++) {
        const char *text = json_string_value(json_array_get(found->kinds, i));

        if (text && strcmp(text, kind) == 0)
            return true;
    }
    return false;
}

/* ---- printing --------------------------------------------------------------------------------------------- */

/* What was taken over from a grant file says so: no request tells why it is held. */
static char *field_holding(const struct output *output, const json_t *row, const char *member)
{
    _cleanup_free_ char *state = field_state(output, row, member);

    return output_format("%s%s", state ? state : "", member_true(row, "adopted") ? ", taken over" : "");
}

static const struct field fields[] = {
    {"USER", "user", field_text, FIELD_PLAIN},
    {"PACKAGE", "package", field_text, FIELD_PLAIN},
    {"GROUPS", "groups", field_list, FIELD_WRAP | FIELD_RANK(3)},
    {"STATE", "state", field_holding, FIELD_STATE | FIELD_RANK(2)},
    {"SINCE", "assignment_start", field_when, FIELD_RANK(5)},
    {"UNTIL", "assignment_end", field_end_when, FIELD_RANK(1)},
    {"ASSIGNMENT", "assignment", field_count, FIELD_RIGHT},
    {"ALSO IN /ETC/GROUP", "standing", field_list, FIELD_WRAP | FIELD_RANK(4)},
};

static const struct field columns[] = {
    {"user", "user", field_text, FIELD_PLAIN},
    {"uid", "uid", field_count, FIELD_PLAIN},
    {"package", "package", field_text, FIELD_PLAIN},
    {"groups", "groups", field_list, FIELD_PLAIN},
    {"state", "state", field_text, FIELD_PLAIN},
    {"from", "assignment_start", field_iso, FIELD_PLAIN},
    {"until", "assignment_end", field_iso, FIELD_PLAIN},
    {"assignment", "assignment", field_count, FIELD_PLAIN},
    {"request", "request", field_count, FIELD_PLAIN},
    {"also_in_etc_group", "standing", field_list, FIELD_PLAIN},
};

static const struct {
    const char *kind, *words, *option;
} kinds[] = {
    {"package", "a package", "--package "}, {"group", "a group", "%"}, {"user", "a user", "--user "}};

/* If the name is several things, says so, and how to ask for one of them. */
static void say_ambiguous(const struct invocation *invocation, const char *name, const struct found *found)
{
    char *is = output_format("%s", ""), *only = output_format("%s", ""), word[TEXT_WORD_MAX];

    text_word(name, word);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (!is_kind(found, kinds[i].kind))
            continue;
        char *longer = output_format("%s%s%s", is, *is ? " and " : "", kinds[i].words);
        free(is);
        is = longer;
        longer = output_format("%s%spkg-admin holders %s%s", only, *only ? ", " : "", kinds[i].option, word);
        free(only);
        only = longer;
    }
    if (json_array_size(found->kinds) > 1)
        output_message(invocation->program->name, "%s is %s; all of it is shown. For one alone: %s", name, is,
                       only);
    free(is);
    free(only);
}

/* Prints commands to paste, without duplicates: a user may have a group by two packages. */
static void say_standing(struct invocation *invocation, const json_t *rows)
{
    json_t *said = json_object(), *row, *group;
    size_t i, k;

    json_array_foreach(rows, i, row)
    {
        json_array_foreach(json_object_get(row, "standing"), k, group)
        {
            char user[TEXT_WORD_MAX], name[TEXT_WORD_MAX];
            _cleanup_free_ char *command =
                output_format("  gpasswd -d %s %s", text_word(member_text(row, "user"), user),
                              text_word(json_string_value(group) ? json_string_value(group) : "", name));

            if (json_object_get(said, command))
                continue;
            if (json_object_size(said) == 0) {
                output_line(&invocation->output, "%s", "");
                output_wrapped(&invocation->output,
                               "Users who are in /etc/group as well keep the group after the end: accesspkg "
                               "did not add them there. To remove them:");
            }
            json_object_set_new(said, command, json_true());
            output_line(&invocation->output, "%s", command);
        }
    }
    json_decref(said);
}

static void say_nothing(const struct wanted *wanted, const struct found *found)
{
    _cleanup_free_ char *shown = output_visible(wanted->name ? wanted->name : "");
    char word[TEXT_WORD_MAX];

    if (!wanted->name)
        fprintf(stderr, "Nobody holds anything now.\n");
    else if (is_kind(found, "package"))
        fprintf(stderr, "Nobody holds %s now.\n", shown);
    else if (is_kind(found, "group"))
        fprintf(stderr, "Nobody has the group %s by a package now. Who stands in it: getent group %s\n",
                shown, text_word(wanted->name, word));
    else
        fprintf(stderr, "%s holds nothing now.\n", shown);
}

static void print_holders(struct invocation *invocation, const struct wanted *wanted,
                          const struct found *found)
{
    if (invocation->output.json) {
        output_json(&invocation->output, found->rows);
    } else if (invocation->csv) {
        csv_print(&invocation->output, columns, sizeof(columns) / sizeof(*columns), found->rows);
    } else if (json_array_size(found->rows) == 0) {
        say_nothing(wanted, found);
    } else {
        output_table(&invocation->output, fields, sizeof(fields) / sizeof(*fields), found->rows);
        say_standing(invocation, found->rows);
    }
    pager_end(&invocation->output);
    if (!wanted->kind && wanted->name)
        say_ambiguous(invocation, wanted->name, found);
}

/* ---- a name without holders ------------------------------------------------------------------------------- */

/* Asks the directory if the user exists, and for the canonical name. */
static int find_canonical_user(struct invocation *invocation, const char *typed, char **ret_name)
{
    const struct passwd *entry = NULL;
    const enum directory_answer answer = directory_user(typed, &entry);

    if (answer == DIRECTORY_FOUND) {
        *ret_name = output_format("%s", entry->pw_name);
        return 0;
    }
    if (answer == DIRECTORY_UNANSWERED) {
        output_message(invocation->program->name,
                       "nobody of the name %s holds anything; whether there is such a user is not known, "
                       "because a directory does not answer. Try again when it does",
                       typed);
        return EX_UNAVAILABLE;
    }
    _cleanup_free_ char *hint = find_similar_package(invocation, typed, true);
    output_message(invocation->program->name,
                   "%s is no package and no user on this host, nor a group that a package gives%s Packages: "
                   "pkg-request packages. Who stands in a group: getent group NAME",
                   typed, *hint ? hint : ".");
    return EX_NOUSER;
}

static int refuse_kind(struct invocation *invocation, const struct wanted *wanted)
{
    const bool package = strcmp(wanted->kind, "package") == 0;
    _cleanup_free_ char *hint = find_similar_package(invocation, wanted->name, !package);

    output_message(invocation->program->name,
                   package ? "there is no access package %s on this host, and nobody holds one of this "
                             "name%s See: pkg-request packages"
                           : "no package gives the group %s, and nobody has it by one%s",
                   wanted->name, *hint || !package ? hint : ".");
    return bus_error_exit_code(package ? BUS_ERROR_NO_SUCH_PACKAGE : BUS_ERROR_NO_SUCH_GROUP);
}

/* Asks again with the user's canonical name, if that is another one. */
static int fetch_user(struct invocation *invocation, struct wanted *wanted, struct found *found,
                      char **ret_name, struct client_error *ret_error)
{
    const int code = find_canonical_user(invocation, wanted->name, ret_name);

    if (code != 0)
        return code;
    const bool other = strcmp(*ret_name, wanted->name) != 0;
    *wanted = (struct wanted){*ret_name, "user"};
    if (other && fetch_holders(invocation, wanted, found, ret_error) < 0)
        return calls_report(invocation, ret_error);
    return 0;
}

/* Finds the name by which packages give the group of this gid; new. NULL: none gives it. */
static int find_given_group(struct invocation *invocation, gid_t gid, char **ret_name,
                            struct client_error *ret_error)
{
    json_t *packages = NULL;
    const struct group *entry = NULL;

    if (calls_call(invocation, client_message("ListPackages", "", NULL), JSON_ARRAY, &packages, ret_error) <
        0)
        return -1;
    *ret_name = NULL;
    for (size_t i = 0; i < json_array_size(packages); i++) {
        const json_t *groups = json_object_get(json_array_get(packages, i), "groups");

        for (size_t k = 0; !*ret_name && k < json_array_size(groups); k++) {
            const char *name = json_string_value(json_array_get(groups, k));

            if (name && directory_group(name, &entry) == DIRECTORY_FOUND && entry->gr_gid == gid)
                *ret_name = output_format("%s", name);
        }
    }
    json_decref(packages);
    return 0;
}

/* The same for a group: packages may give it by another spelling than the directory's. */
static int fetch_group(struct invocation *invocation, struct wanted *wanted, struct found *found,
                       char **ret_name, struct client_error *ret_error)
{
    const struct group *entry = NULL;
    _cleanup_free_ char *canonical = NULL;
    const enum directory_answer answer = directory_group(wanted->name, &entry);

    if (answer == DIRECTORY_UNANSWERED) {
        output_message(invocation->program->name,
                       "nobody holds anything by the name %s; whether there is such a group is not known, "
                       "because a directory does not answer. Try again when it does",
                       wanted->name);
        return EX_UNAVAILABLE;
    }
    if (answer == DIRECTORY_ABSENT)
        return refuse_kind(invocation, wanted);
    canonical = output_format("%s", entry->gr_name);
    if (find_given_group(invocation, entry->gr_gid, ret_name, ret_error) < 0)
        return calls_report(invocation, ret_error);
    if (!*ret_name)
        *ret_name = steal_ptr(canonical);
    if (strcmp(*ret_name, wanted->name) == 0)
        return refuse_kind(invocation, wanted);
    wanted->name = *ret_name;
    if (fetch_holders(invocation, wanted, found, ret_error) < 0)
        return calls_report(invocation, ret_error);
    return json_array_size(found->kinds) > 0 ? 0 : refuse_kind(invocation, wanted);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

/* 0, or 64 after a message. */
static int read_wanted(struct invocation *invocation, struct wanted *ret)
{
    const char *operand = invocation->n_operands > 0 ? invocation->operands[0] : NULL;

    if ((operand != NULL) + (invocation->package != NULL) + (invocation->user != NULL) > 1)
        return command_usage(invocation, "name one of a package, a group and a user");
    if (operand && operand[0] == '%')
        *ret = (struct wanted){operand + 1, "group"};
    else if (operand)
        *ret = (struct wanted){operand, NULL};
    else if (invocation->package)
        *ret = (struct wanted){invocation->package, "package"};
    else if (invocation->user)
        *ret = (struct wanted){invocation->user, "user"};
    return 0;
}

int holders_show(struct invocation *invocation)
{
    struct client_error error;
    struct wanted wanted = {NULL, NULL};
    struct found found = {.rows = json_array(), .kinds = NULL};
    _cleanup_free_ char *name = NULL;
    int code = read_wanted(invocation, &wanted);

    if (code == 0 && (invocation->since > 0 || invocation->until > 0)) {
        json_decref(found.rows);
        return history_show(invocation, wanted.name, wanted.kind);
    }
    if (code == 0 && fetch_holders(invocation, &wanted, &found, &error) < 0)
        code = calls_report(invocation, &error);
    if (code == 0 && wanted.name && json_array_size(found.kinds) == 0)
        code = !wanted.kind || strcmp(wanted.kind, "user") == 0
                   ? fetch_user(invocation, &wanted, &found, &name, &error)
               : strcmp(wanted.kind, "group") == 0 ? fetch_group(invocation, &wanted, &found, &name, &error)
                                                   : refuse_kind(invocation, &wanted);
    if (code == 0)
        print_holders(invocation, &wanted, &found);
    json_decref(found.rows);
    json_decref(found.kinds);
    return code;
}
