/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds requests by names instead of their numbers, among those that the caller may see. */
#pragma once

#include "cli/command.h"

/*
 * Finds the request of this user and package that waits for a decision (`review`: for a review), else the most recent
 * one. `name` is split at its last slash, as a package's name has none. 0, or -1 with *ret_error filled.
 */
int find_request(struct invocation *invocation, const char *name, bool review, int64_t *ret,
                 struct client_error *ret_error);

/* Makes sure that ids[index] is the operand's number, and finds it if needed: by USER/PACKAGE; by the caller's own PACKAGE
 * (TAKES_OWN); by USER, of whom one waits for the caller (TAKES_USERS). 0, or -1 with *ret_error filled. */
int find_operand(struct invocation *invocation, size_t index, bool review, struct client_error *ret_error);

/* True for an operand that means what waits by then, so that it is to be shown before a decision. */
bool find_is_name(const char *operand);

/* Puts in the place of 3-7 and all the numbers that wait for the caller (`review`: for a review of theirs), the oldest
 * first. 0, or -1 with *ret_error filled: nothing does. */
int find_several(struct invocation *invocation, bool review, struct client_error *ret_error);

/* What a sentence about the unknown name of a package, or also of a group that a package gives, ends with; new: "; do you
 * mean db-admins?"; "": no name is near. */
char *find_similar_package(struct invocation *invocation, const char *typed, bool groups_too);
