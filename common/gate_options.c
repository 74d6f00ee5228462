/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of options and its reader. Must never turn what it does not understand into something that lets more
 * people in: only the exact words below change a default. Called by pam_module/pam_accesspkg.c, pam_module/session.c and
 * common/pamcheck_line.c.
 */
#include "common/gate_options.h"

#include "common/names.h"

#include <string.h>

/* Takes the value (NULL for a flag) into the options: NULL, or why it cannot. */
typedef const char *take(struct gate_options *options, const char *value);

static const char *take_package(struct gate_options *options, const char *value)
{
    if (!name_is_package(value))
        return "no package can have this name";
    if (options->n_packages == GATE_PACKAGES_MAX)
        return "16 packages are the most";
    options->packages[options->n_packages++] = value;
    return NULL;
}

static const char *take_mode(struct gate_options *options, const char *value)
{
    if (strcmp(value, "enforce") != 0 && strcmp(value, "report") != 0)
        return "the mode is 'enforce' or 'report'";
    options->report = strcmp(value, "report") == 0;
    return NULL;
}

static const char *take_submit(struct gate_options *options, const char *value)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return "it is 'yes' or 'no'";
    options->submit = strcmp(value, "yes") == 0;
    return NULL;
}

static const char *take_judge(struct gate_options *options, const char *value)
{
    if (strcmp(value, "user") != 0)
        return "it is 'user'";
    options->judge_user = true;
    return NULL;
}

/* Whether the value is a number of this range. */
static bool take_number(const char *value, unsigned least, unsigned most, unsigned *ret)
{
    unsigned number = 0;
    const size_t digits = strspn(value, "0123456789");
    for (size_t i = 0; i < digits && number <= most; i++)
        number = number * 10 + (unsigned)(value[i] - '0');
    if (digits == 0 || value[digits] || number < least || number > most)
        return false;
    *ret = number;
    return true;
}

static const char *take_timeout(struct gate_options *options, const char *value)
{
    return take_number(value, 1, GATE_TIMEOUT_MAX, &options->timeout)
               ? NULL
               : "it is a number of seconds from 1 to 60";
}

static const char *take_wait(struct gate_options *options, const char *value)
{
    return take_number(value, 0, GATE_WAIT_MAX, &options->wait) ? NULL
                                                                : "it is a number of seconds from 0 to 60";
}

static const char *take_enforce_for_root(struct gate_options *options, const char *value)
{
    (void)value;
    options->enforce_for_root = true;
    return NULL;
}

static const char *take_quiet(struct gate_options *options, const char *value)
{
    (void)value;
    options->quiet = true;
    return NULL;
}

static const char *take_debug(struct gate_options *options, const char *value)
{
    (void)value;
    options->debug = true;
    return NULL;
}

/* Names ending in '=' take a value. The defaults are what options_parse starts from. */
static const struct option {
    const char *name;
    take *take;
    const char *initial;
    const char *help;
} table[] = {
    {"package=", take_package, NULL, "an access package that lets in; may be given up to 16 times"},
    {"mode=", take_mode, "enforce", "report: log who would be refused, file nothing, refuse nobody"},
    {"judge=", take_judge, NULL, "user: judge whom a set-uid program asks about, not who started it"},
    {"submit=", take_submit, "yes", "no: file no request for who is refused"},
    {"timeout=", take_timeout, "3", "seconds to wait for accesspkgd, 1 to 60"},
    {"wait=", take_wait, "0", "seconds that who is refused may stay and look again, 0 to 60; 0: not at all"},
    {"enforce_for_root", take_enforce_for_root, NULL, "root needs a grant, too"},
    {"quiet", take_quiet, NULL, "say nothing, not even what a refused person can do"},
    {"debug", take_debug, NULL, "log each decision"},
};

/* Whether the argument is this option; *ret_value as `take` wants it. */
static bool is_option(const struct option *option, const char *argument, const char **ret_value)
{
    const size_t length = strlen(option->name);
    if (option->name[length - 1] != '=') {
        *ret_value = NULL;
        return strcmp(argument, option->name) == 0;
    }
    *ret_value = argument + length;
    return strncmp(argument, option->name, length) == 0;
}

static const char *take_argument(struct gate_options *options, const char *argument)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *value;
        if (is_option(&table[i], argument, &value))
            return table[i].take(options, value);
    }
    return "there is no such option";
}

void gate_options_parse(int argc, const char **argv, struct gate_options *ret,
                        gate_options_complain *complain, void *data)
{
    struct gate_options options = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].initial)
            table[i].take(&options, table[i].initial);
    for (int i = 0; i < argc; i++) {
        const char *why = take_argument(&options, argv[i]);
        if (why)
            complain(argv[i], why, data);
    }
    *ret = options;
}
