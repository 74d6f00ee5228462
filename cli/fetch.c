/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Fetches page by page. */
#include "cli/fetch.h"

#include "cli/calls.h"

struct pages {
    json_t *requests; /* of all pages so far */
    bool more;        /* there are more pages */
};

/* Adds the page below `before` (0: the newest). 0, or -1 with *ret_error filled. */
static int fetch_requests_page(struct invocation *invocation, const char *role, int64_t before,
                               struct pages *pages, struct client_error *ret_error)
{
    json_t *requests = pages->requests;
    int64_t left = invocation->limit ? invocation->limit - (int64_t)json_array_size(requests) : BUS_PAGE_MAX;
    json_t *filter = json_pack("{s:s, s:I}", "role", role, "limit",
                               (json_int_t)(left < BUS_PAGE_MAX ? left : BUS_PAGE_MAX));
    json_t *values = NULL;

    if (before > 0)
        json_object_set_new(filter, "before", json_integer(before));
    if (calls_call_all(invocation, client_message("ListRequests", "a{sv}", json_pack("[o]", filter)), &values,
                       ret_error) < 0)
        return -1;
    int r = json_array_extend(requests, json_array_get(values, 0));
    pages->more = json_is_true(json_array_get(values, 1));
    json_decref(values);
    return r == 0 ? 0 : calls_wrong_shape(ret_error);
}

static int64_t last_id(const json_t *requests)
{
    size_t count = json_array_size(requests);

    return count > 0 ? member_integer(json_array_get(requests, count - 1), "id") : 0;
}

static int fetch_pages(struct invocation *invocation, const char *role, json_t *requests,
                       struct client_error *ret_error)
{
    struct pages pages = {.requests = requests, .more = true};
    int64_t before = 0;

    while (pages.more && !(invocation->limit && (int64_t)json_array_size(requests) >= invocation->limit)) {
        if (fetch_requests_page(invocation, role, before, &pages, ret_error) < 0)
            return -1;
        /* Numbers fall from page to page. Stop if not, or a wrong answer would make this loop endless. */
        if (before > 0 && last_id(requests) >= before)
            break;
        before = last_id(requests);
        if (before <= 0)
            break;
    }
    return 0;
}

int fetch_requests(struct invocation *invocation, const char *role, json_t **ret,
                   struct client_error *ret_error)
{
    json_t *requests = json_array();

    if (fetch_pages(invocation, role, requests, ret_error) < 0) {
        json_decref(requests);
        return -1;
    }
    *ret = requests;
    return 0;
}
