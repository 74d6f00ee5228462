/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends delegations, and records them in the audit log. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/timetext.h"

#include <errno.h>

void delegation_audit(struct txn *txn, struct act act, enum audit_event event,
                      const struct delegation *delegation)
{
    char until[TIME_TEXT_MAX];
    _cleanup_free_ char *detail = NULL;
    if (asprintf(&detail, "from %s (uid %u) to %s (uid %u) until %s%s%s", delegation->user,
                 delegation->identity.uid, delegation->delegate, delegation->delegate_uid,
                 time_programs(delegation->until, until), act.reason ? ": " : "",
                 act.reason ? act.reason : "") < 0) {
        detail = NULL;
        txn_ok(txn, -ENOMEM);
    }
    txn_audit(txn,
              (struct act){
                  .actor = act.actor, .identity = act.identity, .reason = detail, .user = delegation->user},
              event, 0, 0);
}

void delegation_end(struct txn *txn, const struct delegation *delegation, struct act act)
{
    store_revoke_delegation(txn->store, delegation->id, txn_now(txn));
    delegation_audit(txn, act, AUDIT_UNDELEGATE, delegation);
}
