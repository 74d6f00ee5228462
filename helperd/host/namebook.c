/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/namebook.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAMES_MAX = 65536 };

#define FRESH_NS (60 * INT64_C(1000000000))

struct page {
    const char *principal; /* in `text`, but for a key */
    struct named named;
    char text[];
};

int64_t namebook_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int compare_pages(const void *a, const void *b)
{
    return strcmp(((const struct page *)a)->principal, ((const struct page *)b)->principal);
}

static struct page *make_page(const char *principal)
{
    struct page *page = calloc(1, sizeof(*page) + strlen(principal) + 1);
    if (page)
        page->principal = strcpy(page->text, principal);
    return page;
}

static void page_free(void *item)
{
    struct page *page = item;
    free(page->named.name);
    free(page);
}

static struct page *find_page(const struct namebook *book, const char *principal)
{
    const struct page key = {.principal = principal};
    struct page *const *found = book ? tfind(&key, &book->root, compare_pages) : NULL;
    return found ? *found : NULL;
}

static struct page *add_page(struct namebook *book, const char *principal)
{
    struct page *page = book->count < NAMES_MAX ? make_page(principal) : NULL;
    if (!page || !tsearch(page, &book->root, compare_pages)) {
        free(page);
        return NULL;
    }
    book->count++;
    return page;
}

void namebook_note(struct namebook *book, const char *principal, enum named_state state, const char *name,
                   id_t id)
{
    struct page *page = find_page(book, principal);
    if (!page && !(page = add_page(book, principal)))
        return;
    page->named.sure = state != NAMED_UNKNOWN;
    if (state == NAMED_UNKNOWN)
        return;
    char *copy = state == NAMED_FOUND ? strdup(name) : NULL;
    free(page->named.name);
    page->named =
        (struct named){.state = state, .sure = true, .name = copy, .id = id, .at = namebook_clock()};
    if (state == NAMED_FOUND && !copy)
        page->named = (struct named){0};
}

const struct named *namebook_find(const struct namebook *book, const char *principal)
{
    const struct page *page = find_page(book, principal);
    return page && page->named.state != NAMED_UNKNOWN ? &page->named : NULL;
}

bool namebook_is_fresh(const struct namebook *book, const char *principal)
{
    const struct named *named = namebook_find(book, principal);
    return named && named->sure && named->at > book->expired && namebook_clock() - named->at < FRESH_NS;
}

gid_t namebook_gid(const struct namebook *book, const char *principal)
{
    const struct named *named = namebook_find(book, principal);
    return named && named->sure && named->state == NAMED_FOUND ? (gid_t)named->id : (gid_t)-1;
}

void namebook_deinit(struct namebook *book)
{
    tdestroy(book->root, page_free);
    *book = (struct namebook){0};
}
