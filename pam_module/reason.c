/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by pam_accesspkg.c. */
#include "pam_module/reason.h"

#include "common/names.h"
#include "pam_module/converse.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 2, PROMPT_MAX = 256 };

bool reason_is_good(const char *text)
{
    return strlen(text) <= BUS_TEXT_MAX && !text_is_blank(text) && text_is_line(text);
}

static const struct {
    const char *prompt;
    const char *without; /* what an empty answer does */
} words[] = {
    [REASON_ACCESS] = {"Reason for access to", "asks without one"},
    [REASON_EMERGENCY] = {"Every approver is told of this emergency, and one reviews it. Reason for taking",
                          "leaves it"},
};

/* `before`: the answer that was not accepted; NULL: none yet. */
static const char *prompt_for(enum reason_purpose purpose, const char *package, const char *before,
                              char ret[PROMPT_MAX])
{
    if (!before)
        snprintf(ret, PROMPT_MAX, "%s %s: ", words[purpose].prompt, package);
    else
        snprintf(ret, PROMPT_MAX, "%s %s (%s %s): ", words[purpose].prompt, package,
                 text_is_blank(before) ? "Enter again" : "one line of plain text; Enter alone",
                 words[purpose].without);
    return ret;
}

bool reason_ask(pam_handle_t *pamh, enum reason_purpose purpose, const char *package, const char *user,
                char ret[BUS_TEXT_MAX + 1])
{
    char prompt[PROMPT_MAX];
    bool good = false;
    prompt_for(purpose, package, NULL, prompt);
    for (int i = 0; i < TRIES && !good; i++) {
        char *answer;
        if (converse_ask(pamh, prompt, &answer) < 0)
            return false;
        const bool is_name = strcmp(answer, user) == 0;
        good = !is_name && reason_is_good(answer);
        if (good)
            strcpy(ret, answer);
        prompt_for(purpose, package, answer, prompt);
        converse_wipe(answer);
        if (is_name)
            return false;
    }
    return good;
}
