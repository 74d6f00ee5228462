/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_method.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "dbus/contract.h"

#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bus_method *bus_interface_method(const struct bus_interface *interface, size_t index)
{
    return (const void *)((const char *)interface->methods + index * interface->stride);
}

void bus_method_refuse(struct bus *bus, DBusMessage *call, const char *error, const char *text)
{
    _cleanup_free_ char *visible = NULL;
    if (dbus_message_get_no_reply(call))
        return;
    /* libdbus aborts the process on text that is not UTF-8. */
    if (!text_is_utf8(text)) {
        const size_t size = 4 * strlen(text) + 1;
        visible = malloc(size);
        text = visible ? text_visible(text, visible, size) : "";
    }
    DBusMessage *answer = dbus_message_new_error(call, error, text);
    if (answer)
        bus_send(bus, answer);
}

static void print_arguments(FILE *out, const char *signature, const char *names, const char *direction)
{
    DBusSignatureIter types;
    if (!*signature)
        return;
    dbus_signature_iter_init(&types, signature);
    do {
        char *type = dbus_signature_iter_get_signature(&types);
        const int length = (int)strcspn(names, " ");
        fprintf(out, "      <arg name=\"%.*s\" type=\"%s\" direction=\"%s\"/>\n", length, names,
                type ? type : "", direction);
        dbus_free(type);
        names += length;
        names += strspn(names, " ");
    } while (dbus_signature_iter_next(&types));
}

/* The XML for the table of methods, new memory; NULL: no memory. */
static char *make_introspection(const struct bus_interface *interface)
{
    char *xml = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&xml, &size);
    if (!out)
        return NULL;
    fprintf(out,
            DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
            "<node>\n"
            "  <interface name=\"" DBUS_INTERFACE_INTROSPECTABLE "\">\n"
            "    <method name=\"Introspect\">\n"
            "      <arg name=\"xml\" type=\"s\" direction=\"out\"/>\n"
            "    </method>\n"
            "  </interface>\n"
            "  <interface name=\"%s\">\n",
            interface->name);
    for (size_t i = 0; i < interface->count; i++) {
        const struct bus_method *method = bus_interface_method(interface, i);
        fprintf(out, "    <method name=\"%s\">\n", method->name);
        print_arguments(out, method->in, method->in_names, "in");
        print_arguments(out, method->out, method->out_names, "out");
        fputs("    </method>\n", out);
    }
    fprintf(out, "%s  </interface>\n</node>\n", interface->signals);
    if (fclose(out) != 0) {
        free(xml);
        return NULL;
    }
    return xml;
}

static void answer_introspect(struct bus *bus, const struct bus_interface *interface, DBusMessage *call)
{
    _cleanup_free_ char *xml = dbus_message_get_no_reply(call) ? NULL : make_introspection(interface);
    DBusMessage *answer = xml ? dbus_message_new_method_return(call) : NULL;
    if (answer && dbus_message_append_args(answer, DBUS_TYPE_STRING, &xml, DBUS_TYPE_INVALID))
        bus_send(bus, answer);
    else if (answer)
        dbus_message_unref(answer);
}

/* What libdbus would answer, of every object. False: it is another interface's. */
static bool answer_peer(struct bus *bus, DBusMessage *call)
{
    char *id = NULL;
    if (!dbus_message_has_interface(call, DBUS_INTERFACE_PEER))
        return false;
    DBusMessage *answer = dbus_message_get_no_reply(call) ? NULL : dbus_message_new_method_return(call);
    if (!answer)
        return true;
    if (dbus_message_has_member(call, "Ping") ||
        (dbus_message_has_member(call, "GetMachineId") && (id = dbus_try_get_local_machine_id(NULL)) &&
         dbus_message_append_args(answer, DBUS_TYPE_STRING, &id, DBUS_TYPE_INVALID))) {
        bus_send(bus, answer);
    } else {
        dbus_message_unref(answer);
        bus_method_refuse(bus, call, DBUS_ERROR_UNKNOWN_METHOD,
                          "There is no such method of " DBUS_INTERFACE_PEER ".");
    }
    dbus_free(id);
    return true;
}

int bus_method_find(struct bus *bus, const struct bus_interface *interface, DBusMessage *call)
{
    const char *named = dbus_message_get_interface(call);
    const char *member = dbus_message_get_member(call);
    char text[512];
    if (answer_peer(bus, call))
        return -1;
    if (!dbus_message_has_path(call, interface->path)) {
        snprintf(text, sizeof(text), "There is no object %.100s; this one is %s.",
                 dbus_message_get_path(call), interface->path);
        bus_method_refuse(bus, call, DBUS_ERROR_UNKNOWN_OBJECT, text);
        return -1;
    }
    if (dbus_message_is_method_call(call, DBUS_INTERFACE_INTROSPECTABLE, "Introspect")) {
        answer_introspect(bus, interface, call);
        return -1;
    }
    for (size_t i = 0; i < interface->count; i++) {
        const struct bus_method *method = bus_interface_method(interface, i);
        if (strcmp(method->name, member) != 0 || (named && strcmp(named, interface->name) != 0))
            continue;
        if (dbus_message_has_signature(call, method->in))
            return (int)i;
        snprintf(text, sizeof(text), "%s takes the arguments '%s', not '%.100s'.", member, method->in,
                 dbus_message_get_signature(call));
        bus_method_refuse(bus, call, bus_error_name(BUS_ERROR_INVALID_ARGUMENT), text);
        return -1;
    }
    snprintf(text, sizeof(text), "%s has no method %.100s on the interface %.100s.", interface->path, member,
             named ? named : "(none)");
    bus_method_refuse(bus, call, DBUS_ERROR_UNKNOWN_METHOD, text);
    return -1;
}
