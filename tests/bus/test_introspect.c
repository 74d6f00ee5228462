/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interface XMLs are the truth: what our services answer to Introspect is compared with them, both ways. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 65536, LINE_MAX_ = 256, LINES_MAX = 256 };

struct shape {
    char lines[LINES_MAX][LINE_MAX_];
    size_t count;
};

static void strip_comments(char *text)
{
    char *start;
    while ((start = strstr(text, "<!--"))) {
        char *end = strstr(start, "-->");
        ck_assert_ptr_nonnull(end);
        memmove(start, end + 3, strlen(end + 3) + 1);
    }
}

/* The value of an attribute inside one tag; "" when it has none. */
static void attribute(const char *tag, const char *name, char *ret, size_t size)
{
    char wanted[32];
    snprintf(wanted, sizeof(wanted), " %s=\"", name);
    const char *end = strchr(tag, '>');
    const char *value = strstr(tag, wanted);
    ret[0] = '\0';
    if (!value || value > end)
        return;
    value += strlen(wanted);
    snprintf(ret, size, "%.*s", (int)strcspn(value, "\""), value);
}

static bool is_tag(const char *tag, const char *name)
{
    return strncmp(tag, name, strlen(name)) == 0 && isspace((unsigned char)tag[strlen(name)]);
}

/* One line per argument: "method Submit: user s in"; a member without arguments has a line of its own. */
static void read_shape(char *text, const char *interface, struct shape *ret)
{
    char member[128] = "";
    char opening[128];
    strip_comments(text);
    snprintf(opening, sizeof(opening), "<interface name=\"%s\"", interface);
    const char *block = strstr(text, opening);
    ck_assert_ptr_nonnull(block);
    const char *end = strstr(block, "</interface>");
    ck_assert_ptr_nonnull(end);
    for (const char *tag = strchr(block + 1, '<'); tag && tag < end; tag = strchr(tag + 1, '<')) {
        char name[64];
        char type[32];
        char direction[16];
        attribute(tag, "name", name, sizeof(name));
        ck_assert_uint_lt(ret->count, LINES_MAX);
        if (is_tag(tag, "<method") || is_tag(tag, "<signal")) {
            snprintf(member, sizeof(member), "%.6s %s", tag + 1, name);
            snprintf(ret->lines[ret->count++], LINE_MAX_, "%s", member);
        } else if (is_tag(tag, "<arg")) {
            attribute(tag, "type", type, sizeof(type));
            attribute(tag, "direction", direction, sizeof(direction));
            snprintf(ret->lines[ret->count++], LINE_MAX_, "%s: %s %s %s", member, name, type, direction);
        } else if (is_tag(tag, "<property")) {
            snprintf(ret->lines[ret->count++], LINE_MAX_, "property %s", name);
        }
    }
}

struct service {
    const char *name;
    const char *path;
    const char *interface;
    const char *caller;
    const char *truth;
    size_t lines_min;
};

static int ask(void *data)
{
    const struct service *service = data;
    DBusError error = DBUS_ERROR_INIT;
    const char *xml = NULL;
    DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
    DBusMessage *message = dbus_message_new_method_call(service->name, service->path,
                                                        DBUS_INTERFACE_INTROSPECTABLE, "Introspect");
    DBusMessage *answer =
        connection ? dbus_connection_send_with_reply_and_block(connection, message, 5000, &error) : NULL;
    FILE *out = fopen("/tmp/introspection.xml", "we");
    if (!answer || !out || !dbus_message_get_args(answer, &error, DBUS_TYPE_STRING, &xml, DBUS_TYPE_INVALID))
        return 1;
    return fputs(xml, out) < 0 || fclose(out) != 0;
}

static void read_text(const char *path, char *text)
{
    FILE *in = fopen(path, "re");
    ck_assert_msg(in, "%s", path);
    const size_t got = fread(text, 1, TEXT_MAX - 1, in);
    text[got] = '\0';
    fclose(in);
}

static void assert_contains(const struct shape *all, const struct shape *part, const char *who)
{
    for (size_t i = 0; i < part->count; i++) {
        bool found = false;
        for (size_t k = 0; k < all->count; k++)
            found |= strcmp(part->lines[i], all->lines[k]) == 0;
        ck_assert_msg(found, "only %s has: %s", who, part->lines[i]);
    }
}

static void compare(const struct service *service)
{
    static char text[TEXT_MAX];
    static struct shape truth;
    static struct shape answered;
    truth.count = answered.count = 0;
    ck_assert_int_eq(live_join(live_fork(service->caller, ask, (void *)service)), 0);
    read_text("/tmp/introspection.xml", text);
    read_shape(text, service->interface, &answered);
    read_text(service->truth, text);
    read_shape(text, service->interface, &truth);
    ck_assert_uint_ge(truth.count, service->lines_min);
    ck_assert_uint_eq(truth.count, answered.count);
    assert_contains(&truth, &answered, "the service");
    assert_contains(&answered, &truth, "the XML");
    ck_assert_int_eq(live_run("root", "rm /tmp/introspection.xml"), 0);
}

START_TEST(test_both_ways)
{
    static const struct service manager = {
        BUS_NAME, BUS_PATH, BUS_INTERFACE_MANAGER, "alice", "dbus/org.accesspkg1.Manager.xml", 30};
    static const struct service privileged = {BUS_PRIVILEGED_NAME,
                                              BUS_PRIVILEGED_PATH,
                                              BUS_PRIVILEGED_INTERFACE,
                                              "accesspkg",
                                              "dbus/org.accesspkg1.Privileged.xml",
                                              15};
    live_start("p", "[package]\ngroups = auditors\n[policy]\napproval = none\n", NULL);
    compare(&manager);
    live_start_privileged(60);
    compare(&privileged);
    live_stop();
}
END_TEST

int main(void)
{
    suite_case("introspect", NULL, NULL);
    suite_add(test_both_ways);
    return suite_run();
}
