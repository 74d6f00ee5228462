/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. What users typed comes last in a line; log_event makes all of it visible (rule 10). */
#include "helperd/lifecycle/journal.h"

#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
#define X(kind, id, what) KIND_##kind,
    JOURNAL_KINDS(X)
#undef X
};

static const char *const ids[] = {
#define X(kind, id, what) [KIND_##kind] = id,
    JOURNAL_KINDS(X)
#undef X
};

static const struct row {
    enum kind kind;
    const char *event;
    const char *words;
} rows[] = {
#define X(kind, name, event, words) [AUDIT_##name] = {KIND_##kind, event, words},
    JOURNAL_EVENTS(X)
#undef X
};

struct journal_line {
    const struct row *row;
    char *message;
    char *user;
    char *package;
    char *actor;
    char request[24]; /* "": none */
    char assignment[24];
};

const char *audit_event_text(enum audit_event event)
{
    return rows[event].event;
}

/* "alice/db-admins: approved by bob (request 8): ticket 4711" */
static void write_message(FILE *out, const struct row *row, const struct audit *audit,
                          const struct journal_subject *subject)
{
    const char *which = row->kind == KIND_POLICY ? "policy" : "accesspkg";
    fprintf(out, "%s%s%s: %s", subject->user ? subject->user : which, subject->package ? "/" : "",
            subject->package ? subject->package : "", row->words);
    if (strcmp(audit->actor, "accesspkgd") != 0)
        fprintf(out, " by %s", audit->actor);
    if (audit->request)
        fprintf(out, " (request %" PRId64 "%s", audit->request, audit->assignment ? "" : ")");
    if (audit->assignment)
        fprintf(out, "%sassignment %" PRId64 ")", audit->request ? ", " : " (", audit->assignment);
    if (audit->detail && *audit->detail)
        fprintf(out, ": %s", audit->detail);
}

static char *make_message(const struct row *row, const struct audit *audit,
                          const struct journal_subject *subject)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    write_message(out, row, audit, subject);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static char *copy(const char *text, bool *failed)
{
    char *copied = text ? strdup(text) : NULL;
    *failed |= text && !copied;
    return copied;
}

static void free_line(struct journal_line *line)
{
    free(line->message);
    free(line->user);
    free(line->package);
    free(line->actor);
}

int journal_note(struct journal *journal, enum audit_event event, const struct audit *audit,
                 const struct journal_subject *subject)
{
    const struct row *row = &rows[event];
    struct journal_line *grown = reallocarray(journal->lines, journal->count + 1, sizeof(*journal->lines));
    if (!grown)
        return -ENOMEM;
    journal->lines = grown;
    bool failed = false;
    struct journal_line line = {.row = row,
                                .message = make_message(row, audit, subject),
                                .user = copy(subject->user, &failed),
                                .package = copy(subject->package, &failed),
                                .actor = copy(audit->actor, &failed)};
    if (failed || !line.message) {
        free_line(&line);
        return -ENOMEM;
    }
    if (audit->request)
        snprintf(line.request, sizeof(line.request), "%" PRId64, audit->request);
    if (audit->assignment)
        snprintf(line.assignment, sizeof(line.assignment), "%" PRId64, audit->assignment);
    grown[journal->count++] = line;
    return 0;
}

static const char *unless_empty(const char *text)
{
    return *text ? text : NULL;
}

void journal_write(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++) {
        const struct journal_line *line = &journal->lines[i];
        const struct log_field fields[] = {
            {"MESSAGE_ID", ids[line->row->kind]},
            {"ACCESSPKG_EVENT", line->row->event},
            {"ACCESSPKG_USER", line->user},
            {"ACCESSPKG_PACKAGE", line->package},
            {"ACCESSPKG_ACTOR", line->actor},
            {"ACCESSPKG_REQUEST", unless_empty(line->request)},
            {"ACCESSPKG_ASSIGNMENT", unless_empty(line->assignment)},
        };
        log_event(LOG_NOTICE, line->message, fields, sizeof(fields) / sizeof(fields[0]));
    }
    journal_drop(journal);
}

void journal_drop(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++)
        free_line(&journal->lines[i]);
    free(journal->lines);
    *journal = (struct journal){0};
}
