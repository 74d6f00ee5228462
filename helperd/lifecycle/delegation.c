/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delegations as they are put on record. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/timetext.h"

#include <errno.h>

int engine_audit_delegation(struct engine *engine, struct act act, const char *event,
                            const struct delegation *delegation)
{
    char until[TIME_TEXT_MAX];
    _cleanup_free_ char *detail = NULL;
    if (asprintf(&detail, "from %s (uid %u) to %s (uid %u) until %s%s%s", delegation->user,
                 delegation->identity.uid, delegation->delegate, delegation->delegate_uid,
                 time_text(delegation->until, until), act.reason ? ": " : "",
                 act.reason ? act.reason : "") < 0) {
        detail = NULL;
        return -ENOMEM;
    }
    return engine_audit(engine, (struct act){act.actor, act.identity, detail}, event, 0, 0);
}

int engine_drop_delegation(struct engine *engine, const struct delegation *delegation, const char *why)
{
    const int r = store_revoke_delegation(engine->store, delegation->id, clock_now(&engine->clock));
    return r < 0 ? r : engine_audit_delegation(engine, own_act(why), "undelegate", delegation);
}
