/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the lines of a phase from files. See the header; pamstack.c walks through them. */
#include "common/cleanup.h"
#include "common/pamstack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The outcome of loading a file or a line. Below zero: -errno. */
enum outcome {
    TAKEN = 0,
    FAILED = 1,  /* libpam gives up this file; the including one gets a line that fails */
    CRASHED = 2, /* libpam crashes, with the program */
};

struct loader {
    const struct pamstack_place *at;
    enum pamd_type phase;
    struct findings *findings;
    struct pamstack *stack;
};

/* Where a file stands in the phase. */
struct place {
    int include;           /* index of its include; -1: the service's own file */
    int level;             /* how many substacks it is in */
    enum pamd_type wanted; /* which lines of it are used; PAMD_EVERY: all */
};

static int load_pam_file(struct loader *loader, const char *path, struct place place);

static int report_fault(struct loader *loader, const struct pamd_file *file, unsigned number,
                        const char *what)
{
    findings_add(loader->findings, "%s:%u: %s", file->path, number, what);
    return FAILED;
}

/* ---- growing arrays ------------------------------------------------------------------------------------------- */

static int add_stack_entry(struct loader *loader, const struct pamstack_entry *entry)
{
    struct pamstack *stack = loader->stack;
    if (stack->n_entries == PAMSTACK_ENTRIES) {
        stack->uncertain = true;
        return TAKEN;
    }
    struct pamstack_entry *entries = reallocarray(stack->entries, stack->n_entries + 1, sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    stack->entries = entries;
    entries[stack->n_entries++] = *entry;
    return TAKEN;
}

static int add_include(struct pamstack *stack, const struct pamstack_include *include)
{
    struct pamstack_include *includes =
        reallocarray(stack->includes, stack->n_includes + 1, sizeof(*includes));
    if (!includes)
        return -ENOMEM;
    stack->includes = includes;
    includes[stack->n_includes] = *include;
    return (int)stack->n_includes++;
}

/* Adds an empty file, which the stack owns: entries point into it. NULL: no memory. */
static struct pamd_file *add_file(struct pamstack *stack)
{
    struct pamd_file **files = reallocarray(stack->files, stack->n_files + 1, sizeof(struct pamd_file *));
    if (!files)
        return NULL;
    stack->files = files;
    files[stack->n_files] = calloc(1, sizeof(struct pamd_file));
    return files[stack->n_files] ? files[stack->n_files++] : NULL;
}

/* ---- includes ------------------------------------------------------------------------------------------------- */

/* True when a file above in the chain of includes is the same. */
static bool includes_itself(const struct pamstack *stack, const char *path, int include)
{
    for (; include >= 0; include = stack->includes[include].parent)
        if (strcmp(stack->includes[include].file->path, path) == 0)
            return true;
    return false;
}

/* Reports why a file cannot be included, at the including line. */
static int report_include(struct loader *loader, int include, const char *why)
{
    const struct pamstack_include *by = &loader->stack->includes[include];
    findings_add(loader->findings, "%s:%u: includes %s, %s", by->file->path, by->line->number,
                 by->line->target, why);
    return FAILED;
}

/* For a file that we cannot read, though libpam, as root, may. */
static int report_unreadable(struct loader *loader, const char *path, int r)
{
    loader->stack->uncertain = true;
    if (r == -EACCES)
        findings_add(loader->findings, "%s: only root may read this; run the command as root", path);
    else
        findings_add(loader->findings, "%s: cannot be read: %s", path, strerrordesc_np(-r));
    return TAKEN;
}

static int load_include(struct loader *loader, const struct pamd_file *file, const struct pamd_line *line,
                        struct place place)
{
    _cleanup_free_ char *path = NULL;
    struct pamstack_entry entry = {file, line, place.include, place.level, PAMSTACK_SUBSTACK};
    const struct pamstack_include by = {file, line, place.include};
    int r = line->kind == PAMD_SUBSTACK ? add_stack_entry(loader, &entry) : TAKEN;
    const int include = r < 0 ? r : add_include(loader->stack, &by);
    if (include < 0)
        return include;
    if (asprintf(&path, "%s%s%s", loader->at->root, line->target[0] == '/' ? "" : "/etc/pam.d/",
                 line->target) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    const struct place inner = {include, place.level + (line->kind == PAMD_SUBSTACK), place.wanted};
    r = load_pam_file(loader, path, inner);
    if (r != FAILED || place.wanted == PAMD_EVERY)
        return r;
    entry.kind = PAMSTACK_FAILS;
    if (line->type == PAMD_EVERY) /* libpam uses actions that it never set */
        loader->stack->uncertain = true;
    return add_stack_entry(loader, &entry);
}

/* ---- lines ---------------------------------------------------------------------------------------------------- */

/* The phase of a line, for a reader that wants this one. */
static enum pamd_type type_for(const struct pamd_line *line, enum pamd_type wanted)
{
    if (line->type == PAMD_UNKNOWN)
        return wanted == PAMD_EVERY ? PAMD_AUTH : wanted;
    return line->type == PAMD_EVERY ? wanted : line->type;
}

static int load_line(struct loader *loader, const struct pamd_file *file, const struct pamd_line *line,
                     struct place place)
{
    const enum pamd_type type = type_for(line, place.wanted);
    if (place.wanted != PAMD_EVERY && type != place.wanted)
        return TAKEN;
    if (line->kind != PAMD_MODULE && !line->target) {
        report_fault(
            loader, file, line->number,
            "names no file to include, at which libpam crashes with the program that uses it. Name one, or "
            "take the "
            "line out");
        return CRASHED;
    }
    if (type != PAMD_EVERY && type != loader->phase)
        return TAKEN;
    place.wanted = type;
    if (line->kind != PAMD_MODULE)
        return load_include(loader, file, line, place);
    struct pamstack_entry entry = {file, line, place.include, place.level, PAMSTACK_MODULE};
    if (line->type == PAMD_UNKNOWN || !line->target) {
        entry.kind = PAMSTACK_FAILS;
        report_fault(
            loader, file, line->number,
            !line->target
                ? "names no module, and so refuses everybody. Write: TYPE CONTROL MODULE"
                : "begins with none of auth, account, password and session, and so refuses everybody");
    } else if (line->odd_control) {
        report_fault(loader, file, line->number,
                     "has a control that libpam cannot parse, and so refuses everybody");
    }
    return add_stack_entry(loader, &entry);
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static int load_lines(struct loader *loader, const struct pamd_file *file, struct place place)
{
    for (size_t i = 0; i < file->n_lines; i++) {
        const int r = load_line(loader, file, &file->lines[i], place);
        if (r != TAKEN)
            return r;
    }
    if (file->unfinished)
        return report_fault(loader, file, file->unfinished,
                            "ends in a backslash and nothing follows: libpam gives the file up, and refuses "
                            "everybody. Take the "
                            "backslash away");
    if (file->too_long) {
        loader->stack->uncertain = true;
        return report_fault(
            loader, file, file->too_long,
            "is longer than the 1023 bytes that libpam takes for a line, comments too: what it "
            "makes of it is not "
            "known. Write it shorter");
    }
    return TAKEN;
}

static int read_pam_file(const struct loader *loader, const char *path, struct pamd_file *ret)
{
    const struct pamstack_place *at = loader->at;
    return at->path && strcmp(at->path, path) == 0 ? pamd_parse(path, at->text, at->size, ret)
                                                   : pamd_read(path, ret);
}

static int load_pam_file(struct loader *loader, const char *path, struct place place)
{
    struct pamstack *stack = loader->stack;
    if (stack->n_files == PAMSTACK_FILES) {
        stack->uncertain = true;
        return FAILED;
    }
    if (place.level >= PAMSTACK_LEVELS)
        return report_include(loader, place.include,
                              "and libpam takes no more than 16 substacks in one another");
    if (includes_itself(stack, path, place.include))
        return report_include(loader, place.include, "which includes it again: libpam refuses everybody");
    struct pamd_file *file = add_file(stack);
    int r = file ? read_pam_file(loader, path, file) : -ENOMEM;
    if (r == -ENOTDIR)
        r = -ENOENT;
    if (r == -EISDIR) /* libpam opens a folder and reads no line */
        return TAKEN;
    if (r == -ENOENT && place.include >= 0)
        return report_include(loader, place.include, "and there is no such file: libpam refuses everybody");
    if (r == -ENOMEM || r == -ENOENT)
        return r;
    return r < 0 ? report_unreadable(loader, path, r) : load_lines(loader, file, place);
}

/* Tries the folders of service files. */
static int load_service(struct loader *loader, const char *service)
{
    static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d"};
    const struct place whole = {-1, 0, PAMD_EVERY};
    int r = -ENOENT;
    for (size_t i = 0; i < 2 && r == -ENOENT; i++) {
        _cleanup_free_ char *path = NULL;
        if (asprintf(&path, "%s%s/%s", loader->at->root, folders[i], service) < 0) {
            path = NULL;
            return -ENOMEM;
        }
        r = load_pam_file(loader, path, whole);
    }
    return r;
}

int pamstack_load_at(const struct pamstack_place *place, const char *service, enum pamd_type phase,
                     struct findings *findings, struct pamstack *ret)
{
    struct pamstack stack = {0};
    struct loader loader = {place, phase, findings, &stack};
    const int r = load_service(&loader, service);
    if (r < 0) {
        pamstack_deinit(&stack);
        return r;
    }
    stack.given_up = r != TAKEN;
    *ret = stack;
    return 0;
}

int pamstack_load(const char *root, const char *service, enum pamd_type phase, struct findings *findings,
                  struct pamstack *ret)
{
    return pamstack_load_at(&(struct pamstack_place){.root = root}, service, phase, findings, ret);
}

void pamstack_deinit(struct pamstack *stack)
{
    for (size_t i = 0; i < stack->n_files; i++) {
        pamd_deinit(stack->files[i]);
        free(stack->files[i]);
    }
    free(stack->files);
    free(stack->includes);
    free(stack->entries);
    *stack = (struct pamstack){0};
}
