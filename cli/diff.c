/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. accesspkgd judges, by the package files of a folder that it is handed; this file looks up who the
 * approvers are, by name and as members of groups, and prints.
 */
#include "cli/diff.h"

#include "cli/calls.h"
#include "cli/check.h"
#include "cli/pager.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/paths.h"
#include "common/wordlist.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

/* ---- approvers who come or go ------------------------------------------------------------------------------ */

/* Adds the people for whom these principals stand to the set: the keys of an object. */
static void add_people(json_t *set, const char *principals)
{
    strv names = wordlist_read(principals);

    if (!names)
        output_no_memory();
    for (char *const *name = names; *name; name++) {
        const struct group *group = NULL;

        if ((*name)[0] != '%')
            json_object_set_new(set, *name, json_true());
        else if (directory_group(*name + 1, &group) == DIRECTORY_FOUND)
            for (char *const *member = group->gr_mem; *member; member++)
                json_object_set_new(set, *member, json_true());
    }
    strv_free(names);
}

static bool names_approvers(const char *key)
{
    return strstr(key, "] approvers") || strstr(key, "] fallback_approvers");
}

/* Who is in the one set and not in the other. A new array. */
static json_t *people_without(json_t *set, const json_t *other)
{
    json_t *list = json_array();
    const char *name;
    json_t *value;

    json_object_foreach(set, name, value)
    {
        if (!json_object_get(other, name) && json_array_append_new(list, json_string(name)) < 0)
            output_no_memory();
    }
    return list;
}

/* Sets approvers_new and approvers_gone of a package whose lists of approvers differ. */
static void find_approvers(json_t *package)
{
    json_t *before = json_object(), *after = json_object(), *setting;
    size_t i;

    json_array_foreach(json_object_get(package, "settings"), i, setting)
    {
        if (!names_approvers(member_text(setting, "key")))
            continue;
        add_people(before, member_text(setting, "before"));
        add_people(after, member_text(setting, "after"));
    }
    json_object_set_new(package, "approvers_new", people_without(after, before));
    json_object_set_new(package, "approvers_gone", people_without(before, after));
    json_decref(before);
    json_decref(after);
}

/* ---- printing ---------------------------------------------------------------------------------------------- */

static char *field_change(const struct output *output, const json_t *row, const char *member)
{
    (void)output;
    return output_format("%s %s", member_text(row, member), member_text(row, "package"));
}

static char *field_effect(const struct output *output, const json_t *row, const char *member)
{
    static const char *const words[][2] = {
        {"ends", "loses it at once"},
        {"keeps", "keeps to the end"},
        {"drops", "no longer waits for"},
        {"outlasts", "keeps its end, no extension"},
        {"gets", "is given back"},
        {"withdrawn", "approved, is withdrawn"},
        {"does-not-start", "approved, will not start"},
        {"cannot-be-approved", "waits, cannot be approved"},
        {"gives-nothing", "waits, would give none of"},
        {"gives-other-groups", "waits, would now give"},
    };

    (void)output;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(words[i][0], member_text(row, member)) == 0)
            return output_format("%s", words[i][1]);
    return output_format("%s", member_text(row, member));
}

static char *field_until(const struct output *output, const json_t *row, const char *member)
{
    return member_has(row, "assignment") ? field_end_when(output, row, member) : NULL;
}

static const struct field effect_fields[] = {
    {"USER", "user", field_text, FIELD_PLAIN},
    {"PACKAGE", "package", field_text, FIELD_PLAIN},
    {"WHAT", "effect", field_effect, FIELD_WRAP},
    {"GROUPS", "groups", field_list, FIELD_WRAP | FIELD_RANK(2)},
    {"UNTIL", "assignment_end", field_until, FIELD_RANK(1)},
    {"REQUEST", "id", field_count, FIELD_RIGHT},
};

static void print_package(struct output *output, const json_t *package)
{
    _cleanup_free_ char *title = field_change(output, package, "change");
    _cleanup_free_ char *come = field_list(output, package, "approvers_new");
    _cleanup_free_ char *go = field_list(output, package, "approvers_gone");
    const bool changed = strcmp(member_text(package, "change"), "changed") == 0;
    const json_t *setting;
    size_t i;

    output_wrapped(output, "%s", title);
    json_array_foreach(json_object_get(package, "settings"), i, setting)
    {
        const char *before = member_has(setting, "before") ? member_text(setting, "before") : "(not set)";
        const char *after = member_has(setting, "after") ? member_text(setting, "after") : "(not set)";

        if (changed)
            output_wrapped(output, "    %s: %s -> %s", member_text(setting, "key"), before, after);
        else
            output_wrapped(output, "    %s: %s", member_text(setting, "key"),
                           member_has(setting, "after") ? after : before);
    }
    if (come && *come)
        output_wrapped(output, "    new approvers: %s", come);
    if (go && *go)
        output_wrapped(output, "    approvers no more: %s", go);
}

static void print_diff(struct output *output, const json_t *packages, const json_t *effects, bool more)
{
    const json_t *package;
    size_t i;

    json_array_foreach(packages, i, package)
    {
        print_package(output, package);
    }
    if (json_array_size(packages) == 0)
        output_line(output, "A reload would change no package.");
    if (json_array_size(effects) > 0) {
        output_line(output, "%s", "");
        output_table(output, effect_fields, sizeof(effect_fields) / sizeof(*effect_fields), effects);
    } else if (json_array_size(packages) > 0) {
        output_line(output, "Nobody holds or waits for what would change.");
    }
    if (more)
        output_line(output, "It concerns more users than are shown.");
}

static int show(struct invocation *invocation, json_t *values)
{
    struct output *const output = &invocation->output;
    json_t *const packages = json_array_get(values, 0), *const effects = json_array_get(values, 1), *package;
    struct client_error error;
    size_t i;

    if (!json_is_array(packages) || !json_is_array(effects))
        return calls_wrong_shape(&error), calls_report(invocation, &error);
    json_array_foreach(packages, i, package)
    {
        find_approvers(package);
    }
    if (output->json) {
        json_t *whole = json_pack("{s:O, s:O, s:O}", "packages", packages, "effects", effects, "more",
                                  json_array_get(values, 2));
        output_json(output, whole);
        json_decref(whole);
    } else {
        print_diff(output, packages, effects, json_is_true(json_array_get(values, 2)));
    }
    pager_end(output);
    return 0;
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* Its output is of interest only after an error: a reload prints the warnings. */
static int check_first(struct invocation *invocation, const char *folder)
{
    _cleanup_close_ int said = memfd_create("check", MFD_CLOEXEC);
    const int code = check_run(invocation, folder, said);

    if (code != 0)
        check_print_output(invocation, said);
    return code;
}

int diff_show(struct invocation *invocation)
{
    const char *folder = invocation->n_operands > 0 ? invocation->operands[0] : NULL;
    struct client_error error;
    json_t *values = NULL;
    int code = check_first(invocation, folder);

    if (code != 0)
        return code;
    _cleanup_close_ int fd =
        open(folder ? folder : PATH_PACKAGES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        output_message(invocation->program->name, "%s cannot be opened: %s", folder ? folder : PATH_PACKAGES,
                       strerrordesc_np(errno));
        return EX_IOERR;
    }
    if (calls_call_all(invocation, client_message("Diff", "h", json_pack("[i]", fd)), &values, &error) < 0)
        return calls_report(invocation, &error);
    code = show(invocation, values);
    json_decref(values);
    return code;
}
