/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract on the bus, as far as C needs it: names, states and errors. One table each gives enums, identifiers,
 * words for people and exit codes. The methods are in org.accesspkg1.Manager.xml. Needs no libdbus, so that the PAM
 * module can use it.
 */
#pragma once

#include <stdint.h>

#define BUS_NAME              "org.accesspkg1"
#define BUS_PATH              "/org/accesspkg1"
#define BUS_INTERFACE_MANAGER "org.accesspkg1.Manager"
#define BUS_ERROR_PREFIX      "org.accesspkg1.Error."

/* The user that delivers notices, the only one who gets them, and the bus name of its one process. */
#define BUS_NOTIFIER       "accesspkg-notify"
#define BUS_NOTIFIER_NAME  "org.accesspkg1.Notifier"
#define BUS_NOTIFIER_PATH  "/org/accesspkg1/Notifier"
#define BUS_SIGNAL_NOTICES "NoticesWait"

/* The root service; only accesspkgd may call it. */
#define BUS_PRIVILEGED_NAME      "org.accesspkg1.Privileged"
#define BUS_PRIVILEGED_PATH      "/org/accesspkg1/Privileged"
#define BUS_PRIVILEGED_INTERFACE "org.accesspkg1.Privileged"

enum {
    BUS_TEXT_MAX = 4096,   /* bytes of a justification or a reason, UTF-8 */
    BUS_CLAIM_MAX = 255,   /* bytes of service, host, address, tty */
    BUS_PACKAGES_MAX = 16, /* packages in one Submit */
    BUS_PAGE_MAX = 500,    /* requests in one ListRequests reply */
    BUS_WARNING_MAX = 512, /* bytes of a line on a user's terminal */
    BUS_IMPORT_MAX = 32,   /* users in one Import: all are looked up within one deadline */
};

/*
 * The states of both state machines (docs/ARCHITECTURE.md; helperd/policy/request.h and assignment.h): the identifier
 * on the bus, in SQL and in JSON, and the word for people. STATE_NONE is zero, so that zeroed memory is no state.
 */
#define STATE_TABLE(X)                                                                                       \
    X(SUBMITTED, "submitted", "Submitted")                                                                   \
    X(PENDING_APPROVAL, "pending-approval", "Pending approval")                                              \
    X(EXPIRED, "expired", "Expired")                                                                         \
    X(DENIED, "denied", "Denied")                                                                            \
    X(CANCELLED, "cancelled", "Cancelled")                                                                   \
    X(APPROVED, "approved", "Approved")                                                                      \
    X(PARTIALLY_FULFILLED, "partially-fulfilled", "Partially fulfilled")                                     \
    X(FULFILLED, "fulfilled", "Fulfilled")                                                                   \
    X(ACCESS_EXTENDED, "access-extended", "Access extended")                                                 \
    X(ACCESS_EXPIRED, "access-expired", "Access expired")                                                    \
    X(REVOKED, "revoked", "Revoked")

enum state {
    STATE_NONE = 0,
#define X(name, identifier, shown) STATE_##name,
    STATE_TABLE(X)
#undef X
        STATE_COUNT
};

const char *state_identifier(enum state state); /* "" for STATE_NONE */
const char *state_shown(enum state state);
enum state state_from_identifier(const char *identifier); /* STATE_NONE when unknown */

/*
 * What the root service says of an account of this host (rule 9). UNKNOWN is zero, so that zeroed memory refuses.
 * ABSENT: neither passwd nor shadow says anything against it, and shadow does not have it: a directory judges it.
 */
#define ACCOUNT_STATE_TABLE(X)                                                                               \
    X(ABSENT, "absent")                                                                                      \
    X(OPEN, "open")                                                                                          \
    X(INACTIVE, "inactive") /* its password expired, and the days of grace after that have passed */         \
    X(EXPIRED, "expired")                                                                                    \
    X(LOCKED, "locked")

enum account_state {
    ACCOUNT_UNKNOWN = 0,
#define X(name, identifier) ACCOUNT_##name,
    ACCOUNT_STATE_TABLE(X)
#undef X
        ACCOUNT_STATE_COUNT
};

const char *account_state_identifier(enum account_state state); /* "" for UNKNOWN */
enum account_state account_state_from_identifier(const char *identifier);

/*
 * The errors: the name after BUS_ERROR_PREFIX, the exit code of a command (sysexits(3); 1 when the state refuses), and
 * the meaning. The message on the bus says what happened, to what, and what to do.
 */
#define BUS_ERROR_TABLE(X)                                                                                   \
    X(NOT_AUTHORIZED, "NotAuthorized", 77, "the caller may not do this")                                     \
    X(NO_SUCH_REQUEST, "NoSuchRequest", 1, "no request with this number that the caller may see")            \
    X(NO_SUCH_PACKAGE, "NoSuchPackage", 1, "no package with this name")                                      \
    X(NO_SUCH_USER, "NoSuchUser", 67, "no user with this name on this host")                                 \
    X(ALREADY_DECIDED, "AlreadyDecided", 1, "the request is no longer waiting; says who decided and when")   \
    X(INVALID_ARGUMENT, "InvalidArgument", 64, "an argument is malformed, too long or out of range")         \
    X(INVALID_CONFIGURATION, "InvalidConfiguration", 78, "the configuration has errors; all are listed")     \
    X(POLICY_REFUSED, "PolicyRefused", 1, "the package's policy does not allow it")                          \
    X(LIMIT_EXCEEDED, "LimitExceeded", 75, "too many at once; try again later")                              \
    X(UNAVAILABLE, "Unavailable", 69, "something this needs did not answer; nothing was changed")            \
    X(NO_SUCH_GROUP, "NoSuchGroup", 1, "no group with this name in /etc/group")                              \
    X(CHANGED, "Changed", 1, "the request is not as it was shown to the caller; look again")

enum bus_error {
    BUS_ERROR_NONE = 0,
#define X(symbol, name, exit_code, meaning) BUS_ERROR_##symbol,
    BUS_ERROR_TABLE(X)
#undef X
        BUS_ERROR_COUNT
};

const char *bus_error_name(enum bus_error error); /* with the prefix; NULL for NONE */
int bus_error_exit_code(enum bus_error error);
enum bus_error bus_error_from_name(const char *name); /* NONE when unknown */
