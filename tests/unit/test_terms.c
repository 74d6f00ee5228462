/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terms of calls on the bus: each name of a method's row has a member, and what may not be said is refused. */
#include "common/duration.h"
#include "helperd/bus/call.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct bus_terms terms;
static struct reply reply;

static void teardown(void)
{
    bus_terms_deinit(&terms);
}

static int read_terms(json_t *arguments, const char *names, const char *options)
{
    ck_assert_ptr_nonnull(arguments);
    memset(&reply, 0, sizeof(reply));
    const int r = bus_terms_read(arguments, names, options, &terms, &reply);
    json_decref(arguments);
    return r;
}

static json_t *value_of(const char **signature)
{
    const char *type = *signature;
    *signature += strncmp(type, "a{sv}", 5) == 0 ? 5 : type[0] == 'a' ? 2 : 1;
    switch (*type) {
    case 's':
        return json_string("text");
    case 'x':
        return json_integer(-1);
    case 'b':
        return json_true();
    case 'h':
        return json_null();
    default:
        return type[1] == '{' ? json_object() : json_pack("[s, s]", "one", "two");
    }
}

START_TEST(test_every_row)
{
    for (size_t i = 0; i < bus_methods_interface.count; i++) {
        const struct bus_call_method *method = &bus_methods[i];
        json_t *arguments = json_array();
        for (const char *in = method->shape.in; *in;)
            ck_assert_int_eq(json_array_append_new(arguments, value_of(&in)), 0);
        ck_assert_int_eq(read_terms(arguments, method->shape.in_names, method->options), 0);
        bus_terms_deinit(&terms);
        strv options = strv_split(method->options);
        for (size_t option = 0; options[option]; option++) {
            /* No option is an array: known, and of another type. */
            ck_assert_int_eq(read_terms(json_pack("[{s: []}]", options[option]), "options", method->options),
                             BUS_ERROR_INVALID_ARGUMENT);
            ck_assert_msg(strstr(reply.message, "of another type"), "%s", reply.message);
        }
        strv_free(options);
    }
}
END_TEST

START_TEST(test_where_it_goes)
{
    json_t *arguments = json_pack("[s, [s, s], {s: I, s: s, s: b, s: s}]", "alice", "one", "two", "duration",
                                  (json_int_t)60, "reason", "why", "gate", 1, "tty", "pts\n1");
    ck_assert_int_eq(
        bus_terms_read(arguments, "user packages options", "reason duration gate tty", &terms, &reply), 0);
    ck_assert_str_eq(terms.user, "alice");
    ck_assert_str_eq(terms.packages[1], "two");
    ck_assert_ptr_null(terms.packages[2]);
    ck_assert_int_eq(terms.duration, 60);
    ck_assert_str_eq(terms.reason, "why");
    ck_assert(terms.gate);
    ck_assert_ptr_null(strchr(terms.tty, '\n'));
    ck_assert_ptr_null(terms.package);
    json_decref(arguments);
}
END_TEST

/* For a caller whose numbers are not as large. */
START_TEST(test_forever)
{
    static const char options[] = "duration forever";
    ck_assert_int_eq(read_terms(json_pack("[{s: b}]", "forever", 1), "options", options), 0);
    ck_assert_int_eq(terms.duration, DURATION_FOREVER);
    ck_assert_int_eq(read_terms(json_pack("[{s: b}]", "forever", 0), "options", options), 0);
    ck_assert_int_eq(terms.duration, 0);
    ck_assert_int_eq(
        read_terms(json_pack("[{s: b, s: I}]", "forever", 1, "duration", (json_int_t)60), "options", options),
        BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_msg(strstr(reply.message, "Please give one of the two"), "%s", reply.message);
}
END_TEST

START_TEST(test_what_is_refused)
{
    static const char options[] = "before_at limit";
    ck_assert_int_eq(read_terms(json_pack("[{s: I}]", "before", (json_int_t)1), "filter", options),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(reply.message, "There is no option 'before' for this method."));
    ck_assert_int_eq(read_terms(json_pack("[{s: I}]", "limit", (json_int_t)0), "filter", options),
                     BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(reply.message, "out of range"));
    ck_assert_int_eq(read_terms(json_pack("[{}]"), "filter", options), 0);
    ck_assert_str_eq(terms.reason, "");
}
END_TEST

int main(void)
{
    suite_case("terms", NULL, teardown);
    suite_add(test_every_row, test_where_it_goes, test_forever, test_what_is_refused);
    return suite_run();
}
