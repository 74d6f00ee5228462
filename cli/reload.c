/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three steps: root adds new groups to the allow-list; accesspkgd loads the new policy; root removes groups from the
 * list that no package gives any more and that, according to accesspkgd's answer, no user holds.
 */
#include "cli/reload.h"

#include "cli/calls.h"
#include "cli/check.h"
#include "cli/field.h"
#include "cli/helper.h"
#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

static int64_t count_packages(struct invocation *invocation)
{
    struct client_error error;
    json_t *status = NULL;
    int64_t count = -1;

    if (calls_call(invocation, client_message("GetStatus", "", NULL), JSON_OBJECT, &status, &error) == 0)
        count = member_integer(status, "packages");
    json_decref(status);
    return count;
}

/* Skips warnings that the check has printed: accesspkgd read the same files. */
static void say_reloaded(struct invocation *invocation, const json_t *warnings, int checked)
{
    _cleanup_free_ char *said = check_read_output(checked);

    int64_t count = invocation->output.json ? 0 : count_packages(invocation);
    size_t i;
    json_t *warning;

    if (invocation->output.json) {
        output_json(&invocation->output, warnings);
        return;
    }
    json_array_foreach(warnings, i, warning)
    {
        const char *text = json_string_value(warning);
        if (text && !(said && strstr(said, text)))
            output_message(invocation->program->name, "warning: %s", text);
    }
    if (count < 0)
        output_line(&invocation->output, "Policy reloaded.");
    else
        output_line(&invocation->output, "Policy reloaded: %lld package%s.", (long long)count,
                    count == 1 ? "" : "s");
}

static void say_kept(struct invocation *invocation, const json_t *group)
{
    _cleanup_free_ char *until = field_time(&invocation->output, group, "until");

    if (!invocation->output.json)
        output_line(&invocation->output,
                    "The group %s stays on the allow-list for those who hold it, %s%s, though no package "
                    "gives it any "
                    "more. `pkg-admin revoke` ends that.",
                    member_text(group, "group"),
                    json_object_get(group, "until") ? "until " : "without an end",
                    json_object_get(group, "until") ? until : "");
}

/* Makes the allow-list the groups that packages.d names, and the held ones. Returns an exit code. */
static int rewrite_allow_list(struct invocation *invocation, const json_t *held)
{
    const size_t count = json_array_size(held);
    _cleanup_free_ char **argv = calloc(count + 3, sizeof(*argv));
    _cleanup_free_ char(*gids)[16] = calloc(count + 1, sizeof(*gids));
    size_t i;
    json_t *group;

    if (!argv || !gids)
        output_no_memory();
    argv[0] = (char *)"accesspkgd";
    argv[1] = (char *)"--write-allow-list";
    json_array_foreach(held, i, group)
    {
        snprintf(gids[i], sizeof(gids[i]), "%u", (unsigned)member_integer(group, "gid"));
        argv[2 + i] = gids[i];
        say_kept(invocation, group);
    }
    return helper_run_with(invocation, argv, -1);
}

static int reload_daemon(struct invocation *invocation, int checked)
{
    struct client_error error;
    json_t *values = NULL;
    bool runs = false;

    if (calls_daemon_runs(invocation, &runs, &error) < 0) {
        output_message(invocation->program->name,
                       "new groups are on the allow-list, but accesspkgd could not be told:");
        return calls_report(invocation, &error);
    }
    if (!runs) {
        output_message(
            invocation->program->name,
            "accesspkgd does not run. The policy takes effect when it starts; groups that no package "
            "gives any more stay on the allow-list until a reload after that.");
        values = json_array();
        if (invocation->output.json)
            output_json(&invocation->output, values);
        json_decref(values);
        return 0;
    }
    if (calls_call_all(invocation, client_message("Reload", "", NULL), &values, &error) < 0) {
        output_message(invocation->program->name,
                       "new groups are on the allow-list, but the running policy stays:");
        return calls_report(invocation, &error);
    }
    const json_t *const warnings = json_array_get(values, 0), *const held = json_array_get(values, 1);
    if (!json_is_array(warnings) || !json_is_array(held)) {
        json_decref(values);
        calls_wrong_shape(&error);
        return calls_report(invocation, &error);
    }
    const int code = rewrite_allow_list(invocation, held);
    say_reloaded(invocation, warnings, checked);
    json_decref(values);
    return code;
}

int reload_configuration(struct invocation *invocation)
{
    _cleanup_close_ int checked = -1;
    int code;

    if (geteuid() != 0) {
        output_message(invocation->program->name,
                       "reload writes root's allow-list. Run: sudo pkg-admin reload");
        return EX_NOPERM;
    }
    checked = memfd_create("check", MFD_CLOEXEC);
    code = check_run(invocation, NULL, checked);
    check_print_output(invocation, checked);
    if (code == 0)
        code = helper_run(invocation, "--extend-allow-list", -1);
    return code == 0 ? reload_daemon(invocation, checked) : code;
}
