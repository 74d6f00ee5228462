/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/server_introspect.h"

#include <dbus/dbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

char *bus_introspect(const struct bus_interface *interface)
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
