/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the script: each call must be the next one of the list. Used by the suites of the commands. */
#include "tests/support/fake_script.h"

#include "tests/support/suite.h"

#include <stdlib.h>

struct fake_manager fake;
struct fake_run result;

static const struct script *script;
static size_t script_length;
size_t calls;

json_t *script_parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

    ck_assert_msg(value != NULL, "%s: %s", text, error.text);
    return value;
}

static struct fake_reply play(const char *method, const json_t *arguments, void *data)
{
    const struct script *line = &script[calls++];

    (void)data;
    ck_assert_msg(calls <= script_length, "an unexpected call of %s", method);
    ck_assert_str_eq(method, line->method);
    if (line->wants) {
        json_t *wanted = script_parse(line->wants);

        ck_assert_msg(json_equal(wanted, arguments), "%s: %s", method, json_dumps(arguments, 0));
        json_decref(wanted);
    }
    fake.signals = line->signals;
    if (line->error)
        return (struct fake_reply){.error = bus_error_name(line->error), .message = line->message};
    if (!line->signature)
        return (struct fake_reply){0};
    return (struct fake_reply){.signature = line->signature, .values = script_parse(line->values)};
}

void run_somewhere(enum fake_where where, const char *typed, const struct script *lines, size_t n_lines,
                   const char *const words[])
{
    script = lines;
    script_length = n_lines;
    calls = 0;
    fake_run_free(&result);
    fake_manager_run(&fake, words, where, typed, &result);
    ck_assert_uint_eq(calls, n_lines);
}

void script_setup(void)
{
    setenv("TZ", "UTC0", 1);
    unsetenv("LC_ALL");
    unsetenv("LANG");
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    setenv("ACCESSPKG_PAGER", "cat", 1);
    fake_manager_start(&fake, true, play, NULL);
}

void script_setup_empty(void)
{
    setenv("TZ", "UTC0", 1);
    fake_manager_start(&fake, false, play, NULL);
}

void script_teardown(void)
{
    fake_run_free(&result);
    fake_manager_stop(&fake);
}

void script_case(const char *name, SFun setup)
{
    suite_case(name, setup, script_teardown);
    suite_timeout(30);
}
