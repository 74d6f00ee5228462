/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/configure_chain.h"

#include "common/cleanup.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define NOWHERE SIZE_MAX

/* What the members of a group may do with a package, weakest first. An emergency asks no approver first, so it is as
 * strong a way into a package as an approval. */
enum say { SAY_REQUEST, SAY_EMERGENCY, SAY_APPROVE };

static const char *const say_texts[] = {
    [SAY_REQUEST] = "may request",
    [SAY_EMERGENCY] = "may take, as an emergency,",
    [SAY_APPROVE] = "may approve",
};

/* The group's members have a say in the package. */
struct link {
    const char *group; /* canonical */
    const char *written;
    size_t package; /* index */
    enum say say;
};

struct links {
    const struct packages *packages;
    const struct configure_chain_names *names; /* NULL: as they are written */
    struct link *items;                        /* sorted by group */
    size_t count;
    const char **given; /* the canonical groups of all packages, one after the other */
    size_t *first;      /* of each package, its first group in there */
};

/* How a walk reached a package. */
struct step {
    size_t from; /* the package before it; NOWHERE: not reached */
    const struct link *link;
};

struct walk {
    const struct links *links;
    size_t start;
    bool approvals_only; /* do not follow links by requests */
    struct step *steps;  /* for each package; for the start, when the walk came back to it */
    size_t *queue;
    size_t n_queue;
};

/* ---- the links ------------------------------------------------------------------------------------------------ */

static int compare_links(const void *a, const void *b)
{
    const struct link *of_a = a;
    const struct link *of_b = b;
    const int by_group = strcmp(of_a->group, of_b->group);
    if (by_group != 0)
        return by_group;
    if (of_a->package != of_b->package)
        return of_a->package < of_b->package ? -1 : 1;
    return (int)of_b->say - (int)of_a->say; /* the stronger one first: a walk takes the first */
}

static const char *get_canonical(const struct links *links, const char *group)
{
    return links->names ? links->names->canonical(group, links->names->data) : group;
}

static int add_links(struct links *links, char *const *principals, size_t package, enum say say)
{
    for (; principals && *principals; principals++) {
        if ((*principals)[0] != '%')
            continue;
        struct link *grown = links->items;
        if ((links->count & (links->count - 1)) == 0) /* the array is full at each power of two */
            grown = reallocarray(links->items, links->count ? links->count * 2 : 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        links->items = grown;
        grown[links->count++] = (struct link){.group = get_canonical(links, *principals + 1),
                                              .written = *principals + 1,
                                              .package = package,
                                              .say = say};
    }
    return 0;
}

static int collect_given(struct links *links)
{
    const struct packages *packages = links->packages;
    size_t count = 0;
    for (size_t i = 0; i < packages->count; i++)
        count += strv_length(packages->items[i].groups);
    links->given = calloc(count + 1, sizeof(*links->given));
    links->first = calloc(packages->count + 1, sizeof(*links->first));
    if (!links->given || !links->first)
        return -ENOMEM;
    count = 0;
    for (size_t i = 0; i < packages->count; i++) {
        links->first[i] = count;
        for (char *const *group = packages->items[i].groups; *group; group++)
            links->given[count++] = get_canonical(links, *group);
    }
    links->first[packages->count] = count;
    return 0;
}

static void links_deinit(struct links *links)
{
    free(links->items);
    free(links->given);
    free(links->first);
}

static int collect_links(const struct packages *packages, const struct configure_chain_names *names,
                         struct links *ret)
{
    struct links links = {.packages = packages, .names = names};
    int rc = collect_given(&links);
    for (size_t i = 0; i < packages->count && rc == 0; i++) {
        const struct package *package = &packages->items[i];
        rc = add_links(&links, package->requestors, i, SAY_REQUEST);
        if (rc == 0)
            rc = add_links(&links, package->emergency, i, SAY_EMERGENCY);
        for (size_t stage = 0; stage < package->n_stages && rc == 0; stage++) {
            rc = add_links(&links, package->stages[stage].approvers, i, SAY_APPROVE);
            if (rc == 0)
                rc = add_links(&links, package->stages[stage].fallback_approvers, i, SAY_APPROVE);
        }
    }
    if (rc < 0) {
        links_deinit(&links);
        return rc;
    }
    if (links.count > 0)
        qsort(links.items, links.count, sizeof(*links.items), compare_links);
    *ret = links;
    return 0;
}

/* The first link of a group; links->count when it has none. */
static size_t first_link(const struct links *links, const char *group)
{
    size_t low = 0;
    size_t high = links->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(links->items[middle].group, group) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- the walk: breadth first, so that it finds the shortest way to each package ---------------------------------- */

static void follow_group(struct walk *walk, size_t from, const char *group)
{
    const struct links *links = walk->links;
    for (size_t i = first_link(links, group); i < links->count; i++) {
        const struct link *link = &links->items[i];
        if (strcmp(link->group, group) != 0)
            return;
        if ((walk->approvals_only && link->say == SAY_REQUEST) || walk->steps[link->package].from != NOWHERE)
            continue;
        walk->steps[link->package] = (struct step){.from = from, .link = link};
        if (link->package != walk->start)
            walk->queue[walk->n_queue++] = link->package;
    }
}

static void walk_from(struct walk *walk, size_t start, bool approvals_only)
{
    const struct links *links = walk->links;
    const struct packages *packages = links->packages;
    walk->start = start;
    walk->approvals_only = approvals_only;
    walk->n_queue = 0;
    for (size_t i = 0; i < packages->count; i++)
        walk->steps[i] = (struct step){.from = NOWHERE};
    walk->queue[walk->n_queue++] = start;
    for (size_t next = 0; next < walk->n_queue; next++)
        for (size_t i = links->first[walk->queue[next]]; i < links->first[walk->queue[next] + 1]; i++)
            follow_group(walk, walk->queue[next], links->given[i]);
}

/* True when the start is the first package on the way, in the order of names: so each circle is reported once. */
static bool starts_first(const struct walk *walk, size_t end)
{
    for (size_t at = walk->steps[end].from; at != walk->start; at = walk->steps[at].from)
        if (at < walk->start)
            return false;
    return true;
}

/* ---- findings ------------------------------------------------------------------------------------------------- */

static void write_way(const struct walk *walk, size_t end, FILE *out)
{
    const struct package *items = walk->links->packages->items;
    const struct step *step = &walk->steps[end];
    if (step->from != walk->start) {
        write_way(walk, step->from, out);
        fputs(", ", out);
    }
    fprintf(out, "who holds %s is in %s and %s %s", items[step->from].name, step->link->written,
            say_texts[step->link->say], items[end].name);
}

static int report_way(const struct walk *walk, size_t end, bool error, const char *advice,
                      struct problems *problems)
{
    _cleanup_free_ char *way = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&way, &size);
    if (!out)
        return -ENOMEM;
    write_way(walk, end, out);
    if (fclose(out) != 0)
        return -ENOMEM;
    problems_add(problems, error, "%s.conf: %s; %s", walk->links->packages->items[walk->start].name, way,
                 advice);
    return 0;
}

static int check_circle(struct walk *walk, size_t start, struct problems *problems)
{
    walk_from(walk, start, true);
    if (walk->steps[start].from == NOWHERE || !starts_first(walk, start))
        return 0;
    return report_way(
        walk, start, true,
        "they could keep each other in for ever: name approvers and emergency users by a group that no "
        "package gives",
        problems);
}

/* Not for a circle by approvals alone, which is an error already. */
static int warn_chains(struct walk *walk, size_t start, size_t *told, struct problems *problems)
{
    walk_from(walk, start, true);
    const bool circle = walk->steps[start].from != NOWHERE;
    walk_from(walk, start, false);
    int rc = 0;
    for (size_t end = 0; end < walk->links->packages->count && rc == 0; end++) {
        if (walk->steps[end].from == NOWHERE || (end == start && circle))
            continue;
        if ((*told)++ < CHAINS_TOLD_MAX)
            rc = report_way(walk, end, false, "make sure that this is meant", problems);
    }
    return rc;
}

static int check_all(struct walk *walk, struct problems *problems)
{
    const size_t count = walk->links->packages->count;
    size_t told = 0;
    int rc = 0;
    for (size_t start = 0; start < count && rc == 0; start++)
        rc = check_circle(walk, start, problems);
    for (size_t start = 0; start < count && rc == 0 && told <= CHAINS_TOLD_MAX; start++)
        rc = warn_chains(walk, start, &told, problems);
    if (told > CHAINS_TOLD_MAX)
        problems_add(problems, false,
                     "more packages lead to each other than are listed; mend the above first");
    return rc;
}

int configure_chain_check(const struct packages *packages, const struct configure_chain_names *names,
                          struct problems *problems)
{
    struct links links = {0};
    int rc = collect_links(packages, names, &links);
    if (rc < 0)
        return rc;
    struct walk walk = {
        .links = &links,
        .steps = calloc(packages->count + 1, sizeof(*walk.steps)),
        .queue = calloc(packages->count + 1, sizeof(*walk.queue)),
    };
    rc = walk.steps && walk.queue ? check_all(&walk, problems) : -ENOMEM;
    free(walk.steps);
    free(walk.queue);
    links_deinit(&links);
    return rc;
}
