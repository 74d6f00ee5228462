/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations as they are put on record. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/timetext.h"

#include <errno.h>

int engine_audit_delegation(struct engine *engine, const char *actor, const struct identity *identity,
                            const char *event, const struct delegation *delegation, const char *why)
{
    char until[TIME_TEXT_MAX];
    _cleanup_free_ char *detail = NULL;
    if (asprintf(&detail, "from %s (uid %u) to %s (uid %u) until %s%s%s", delegation->user,
                 delegation->identity.uid, delegation->delegate, delegation->delegate_uid,
                 time_text(delegation->until, until), why ? ": " : "", why ? why : "") < 0) {
        detail = NULL;
        return -ENOMEM;
    }
    return engine_audit(engine, actor, identity, event, 0, 0, detail);
}

int engine_drop_delegation(struct engine *engine, const struct delegation *delegation, const char *why)
{
    const int r = store_revoke_delegation(engine->store, delegation->id, clock_now(&engine->clock));
    return r < 0 ? r : engine_audit_delegation(engine, "accesspkgd", &NOBODY, "undelegate", delegation, why);
}
