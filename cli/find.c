/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Calls ListRequests in each role; accesspkgd filters by user and package. */
#include "cli/find.h"

#include "cli/calls.h"
#include "cli/fetch.h"
#include "cli/options.h"
#include "common/cleanup.h"
#include "common/similar.h"
#include "common/strv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An approver's list has waiting requests and emergencies. More than one of a user for a package is rare. */
enum { FETCHED_MAX = 16 };

struct source {
    const char *role;
    const char *state; /* NULL: any */
};

struct search {
    const char *user; /* NULL: the caller */
    const char *package;
    bool review; /* prefer one that needs a review */
};

static const struct source of_users[] = {
    {"approver", NULL}, {"requestor", "pending-approval"}, {"requestor", NULL}, {"decided", NULL}};
static const struct source of_oneself[] = {{"requestor", "pending-approval"}, {"requestor", NULL}};
static const struct source of_root[] = {{"approver", NULL}, {"all", "pending-approval"}, {"all", NULL}};

/* Nothing was found. */
static int __attribute__((format(printf, 2, 3))) fail(struct client_error *ret_error, const char *format, ...)
{
    va_list arguments;

    ret_error->code = BUS_ERROR_NO_SUCH_REQUEST;
    va_start(arguments, format);
    vsnprintf(ret_error->message, sizeof(ret_error->message), format, arguments);
    va_end(arguments);
    return -1;
}

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

/* Where what is found goes, and what is wrong. */
struct found {
    int64_t *ret;
    struct client_error *ret_error;
};

static int search_source(struct invocation *invocation, const struct source *source,
                         const struct search *search, int64_t *ret, struct client_error *ret_error)
{
    json_t *filter = json_pack("{s:s, s:s*, s:s*, s:s, s:i}", "role", source->role, "state", source->state,
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

    return fail(ret_error,
                "There is no request of %s for %s that you may see. What waits for you: pkg-approve. Your "
                "own requests: pkg-request list",
                whose, what);
}

/* Looks through the sources in turn; *ret is 0 where none has it. 0, or -1 with *ret_error filled. */
static int search_all(struct invocation *invocation, const struct source *sources, size_t count,
                      const struct search *search, struct found found)
{
    *found.ret = 0;
    for (size_t i = 0; i < count && *found.ret == 0; i++)
        if (search_source(invocation, &sources[i], search, found.ret, found.ret_error) < 0)
            return -1;
    return 0;
}

int find_request(struct invocation *invocation, const char *name, bool review, int64_t *ret,
                 struct client_error *ret_error)
{
    const struct source *sources = getuid() == 0 ? of_root : of_users;
    const size_t count =
        getuid() == 0 ? sizeof(of_root) / sizeof(*of_root) : sizeof(of_users) / sizeof(*of_users);
    const char *package = strrchr(name, '/') + 1;
    _cleanup_free_ char *user = strndup(name, (size_t)(package - 1 - name));

    if (!user)
        output_no_memory();
    const struct search search = {user, package, review};
    if (search_all(invocation, sources, count, &search, (struct found){ret, ret_error}) < 0)
        return -1;
    return *ret > 0 ? 0 : not_found(user, package, ret_error);
}

/* ---- by one name ------------------------------------------------------------------------------------------ */

/* The nearest value of this member; NULL: none is near. Borrowed. */
static const char *find_similar(const json_t *objects, const char *member, const char *typed)
{
    struct similar similar = {.typed = typed};
    const json_t *object;
    size_t i;

    json_array_foreach((json_t *)objects, i, object)
    {
        similar_try(&similar, member_text(object, member));
    }
    return similar.best;
}

char *find_similar_package(struct invocation *invocation, const char *typed, bool groups_too)
{
    struct similar similar = {.typed = typed};
    struct client_error unsaid;
    json_t *packages = NULL, *package, *group;
    size_t i, k;

    calls_call(invocation, client_message("ListPackages", "", NULL), JSON_ARRAY, &packages, &unsaid);
    json_array_foreach(packages, i, package)
    {
        similar_try(&similar, member_text(package, "name"));
        json_array_foreach(json_object_get(package, "groups"), k, group)
        {
            if (groups_too)
                similar_try(&similar, json_string_value(group));
        }
    }
    char *hint = similar.best && strcmp(similar.best, typed) != 0
                     ? output_format("; do you mean %s?", similar.best)
                     : output_format("%s", "");
    json_decref(packages);
    return hint;
}

static int own_not_found(struct invocation *invocation, const char *package, struct client_error *ret_error)
{
    _cleanup_free_ char *what = output_visible(package);
    _cleanup_free_ char *hint = find_similar_package(invocation, package, false);

    return fail(ret_error, "You have made no request for %s%s See: pkg-request list", what,
                *hint ? hint : ".");
}

static int find_own(struct invocation *invocation, const char *package, int64_t *ret,
                    struct client_error *ret_error)
{
    const struct search search = {NULL, package, false};

    if (search_all(invocation, of_oneself, sizeof(of_oneself) / sizeof(*of_oneself), &search,
                   (struct found){ret, ret_error}) < 0)
        return -1;
    return *ret > 0 ? 0 : own_not_found(invocation, package, ret_error);
}

/* ---- what waits for the caller ---------------------------------------------------------------------------- */

/* The newest first. */
static int fetch_waiting(struct invocation *invocation, bool review, json_t **ret,
                         struct client_error *ret_error)
{
    json_t *all = NULL, *waiting = json_array(), *request;
    size_t i;

    if (fetch_requests(invocation, "approver", &all, ret_error) < 0) {
        json_decref(waiting);
        return -1;
    }
    json_array_foreach(all, i, request)
    {
        if (member_true(request, review ? "may_review" : "may_decide") &&
            json_array_append(waiting, request) < 0)
            output_no_memory();
    }
    json_decref(all);
    *ret = waiting;
    return 0;
}

static const char *waits_for_what(bool review)
{
    return review ? "a review of yours" : "your decision";
}

/* "4 (db-admins), 7 (backup)" */
static char *list_numbers(const json_t *requests, const char *user)
{
    char *text = output_format("%s", "");
    const json_t *request;
    size_t i;

    json_array_foreach((json_t *)requests, i, request)
    {
        if (strcmp(member_text(request, "user"), user) != 0)
            continue;
        char *longer =
            output_format("%s%s%lld (%s)", text, *text ? ", " : "", (long long)member_integer(request, "id"),
                          member_text(request, "package"));
        free(text);
        text = longer;
    }
    return text;
}

static int refuse_user(const json_t *waiting, const char *user, bool review, struct client_error *ret_error)
{
    _cleanup_free_ char *whose = output_visible(user), *numbers = list_numbers(waiting, user);
    const char *best = find_similar(waiting, "user", user);

    if (*numbers)
        return fail(ret_error, "Several requests of %s wait for %s: %s. Please give their numbers.", whose,
                    waits_for_what(review), numbers);
    if (best)
        return fail(ret_error, "No request of %s waits for %s; do you mean %s? What does: pkg-approve", whose,
                    waits_for_what(review), best);
    return fail(ret_error, "No request of %s waits for %s. What does: pkg-approve", whose,
                waits_for_what(review));
}

static int find_of_user(struct invocation *invocation, const char *user, bool review, int64_t *ret,
                        struct client_error *ret_error)
{
    json_t *waiting = NULL, *request;
    int count = 0, r;
    size_t i;

    if (fetch_waiting(invocation, review, &waiting, ret_error) < 0)
        return -1;
    json_array_foreach(waiting, i, request)
    {
        if (strcmp(member_text(request, "user"), user) != 0)
            continue;
        *ret = member_integer(request, "id");
        count++;
    }
    r = count == 1 ? 0 : refuse_user(waiting, user, review, ret_error);
    json_decref(waiting);
    return r;
}

int find_operand(struct invocation *invocation, size_t index, bool review, struct client_error *ret_error)
{
    const char *operand = invocation->operands[index];
    int64_t *id = &invocation->ids[index];

    if (*id != 0)
        return 0;
    if (strchr(operand, '/'))
        return find_request(invocation, operand, review, id, ret_error);
    if (invocation->command->takes & TAKES_OWN)
        return find_own(invocation, operand, id, ret_error);
    return find_of_user(invocation, operand, review, id, ret_error);
}

/* ---- several ---------------------------------------------------------------------------------------------- */

static const char all[] = "all";

bool find_is_name(const char *operand)
{
    int64_t first, last;

    return (!options_read_id(operand, &first) || first == 0) && !options_read_range(operand, &first, &last);
}

/* The numbers that 3-7 or all stands for. False: it is another operand. */
static bool read_several(const struct invocation *invocation, size_t index, int64_t *ret_first,
                         int64_t *ret_last)
{
    const char *operand = invocation->operands[index];

    *ret_first = 1;
    *ret_last = INT64_MAX;
    return invocation->ids[index] == 0 &&
           (strcmp(operand, all) == 0 || options_read_range(operand, ret_first, ret_last));
}

static void add_operand(strv *operands, const char *operand)
{
    if (!strv_contains(*operands, operand) && strv_add(operands, operand) < 0)
        output_no_memory();
}

/* Adds those that wait and have such a number. False: there is none. */
static bool add_waiting(const json_t *waiting, int64_t first, int64_t last, strv *operands)
{
    bool any = false;

    for (size_t i = json_array_size(waiting); i > 0; i--) {
        const int64_t id = member_integer(json_array_get(waiting, i - 1), "id");
        if (id < first || id > last)
            continue;
        _cleanup_free_ char *number = output_format("%lld", (long long)id);
        add_operand(operands, number);
        any = true;
    }
    return any;
}

static int expand_operands(struct invocation *invocation, const json_t *waiting, bool review,
                           struct client_error *ret_error)
{
    strv operands = NULL;

    for (size_t i = 0; i < invocation->n_operands; i++) {
        int64_t first, last;
        if (!read_several(invocation, i, &first, &last))
            add_operand(&operands, invocation->operands[i]);
        else if (!add_waiting(waiting, first, last, &operands)) {
            const bool any = strcmp(invocation->operands[i], all) == 0;
            fail(ret_error, "%s%s waits for %s, so nothing was changed. What does: pkg-approve",
                 any ? "Nothing" : "None of the requests ", any ? "" : invocation->operands[i],
                 waits_for_what(review));
            strv_free(operands);
            return -1;
        }
    }
    free(invocation->ids);
    invocation->found = operands;
    invocation->operands = operands;
    invocation->n_operands = strv_length(operands);
    invocation->ids = calloc(invocation->n_operands, sizeof(*invocation->ids));
    if (!invocation->ids)
        output_no_memory();
    for (size_t i = 0; i < invocation->n_operands; i++)
        options_read_id(operands[i], &invocation->ids[i]);
    return 0;
}

int find_several(struct invocation *invocation, bool review, struct client_error *ret_error)
{
    json_t *waiting = NULL;
    int64_t first, last;
    size_t i = 0;

    while (i < invocation->n_operands && !read_several(invocation, i, &first, &last))
        i++;
    if (i == invocation->n_operands)
        return 0;
    if (fetch_waiting(invocation, review, &waiting, ret_error) < 0)
        return -1;
    const int r = expand_operands(invocation, waiting, review, ret_error);
    json_decref(waiting);
    return r;
}
