/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. What is missing among the options is asked for at a terminal; elsewhere, as from Ansible, nothing is
 * asked. Only the file that it writes is changed, and that only where it was not there or is to be replaced.
 */
#include "cli/setup.h"

#include "cli/calls.h"
#include "cli/check.h"
#include "cli/pam.h"
#include "cli/prompt.h"
#include "cli/reload.h"
#include "cli/setup_file.h"
#include "cli/setup_test.h"
#include "common/cleanup.h"
#include "common/duration.h"
#include "common/names.h"
#include "common/paths.h"
#include "common/rootlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

struct setup {
    struct invocation *invocation;
    struct setup_terms terms; /* of the options, and of the answers */
    char *answers[6];         /* owned; see questions */
    bool asks;                /* at a terminal, as not all was given */
    bool changed;
    int folder;
    char *text; /* of the file */
};

/* ---- what is wanted ---------------------------------------------------------------------------------------- */

static const char *find_missing(const struct setup_terms *terms)
{
    return !terms->name        ? "the NAME of the package"
           : !terms->groups    ? "--groups, which it gives"
           : !terms->approvers ? "--approvers, who decide"
                               : NULL;
}

/* One question. Enter keeps what there is. False when the input ended. */
static bool ask(char **answer, const char *question)
{
    char *line = *answer ? prompt_line("%s [%s]: ", question, *answer) : prompt_line("%s: ", question);

    if (!line)
        return false;
    if (*line && !text_is_blank(line)) {
        free(*answer);
        *answer = line;
    } else {
        free(line);
    }
    return true;
}

/* The same for a duration, until it is one. */
static bool ask_duration(char **answer, const char *question, int64_t *ret)
{
    while (ask(answer, question)) {
        if (!*answer || duration_parse_typed(*answer, ret) == 0 ||
            (strcmp(*answer, "forever") == 0 && duration_parse_or_forever(*answer, ret) == 0))
            return true;
        fprintf(stderr, "That is no duration; write it as 90m, 4h, 1d or forever.\n");
        free(steal_ptr(*answer));
    }
    return false;
}

static bool ask_name(char **answer)
{
    while (ask(answer, "Name of the package, as db-admins")) {
        if (*answer && name_is_package(*answer))
            return true;
        fprintf(stderr, "A name is lower-case letters, digits, '.', '_' and '-', a letter or digit first.\n");
        free(steal_ptr(*answer));
    }
    return false;
}

/* Asks for what the options do not say. False when the input ended. */
static bool ask_terms(struct setup *setup)
{
    const struct invocation *given = setup->invocation;
    struct setup_terms *terms = &setup->terms;
    char **answers = setup->answers;

    if ((given->n_operands == 0 && !ask_name(&answers[0])) ||
        (!given->description && !ask(&answers[1], "What it is for (Enter: its name)")) ||
        (!given->groups && !ask(&answers[2], "Groups that it gives")) ||
        (!given->approvers && !ask(&answers[3], "Who decides, users and %groups")) ||
        (!given->duration && !ask_duration(&answers[4], "How long, when a request names no time (Enter: 8h)",
                                           &terms->duration)) ||
        (!given->max_duration &&
         !ask_duration(&answers[5], "How long at most (Enter: the same)", &terms->max_duration)))
        return false;
    terms->name = given->n_operands ? terms->name : answers[0];
    terms->description = given->description ? given->description : answers[1];
    terms->groups = given->groups ? given->groups : answers[2];
    terms->approvers = given->approvers ? given->approvers : answers[3];
    return true;
}

/* ---- the file ---------------------------------------------------------------------------------------------- */

static int refuse_file(const struct setup *setup, const char *why)
{
    output_message(setup->invocation->program->name, "%s/%s.conf %s. Nothing was changed.", PATH_PACKAGES,
                   setup->terms.name, why);
    return 1;
}

static int refuse_failed(const struct setup *setup, int error)
{
    output_message(setup->invocation->program->name,
                   "%s/%s.conf could not be written: %s. Nothing was changed.", PATH_PACKAGES,
                   setup->terms.name, strerrordesc_np(-error));
    return EX_IOERR;
}

/* Whether the file is there: 0 with *ret_same, or the refusal. */
static int judge_file(const struct setup *setup, bool *ret_same)
{
    int error = 0;
    _cleanup_free_ char *present = setup_read(setup->folder, setup->terms.name, &error);

    if (error == -ELOOP || error == -EINVAL)
        return refuse_file(setup, "is there and is no regular file, so it is not touched");
    if (error < 0)
        return refuse_file(setup, "is there and cannot be read");
    *ret_same = present && strcmp(present, setup->text) == 0;
    if (present && !*ret_same && !setup->invocation->replace)
        return refuse_file(setup, "is there and says other things; --replace puts this in its place");
    return 0;
}

/* Writes the draft and has accesspkgd check it among the other packages. 0, or an exit code: no draft is left. */
static int check_text(struct setup *setup)
{
    _cleanup_close_ int said = memfd_create("check", MFD_CLOEXEC);
    const int r = setup_write_draft(setup->folder, setup->terms.name, setup->text);
    if (r < 0)
        return refuse_failed(setup, r);
    const int code = check_draft(setup->invocation, setup->terms.name, said);
    if (code == 0)
        return 0;
    check_print_output(setup->invocation, said);
    setup_remove_draft(setup->folder, setup->terms.name);
    return code;
}

static bool confirm(const struct setup *setup)
{
    if (!setup->asks || setup->invocation->yes)
        return true;
    _cleanup_free_ char *shown = output_visible(setup->text);
    fprintf(stderr, "\n%s\n", shown);
    return prompt_yes("Write %s/%s.conf, and put it into force? [y/N] ", PATH_PACKAGES, setup->terms.name);
}

/* The draft, which is checked, becomes the file. */
static int put_file(struct setup *setup)
{
    const struct invocation *invocation = setup->invocation;

    if (invocation->dry_run || !confirm(setup)) {
        setup_remove_draft(setup->folder, setup->terms.name);
        setup->changed = invocation->dry_run;
        return invocation->dry_run ? 0 : refuse_file(setup, "is not written");
    }
    const int r = setup_rename_draft(setup->folder, setup->terms.name, invocation->replace);
    setup->changed = r == 0;
    if (r < 0)
        setup_remove_draft(setup->folder, setup->terms.name);
    return r == 0         ? 0
           : r == -EEXIST ? refuse_file(setup, "was made by somebody else meanwhile")
                          : refuse_failed(setup, r);
}

/* ---- into force --------------------------------------------------------------------------------------------- */

/* Whether the running policy has the package in another way than its file. */
static bool is_behind(struct setup *setup)
{
    struct client_error error;
    json_t *values = NULL, *package;
    bool behind = false;
    size_t i;

    if (calls_call_all(setup->invocation, client_message("Diff", "h", json_pack("[i]", setup->folder)),
                       &values, &error) < 0)
        return true; /* the reload says why */
    json_array_foreach(json_array_get(values, 0), i, package)
    {
        behind |= strcmp(member_text(package, "package"), setup->terms.name) == 0;
    }
    json_decref(values);
    return behind;
}

/* What a reload prints with --json is not this command's answer. */
static int reload(struct invocation *invocation)
{
    FILE *const stream = invocation->output.stream;
    char *dropped = NULL;
    size_t size = 0;
    FILE *const apart = invocation->output.json ? open_memstream(&dropped, &size) : NULL;

    if (apart)
        invocation->output.stream = apart;
    const int code = reload_configuration(invocation);
    invocation->output.stream = stream;
    if (apart)
        fclose(apart);
    free(dropped);
    return code;
}

static void report(const struct setup *setup, json_t *explanations)
{
    struct invocation *const invocation = setup->invocation;
    const char *name = setup->terms.name;

    if (invocation->output.json) {
        json_t *whole = json_pack("{s:s, s:b, s:s, s:O*}", "package", name, "changed", setup->changed, "text",
                                  setup->text, "test", explanations);
        output_json(&invocation->output, whole);
        json_decref(whole);
        return;
    }
    output_line(&invocation->output, "%s: %s/%s.conf%s", setup->changed ? "changed" : "unchanged",
                PATH_PACKAGES, name, invocation->dry_run ? " (not done: --dry-run)" : "");
    if (!explanations)
        return;
    setup_print_test(invocation, explanations);
    output_line(&invocation->output, "%s", "");
    output_line(&invocation->output,
                "Who could approve, and what a user would be told: pkg-admin explain %s USER", name);
    output_line(&invocation->output,
                "To guard a service by it: pkg-admin pam enable sshd --package %s --report", name);
}

/* Where questions are asked: guards a service, with its own questions. Returns the exit code. */
static int offer_wiring(struct setup *setup)
{
    struct invocation *const invocation = setup->invocation;

    if (!setup->asks || invocation->yes || invocation->dry_run)
        return 0;
    _cleanup_free_ char *service = prompt_line("Service to guard by it now, as sshd (Enter: none): ");
    if (!service || text_is_blank(service))
        return 0;
    invocation->operands = &service;
    invocation->n_operands = 1;
    invocation->packages[0] = setup->terms.name;
    invocation->n_packages = 1;
    return pam_enable(invocation);
}

static int put_into_force(struct setup *setup)
{
    struct client_error error;
    bool runs = false;
    int code = 0;

    if (!setup->invocation->dry_run && calls_daemon_runs(setup->invocation, &runs, &error) < 0)
        return calls_report(setup->invocation, &error);
    const bool behind = runs && (setup->changed || is_behind(setup));
    if (behind || (setup->changed && !setup->invocation->dry_run))
        code = reload(setup->invocation);
    setup->changed |= behind;
    if (code != 0)
        return code;
    json_t *explanations = runs ? setup_test(setup->invocation, &setup->terms) : NULL;
    report(setup, explanations);
    json_decref(explanations);
    return offer_wiring(setup);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* Composes the file and, unless it is there as it is, has it checked and put there. 0 or an exit code. */
static int write_package(struct setup *setup)
{
    char *fault = NULL;
    bool same = false;
    int code = 0;

    free(setup->text);
    setup->text = setup_compose(&setup->terms, &fault);
    if (!setup->text) {
        output_message(setup->invocation->program->name, "%s", fault);
        free(fault);
        return EX_CONFIG;
    }
    if ((code = judge_file(setup, &same)) != 0 || same)
        return code;
    code = check_text(setup);
    return code == 0 ? put_file(setup) : code;
}

static int set_up(struct setup *setup)
{
    const char *missing = find_missing(&setup->terms);
    int code;

    setup->asks = missing && prompt_possible(setup->invocation);
    if (missing && !setup->asks)
        return command_usage(setup->invocation, "the command 'setup' needs %s", missing);
    do {
        if (setup->asks && !ask_terms(setup))
            return 1;
        code = write_package(setup);
    } while (setup->asks && code == EX_CONFIG); /* the errors are told: ask again */
    return code == 0 ? put_into_force(setup) : code;
}

/* And the lock, by which one command at a time writes there. 0 or an exit code. */
static int open_folder(struct setup *setup, int *ret_lock)
{
    setup->folder = open(PATH_PACKAGES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int r = setup->folder < 0 ? -errno : rootlock_take(PATH_SETUP_LOCK, ret_lock);

    if (r == 0)
        return 0;
    if (setup->folder < 0)
        output_message(setup->invocation->program->name, "%s cannot be opened as a folder: %s", PATH_PACKAGES,
                       strerrordesc_np(-r));
    else
        output_message(setup->invocation->program->name, "%s cannot be written: %s. Nothing was changed.",
                       PATH_SETUP_LOCK, strerrordesc_np(-r));
    return setup->folder < 0 ? EX_CONFIG : EX_IOERR;
}

int setup_package(struct invocation *invocation)
{
    _cleanup_close_ int lock = -1;
    struct setup setup = {
        .invocation = invocation,
        .terms = {.name = invocation->n_operands ? invocation->operands[0] : NULL,
                  .description = invocation->description,
                  .groups = invocation->groups,
                  .requestors = invocation->requestors,
                  .approvers = invocation->approvers,
                  .duration = invocation->duration,
                  .max_duration = invocation->max_duration},
        .folder = -1,
    };
    int code;

    if (setup.terms.name && !name_is_package(setup.terms.name))
        return command_usage(invocation,
                             "'%s' is no name of a package: lower-case letters, digits, '.', '_' and '-', a "
                             "letter or digit first",
                             setup.terms.name);
    if (geteuid() != 0) {
        output_message(invocation->program->name,
                       "setup writes a package file, as root. Run: sudo pkg-admin setup");
        return EX_NOPERM;
    }
    if ((code = open_folder(&setup, &lock)) == 0)
        code = set_up(&setup);
    if (setup.folder >= 0)
        close(setup.folder);
    free(setup.text);
    for (size_t i = 0; i < sizeof(setup.answers) / sizeof(*setup.answers); i++)
        free(setup.answers[i]);
    return code;
}
