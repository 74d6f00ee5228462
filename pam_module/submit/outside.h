/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The approvers of a request who cannot get in by the service that waits for them: it would refuse them, too, for want of
 * an approval. A person who is sent to them finds nobody there. For a person's words alone: who approves is
 * accesspkgd's to say.
 */
#pragma once

#include "pam_module/submit/question.h"

#include <jansson.h>

/* Whether that can be found out of this answer of Submit: the request is pending, and people log in by the service. */
bool outside_is_in_question(const struct question *question, const json_t *request);

/* Looks up who of its approvers surely cannot: their principals, a blank between them; "": none. May take long. */
void outside_find(const struct question *question, const json_t *request, char ret[PROTOCOL_OUTSIDE_MAX + 1]);

/*
 * Takes them out of "approvers", so that nobody is sent to them. If too few for a decision would be left, all stay; if none,
 * "none_inside" names the service.
 */
void outside_leave_out(const char *outside, const char *service, json_t *request);
