/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The events that people are notified of, in one table, and the notice: one event with its recipients, until it is
 * delivered. lifecycle/notice.c writes notices, accesspkg-notify (helperd/notify/) delivers them, docs/NOTICES.md
 * explains them to authors of programs for notify.d. Pure.
 */
#pragma once

#include <stdint.h>

/* Who is notified of an event. */
enum outbox_audience {
    OUTBOX_REQUESTOR,
    OUTBOX_ASKED,  /* approvers of the stage who have not decided yet */
    OUTBOX_OTHERS, /* approvers of the stage, except the one who decided */
    OUTBOX_EVERY_APPROVER,
};

/*
 * Symbol, identifier, audience, one line for people, the words between that and the first command on a terminal (NULL:
 * not shown on terminals), and commands for people to paste, one on a line. {member} stands for a member of the notice;
 * a command with a missing one is left out. Terminals are for events that ask for an act now. Not for an end that comes
 * near: the root service warns of it there, if at_end says so (lifecycle/session_plan.c).
 */
#define OUTBOX_TABLE(X)                                                                                      \
    X(REQUEST_WAITS, "request-waits", OUTBOX_ASKED, "{user} asks for {package}", "To approve",               \
      "pkg-approve approve {request}\npkg-approve deny {request} -m 'REASON'")                               \
    X(REMINDER, "reminder", OUTBOX_ASKED, "Still waiting: {user} asks for {package}", "To approve",          \
      "pkg-approve approve {request}\npkg-approve deny {request} -m 'REASON'")                               \
    X(DECIDED_BY_OTHER, "decided-by-other", OUTBOX_OTHERS,                                                   \
      "{decider} {verdict} the request of {user} for {package}", NULL, "pkg-approve show {request}")         \
    X(APPROVED, "approved", OUTBOX_REQUESTOR, "Your request for {package} was approved", NULL,               \
      "pkg-request status {request}")                                                                        \
    X(DENIED, "denied", OUTBOX_REQUESTOR, "Your request for {package} was denied", "Why",                    \
      "pkg-request status {request}")                                                                        \
    X(EXPIRED, "expired", OUTBOX_REQUESTOR, "Nobody decided on your request for {package} in time",          \
      "To ask again", "pkg-request extend {extend}\npkg-request submit {anew}")                              \
    X(WITHDRAWN, "withdrawn", OUTBOX_REQUESTOR, "Your request for {package} was withdrawn", NULL,            \
      "pkg-request status {request}")                                                                        \
    X(FULFILLED, "fulfilled", OUTBOX_REQUESTOR, "You have {package} now",                                    \
      "Its groups come with a new login. To hand it back", "pkg-request return {package}")                   \
    X(PARTIALLY_FULFILLED, "partially-fulfilled", OUTBOX_REQUESTOR, "You have {package} only in part",       \
      "What is missing", "pkg-request status {request}")                                                     \
    X(ENDS_SOON, "ends-soon", OUTBOX_REQUESTOR, "Your access to {package} ends soon", NULL,                  \
      "pkg-request extend {extend}\npkg-request submit {anew}")                                              \
    X(EXTENDED, "extended", OUTBOX_REQUESTOR, "Your access to {package} was extended", NULL,                 \
      "pkg-request return {package}")                                                                        \
    X(ENDED, "ended", OUTBOX_REQUESTOR, "Your access to {package} has ended", NULL,                          \
      "pkg-request submit {package} -m 'REASON'")                                                            \
    X(REVOKED, "revoked", OUTBOX_REQUESTOR, "Your access to {package} was revoked", "Why",                   \
      "pkg-request status {request}")                                                                        \
    X(EMERGENCY, "emergency", OUTBOX_EVERY_APPROVER, "EMERGENCY: {user} took {package} without approval",    \
      "To review", "pkg-approve review {request}")                                                           \
    X(REVIEW_OVERDUE, "review-overdue", OUTBOX_EVERY_APPROVER,                                               \
      "EMERGENCY: nobody has reviewed that {user} took {package} without approval", "To review",             \
      "pkg-approve review {request}\npkg-approve show {request}")                                            \
    X(REVIEW_DONE, "review-done", OUTBOX_REQUESTOR, "Your emergency for {package} was reviewed", NULL,       \
      "pkg-request status {request}")

enum outbox_event {
#define X(symbol, identifier, audience, summary, terminal, commands) OUTBOX_##symbol,
    OUTBOX_TABLE(X)
#undef X
        OUTBOX_EVENT_COUNT
};

const char *outbox_identifier(enum outbox_event event);
enum outbox_audience outbox_audience(enum outbox_event event);
const char *outbox_summary(enum outbox_event event);
const char *outbox_terminal(enum outbox_event event); /* NULL: not for terminals */
const char *outbox_commands(enum outbox_event event);
enum outbox_event outbox_from_identifier(const char *identifier); /* OUTBOX_EVENT_COUNT when unknown */

/* Written in the transaction of its event, deleted once sent. Strings are owned; times in seconds since the epoch. */
struct notice {
    int64_t id;
    enum outbox_event event;
    int64_t request;    /* 0: none */
    int64_t assignment; /* 0: none */
    int64_t turn;       /* distinguishes notices of one event: number of the stage or reminder, the end */
    char *recipients;   /* a JSON array of principals: "alice", "%dba-leads" */
    int64_t at;
    char *facts; /* a JSON object, as of the time of writing */
    char *done;  /* hooks that have delivered it, separated by '/' */
    int64_t attempts;
    char *failure; /* of the last attempt; NULL: none failed */
    int64_t failed_at;
};

void notice_deinit(struct notice *notice);
