/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. One table: command, what is wanted, the call that answers, and what of its answer is offered. */
#include "cli/complete.h"

#include "cli/calls.h"
#include "cli/lock.h"
#include "common/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { PATIENCE = 2, RECENT = 100 }; /* seconds; requests */

static bool is_any(const json_t *object)
{
    (void)object;
    return true;
}

static bool is_live(const json_t *object)
{
    const enum state state = state_from_identifier(member_text(object, "state"));

    return state == STATE_FULFILLED || state == STATE_ACCESS_EXTENDED || state == STATE_PARTIALLY_FULFILLED;
}

static bool is_pending(const json_t *object)
{
    return state_from_identifier(member_text(object, "state")) == STATE_PENDING_APPROVAL;
}

/* What is approved for later can be cancelled and revoked, too. */
static bool is_cancellable(const json_t *object)
{
    return is_pending(object) || state_from_identifier(member_text(object, "state")) == STATE_APPROVED;
}

static bool is_revocable(const json_t *object)
{
    return is_live(object) || state_from_identifier(member_text(object, "state")) == STATE_APPROVED;
}

static bool is_unreviewed(const json_t *object)
{
    return member_true(object, "needs_review");
}

static bool is_open(const json_t *package)
{
    return member_true(package, "may_request") && !member_has(package, "state");
}

static bool is_for_emergencies(const json_t *package)
{
    return member_true(package, "emergency") && !is_live(package);
}

/* ---- where words come from ---------------------------------------------------------------------------------- */

enum source {
    PACKAGES,
    OWN, /* requests, as ListRequests names the roles */
    ASKED,
    DECIDED,
    ALL,
    HOLDERS, /* of the package before, if there is one */
};

static const struct {
    const char *method, *signature, *role;
} sources[] = {
    [PACKAGES] = {"ListPackages", "", NULL},         [OWN] = {"ListRequests", "a{sv}", "requestor"},
    [ASKED] = {"ListRequests", "a{sv}", "approver"}, [DECIDED] = {"ListRequests", "a{sv}", "decided"},
    [ALL] = {"ListRequests", "a{sv}", "all"},        [HOLDERS] = {"ListHolders", "a{sv}", NULL},
};

static const struct offer {
    const char *command; /* NULL: any */
    const char *wanted;
    enum source source;
    bool (*fits)(const json_t *object);
    const char *member; /* of what fits; NULL: a request, its number and USER/PACKAGE */
} offers[] = {
    {"submit", "PACKAGE", PACKAGES, is_open, "name"},
    {"emergency", "PACKAGE", PACKAGES, is_for_emergencies, "name"},
    {"extend", "PACKAGE", PACKAGES, is_live, "name"},
    {"return", "PACKAGE", PACKAGES, is_live, "name"},
    {"explain", "PACKAGE", PACKAGES, is_any, "name"},
    {"assign", "PACKAGE", PACKAGES, is_any, "name"},
    {"holders", "[NAME]", PACKAGES, is_any, "name"},
    {NULL, "NAME", PACKAGES, is_any, "name"},
    {"revoke", "PACKAGE", HOLDERS, is_revocable, "package"},
    {"revoke", "USER", HOLDERS, is_revocable, "user"},
    {"retry", "PACKAGE", HOLDERS, is_live, "package"},
    {"retry", "USER", HOLDERS, is_live, "user"},
    {"cancel", "ID...", OWN, is_cancellable, NULL},
    {"status", "ID", OWN, is_any, NULL},
    {"approve", "ID...", ASKED, is_pending, NULL},
    {"deny", "ID...", ASKED, is_pending, NULL},
    {"review", "ID...", ASKED, is_unreviewed, NULL},
    {"revoke", "ID...", DECIDED, is_revocable, NULL},
    {"show", "ID", ASKED, is_any, NULL},
    {"show", "ID", DECIDED, is_any, NULL},
    {"audit", "ID", ALL, is_any, NULL},
};

static json_t *filter_of(const struct offer *offer, const char *package)
{
    if (offer->source == PACKAGES)
        return NULL;
    if (offer->source == HOLDERS)
        return json_pack("[{s:i, s:s*, s:s*}]", "limit", BUS_PAGE_MAX, "name", package, "kind",
                         package ? "package" : NULL);
    return json_pack("[{s:s, s:i}]", "role", sources[offer->source].role, "limit", RECENT);
}

/* The objects of the source; NULL: none, for whatever reason. */
static json_t *fetch(struct invocation *invocation, const struct offer *offer, const char *package)
{
    json_t *arguments = filter_of(offer, package);
    struct client_error error;
    json_t *objects = NULL;

    if (calls_call(invocation,
                   client_message(sources[offer->source].method, sources[offer->source].signature, arguments),
                   JSON_ARRAY, &objects, &error) < 0)
        return NULL;
    return objects;
}

/* ---- printing ----------------------------------------------------------------------------------------------- */

static void print_once(json_t *printed, const char *word)
{
    if (!*word || strchr(word, '\n') || json_object_get(printed, word))
        return;
    if (json_object_set_new(printed, word, json_true()) < 0)
        output_no_memory();
    printf("%s\n", word);
}

static void print_object(const struct offer *offer, const json_t *object, json_t *printed)
{
    _cleanup_free_ char *number =
        output_format("%lld", (long long)member_integer(object, offer->member ? "" : "id"));
    _cleanup_free_ char *name =
        output_format("%s/%s", member_text(object, "user"), member_text(object, "package"));

    print_once(printed, offer->member ? member_text(object, offer->member) : number);
    if (!offer->member)
        print_once(printed, name);
}

static void print_offer(struct invocation *invocation, const struct offer *offer, const char *package,
                        json_t *printed)
{
    json_t *objects = fetch(invocation, offer, package), *object;
    size_t i;

    json_array_foreach(objects, i, object)
    {
        if (offer->fits(object))
            print_object(offer, object, printed);
    }
    json_decref(objects);
}

/* They are in the file system: accesspkgd is not asked. */
static void print_locked(json_t *printed)
{
    int error = 0;
    json_t *locks = lock_list(&error), *lock;
    size_t i;

    json_array_foreach(locks, i, lock)
    {
        print_once(printed, member_text(lock, "user"));
    }
    json_decref(locks);
}

static bool daemon_runs(struct invocation *invocation)
{
    struct client_error error;
    bool runs = false;

    return calls_daemon_runs(invocation, &runs, &error) == 0 && runs;
}

static bool is_offer(const struct offer *offer, char *const *words)
{
    return (!offer->command || strcmp(offer->command, words[0]) == 0) && strcmp(offer->wanted, words[1]) == 0;
}

static bool is_known(char *const *words)
{
    for (size_t i = 0; i < sizeof(offers) / sizeof(*offers); i++)
        if (is_offer(&offers[i], words))
            return true;
    return false;
}

int complete_print(struct invocation *invocation, char *const *words)
{
    if (!words[0] || !words[1])
        return EX_USAGE;
    const bool locked = strcmp(words[0], "unlock") == 0;
    if (!locked && !is_known(words))
        return EX_USAGE;
    json_t *printed = json_object();
    for (size_t i = 2; words[i]; i++) /* those that are there need not come again */
        json_object_set_new(printed, words[i], json_true());
    invocation->deadline = PATIENCE;
    if (locked)
        print_locked(printed);
    else if (daemon_runs(invocation))
        for (size_t i = 0; i < sizeof(offers) / sizeof(*offers); i++)
            if (is_offer(&offers[i], words))
                print_offer(invocation, &offers[i], words[2], printed);
    json_decref(printed);
    return 0;
}
