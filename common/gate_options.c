/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of options and its parser. An argument that it does not understand must never let more people in: only the
 * exact words below change a default. Called by the files of pam_module/ with a phase, and by pamcheck_line.c.
 */
#include "common/gate_options.h"

#include "common/names.h"

#include <string.h>

/* Sets the option to the value (NULL for a flag). Returns NULL, or why the value is refused. */
typedef const char *set_function(struct gate_options *options, const char *value);

static const char *add_gate_package(struct gate_options *options, const char *value)
{
    if (!name_is_package(value))
        return "no package can have this name";
    if (options->n_packages == GATE_PACKAGES_MAX)
        return "16 packages are the most";
    options->packages[options->n_packages++] = value;
    return NULL;
}

static const char *set_mode(struct gate_options *options, const char *value)
{
    if (strcmp(value, "enforce") != 0 && strcmp(value, "report") != 0)
        return "the mode is 'enforce' or 'report'";
    options->report = strcmp(value, "report") == 0;
    return NULL;
}

static const char *set_submit(struct gate_options *options, const char *value)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return "it is 'yes' or 'no'";
    options->submit = strcmp(value, "yes") == 0;
    return NULL;
}

static const char *set_judge(struct gate_options *options, const char *value)
{
    if (strcmp(value, "user") != 0)
        return "it is 'user'";
    options->judge_user = true;
    return NULL;
}

/* False unless the value is a number in this range. */
static bool parse_in_range(const char *value, unsigned least, unsigned most, unsigned *ret)
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

static const char *set_timeout(struct gate_options *options, const char *value)
{
    return parse_in_range(value, 1, GATE_TIMEOUT_MAX, &options->timeout)
               ? NULL
               : "it is a number of seconds from 1 to 60";
}

static const char *set_wait_time(struct gate_options *options, const char *value)
{
    return parse_in_range(value, 0, GATE_WAIT_MAX, &options->wait) ? NULL
                                                                   : "it is a number of seconds from 0 to 60";
}

static const char *set_enforce_for_root(struct gate_options *options, const char *value)
{
    (void)value;
    options->enforce_for_root = true;
    return NULL;
}

static const char *set_quiet(struct gate_options *options, const char *value)
{
    (void)value;
    options->quiet = true;
    return NULL;
}

static const char *set_debug(struct gate_options *options, const char *value)
{
    (void)value;
    options->debug = true;
    return NULL;
}

/* Names ending in '=' take a value. pam_accesspkg(8) explains each. */
static const struct option {
    const char *name;
    set_function *set;
    const char *initial; /* default value; NULL: off */
} table[] = {
    {"package=", add_gate_package, NULL},
    {"mode=", set_mode, "enforce"},
    {"judge=", set_judge, NULL},
    {"submit=", set_submit, "yes"},
    {"timeout=", set_timeout, "3"},
    {"wait=", set_wait_time, "0"},
    {"enforce_for_root", set_enforce_for_root, NULL},
    {"quiet", set_quiet, NULL},
    {"debug", set_debug, NULL},
};

/* True when the argument is this option; *ret_value is its value, NULL for a flag. */
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

static const char *set_argument(struct gate_options *options, const char *argument)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *value;
        if (is_option(&table[i], argument, &value))
            return table[i].set(options, value);
    }
    return "there is no such option";
}

void gate_options_parse(int argc, const char **argv, struct gate_options *ret,
                        gate_options_complain *complain, void *data)
{
    struct gate_options options = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].initial)
            table[i].set(&options, table[i].initial);
    for (int i = 0; i < argc; i++) {
        const char *why = set_argument(&options, argv[i]);
        if (why)
            complain(argv[i], why, data);
    }
    *ret = options;
}
