/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

int command_usage(const struct invocation *invocation, const char *format, ...)
{
    char *text;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    const bool asks = text && *text && text[strlen(text) - 1] == '?';
    output_message(invocation->program->name, "%s%s Try: %s%s%s --help",
                   text ? text : "this cannot be understood", asks ? "" : ".", invocation->program->name,
                   invocation->command ? " " : "", invocation->command ? invocation->command->name : "");
    free(text);
    return EX_USAGE;
}

const struct command_family *command_family(const struct program *program, const char *name)
{
    const size_t length = strcspn(name, " ");
    for (const struct command_family *family = program->families; family && family->name; family++)
        if (strncmp(family->name, name, length) == 0 && !family->name[length])
            return family;
    return NULL;
}
