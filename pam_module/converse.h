/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talks to the person through the application. Prompts with PAM_PROMPT_ECHO_ON only: sshd and many servers answer any
 * PAM_PROMPT_ECHO_OFF with the password that they kept. A prompt lasts until the application answers it; nothing here
 * can withdraw it, and no signal is blocked meanwhile.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

/*
 * Says whether to try a prompt: not with PAM_SILENT, and only where PAM_TTY is set and this process's stdin is a
 * terminal, or PAM_TTY is "ssh". sshd sets that for every login; whether the login can be prompted
 * (keyboard-interactive) or not (a key, a password) shows when it is tried.
 */
bool converse_may_prompt(pam_handle_t *pamh, int flags);

/*
 * Shows one line, as PAM_ERROR_MSG: su and sudo print PAM_TEXT_INFO on stdout, which belongs to the command. Not by
 * pam_error(), which logs a line of its own where the application shows none (cron, a unit with PAMName=).
 */
void converse_say(pam_handle_t *pamh, const char *line);

/* Prompts and waits. 0 with an answer, to be released with converse_wipe; -ENOTTY when there was none. */
int converse_ask(pam_handle_t *pamh, const char *prompt, char **ret_answer);
/* Wipes and frees it. */
void converse_wipe(char *answer);
