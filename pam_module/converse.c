/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by gate.c, session.c, reason.c and pam_accesspkg.c. */
#include "pam_module/converse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool converse_may_prompt(pam_handle_t *pamh, int flags)
{
    const void *tty = NULL;
    if ((flags & PAM_SILENT) || pam_get_item(pamh, PAM_TTY, &tty) != PAM_SUCCESS || !tty)
        return false;
    /* No other name: servers set PAM_TTY too ("ftp"), and answer prompts without a person. */
    return strcmp(tty, "ssh") == 0 || (*(const char *)tty && isatty(STDIN_FILENO));
}

static int converse(pam_handle_t *pamh, int style, const char *text, struct pam_response **ret)
{
    const struct pam_message message = {.msg_style = style, .msg = text};
    const struct pam_message *messages = &message;
    const void *item = NULL;
    if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || !item)
        return PAM_CONV_ERR;
    const struct pam_conv *conversation = item;
    return conversation->conv ? conversation->conv(1, &messages, ret, conversation->appdata_ptr)
                              : PAM_CONV_ERR;
}

void converse_say(pam_handle_t *pamh, const char *line)
{
    struct pam_response *response = NULL;
    converse(pamh, PAM_ERROR_MSG, line, &response);
    if (response)
        free(response->resp);
    free(response);
}

int converse_ask(pam_handle_t *pamh, const char *prompt, char **ret_answer)
{
    struct pam_response *response = NULL;
    /* After a failure the response is not ours to free. */
    if (converse(pamh, PAM_PROMPT_ECHO_ON, prompt, &response) != PAM_SUCCESS || !response)
        return -ENOTTY;
    char *answer = response->resp;
    free(response);
    if (!answer)
        return -ENOTTY;
    *ret_answer = answer;
    return 0;
}

void converse_wipe(char *answer)
{
    if (answer)
        explicit_bzero(answer, strlen(answer));
    free(answer);
}
