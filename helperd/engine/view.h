/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person sees of a request, as org.accesspkg1.Manager.xml describes it. Reads the store, changes nothing. */
#pragma once

#include "helperd/lifecycle/lifecycle.h"

/* A new object; NULL when there is no memory. The decider is the caller, for may_decide and may_cancel. */
json_t *view_assignment(const struct assignment *assignment); /* one that no request stands behind */
json_t *view_request(const struct record *record, const struct packages *packages,
                     const struct policy_decider *caller, int64_t now);
