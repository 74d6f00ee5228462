/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Writing checks the whole value against the signature before libdbus sees it, because libdbus aborts
 * the process on a string that is not UTF-8. Reading refuses any type outside the mapping, and repeated keys: a sender
 * must not choose which of two values counts.
 */
#include "dbus/variant.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { LEVELS_MAX = 8 };

#define SIGNATURE_STRINGS "as"
#define SIGNATURE_NUMBERS "au"
#define SIGNATURE_LARGE   "ax"
#define SIGNATURE_OBJECT  "a{sv}"
#define SIGNATURE_OBJECTS "aa{sv}"

/* ---- writing ---------------------------------------------------------------------------------------------- */

static bool value_fits(const char *signature, const json_t *value, int level);

/* The signature for a member of an object; NULL when the mapping has none. */
static const char *signature_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return "s";
    case JSON_INTEGER:
        return "x";
    case JSON_TRUE:
    case JSON_FALSE:
        return "b";
    case JSON_OBJECT:
        return SIGNATURE_OBJECT;
    case JSON_ARRAY:
        return json_is_object(json_array_get(value, 0))    ? SIGNATURE_OBJECTS
               : json_is_integer(json_array_get(value, 0)) ? SIGNATURE_LARGE
                                                           : SIGNATURE_STRINGS;
    case JSON_REAL:
    case JSON_NULL:
        break;
    }
    return NULL;
}

static bool string_fits(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) && dbus_validate_utf8(text, NULL);
}

static bool array_fits(const char *element, const json_t *value, int level)
{
    size_t i;
    json_t *item;

    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i, item)
    {
        if (!value_fits(element, item, level + 1))
            return false;
    }
    return true;
}

static bool object_fits(const json_t *value, int level)
{
    const char *key;
    json_t *member;

    if (!json_is_object(value))
        return false;
    json_object_foreach((json_t *)value, key, member)
    {
        if (json_is_null(member))
            continue;
        const char *signature = signature_of(member);
        if (!signature || !dbus_validate_utf8(key, NULL) || !value_fits(signature, member, level + 1))
            return false;
    }
    return true;
}

static bool value_fits(const char *signature, const json_t *value, int level)
{
    if (strcmp(signature, "s") == 0)
        return string_fits(value);
    if (strcmp(signature, "x") == 0)
        return json_is_integer(value);
    if (strcmp(signature, "h") == 0)
        return level == 0 && json_is_integer(value);
    if (strcmp(signature, "u") == 0)
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
               json_integer_value(value) <= UINT32_MAX;
    if (strcmp(signature, "b") == 0)
        return json_is_boolean(value);
    if (level >= LEVELS_MAX)
        return false;
    if (strcmp(signature, SIGNATURE_STRINGS) == 0 || strcmp(signature, SIGNATURE_NUMBERS) == 0 ||
        strcmp(signature, SIGNATURE_LARGE) == 0 || strcmp(signature, SIGNATURE_OBJECTS) == 0)
        return array_fits(signature + 1, value, level);
    if (strcmp(signature, SIGNATURE_OBJECT) == 0)
        return object_fits(value, level);
    return false;
}

static bool append_value(DBusMessageIter *iter, const char *signature, const json_t *value);

static bool append_items(DBusMessageIter *array, const char *element, const json_t *value)
{
    size_t i;
    json_t *item;

    json_array_foreach(value, i, item)
    {
        if (!append_value(array, element, item))
            return false;
    }
    return true;
}

static bool append_member(DBusMessageIter *entry, const char *key, const json_t *member)
{
    const char *signature = signature_of(member);
    DBusMessageIter variant;

    if (!dbus_message_iter_append_basic(entry, DBUS_TYPE_STRING, &key) ||
        !dbus_message_iter_open_container(entry, DBUS_TYPE_VARIANT, signature, &variant))
        return false;
    if (append_value(&variant, signature, member))
        return dbus_message_iter_close_container(entry, &variant);
    dbus_message_iter_abandon_container(entry, &variant);
    return false;
}

static bool append_members(DBusMessageIter *array, const json_t *value)
{
    const char *key;
    json_t *member;

    json_object_foreach((json_t *)value, key, member)
    {
        DBusMessageIter entry;

        if (json_is_null(member))
            continue;
        if (!dbus_message_iter_open_container(array, DBUS_TYPE_DICT_ENTRY, NULL, &entry))
            return false;
        if (!append_member(&entry, key, member)) {
            dbus_message_iter_abandon_container(array, &entry);
            return false;
        }
        if (!dbus_message_iter_close_container(array, &entry))
            return false;
    }
    return true;
}

static bool append_array(DBusMessageIter *iter, const char *element, const json_t *value)
{
    DBusMessageIter array;

    if (!dbus_message_iter_open_container(iter, DBUS_TYPE_ARRAY, element, &array))
        return false;
    if (json_is_object(value) ? append_members(&array, value) : append_items(&array, element, value))
        return dbus_message_iter_close_container(iter, &array);
    dbus_message_iter_abandon_container(iter, &array);
    return false;
}

/* False only without memory: value_fits() has checked the value. */
static bool append_value(DBusMessageIter *iter, const char *signature, const json_t *value)
{
    const char *text = json_string_value(value);
    dbus_int64_t number = json_integer_value(value);
    dbus_uint32_t small = (dbus_uint32_t)number;
    dbus_bool_t truth = json_is_true(value);
    int file = (int)number;

    switch (signature[0]) {
    case 's':
        return dbus_message_iter_append_basic(iter, DBUS_TYPE_STRING, &text);
    case 'x':
        return dbus_message_iter_append_basic(iter, DBUS_TYPE_INT64, &number);
    case 'u':
        return dbus_message_iter_append_basic(iter, DBUS_TYPE_UINT32, &small);
    case 'b':
        return dbus_message_iter_append_basic(iter, DBUS_TYPE_BOOLEAN, &truth);
    case 'h':
        return dbus_message_iter_append_basic(iter, DBUS_TYPE_UNIX_FD, &file);
    default:
        return append_array(iter, signature + 1, value);
    }
}

int variant_append(DBusMessageIter *iter, const char *signature, const json_t *value)
{
    if (!value || !value_fits(signature, value, 0))
        return -EINVAL;
    return append_value(iter, signature, value) ? 0 : -ENOMEM;
}

int variant_append_message(DBusMessage *message, const char *signature, const json_t *values)
{
    DBusSignatureIter types;
    DBusMessageIter iter;
    size_t i = 0;
    int r = 0;

    assert(dbus_signature_validate(signature, NULL));
    dbus_signature_iter_init(&types, signature);
    dbus_message_iter_init_append(message, &iter);
    while (r == 0 && dbus_signature_iter_get_current_type(&types) != DBUS_TYPE_INVALID) {
        char *type = dbus_signature_iter_get_signature(&types);

        r = type ? variant_append(&iter, type, json_array_get(values, i++)) : -ENOMEM;
        dbus_free(type);
        dbus_signature_iter_next(&types);
    }
    return r == 0 && i != json_array_size(values) ? -EINVAL : r;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

static json_t *read_value(DBusMessageIter *iter, int level);

static json_t *read_integer(DBusMessageIter *iter, int type)
{
    DBusBasicValue value;

    dbus_message_iter_get_basic(iter, &value);
    switch (type) {
    case DBUS_TYPE_BYTE:
        return json_integer(value.byt);
    case DBUS_TYPE_INT16:
        return json_integer(value.i16);
    case DBUS_TYPE_UINT16:
        return json_integer(value.u16);
    case DBUS_TYPE_INT32:
        return json_integer(value.i32);
    case DBUS_TYPE_UINT32:
        return json_integer(value.u32);
    case DBUS_TYPE_INT64:
        return json_integer(value.i64);
    default:
        return value.u64 <= INT64_MAX ? json_integer((json_int_t)value.u64) : NULL;
    }
}

static bool read_items(DBusMessageIter *iter, json_t *array, int level)
{
    DBusMessageIter item;

    dbus_message_iter_recurse(iter, &item);
    for (; dbus_message_iter_get_arg_type(&item) != DBUS_TYPE_INVALID; dbus_message_iter_next(&item))
        if (json_array_append_new(array, read_value(&item, level + 1)) < 0)
            return false;
    return true;
}

static bool read_members(DBusMessageIter *iter, json_t *object, int level)
{
    DBusMessageIter item, entry, member;
    const char *key;

    dbus_message_iter_recurse(iter, &item);
    for (; dbus_message_iter_get_arg_type(&item) != DBUS_TYPE_INVALID; dbus_message_iter_next(&item)) {
        dbus_message_iter_recurse(&item, &entry);
        dbus_message_iter_get_basic(&entry, &key);
        dbus_message_iter_next(&entry);
        dbus_message_iter_recurse(&entry, &member);
        if (json_object_get(object, key) ||
            json_object_set_new(object, key, read_value(&member, level + 1)) < 0)
            return false;
    }
    return true;
}

static json_t *read_array(DBusMessageIter *iter, int level)
{
    char *signature = dbus_message_iter_get_signature(iter);
    json_t *value = NULL;
    bool complete = false;

    if (signature &&
        (strcmp(signature, SIGNATURE_STRINGS) == 0 || strcmp(signature, SIGNATURE_NUMBERS) == 0 ||
         strcmp(signature, SIGNATURE_LARGE) == 0 || strcmp(signature, SIGNATURE_OBJECTS) == 0)) {
        value = json_array();
        complete = value && read_items(iter, value, level);
    } else if (signature && strcmp(signature, SIGNATURE_OBJECT) == 0) {
        value = json_object();
        complete = value && read_members(iter, value, level);
    }
    dbus_free(signature);
    if (!complete) {
        json_decref(value);
        return NULL;
    }
    return value;
}

static json_t *read_variant(DBusMessageIter *iter, int level)
{
    DBusMessageIter inner;

    dbus_message_iter_recurse(iter, &inner);
    return read_value(&inner, level + 1);
}

static json_t *read_value(DBusMessageIter *iter, int level)
{
    int type = dbus_message_iter_get_arg_type(iter);
    const char *text;
    dbus_bool_t truth;

    switch (type) {
    case DBUS_TYPE_STRING:
        dbus_message_iter_get_basic(iter, &text);
        return json_string(text);
    case DBUS_TYPE_BOOLEAN:
        dbus_message_iter_get_basic(iter, &truth);
        return json_boolean(truth);
    case DBUS_TYPE_BYTE:
    case DBUS_TYPE_INT16:
    case DBUS_TYPE_UINT16:
    case DBUS_TYPE_INT32:
    case DBUS_TYPE_UINT32:
    case DBUS_TYPE_INT64:
    case DBUS_TYPE_UINT64:
        return read_integer(iter, type);
    case DBUS_TYPE_UNIX_FD:
        return level == 0 ? json_null() : NULL;
    case DBUS_TYPE_ARRAY:
        return level < LEVELS_MAX ? read_array(iter, level) : NULL;
    case DBUS_TYPE_VARIANT:
        return level < LEVELS_MAX ? read_variant(iter, level) : NULL;
    default:
        return NULL;
    }
}

json_t *variant_read(DBusMessageIter *iter)
{
    return read_value(iter, 0);
}

json_t *variant_read_message(DBusMessage *message)
{
    DBusMessageIter iter;
    json_t *values = json_array();

    dbus_message_iter_init(message, &iter);
    for (; values && dbus_message_iter_get_arg_type(&iter) != DBUS_TYPE_INVALID;
         dbus_message_iter_next(&iter)) {
        if (json_array_append_new(values, variant_read(&iter)) < 0) {
            json_decref(values);
            return NULL;
        }
    }
    return values;
}
