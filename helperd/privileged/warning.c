/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines on other people's terminals. Must write visible text alone, to terminals of the one it is for, and wait for
 * none of them: session/terminal.c sees to the latter two. */
#include "helperd/privileged/warning.h"

#include "common/names.h"
#include "helperd/session/terminal.h"

#include <string.h>

static bool is_visible_line(const char *text)
{
    char visible[BUS_WARNING_MAX + 8];
    const size_t length = strlen(text);
    return length > 0 && length <= BUS_WARNING_MAX &&
           strcmp(text_visible(text, visible, sizeof(visible)), text) == 0;
}

int warning_send(const json_t *arguments, struct answer *answer)
{
    const uid_t uid = (uid_t)json_integer_value(json_array_get(arguments, 0));
    const char *text = json_string_value(json_array_get(arguments, 1));
    strv terminals = NULL;
    char line[BUS_WARNING_MAX + 128];
    if (uid == 0 || uid == (uid_t)-1)
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "nobody is warned with the uid %u", uid);
    if (!text || !is_visible_line(text))
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT,
                             "a warning is one line of visible text, 1 to %d bytes", BUS_WARNING_MAX);
    const int r = terminal_find(uid, &terminals);
    if (r < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the sessions of uid %u cannot be read: %s", uid,
                             strerror(-r));
    terminal_frame(text, line, sizeof(line));
    terminal_tell(terminals, uid, TERMINAL_ANYWAY, line);
    strv_free(terminals);
    return 0;
}
