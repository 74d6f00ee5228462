/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. */
#include "cli/packages.h"

#include "cli/calls.h"
#include "common/cleanup.h"

#include <string.h>

/* What the caller has of the package, else if they may request it. */
static char *field_yours(const struct output *output, const json_t *package, const char *member)
{
    if (!json_object_get(package, member))
        return output_format("%s%s",
                             member_true(package, "may_request") ? "may be requested" : "not open to you",
                             member_true(package, "emergency") ? " (emergency: yes)" : "");
    _cleanup_free_ char *state = field_state(output, package, member);
    _cleanup_free_ char *end = field_when(output, package, "assignment_end");
    if (member_endless(package))
        return output_format("%s (no end)", state);
    return output_format("%s%s%s%s", state, end ? " (ends " : "", end ? end : "", end ? ")" : "");
}

static const struct field package_fields[] = {
    {"PACKAGE", "name", field_text, FIELD_PLAIN},
    {"DESCRIPTION", "description", field_text, FIELD_SHORTEN | FIELD_RANK(4)},
    {"GROUPS", "groups", field_list, FIELD_WRAP | FIELD_RANK(3)},
    {"APPROVERS", "approvers", field_package_approvers, FIELD_WRAP | FIELD_RANK(2)},
    {"AT MOST", "max_duration", field_max_duration, FIELD_RANK(1)},
    {"YOURS", "state", field_yours, FIELD_WRAP},
};

int packages_list(struct invocation *invocation)
{
    struct client_error error;
    json_t *list_of_packages = NULL;

    if (calls_call(invocation, client_message("ListPackages", "", NULL), JSON_ARRAY, &list_of_packages,
                   &error) < 0)
        return calls_report(invocation, &error);
    if (invocation->output.json)
        output_json(&invocation->output, list_of_packages);
    else if (json_array_size(list_of_packages) == 0)
        fprintf(stderr, "There are no access packages on this host. An administrator can add some.\n");
    else
        output_table(&invocation->output, package_fields, sizeof(package_fields) / sizeof(*package_fields),
                     list_of_packages);
    json_decref(list_of_packages);
    return 0;
}

json_t *packages_look_up(struct invocation *invocation, const char *name)
{
    struct client_error unsaid;
    json_t *packages = NULL, *package, *found = NULL;
    size_t i;

    calls_call(invocation, client_message("ListPackages", "", NULL), JSON_ARRAY, &packages, &unsaid);
    json_array_foreach(packages, i, package)
    {
        if (strcmp(member_text(package, "name"), name) == 0)
            found = json_incref(package);
    }
    json_decref(packages);
    return found;
}
