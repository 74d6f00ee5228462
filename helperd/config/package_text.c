/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/package_text.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static void write_stage(FILE *out, const struct package_stage *stage, size_t number)
{
    canonical_number(out, "stage", (int64_t)number);
    canonical_list(out, "approver", stage->approvers);
    canonical_list(out, "fallback-approver", stage->fallback_approvers);
    canonical_number(out, "quorum", stage->quorum);
    canonical_number(out, "timeout", stage->timeout);
    canonical_number(out, "escalate-after", stage->escalate_after);
}

/* Of a key that came later: a package without it keeps its text, and so its digest. */
static void write_set(FILE *out, const char *key, int64_t number)
{
    if (number)
        canonical_number(out, key, number);
}

static void write_package(FILE *out, const struct package *package)
{
    canonical_number(out, "accesspkg-package", 1); /* the version of this text */
    canonical_text(out, "name", package->name);
    canonical_text(out, "description", package->description);
    canonical_list(out, "group", package->groups);
    canonical_list(out, "requestor", package->requestors);
    /* 2, asked for, came later: what was written as 1 stays the same text. */
    canonical_number(out, "justification-required",
                     package->justification_required && !package->justification_at_gate
                         ? 2
                         : package->justification_required);
    canonical_number(out, "approval-required", package->approval_required);
    canonical_number(out, "extension", package->extension);
    canonical_number(out, "duration", package->duration);
    canonical_number(out, "max-duration", package->max_duration);
    canonical_number(out, "max-total", package->max_total);
    canonical_number(out, "cooldown", package->cooldown);
    canonical_number(out, "gate-cooldown", package->gate_cooldown);
    canonical_number(out, "at-end", package->at_end);
    canonical_list(out, "service", package->services);
    canonical_list(out, "emergency", package->emergency);
    canonical_number(out, "emergency-duration", package->emergency_duration);
    canonical_list(out, "incompatible", package->incompatible);
    canonical_number(out, "revoke-on-removed", package->revoke_on_removed);
    canonical_number(out, "same-approver", package->same_approver);
    canonical_number(out, "drift-repair", package->drift_repair);
    write_set(out, "not-after", package->not_after);
    write_set(out, "extend-window", package->extend_window);
    write_set(out, "review-within", package->review_within);
    for (size_t i = 0; i < package->n_stages; i++)
        write_stage(out, &package->stages[i], i + 1);
}

char *package_text(const struct package *package)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    write_package(out, package);
    const bool failed = ferror(out);
    if (fclose(out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

int package_digest(const struct package *package, char ret[CANONICAL_DIGEST_MAX])
{
    _cleanup_free_ char *text = package_text(package);
    return text && canonical_digest(text, ret) ? 0 : -ENOMEM;
}

int packages_digest(const struct packages *packages, char ret[CANONICAL_DIGEST_MAX])
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    for (size_t i = 0; i < packages->count; i++)
        write_package(out, &packages->items[i]);
    const bool failed = ferror(out);
    return fclose(out) == 0 && !failed && canonical_digest(text, ret) ? 0 : -ENOMEM;
}
