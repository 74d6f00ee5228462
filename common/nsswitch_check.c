/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds out when glibc does not ask our module for the groups of a login, and words it for the administrator. After a
 * SUCCESS, glibc asks the next service whatever a line group: says; it obeys a line initgroups:.
 */
#include "common/cleanup.h"
#include "common/nsswitch.h"
#include "common/textfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OURS "accesspkg" /* libnss_accesspkg.so.2 */
#define COST "so nobody has the groups of a package"

enum { WORDS_MAX = 512 };

static const unsigned char defaults[NSSWITCH_ANSWERS] = {[NSSWITCH_SUCCESS] = NSSWITCH_RETURN};

static bool is_our_service(const struct nsswitch_service *service)
{
    return strcmp(service->name, OURS) == 0;
}

/* For older glibcs a '#' anywhere starts a comment; for today's it starts the name of a service that does not exist. */
static bool is_comment(const struct nsswitch_service *service)
{
    return service->name[0] == '#';
}

/* When the look-up ends at this service, as NSSWITCH_ bits. */
static unsigned ends_at(const struct nsswitch_service *service, bool initgroups)
{
    static const unsigned who[NSSWITCH_ANSWERS] = {
        [NSSWITCH_SUCCESS] = NSSWITCH_WITH_GROUP,
        [NSSWITCH_NOTFOUND] = NSSWITCH_WITHOUT_GROUP,
        [NSSWITCH_UNAVAIL] = NSSWITCH_WHILE_DOWN,
        [NSSWITCH_TRYAGAIN] = NSSWITCH_WHILE_DOWN,
    };
    unsigned hidden = 0;
    if (is_comment(service))
        return service->actions[NSSWITCH_UNAVAIL] == NSSWITCH_RETURN ? NSSWITCH_ALWAYS : 0;
    for (int i = initgroups ? NSSWITCH_SUCCESS : NSSWITCH_NOTFOUND; i < NSSWITCH_ANSWERS; i++)
        if (service->actions[i] == NSSWITCH_RETURN)
            hidden |= who[i];
    return hidden;
}

unsigned nsswitch_hidden(const struct nsswitch *nsswitch)
{
    const struct nsswitch_line *line = nsswitch_deciding(nsswitch);
    unsigned hidden = 0;
    for (size_t i = 0; line && i < line->n_services; i++) {
        if (is_our_service(&line->services[i]))
            return hidden;
        hidden |= ends_at(&line->services[i], line == &nsswitch->initgroups);
    }
    return NSSWITCH_ALWAYS;
}

unsigned nsswitch_hides(const struct nsswitch *nsswitch)
{
    const struct nsswitch_line *line = nsswitch_deciding(nsswitch);
    for (size_t i = 0; line && i + 1 < line->n_services; i++)
        if (is_our_service(&line->services[i]))
            return ends_at(&line->services[i], line == &nsswitch->initgroups);
    return 0;
}

static bool is_behind_comment(const struct nsswitch_line *line)
{
    bool comment = false;
    for (size_t i = 0; i < line->n_services; i++) {
        comment |= is_comment(&line->services[i]);
        if (is_our_service(&line->services[i]))
            return comment;
    }
    return false;
}

/* ---- how to write it ------------------------------------------------------------------------------------------ */

/* Prints a service, and those of its conditions that differ from the default. */
static void print_service(const char *name, const unsigned char actions[NSSWITCH_ANSWERS], FILE *out)
{
    static const char *const answer_words[] = {"SUCCESS", "NOTFOUND", "UNAVAIL", "TRYAGAIN"};
    static const char *const action_words[] = {"continue", "return", "merge"};
    const char *before = " [";
    fprintf(out, " %s", name);
    for (int i = 0; i < NSSWITCH_ANSWERS; i++) {
        if (actions[i] == defaults[i])
            continue;
        fprintf(out, "%s%s=%s", before, answer_words[i], action_words[actions[i]]);
        before = " ";
    }
    fputs(strcmp(before, " ") == 0 ? "]" : "", out);
}

/* Prints another service. With `go_on` its success does not end the look-up. */
static void print_other(const struct nsswitch_service *service, bool go_on, FILE *out)
{
    unsigned char actions[NSSWITCH_ANSWERS];
    memcpy(actions, service->actions, sizeof(actions));
    if (go_on && actions[NSSWITCH_SUCCESS] == NSSWITCH_RETURN)
        actions[NSSWITCH_SUCCESS] = NSSWITCH_CONTINUE;
    print_service(service->name, actions, out);
}

/* True when another service follows at `at` or later. */
static bool others_follow(const struct nsswitch_line *line, size_t at)
{
    while (at < line->n_services && is_our_service(&line->services[at]))
        at++;
    return at < line->n_services && !is_comment(&line->services[at]);
}

/* Puts ours after all services that never end the look-up, and before the first that may. */
static void print_line(const struct nsswitch_line *line, bool initgroups, FILE *out)
{
    static const unsigned char go_on[NSSWITCH_ANSWERS] = {[NSSWITCH_SUCCESS] = NSSWITCH_CONTINUE};
    bool printed = false;
    fputs(initgroups ? "initgroups:" : "group:", out);
    for (size_t i = 0; i <= line->n_services; i++) {
        const struct nsswitch_service *service = i < line->n_services ? &line->services[i] : NULL;
        const bool end = !service || is_comment(service);
        if (!printed &&
            (end || is_our_service(service) || (ends_at(service, initgroups) & ~NSSWITCH_WITH_GROUP))) {
            print_service(OURS, initgroups && others_follow(line, i) ? go_on : defaults, out);
            printed = true;
        }
        if (end)
            return;
        if (!is_our_service(service))
            print_other(service, initgroups && !printed, out);
    }
}

char *nsswitch_mended(const struct nsswitch *nsswitch)
{
    struct nsswitch_service files = {.name = (char *)"files",
                                     .actions = {[NSSWITCH_SUCCESS] = NSSWITCH_RETURN}};
    const struct nsswitch_line absent = {.services = &files, .n_services = 1};
    const struct nsswitch_line *line = nsswitch_deciding(nsswitch);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    print_line(line ? line : &absent, line && line == &nsswitch->initgroups, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

/* Says why glibc never asks us. */
static void say_never_asked(const char *path, const struct nsswitch *nsswitch, const char *mended,
                            struct findings *findings)
{
    const struct nsswitch_line *line = nsswitch_deciding(nsswitch);
    if (nsswitch->broken)
        findings_add(
            findings,
            "%s:%u: glibc cannot parse this line, and so reads none of the file, " COST
            ". Conditions are written [STATUS=ACTION], as in [NOTFOUND=return]; a '#' behind other words "
            "begins no comment",
            path, nsswitch->broken);
    else if (!line)
        findings_add(findings, "%s: there is no line group:, " COST ". Write: %s", path, mended);
    else
        findings_add(findings, "%s:%u: " OURS " is not in this line, %s" COST ".%s%s Write: %s", path,
                     line->number, line == &nsswitch->initgroups ? "which decides in place of group:, " : "",
                     line->others ? " Of several such lines glibc takes the last." : "",
                     line->unread ? " Behind a second pair of brackets in a row it reads nothing." : "",
                     mended);
}

/* The first service before ours that ends the look-up in the case of this bit. */
static const char *ending_service(const struct nsswitch_line *line, unsigned bit)
{
    size_t i = 0;
    while (i + 1 < line->n_services && !(ends_at(&line->services[i], true) & bit))
        i++;
    return line->services[i].name;
}

/* "for who has no group in files (NOTFOUND=return) and while ..." */
static const char *describe_hidden(const struct nsswitch_line *line, unsigned hidden, char ret[WORDS_MAX])
{
    static const struct {
        unsigned bit;
        const char *before, *behind;
    } rows[] = {
        {NSSWITCH_WITH_GROUP, "for who has a group in ", " (where SUCCESS ends it, unless told to continue)"},
        {NSSWITCH_WITHOUT_GROUP, "for who has no group in ", " (NOTFOUND=return)"},
        {NSSWITCH_WHILE_DOWN, "while there is no answer from ", " (UNAVAIL or TRYAGAIN=return)"},
    };
    ret[0] = '\0';
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const size_t used = strlen(ret);
        if (hidden & rows[i].bit)
            snprintf(ret + used, WORDS_MAX - used, "%s%s%.32s%s", used ? " and " : "", rows[i].before,
                     ending_service(line, rows[i].bit), rows[i].behind);
    }
    return ret;
}

static void add_nsswitch_finding(const char *path, const struct nsswitch *nsswitch, const char *mended,
                                 struct findings *findings)
{
    const struct nsswitch_line *line = nsswitch_deciding(nsswitch);
    const unsigned hidden = nsswitch_hidden(nsswitch);
    char words[WORDS_MAX];
    if (nsswitch->cut && (hidden & NSSWITCH_ALWAYS))
        findings_add(findings,
                     "%s:%u: this line lacks its line break, and glibc does not read it. Add that: echo >>%s",
                     path, nsswitch->cut, path);
    else if (hidden & NSSWITCH_ALWAYS)
        say_never_asked(path, nsswitch, mended, findings);
    else if (hidden)
        findings_add(findings,
                     "%s:%u: " OURS
                     " is not asked %s, and such logins lack the groups of their packages. Write: %s",
                     path, line->number, describe_hidden(line, hidden, words), mended);
    else if (nsswitch_hides(nsswitch))
        findings_add(findings,
                     "%s:%u: the services behind " OURS
                     " are not always asked, and logins lack their groups. "
                     "Write: %s",
                     path, line->number, mended);
    else if (is_behind_comment(line))
        findings_add(findings,
                     "%s:%u: " OURS " stands behind a '#', which older glibcs take for a comment. Write: %s",
                     path, line->number, mended);
}

unsigned nsswitch_check(const char *path, struct findings *findings)
{
    _cleanup_free_ char *text = NULL, *mended = NULL;
    size_t size = 0;
    struct nsswitch nsswitch = {0};
    int r = textfile_read(path, &text, &size);
    if (r == 0)
        r = nsswitch_parse(text, size, &nsswitch);
    if (r < 0 && r != -ENOENT) {
        findings_add(findings, "%s: cannot be read: %s", path, strerrordesc_np(-r));
        return 0;
    }
    if ((mended = nsswitch_mended(&nsswitch)))
        add_nsswitch_finding(path, &nsswitch, mended, findings);
    else
        findings->lost = true;
    const unsigned hidden = nsswitch_hidden(&nsswitch);
    nsswitch_deinit(&nsswitch);
    return hidden;
}
