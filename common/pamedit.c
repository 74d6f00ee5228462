/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by pamwire.c and cli/pam.c. */
#include "common/pamedit.h"

#include "common/cleanup.h"

#include <errno.h>
#include <string.h>

enum { CONTEXT = 3 }; /* lines of a diff */

/* ---- our lines ------------------------------------------------------------------------------------------------ */

/* Lines that step over the next ones. */
static void render_exemptions(const struct pamedit_gate *gate, FILE *out)
{
    if (gate->root_passes)
        fprintf(out, "account    [success=%d default=ignore]   pam_rootok.so  " PAMEDIT_MARK "\n",
                gate->exempt_group ? 2 : 1);
    if (gate->exempt_group)
        fprintf(
            out,
            "account    [success=1 default=ignore]   pam_succeed_if.so quiet %suser ingroup %s  " PAMEDIT_MARK
            "\n",
            gate->exempt_caller ? "use_uid " : "", gate->exempt_group);
}

static void render_line(const struct pamedit_gate *gate, FILE *out)
{
    fputs("account    required     pam_accesspkg.so", out);
    for (size_t i = 0; i < gate->n_packages; i++)
        fprintf(out, " package=%s", gate->packages[i]);
    if (gate->report)
        fputs(" mode=report", out);
    for (size_t i = 0; i < gate->n_options; i++)
        fprintf(out, " %s", gate->options[i]);
    fputs("  " PAMEDIT_MARK "\n", out);
}

int pamedit_render(const struct pamedit_gate *gate, char **ret)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    render_exemptions(gate, out);
    render_line(gate, out);
    if (fclose(out) != 0) {
        free(text);
        return -ENOMEM;
    }
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") >= PAMD_LINE_MAX) {
            free(text);
            return PAMEDIT_E_TOO_LONG;
        }
    *ret = text;
    return 0;
}

/* ---- in and out ----------------------------------------------------------------------------------------------- */

/* The length of the line that begins here, its break included. */
static size_t line_length(const char *line, size_t left)
{
    const char *line_break = memchr(line, '\n', left);
    return line_break ? (size_t)(line_break - line) + 1 : left;
}

static bool is_marked(const char *line, size_t length)
{
    const size_t mark = strlen(PAMEDIT_MARK);
    while (length > 0 && strchr(" \t\r\n", line[length - 1]))
        length--;
    return length >= mark && memcmp(line + length - mark, PAMEDIT_MARK, mark) == 0;
}

bool pamedit_is_ours(const char *text, const struct pamd_line *line)
{
    return is_marked(text + line->start, line->length);
}

/* Whether libpam reads this line and the next one as one. `before`: it did so with the line before. */
static bool goes_on(const char *line, size_t length, bool before)
{
    const char *begin = line;
    while (begin < line + length && strchr(" \t\n", *begin))
        begin++;
    if (begin == line + length || *begin == '#')
        return before;
    while (strchr(" \t\n", line[length - 1]))
        length--;
    return line[length - 1] == '\\' && !memchr(line, '#', length);
}

int pamedit_strip(const char *text, size_t size, char **ret_text, size_t *ret_size, char **ret_lines)
{
    _cleanup_free_ char *rest = malloc(size + 1), *lines = malloc(size + 1);
    size_t n_rest = 0, n_lines = 0;
    bool joined = false;
    if (!rest || !lines)
        return -ENOMEM;
    for (size_t at = 0, length; at < size; at += length) {
        length = line_length(text + at, size - at);
        const bool ours = is_marked(text + at, length);
        if (ours && joined && text[at + strspn(text + at, " \t")] != '#')
            return PAMEDIT_E_JOINED;
        joined = goes_on(text + at, length, joined);
        memcpy(ours ? lines + n_lines : rest + n_rest, text + at, length);
        *(ours ? &n_lines : &n_rest) += length;
    }
    rest[n_rest] = lines[n_lines] = '\0';
    *ret_text = steal_ptr(rest);
    *ret_size = n_rest;
    *ret_lines = steal_ptr(lines);
    return 0;
}

/* The line of the service's own file by which the entry is there. */
static const struct pamd_line *own_line(const struct pamstack *stack, const struct pamstack_entry *entry)
{
    const struct pamd_line *line = entry->line;
    for (int include = entry->include; include >= 0; include = stack->includes[include].parent)
        line = stack->includes[include].line;
    return line;
}

/* True when a line below it may not be asked, or is counted by it. */
static bool leads_away(const struct pamstack_entry *entry)
{
    bool leads = entry->include >= 0 || entry->kind != PAMSTACK_MODULE;
    for (int code = 0; code < PAMD_CODES && !leads; code++)
        leads = entry->line->actions[code] > 0 || entry->line->actions[code] == PAMD_DONE ||
                entry->line->actions[code] == PAMD_RESET;
    return leads;
}

int pamedit_place(const struct pamstack *account, const struct findings *stumbles, size_t *ret_at)
{
    if (account->given_up || account->uncertain || stumbles->count > 0 || stumbles->lost)
        return PAMEDIT_E_UNREADABLE;
    if (account->n_entries == 0)
        return PAMEDIT_E_NO_ACCOUNT;
    const struct pamstack_entry *place = &account->entries[0];
    for (size_t i = 0; i < account->n_entries; i++)
        if (leads_away(&account->entries[i])) {
            place = &account->entries[i];
            break;
        }
    *ret_at = own_line(account, place)->start;
    return 0;
}

static bool is_own(const struct pamstack_entry *entry)
{
    return entry->include < 0 && pamedit_is_ours(entry->file->text, entry->line);
}

/* Whether one of ours is among those that this entry skips by the action. */
static bool jumps_ours(const struct pamstack *account, size_t at, int action)
{
    const size_t next = action > 0 ? pamstack_next(account, at, action) : 0;
    for (size_t i = at + 1; i < next && i < account->n_entries; i++)
        if (is_own(&account->entries[i]))
            return true;
    return false;
}

const struct pamstack_entry *pamedit_find_jump(const struct pamstack *account)
{
    for (size_t i = 0; i < account->n_entries; i++)
        for (int code = 0; code < PAMD_CODES && !is_own(&account->entries[i]); code++)
            if (jumps_ours(account, i, account->entries[i].line->actions[code]))
                return &account->entries[i];
    return NULL;
}

char *pamedit_insert(const char *text, size_t size, size_t at, const char *lines, size_t *ret_size)
{
    const size_t added = strlen(lines);
    char *whole = malloc(size + added + 1);
    if (!whole)
        return NULL;
    memcpy(whole, text, at);
    memcpy(whole + at, lines, added);
    memcpy(whole + at + added, text + at, size - at);
    whole[size + added] = '\0';
    *ret_size = size + added;
    return whole;
}

/* ---- what is different ---------------------------------------------------------------------------------------- */

/* The lines of a text, as places in it. */
struct lines {
    const char **starts; /* one more than there are lines: the end */
    size_t count;
};

static bool split_lines(const char *text, struct lines *ret)
{
    const size_t size = strlen(text);
    size_t count = 0;
    for (size_t at = 0; at < size; at += line_length(text + at, size - at))
        count++;
    *ret = (struct lines){calloc(count + 1, sizeof(char *)), count};
    if (!ret->starts)
        return false;
    size_t at = 0;
    for (size_t i = 0; i <= count; i++) {
        ret->starts[i] = text + at;
        at += line_length(text + at, size - at);
    }
    return true;
}

static bool same_line(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
    const size_t length = (size_t)(a->starts[i + 1] - a->starts[i]);
    return length == (size_t)(b->starts[j + 1] - b->starts[j]) &&
           memcmp(a->starts[i], b->starts[j], length) == 0;
}

static void print_lines(const struct lines *lines, size_t from, size_t until, char sign, FILE *out)
{
    for (size_t i = from; i < until; i++) {
        const int length = (int)(lines->starts[i + 1] - lines->starts[i]);
        fprintf(out, "%c%.*s", sign, length, lines->starts[i]);
        if (length == 0 || lines->starts[i][length - 1] != '\n')
            fputs("\n\\ No newline at end of file\n", out);
    }
}

static void print_hunk(const struct lines *old, const struct lines *new, FILE *out)
{
    const size_t most = old->count < new->count ? old->count : new->count;
    size_t head = 0, tail = 0;
    while (head < most && same_line(old, head, new, head))
        head++;
    while (tail < most - head && same_line(old, old->count - tail - 1, new, new->count - tail - 1))
        tail++;
    if (head == old->count && head == new->count)
        return;
    const size_t from = head > CONTEXT ? head - CONTEXT : 0;
    const size_t behind = tail > CONTEXT ? CONTEXT : tail;
    const size_t old_end = old->count - tail, new_end = new->count - tail;
    const size_t old_size = old_end + behind - from, new_size = new_end + behind - from;
    fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", from + (old_size > 0), old_size, from + (new_size > 0),
            new_size);
    print_lines(old, from, head, ' ', out);
    print_lines(old, head, old_end, '-', out);
    print_lines(new, head, new_end, '+', out);
    print_lines(new, new_end, new_end + behind, ' ', out);
}

void pamedit_diff(const char *before, const char *after, FILE *out)
{
    struct lines old = {0}, new = {0};
    if (split_lines(before, &old) && split_lines(after, &new))
        print_hunk(&old, &new, out);
    free(old.starts);
    free(new.starts);
}
