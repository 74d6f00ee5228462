/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections by their names, in a table; those that nothing uses in the order in which they called last. */
#include "helperd/bus/admission_internal.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MAX = 2048 }; /* known at a time; as many as the bus has; beside those at the door */

static size_t bucket_of(const char *name)
{
    size_t hash = 5381;
    while (*name)
        hash = hash * 33 + (unsigned char)*name++;
    return hash % ADMISSION_BUCKETS;
}

struct admission_connection *admission_find(const struct admission *admission, const char *name)
{
    struct admission_connection *connection = admission->buckets[bucket_of(name)];
    while (connection && strcmp(connection->name, name) != 0)
        connection = connection->next;
    return connection;
}

void admission_use_less(struct admission_connection *connection)
{
    struct admission *admission = connection->admission;
    if (--connection->uses > 0)
        return;
    connection->older = admission->newest;
    connection->newer = NULL;
    if (admission->newest)
        admission->newest->newer = connection;
    else
        admission->oldest = connection;
    admission->newest = connection;
}

static void take_off_list(struct admission_connection *connection)
{
    struct admission *admission = connection->admission;
    *(connection->older ? &connection->older->newer : &admission->oldest) = connection->newer;
    *(connection->newer ? &connection->newer->older : &admission->newest) = connection->older;
}

void admission_use_more(struct admission_connection *connection)
{
    if (connection->uses++ == 0)
        take_off_list(connection);
}

void admission_forget(struct admission_connection *connection)
{
    struct admission *admission = connection->admission;
    struct admission_connection **place = &admission->buckets[bucket_of(connection->name)];
    take_off_list(connection);
    while (*place != connection)
        place = &(*place)->next;
    *place = connection->next;
    admission->connections -= connection->bus == admission->bus;
    free(connection->name);
    free(connection);
}

/* Of the bus. */
static void forget_oldest(struct admission *admission)
{
    struct admission_connection *connection = admission->oldest;
    while (connection && connection->bus != admission->bus)
        connection = connection->newer;
    if (connection)
        admission_forget(connection);
}

struct admission_connection *admission_remember(struct admission *admission, const struct bus *bus,
                                                const char *name)
{
    const bool is_counted = bus == admission->bus;
    if (is_counted && admission->connections >= CONNECTIONS_MAX)
        forget_oldest(admission);
    const bool has_place = !is_counted || admission->connections < CONNECTIONS_MAX;
    struct admission_connection *connection = has_place ? calloc(1, sizeof(*connection)) : NULL;
    if (!connection)
        return NULL;
    connection->name = strdup(name);
    if (!connection->name) {
        free(connection);
        return NULL;
    }
    connection->admission = admission;
    connection->bus = bus;
    connection->next = admission->buckets[bucket_of(name)];
    admission->buckets[bucket_of(name)] = connection;
    admission->connections += is_counted;
    connection->uses = 1;
    return connection;
}

/* After its calls. */
static void lose_connection(struct admission_connection *connection)
{
    if (!connection->known)
        admission_use_less(connection); /* the answer does not come any more */
    admission_forget(connection);
}

void admission_lose_connections(struct admission *admission, const struct bus *bus)
{
    for (size_t i = 0; i < ADMISSION_BUCKETS; i++)
        for (struct admission_connection *connection = admission->buckets[i], *next; connection;
             connection = next) {
            next = connection->next;
            if (!bus || connection->bus == bus)
                lose_connection(connection);
        }
}
