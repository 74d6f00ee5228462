/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to the person through the application, which may be of any kind. Prompts are PAM_PROMPT_ECHO_ON alone: sshd,
 * and many a server, answers any PAM_PROMPT_ECHO_OFF with the password that it has kept. A prompt stays until the
 * application answers: nothing here can take it back, and no signal is held back meanwhile.
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

/*
 * Whether it makes sense to prompt: no PAM_SILENT, and a person at the other end. The application says so by PAM_TTY:
 * either this process's stdin is a terminal, or it is "ssh", which sshd says of every login; whether that one can be
 * prompted (keyboard-interactive) or not (a key, a password) shows when it is tried.
 */
bool converse_may_prompt(pam_handle_t *pamh, int flags);

/*
 * Shows one line. As an error, not a text: su and sudo print texts on stdout, which belongs to the command. Not
 * pam_error, which puts a line of its own into the journal where nobody listens (cron, a unit with PAMName=).
 */
void converse_say(pam_handle_t *pamh, const char *line);

/* Shows the prompt and waits. 0 with an answer to be given to converse_forget; -ENOTTY when there was none. */
int converse_ask(pam_handle_t *pamh, const char *prompt, char **ret_answer);
/* Wipes and frees it. */
void converse_forget(char *answer);
