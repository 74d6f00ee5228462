/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit log in the journal: each line of it is one line there, once it is committed. One table has the words and the
 * MESSAGE_ID of each event; accesspkgd(8) lists them. A crash between the two loses the journal's line, never the other.
 */
#pragma once

#include "helperd/store/store.h"

/* kind, MESSAGE_ID (which never changes), what it is of */
#define JOURNAL_KINDS(X)                                                                                     \
    X(FILING, "82811f5063dd4ff3b393d28f6c468375", "a request is filed, or ends without a decision")          \
    X(DECISION, "da05fbfcca234cc2a26e4aaa950cc8e0", "somebody decides, or decides nothing more")             \
    X(GRANT, "f92f5bc114934cfa8812750f787b0e1a", "access is given, or given longer")                         \
    X(END, "6a633263c68f4b0288dd430505149670", "access ends")                                                \
    X(POLICY, "af1039c6f70a410cab55b3f7b63e50ec", "packages.d and accesspkg.conf are read")                  \
    X(OTHER, "176e58133e114d14b0eac5c2bbe5249f", "anything else that the audit log has")

/* kind, name, event of the audit log, words */
#define JOURNAL_EVENTS(X)                                                                                    \
    X(FILING, SUBMIT, "submit", "requested")                                                                 \
    X(FILING, ASSIGN, "assign", "assigned")                                                                  \
    X(FILING, EMERGENCY, "emergency", "taken in an emergency")                                               \
    X(FILING, WAIVE, "waive", "needs no approval")                                                           \
    X(FILING, OVERRIDE, "override", "assigned against the separation of duties")                             \
    X(FILING, TIME_OUT, "time-out", "not decided in time")                                                   \
    X(FILING, CANCEL, "cancel", "withdrawn")                                                                 \
    X(DECISION, APPROVE, "approve", "approved")                                                              \
    X(DECISION, DENY, "deny", "denied")                                                                      \
    X(DECISION, REVIEW, "review", "reviewed")                                                                \
    X(DECISION, ESCALATE, "escalate", "fallback approvers asked")                                            \
    X(DECISION, UNDECIDABLE, "undecidable", "nobody can decide it")                                          \
    X(DECISION, DECIDABLE, "decidable", "can be decided again")                                              \
    X(DECISION, DELEGATE, "delegate", "decisions delegated")                                                 \
    X(DECISION, UNDELEGATE, "undelegate", "delegation ended")                                                \
    X(GRANT, FULFIL, "fulfil", "given")                                                                      \
    X(GRANT, FALL_SHORT, "fall-short", "given in part")                                                      \
    X(GRANT, EXTEND, "extend", "extended")                                                                   \
    X(GRANT, ADOPT, "adopt", "taken over")                                                                   \
    X(GRANT, FOLLOW, "follow", "follows the grant file")                                                     \
    X(GRANT, HOLD, "hold", "held back")                                                                      \
    X(GRANT, DRIFT, "drift", "changed by hand")                                                              \
    X(GRANT, MEMBER_BEFORE, "member-before", "was a member of the group before")                             \
    X(GRANT, MEMBER_ADDED, "member-added", "added to the group")                                             \
    X(GRANT, MEMBER_REMOVED, "member-removed", "taken out of the group")                                     \
    X(GRANT, MEMBER_FAILED, "member-failed", "the group could not be changed")                               \
    X(END, END, "end", "ended")                                                                              \
    X(END, REVOKE, "revoke", "revoked")                                                                      \
    X(END, END_SESSIONS, "end-sessions", "sessions ended")                                                   \
    X(END, STILL_MEMBER, "still-member", "still a member by other means")                                    \
    X(END, LOCK, "lock", "locked")                                                                           \
    X(END, UNLOCK, "unlock", "unlocked")                                                                     \
    X(POLICY, RELOAD, "reload", "read")                                                                      \
    X(OTHER, MISSING, "missing", "not found in any directory")                                               \
    X(OTHER, UNDELIVERED, "undelivered", "a notice was not delivered")                                       \
    X(OTHER, BACKUP, "backup", "the store was copied")                                                       \
    X(OTHER, UNACCEPTED, "unaccepted", "the store is not the one that was known")                            \
    X(OTHER, ACCEPT_STORE, "accept-store", "the store was accepted")                                         \
    X(OTHER, FORGET, "forget", "old history deleted")

enum audit_event {
    AUDIT_NONE = 0, /* no line */
#define X(kind, name, event, words) AUDIT_##name,
    JOURNAL_EVENTS(X)
#undef X
};

/* "submit", as the audit log has it. */
const char *audit_event_text(enum audit_event event);

/* Lines of the transaction under way. */
struct journal {
    struct journal_line *lines;
    size_t count;
};

/* Whom and what a line of the audit log is about; NULL, 0: nobody, nothing. */
struct journal_subject {
    const char *user;
    const char *package;
};
/* Keeps a line; takes all but the event's text from `audit`. 0 or -ENOMEM. */
int journal_note(struct journal *journal, enum audit_event event, const struct audit *audit,
                 const struct journal_subject *subject);
/* Writes the lines, in their order, after the commit; drops them. Both leave none. */
void journal_write(struct journal *journal);
void journal_drop(struct journal *journal);
