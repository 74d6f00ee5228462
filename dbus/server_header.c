/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_header.h"

enum { HEADER_MAX = 16 * 1024 /* bytes; a longer one is odd */ };

static uint32_t get_number(const unsigned char *at, bool little)
{
    return little ? (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24
                  : (uint32_t)at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

static size_t align(size_t at, size_t to)
{
    return (at + to - 1) & ~(to - 1);
}

struct cursor {
    const unsigned char *data;
    size_t at, end;
    bool little;
};

/* A text with a number of its bytes before it, and a NUL behind; NULL: it does not fit. */
static const char *read_text(struct cursor *cursor)
{
    cursor->at = align(cursor->at, 4);
    if (cursor->end < 5 || cursor->at > cursor->end - 5)
        return NULL;
    const size_t length = get_number(cursor->data + cursor->at, cursor->little);
    const char *text = (const char *)cursor->data + cursor->at + 4;
    if (length > cursor->end - cursor->at - 5 || text[length] != '\0')
        return NULL;
    cursor->at += 5 + length;
    return text;
}

/* One field: a code and a variant, which is a text, a signature or a number in all fields that there are. */
static bool read_field(struct cursor *cursor, struct bus_header *header)
{
    cursor->at = align(cursor->at, 8);
    if (cursor->end < 4 || cursor->at > cursor->end - 4)
        return false;
    const unsigned char *field = cursor->data + cursor->at;
    cursor->at += 4;
    if (field[1] != 1 || field[3] != '\0')
        return false;
    if (field[2] == DBUS_TYPE_STRING || field[2] == DBUS_TYPE_OBJECT_PATH) {
        const char *text = read_text(cursor);
        if (text && field[0] == DBUS_HEADER_FIELD_SENDER)
            header->sender = text;
        return text != NULL;
    }
    if (field[2] == DBUS_TYPE_SIGNATURE) {
        if (cursor->at >= cursor->end || cursor->data[cursor->at] + 2u > cursor->end - cursor->at)
            return false;
        cursor->at += cursor->data[cursor->at] + 2u;
        return true;
    }
    cursor->at = align(cursor->at, 4);
    if (field[2] != DBUS_TYPE_UINT32 || cursor->end < 4 || cursor->at > cursor->end - 4)
        return false;
    if (field[0] == DBUS_HEADER_FIELD_UNIX_FDS)
        header->has_files = get_number(cursor->data + cursor->at, cursor->little) > 0;
    cursor->at += 4;
    return true;
}

uint64_t header_size(const unsigned char *data)
{
    return align(HEADER_FIXED + (size_t)get_number(data + 12, data[0] == DBUS_LITTLE_ENDIAN), 8);
}

int header_read(const unsigned char *data, size_t have, struct bus_header *ret, uint64_t *ret_size)
{
    if (have < HEADER_FIXED)
        return HEADER_E_MORE;
    const bool little = data[0] == DBUS_LITTLE_ENDIAN;
    const uint64_t own = header_size(data);
    if (own <= HEADER_MAX && have < own)
        return HEADER_E_MORE;
    const uint64_t size = own + get_number(data + 4, little);
    struct bus_header header = {.type = data[1],
                                .no_reply = data[2] & DBUS_HEADER_FLAG_NO_REPLY_EXPECTED,
                                .serial = get_number(data + 8, little),
                                .size = size};
    *ret_size = size;
    if (own > HEADER_MAX)
        return HEADER_E_ODD;
    struct cursor cursor = {data, HEADER_FIXED, HEADER_FIXED + get_number(data + 12, little), little};
    while (cursor.at < cursor.end)
        if (!read_field(&cursor, &header))
            return HEADER_E_ODD;
    if (!header.sender)
        return HEADER_E_ODD;
    *ret = header;
    return 0;
}
