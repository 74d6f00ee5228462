/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Calls ListRequests in each role; accesspkgd filters by user and package. */
#include "cli/find.h"

#include "cli/calls.h"
#include "common/cleanup.h"

#include <string.h>
#include <unistd.h>

/* An approver's list has waiting requests and emergencies. More than one of a user for a package is rare. */
enum { FETCHED_MAX = 16 };

struct source {
    const char *role;
    const char *state; /* NULL: any */
};

struct search {
    const char *user, *package;
    bool review; /* prefer one that needs a review */
};

static const struct source of_users[] = {
    {"approver", NULL}, {"requestor", "pending-approval"}, {"requestor", NULL}, {"decided", NULL}};
static const struct source of_root[] = {{"approver", NULL}, {"all", "pending-approval"}, {"all", NULL}};

/* The first that fits `review`, else the first; 0: none. */
static int64_t pick_request(const json_t *requests, bool review)
{
    const json_t *request;
    size_t i;

    json_array_foreach((json_t *)requests, i, request)
    {
        if (member_true(request, "needs_review") == review)
            return member_integer(request, "id");
    }
    return member_integer(json_array_get(requests, 0), "id");
}

static int search_source(struct invocation *invocation, const struct source *source,
                         const struct search *search, int64_t *ret, struct client_error *ret_error)
{
    json_t *filter = json_pack("{s:s, s:s*, s:s, s:s, s:i}", "role", source->role, "state", source->state,
                               "user", search->user, "package", search->package, "limit", FETCHED_MAX);
    json_t *requests = NULL;

    if (calls_call(invocation, client_message("ListRequests", "a{sv}", json_pack("[o]", filter)), JSON_ARRAY,
                   &requests, ret_error) < 0)
        return -1;
    *ret = pick_request(requests, search->review);
    json_decref(requests);
    return 0;
}

static int not_found(const char *user, const char *package, struct client_error *ret_error)
{
    _cleanup_free_ char *whose = output_visible(user), *what = output_visible(package);

    ret_error->code = BUS_ERROR_NO_SUCH_REQUEST;
    snprintf(ret_error->message, sizeof(ret_error->message),
             "There is no request of %s for %s that you may see. What waits for you: pkg-approve. Your own "
             "requests: pkg-request list",
             whose, what);
    return -1;
}

int find_request(struct invocation *invocation, const char *name, bool review, int64_t *ret,
                 struct client_error *ret_error)
{
    const struct source *sources = getuid() == 0 ? of_root : of_users;
    const size_t count =
        getuid() == 0 ? sizeof(of_root) / sizeof(*of_root) : sizeof(of_users) / sizeof(*of_users);
    const char *package = strrchr(name, '/') + 1;
    _cleanup_free_ char *user = strndup(name, (size_t)(package - 1 - name));
    int64_t found = 0;

    if (!user)
        output_no_memory();
    const struct search search = {user, package, review};
    for (size_t i = 0; i < count && found == 0; i++)
        if (search_source(invocation, &sources[i], &search, &found, ret_error) < 0)
            return -1;
    if (found <= 0)
        return not_found(user, package, ret_error);
    *ret = found;
    return 0;
}

int find_operand(struct invocation *invocation, size_t index, bool review, struct client_error *ret_error)
{
    if (invocation->ids[index] != 0)
        return 0;
    return find_request(invocation, invocation->operands[index], review, &invocation->ids[index], ret_error);
}
