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

/* kind, event of the audit log, words */
#define JOURNAL_EVENTS(X)                                                                                    \
    X(FILING, "submit", "requested")                                                                         \
    X(FILING, "assign", "assigned")                                                                          \
    X(FILING, "emergency", "taken in an emergency")                                                          \
    X(FILING, "waive", "needs no approval")                                                                  \
    X(FILING, "override", "assigned against the separation of duties")                                       \
    X(FILING, "time-out", "not decided in time")                                                             \
    X(FILING, "cancel", "withdrawn")                                                                         \
    X(DECISION, "approve", "approved")                                                                       \
    X(DECISION, "deny", "denied")                                                                            \
    X(DECISION, "review", "reviewed")                                                                        \
    X(DECISION, "escalate", "fallback approvers asked")                                                      \
    X(DECISION, "undecidable", "nobody can decide it")                                                       \
    X(DECISION, "decidable", "can be decided again")                                                         \
    X(DECISION, "delegate", "decisions delegated")                                                           \
    X(DECISION, "undelegate", "delegation ended")                                                            \
    X(GRANT, "fulfil", "given")                                                                              \
    X(GRANT, "fall-short", "given in part")                                                                  \
    X(GRANT, "extend", "extended")                                                                           \
    X(GRANT, "adopt", "taken over")                                                                          \
    X(GRANT, "follow", "follows the grant file")                                                             \
    X(GRANT, "hold", "held back")                                                                            \
    X(GRANT, "drift", "changed by hand")                                                                     \
    X(GRANT, "member-before", "was a member of the group before")                                            \
    X(GRANT, "member-added", "added to the group")                                                           \
    X(GRANT, "member-removed", "taken out of the group")                                                     \
    X(GRANT, "member-failed", "the group could not be changed")                                              \
    X(END, "end", "ended")                                                                                   \
    X(END, "revoke", "revoked")                                                                              \
    X(END, "end-sessions", "sessions ended")                                                                 \
    X(END, "still-member", "still a member by other means")                                                  \
    X(END, "lock", "locked")                                                                                 \
    X(END, "unlock", "unlocked")                                                                             \
    X(POLICY, "reload", "read")                                                                              \
    X(OTHER, "missing", "not found in any directory")                                                        \
    X(OTHER, "undelivered", "a notice was not delivered")                                                    \
    X(OTHER, "backup", "the store was copied")                                                               \
    X(OTHER, "unaccepted", "the store is not the one that was known")                                        \
    X(OTHER, "accept-store", "the store was accepted")                                                       \
    X(OTHER, "forget", "old history deleted")

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
/* Keeps a line. 0 or -ENOMEM. */
int journal_note(struct journal *journal, const struct audit *audit, const struct journal_subject *subject);
/* Writes the lines, in their order, after the commit; drops them. Both leave none. */
void journal_write(struct journal *journal);
void journal_drop(struct journal *journal);
