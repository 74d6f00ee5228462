/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/terminal/line.h"

#include "common/names.h"
#include "common/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SUMMARY_SIZE = 256, COMMAND_SIZE = 128 };

/* "" for a command that is cut or has bytes made visible: it cannot be pasted. */
static const char *first_command(const json_t *notice, char ret[COMMAND_SIZE])
{
    const char *command = json_string_value(json_array_get(json_object_get(notice, "commands"), 0));
    return command && strcmp(text_visible(command, ret, COMMAND_SIZE), command) == 0 ? ret : "";
}

int line_compose(const json_t *notice, char ret[LINE_SIZE])
{
    const char *identifier = json_string_value(json_object_get(notice, "event"));
    const char *summary = json_string_value(json_object_get(notice, "summary"));
    char shown[SUMMARY_SIZE];
    char buffer[COMMAND_SIZE];
    if (!identifier || !summary)
        return -EINVAL;
    const enum outbox_event event = outbox_from_identifier(identifier);
    const char *lead = event < OUTBOX_EVENT_COUNT ? outbox_terminal(event) : NULL;
    if (!lead)
        return LINE_E_NOT_HERE;
    const char *command = first_command(notice, buffer);
    text_visible(summary, shown, sizeof(shown));
    if (*command)
        snprintf(ret, LINE_SIZE, "%s. %s: %s", shown, lead, command);
    else
        snprintf(ret, LINE_SIZE, "%s.", shown);
    return 0;
}
