/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request as callers see it, an object of org.accesspkg1.Manager.xml. Changes nothing. */
#pragma once

#include "helperd/lifecycle/lifecycle.h"

/* A new object; NULL: no memory. `caller`: for may_decide and may_cancel. `with_text`: of one that is pending, what is decided
 * about. */
json_t *view_assignment(const struct assignment *assignment); /* one without a request */
json_t *view_request(const struct engine *engine, const struct record *record,
                     const struct policy_decider *caller, bool with_text);

json_t *view_decision(const struct request *request, const struct decision *decision);

/* Adds who gets the package without an approval, and who may take it in an emergency. 0; 1 when everybody does; -ENOMEM. */
int view_add_open_to(json_t *principals, const struct package *package);

/* Sets a member of a view; takes over the value. 0; -ENOMEM, also for NULL. */
int view_set(json_t *view, const char *key, json_t *value);
/* The bytes of a text that people wrote, by which pages end; NULL: none. */
size_t view_bytes(const char *text);
