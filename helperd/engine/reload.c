/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit log's line about a policy that is read: its digest, and which packages and settings are others than before. */
#include "helperd/engine/internal.h"

#include "common/cleanup.h"
#include "helperd/config/package_settings.h"
#include "helperd/config/package_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMED_MAX = 50 }; /* of packages that changed, and so on: the others are counted */

/* One part of the line, as "; new: a, b". */
struct part {
    FILE *out;
    const char *heading;
    size_t count;
};

static bool begin_name(struct part *part, const char *name)
{
    if (part->count++ >= NAMED_MAX)
        return false;
    fprintf(part->out, "%s%s%s", part->count == 1 ? "; " : ", ", part->count == 1 ? part->heading : "", name);
    return true;
}

static void end_part(const struct part *part)
{
    if (part->count > NAMED_MAX)
        fprintf(part->out, " and %zu more", part->count - NAMED_MAX);
}

/* The keys whose values differ: "duration, [stage 1] approvers". */
static void write_keys(FILE *out, const json_t *was, const json_t *is)
{
    const json_t *const sides[] = {was, is};
    const char *separator = "";
    for (size_t i = 0; i < 2; i++) {
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)sides[i], key, value)
        {
            const json_t *other = json_object_get(sides[1 - i], key);
            if (other && (i == 1 || json_equal(other, value)))
                continue;
            fprintf(out, "%s%s", separator, key);
            separator = ", ";
        }
    }
}

static bool has_changed(const struct package *was, const struct package *is)
{
    char before[CANONICAL_DIGEST_MAX], after[CANONICAL_DIGEST_MAX];
    return package_digest(was, before) < 0 || package_digest(is, after) < 0 || strcmp(before, after) != 0;
}

static void write_changed(struct part *part, const struct package *was, const struct package *is)
{
    if (!has_changed(was, is) || !begin_name(part, is->name))
        return;
    json_t *before = package_settings(was);
    json_t *after = package_settings(is);
    fputs(" (", part->out);
    write_keys(part->out, before, after);
    fputc(')', part->out);
    json_decref(before);
    json_decref(after);
}

static void write_packages(FILE *out, const struct packages *before, const struct packages *after)
{
    struct part added = {out, "new: ", 0}, changed = {out, "changed: ", 0}, removed = {out, "removed: ", 0};
    for (size_t i = 0; i < after->count; i++)
        if (!packages_find(before, after->items[i].name))
            begin_name(&added, after->items[i].name);
    end_part(&added);
    for (size_t i = 0; i < after->count; i++) {
        const struct package *was = packages_find(before, after->items[i].name);
        if (was)
            write_changed(&changed, was, &after->items[i]);
    }
    end_part(&changed);
    for (size_t i = 0; i < before->count; i++)
        if (!packages_find(after, before->items[i].name))
            begin_name(&removed, before->items[i].name);
    end_part(&removed);
}

/* New; NULL: no memory. *ret_changed: something did. */
static char *describe(const struct policy_change *change, bool *ret_changed)
{
    static const struct packages none = {0};
    char digest[CANONICAL_DIGEST_MAX];
    char *text = NULL;
    size_t size = 0;
    FILE *out = packages_digest(change->after, digest) == 0 ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    fprintf(out, "digest %s", digest);
    const long begin = ftell(out);
    write_packages(out, change->before ? change->before : &none, change->after);
    if (change->settings)
        fprintf(out, "; accesspkg.conf: %s", change->settings);
    *ret_changed = ftell(out) > begin;
    if (!*ret_changed)
        fputs("; nothing changed", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int engine_audit_policy(struct engine *engine, const struct call *call, const struct policy_change *change)
{
    struct txn txn;
    bool changed = false;
    _cleanup_free_ char *detail = describe(change, &changed);
    if (!detail)
        return -ENOMEM;
    if (!call && !changed)
        return 0;
    txn_begin(&txn, engine);
    txn_audit(&txn, call ? engine_caller_act(call, detail) : own_act(detail), AUDIT_RELOAD, 0, 0);
    return txn_commit(&txn);
}
