/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a call before it changes anything. Each: 0, the refusal, or -errno. For the files of engine/ only. */
#pragma once

#include "helperd/config/packages.h"
#include "helperd/engine/engine.h"
#include "helperd/policy/policy.h"

/* Whether the caller is a user of this host: 0, or the refusal. */
int engine_check_caller(const struct call *call);
/* With require_login_id (rule 5): refuses a caller without a login id. 0, or the refusal. */
int engine_check_login_id(const struct engine *engine, const struct caller *caller, struct reply *reply);
/* What is checked of every caller who decides: that and whether they are a user of this host, and not locked. */
int engine_check_decider(const struct call *call);
/* Checks a justification or reason: one line of plain text, bounded. 0 or the refusal. */
int engine_check_text(const char *what, const char *text, struct reply *reply);

/*
 * Rule 9: refuses a caller whose account has expired or is locked, or who logged in with one that is; or of whom that is
 * not known. Uid 0 is not asked about: it could lift that, and a locked root is how many hosts forbid its password.
 * facts: caller and login with their accounts. 0, or the refusal.
 */
int engine_check_account(const struct call *call);
enum { ENGINE_ACCOUNT_MAX = 512 };
/* "expired on 2026-11-29", "is locked"; cut where it does not fit. */
void engine_describe_account(const struct account_facts *account, char *ret, size_t size);
/* Refuses by the account of another user. who: "bob, in whose name you decide,". */
int engine_refuse_account(const struct account_facts *account, const char *who, struct reply *reply);

/* An extension of an assignment. */
struct extension {
    const struct assignment *assignment;
    const struct package *package; /* NULL: not in packages.d any more */
    int64_t seconds;
    bool unapproved; /* no approver is asked for it */
};
/* Why it is not possible now: 0, or the refusal. */
int engine_check_extension(struct engine *engine, const struct extension *extension, struct reply *reply);

/* Checks before something is filed, extended, assigned or approved. Each: 0, the refusal, or -errno. */
int engine_check_times(struct engine *engine, struct wish wish, struct reply *reply);
/* For how long: until its end, from its start or now, or else its duration, or the package's. */
int64_t engine_wished_duration(const struct engine *engine, struct wish wish, const struct package *package);
/* That the package is still given when this would begin (not_after). */
int engine_check_not_over(const struct package *package, int64_t begins, struct reply *reply);
/* How many requests of a user may be pending (not checked when `waived`), and be filed within an hour. */
int engine_check_limits(struct engine *engine, uid_t uid, bool waived, struct reply *reply);
/* All checks of a new request for this package: policy, limits, cool-down, separation of duties. Files nothing. */
int engine_check_filing(struct engine *engine, const struct subject *subject, const struct package *package,
                        const struct policy_ask *ask, struct reply *reply);
int engine_check_cooldown(struct engine *engine, const struct subject *subject, const struct package *package,
                          bool at_gate, struct reply *reply);
/*
 * Rule 9, separation of duties, against what the user holds or will hold. With `pending_too` also against their pending
 * requests: at a filing, but not at a decision, or two requests would block each other.
 */
int engine_check_duties(struct engine *engine, const struct subject *subject, const struct package *package,
                        bool pending_too, struct reply *reply);
