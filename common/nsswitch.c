/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parser, see the header. Pure: text in, structs out. The findings are in nsswitch_check.c. */
#include "common/nsswitch.h"

#include "common/cleanup.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* isspace() of the C locale. */
#define BLANKS " \t\n\v\f\r"

/* Lines of other databases are parsed, too: an error in one makes glibc ignore the file. */
static const char *const databases[] = {
    "aliases",    "ethers",        "group",    "group_compat", "gshadow",       "hosts",
    "initgroups", "netgroup",      "networks", "passwd",       "protocols",     "publickey",
    "rpc",        "passwd_compat", "services", "shadow",       "shadow_compat",
};

/* A span of the text. */
struct word {
    const char *text;
    size_t length;
};

static bool word_is(struct word word, const char *name)
{
    return strlen(name) == word.length && strncasecmp(word.text, name, word.length) == 0;
}

static int find_word(struct word word, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word_is(word, names[i]))
            return (int)i;
    return -1;
}

/* Reads up to one of `ends`, and skips the blanks after it. */
static struct word read_span(const char **at, const char *ends)
{
    const struct word word = {*at, strcspn(*at, ends)};
    *at += word.length;
    *at += strspn(*at, BLANKS);
    return word;
}

/* Reads one "[!]STATUS=ACTION". False when glibc cannot parse it. */
static bool read_condition(const char **at, struct nsswitch_service *service)
{
    static const char *const answers[] = {"SUCCESS", "NOTFOUND", "UNAVAIL", "TRYAGAIN"};
    static const char *const actions[] = {"CONTINUE", "RETURN", "MERGE"};
    const bool others = **at == '!';
    *at += others;
    const int answer = find_word(read_span(at, BLANKS "=]"), answers, NSSWITCH_ANSWERS);
    if (answer < 0 || **at != '=')
        return false;
    ++*at;
    *at += strspn(*at, BLANKS);
    const int action = find_word(read_span(at, BLANKS "=]"), actions, 3);
    if (action < 0)
        return false;
    for (int i = 0; i < NSSWITCH_ANSWERS; i++)
        if ((i == answer) != others)
            service->actions[i] = (unsigned char)action;
    return true;
}

static bool read_conditions(const char **at, struct nsswitch_service *service)
{
    ++*at; /* '[' */
    *at += strspn(*at, BLANKS);
    do
        if (!read_condition(at, service))
            return false;
    while (**at != ']');
    ++*at;
    return true;
}

static int add_service(struct nsswitch_line *line, struct word name, const struct nsswitch_service *service)
{
    struct nsswitch_service *services = reallocarray(line->services, line->n_services + 1, sizeof(*services));
    if (!services)
        return -ENOMEM;
    line->services = services;
    services[line->n_services] = *service;
    if (!(services[line->n_services].name = strndup(name.text, name.length)))
        return -ENOMEM;
    line->n_services++;
    return 0;
}

/* Reads what follows the name of the database. 0; -EINVAL when glibc cannot parse it; -ENOMEM. */
static int parse_services(const char *at, struct nsswitch_line *line)
{
    for (;;) {
        struct nsswitch_service service = {.actions = {[NSSWITCH_SUCCESS] = NSSWITCH_RETURN}};
        at += strspn(at, BLANKS);
        const struct word name = read_span(&at, BLANKS "[");
        if (name.length == 0) {
            line->unread = *at != '\0';
            return 0;
        }
        if (*at == '[' && !read_conditions(&at, &service))
            return -EINVAL;
        const int r = add_service(line, name, &service);
        if (r < 0)
            return r;
    }
}

static void nsswitch_line_deinit(struct nsswitch_line *line)
{
    for (size_t i = 0; i < line->n_services; i++)
        free(line->services[i].name);
    free(line->services);
}

/* The database of a line, with *ret_rest after its colons; NULL when glibc skips the line. */
static const char *database_of(const char *text, const char **ret_rest)
{
    text += strspn(text, BLANKS);
    const size_t length = strcspn(text, BLANKS ":");
    if (!text[length])
        return NULL;
    *ret_rest = text + length + strspn(text + length, BLANKS ":");
    for (size_t i = 0; i < sizeof(databases) / sizeof(*databases); i++)
        if (strlen(databases[i]) == length && strncmp(databases[i], text, length) == 0)
            return databases[i];
    return NULL;
}

static struct nsswitch_line *find_line(struct nsswitch *nsswitch, const char *database)
{
    if (database && strcmp(database, "group") == 0)
        return &nsswitch->group;
    return database && strcmp(database, "initgroups") == 0 ? &nsswitch->initgroups : NULL;
}

/* Parses one line. As for glibc, it ends at a NUL. */
static int parse_database_line(struct nsswitch *nsswitch, const char *text, unsigned number)
{
    const char *rest = NULL;
    struct nsswitch_line line = {.number = number};
    const char *database = database_of(text, &rest);
    struct nsswitch_line *ours = find_line(nsswitch, database);
    const int r = database ? parse_services(rest, &line) : 0;
    if (r < 0 || !ours) {
        nsswitch_line_deinit(&line);
        if (r == -EINVAL)
            nsswitch->broken = number;
        return r == -EINVAL ? 0 : r;
    }
    line.others = ours->others + (ours->number > 0);
    nsswitch_line_deinit(ours);
    *ours = line;
    return 0;
}

int nsswitch_parse(const char *text, size_t size, struct nsswitch *ret)
{
    struct nsswitch nsswitch = {0};
    unsigned number = 1;
    int r = 0;
    for (const char *end = text + size, *next; r == 0 && text < end && !nsswitch.broken;
         text = next, number++) {
        const char *rest = NULL, *line_break = memchr(text, '\n', (size_t)(end - text));
        next = line_break ? line_break + 1 : end;
        _cleanup_free_ char *line = calloc(1, (size_t)(next - text) + 2);
        if (!line)
            r = -ENOMEM;
        else if (memcpy(line, text, (size_t)(next - text)), line_break)
            r = parse_database_line(&nsswitch, line, number);
        else if (find_line(&nsswitch, database_of(line, &rest)))
            nsswitch.cut = number;
    }
    if (r < 0)
        nsswitch_deinit(&nsswitch);
    else
        *ret = nsswitch;
    return r;
}

void nsswitch_deinit(struct nsswitch *nsswitch)
{
    nsswitch_line_deinit(&nsswitch->group);
    nsswitch_line_deinit(&nsswitch->initgroups);
    *nsswitch = (struct nsswitch){0};
}

const struct nsswitch_line *nsswitch_deciding(const struct nsswitch *nsswitch)
{
    if (nsswitch->broken)
        return NULL;
    if (nsswitch->initgroups.number)
        return &nsswitch->initgroups;
    return nsswitch->group.number ? &nsswitch->group : NULL;
}
