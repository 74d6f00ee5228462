/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by gate.c. */
#include "pam_module/reason.h"

#include "common/names.h"
#include "pam_module/converse.h"

#include <stdio.h>
#include <string.h>

enum { TRIES = 2, PROMPT_MAX = 500 /* misc_conv and others show no more than 512 bytes */ };

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
static const char *prompt_for(const struct reason_question *question, const char *before,
                              char ret[PROMPT_MAX])
{
    const enum reason_purpose purpose = question->purpose;
    if (!before)
        snprintf(ret, PROMPT_MAX, "%s%s%s %s: ", question->before, *question->before ? "\n" : "",
                 words[purpose].prompt, question->package);
    else
        snprintf(ret, PROMPT_MAX, "%s %s (%s %s): ", words[purpose].prompt, question->package,
                 text_is_blank(before) ? "Enter again" : "one line of plain text; Enter alone",
                 words[purpose].without);
    return ret;
}

bool reason_ask(pam_handle_t *pamh, const struct reason_question *question, char ret[BUS_TEXT_MAX + 1])
{
    char prompt[PROMPT_MAX];
    bool good = false;
    prompt_for(question, NULL, prompt);
    for (int i = 0; i < TRIES && !good; i++) {
        char *answer;
        if (converse_ask(pamh, prompt, &answer) < 0)
            return false;
        const bool is_name = strcmp(answer, question->user) == 0;
        good = !is_name && reason_is_good(answer);
        if (good)
            strcpy(ret, answer);
        prompt_for(question, answer, prompt);
        converse_wipe(answer);
        if (is_name)
            return false;
    }
    return good;
}
