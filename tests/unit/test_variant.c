/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dbus/variant.c: every type both ways, and the refusal of everything else before libdbus could abort on it. */
#include "dbus/variant.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static DBusMessage *message_new(void)
{
    DBusMessage *message = dbus_message_new_method_call("a.b", "/", "a.b", "C");

    ck_assert_ptr_nonnull(message);
    return message;
}

/* As over a socket: what libdbus would not accept from a peer must not leave us either. */
static DBusMessage *over_the_wire(DBusMessage *message)
{
    DBusError error = DBUS_ERROR_INIT;
    DBusMessage *copy;
    char *bytes;
    int size;

    dbus_message_set_serial(message, 1);
    ck_assert(dbus_message_marshal(message, &bytes, &size));
    copy = dbus_message_demarshal(bytes, size, &error);
    ck_assert_msg(copy != NULL, "%s", error.message);
    dbus_free(bytes);
    return copy;
}

static const struct {
    const char *signature;
    const char *in;
    const char *out; /* NULL: as `in` */
} trips[] = {
    {"", "[]", NULL},
    {"s", "['']", NULL},
    {"s", "['h\\u00e9 \\u20ac \\ud83d\\ude00']", NULL},
    {"x", "[9223372036854775807]", NULL},
    {"x", "[-9223372036854775808]", NULL},
    {"bb", "[true, false]", NULL},
    {"u", "[0]", NULL},
    {"u", "[4294967295]", NULL},
    {"au", "[[]]", NULL},
    {"au", "[[1, 4294967295]]", NULL},
    {"ax", "[[1, -9223372036854775808]]", NULL},
    {"a{sv}", "[{'withdrawn': [14, 9223372036854775807]}]", NULL},
    {"as", "[[]]", NULL},
    {"as", "[['a', '', 'b']]", NULL},
    {"aa{sv}", "[[]]", NULL},
    {"aa{sv}", "[[{}, {'a': 1}]]", NULL},
    {"a{sv}", "[{}]", NULL},
    {"a{sv}", "[{'s': 't', 'x': -1, 'b': true, 'as': ['u'], 'o': {'y': 2}, 'empty': [], 'no': {}}]", NULL},
    {"a{sv}", "[{'decisions': [{'at': 1, 'groups': ['a']}, {}]}]", NULL},
    {"a{sv}", "[{'gone': null, 'here': {'gone': null}}]", "[{'here': {}}]"},
    {"sasa{sv}xb", "['', ['db'], {'gate': true}, 7, false]", NULL},
    {"a{sv}", "[{'1': {'2': {'3': {'4': {'5': {'6': {'7': {}}}}}}}}]", NULL},
};

static json_t *parse(const char *text)
{
    char copy[512];
    json_t *value;

    ck_assert_uint_lt(strlen(text), sizeof(copy));
    for (size_t i = 0; i <= strlen(text); i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    value = json_loads(copy, 0, NULL);
    ck_assert_msg(value != NULL, "%s", copy);
    return value;
}

START_TEST(round_trips)
{
    DBusMessage *message = message_new(), *copy;
    json_t *in = parse(trips[_i].in), *want = parse(trips[_i].out ? trips[_i].out : trips[_i].in), *out;

    ck_assert_int_eq(variant_append_message(message, trips[_i].signature, in), 0);
    ck_assert_str_eq(dbus_message_get_signature(message), trips[_i].signature);
    copy = over_the_wire(message);
    out = variant_read_message(copy);
    ck_assert_msg(json_equal(out, want), "%s: %s", trips[_i].in, json_dumps(out, 0));
    json_decref(in);
    json_decref(out);
    json_decref(want);
    dbus_message_unref(message);
    dbus_message_unref(copy);
}
END_TEST

static const struct {
    const char *signature;
    const char *in;
} misfits[] = {
    {"s", "[1]"},
    {"s", "[null]"},
    {"s", "[]"},
    {"s", "['a', 'b']"},
    {"", "['a']"},
    {"x", "['1']"},
    {"x", "[1.5]"},
    {"x", "[true]"},
    {"b", "[1]"},
    {"as", "['a']"},
    {"as", "[['a', 1]]"},
    {"ax", "[[1, 'a']]"},
    {"a{sv}", "[{'mixed': [1, 'a']}]"},
    {"as", "[['a', null]]"},
    {"as", "[{}]"},
    {"aa{sv}", "[['a']]"},
    {"aa{sv}", "[{}]"},
    {"a{sv}", "[[]]"},
    {"a{sv}", "[{'real': 1.5}]"},
    {"a{sv}", "[{'mixed': ['a', {}]}]"},
    {"a{sv}", "[{'mixed': [{}, 'a']}]"},
    {"a{sv}", "[{'truths': [true]}]"},
    {"a{sv}", "[{'deep': [[]]}]"},
    {"u", "['1']"},
    {"u", "[-1]"},
    {"u", "[4294967296]"},
    {"au", "[1]"},
    {"au", "[['1']]"},
    {"au", "[[-1]]"},
    {"t", "[1]"},
    {"a{sv}", "[{'1': {'2': {'3': {'4': {'5': {'6': {'7': {'8': {}}}}}}}}}]"},
    {"a{sv}", "[{'1': {'2': {'3': {'4': {'5': {'6': {'7': {'8': []}}}}}}}}]"},
};

START_TEST(refuses_what_does_not_fit)
{
    DBusMessage *message = message_new();
    json_t *in = parse(misfits[_i].in);

    ck_assert_msg(variant_append_message(message, misfits[_i].signature, in) == -EINVAL, "%s",
                  misfits[_i].in);
    json_decref(in);
    dbus_message_unref(message);
}
END_TEST

/* Rule 10's worst case: libdbus ends the process on such a string. */
START_TEST(refuses_strings_libdbus_aborts_on)
{
    static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "a\xe2\x82", "\xf4\x90\x80\x80"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        DBusMessage *message = message_new();
        json_t *value = json_pack("[o]", json_string_nocheck(bad[i]));
        json_t *key = json_pack("[{}]");

        ck_assert_ptr_null(json_string(bad[i]));
        ck_assert_int_eq(variant_append_message(message, "s", value), -EINVAL);
        json_object_set_new_nocheck(json_array_get(key, 0), bad[i], json_true());
        ck_assert_int_eq(variant_append_message(message, "a{sv}", key), -EINVAL);
        ck_assert_str_eq(dbus_message_get_signature(message), "");
        json_decref(value);
        json_decref(key);
        dbus_message_unref(message);
    }
}
END_TEST

START_TEST(refuses_a_zero_inside_a_string)
{
    DBusMessage *message = message_new();
    json_t *value = json_pack("[o]", json_stringn("a\0b", 3));

    ck_assert_int_eq(variant_append_message(message, "s", value), -EINVAL);
    json_decref(value);
    dbus_message_unref(message);
}
END_TEST

START_TEST(reads_every_integer)
{
    DBusMessage *message = message_new();
    unsigned char y = 255;
    dbus_int16_t n = -32768;
    dbus_uint16_t q = 65535;
    dbus_int32_t i = INT32_MIN;
    dbus_uint32_t u = UINT32_MAX;
    dbus_int64_t x = INT64_MIN;
    dbus_uint64_t t = INT64_MAX;
    json_t *out, *want;

    ck_assert(dbus_message_append_args(message, 'y', &y, 'n', &n, 'q', &q, 'i', &i, 'u', &u, 'x', &x, 't', &t,
                                       DBUS_TYPE_INVALID));
    out = variant_read_message(message);
    want = json_pack("[IIIIIII]", (json_int_t)y, (json_int_t)n, (json_int_t)q, (json_int_t)i, (json_int_t)u,
                     (json_int_t)x, (json_int_t)t);
    ck_assert(json_equal(out, want));
    json_decref(out);
    json_decref(want);
    dbus_message_unref(message);
}
END_TEST

START_TEST(refuses_types_outside_the_mapping)
{
    DBusMessage *message;
    dbus_uint64_t large = (dbus_uint64_t)INT64_MAX + 1;
    double real = 1;
    const char *path = "/a";

    message = message_new();
    dbus_message_append_args(message, DBUS_TYPE_UINT64, &large, DBUS_TYPE_INVALID);
    ck_assert_ptr_null(variant_read_message(message));
    dbus_message_unref(message);
    message = message_new();
    dbus_message_append_args(message, DBUS_TYPE_DOUBLE, &real, DBUS_TYPE_INVALID);
    ck_assert_ptr_null(variant_read_message(message));
    dbus_message_unref(message);
    message = message_new();
    dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
    ck_assert_ptr_null(variant_read_message(message));
    dbus_message_unref(message);
}
END_TEST

START_TEST(refuses_other_arrays_even_empty)
{
    static const char *const elements[] = {"b", "v", "ax", "(s)", "{ss}", "{xv}", "aas"};

    for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++) {
        DBusMessage *message = message_new();
        DBusMessageIter iter, array;

        dbus_message_iter_init_append(message, &iter);
        ck_assert(dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, elements[i], &array));
        dbus_message_iter_close_container(&iter, &array);
        ck_assert_ptr_null(variant_read_message(message));
        dbus_message_unref(message);
    }
}
END_TEST

static void append_pair(DBusMessageIter *array, const char *key, const char *value)
{
    DBusMessageIter entry, variant;

    dbus_message_iter_open_container(array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
    dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
    dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "s", &variant);
    dbus_message_iter_append_basic(&variant, DBUS_TYPE_STRING, &value);
    dbus_message_iter_close_container(&entry, &variant);
    dbus_message_iter_close_container(array, &entry);
}

START_TEST(refuses_a_repeated_key)
{
    DBusMessage *message = message_new();
    DBusMessageIter iter, array;

    dbus_message_iter_init_append(message, &iter);
    dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &array);
    append_pair(&array, "service", "sshd");
    append_pair(&array, "service", "login");
    dbus_message_iter_close_container(&iter, &array);
    ck_assert_ptr_null(variant_read_message(message));
    dbus_message_unref(message);
}
END_TEST

/* A variant in a variant in a variant ...: eight are read, one more is not. */
static void append_nested(DBusMessageIter *iter, int levels)
{
    dbus_int64_t number = 7;
    DBusMessageIter variant;

    if (levels == 0) {
        dbus_message_iter_append_basic(iter, DBUS_TYPE_INT64, &number);
        return;
    }
    dbus_message_iter_open_container(iter, DBUS_TYPE_VARIANT, levels == 1 ? "x" : "v", &variant);
    append_nested(&variant, levels - 1);
    dbus_message_iter_close_container(iter, &variant);
}

START_TEST(reads_eight_levels)
{
    for (int levels = 7; levels <= 10; levels++) {
        DBusMessage *message = message_new();
        DBusMessageIter iter;
        json_t *out;

        dbus_message_iter_init_append(message, &iter);
        append_nested(&iter, levels);
        out = variant_read_message(message);
        ck_assert_msg((out != NULL) == (levels <= 8), "%d levels", levels);
        json_decref(out);
        dbus_message_unref(message);
    }
}
END_TEST

int main(void)
{
    suite_case("both ways", NULL, NULL);
    suite_rows(round_trips, trips);
    suite_rows(refuses_what_does_not_fit, misfits);
    suite_add(refuses_strings_libdbus_aborts_on, refuses_a_zero_inside_a_string, reads_every_integer,
              refuses_types_outside_the_mapping, refuses_other_arrays_even_empty, refuses_a_repeated_key,
              reads_eight_levels);
    return suite_run();
}
