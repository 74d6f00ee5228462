/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Converts the values of an INI file as its table of keys asks, or complains and says what would be right. A bad value
 * leaves the default.
 */
#include "common/cleanup.h"
#include "common/duration.h"
#include "common/inifile.h"
#include "common/timetext.h"
#include "common/when_parse.h"
#include "common/wordlist.h"

#include <errno.h>
#include <string.h>

typedef int convert_function(struct inifile *file, const struct inifile_key *key,
                             const struct inifile_entry *entry, void *target);

static int convert_text(struct inifile *file, const struct inifile_key *key,
                        const struct inifile_entry *entry, void *target)
{
    (void)file;
    (void)key;
    char *copy = strdup(entry->value);
    if (!copy)
        return -ENOMEM;
    free(*(char **)target);
    *(char **)target = copy;
    return 0;
}

static size_t line_of(const struct inifile_entry *entry, const char *at)
{
    size_t line = entry->line;
    for (const char *c = entry->value; c < at; c++)
        line += *c == '\n';
    return line;
}

/* Why this cannot be meant as one name; NULL when it can. */
static const char *word_fault(const struct word *word)
{
    if (word->fault || word->quoted)
        return word->fault;
    if (word->text[0] == '#' || word->text[0] == ';')
        return "a comment behind a value starts with a blank and a semicolon; a name that begins so stands "
               "in double quotes";
    if (strpbrk(word->text, ",;'="))
        return "separate names by blanks; a name that holds such a character stands in double quotes";
    return NULL;
}

/* Keeps a word with a fault, so that no count of the list is complained about as well. */
static int convert_list(struct inifile *file, const struct inifile_key *key,
                        const struct inifile_entry *entry, void *target)
{
    strv list = calloc(strlen(entry->value) / 2 + 2, sizeof(*list));
    const char *at = entry->value;
    struct word word;
    int r = list ? 1 : -ENOMEM;
    for (size_t n = 0; list && (r = wordlist_next(&at, &word)) > 0; n++) {
        const char *fault = word_fault(&word);
        if (fault)
            inifile_complain(file, line_of(entry, word.begin),
                             word.quoted ? "%s: %.*s: %s" : "%s: \"%.*s\": %s", key->key, (int)word.length,
                             word.begin, fault);
        list[n] = word.text;
    }
    if (r < 0) {
        strv_free(list);
        return r;
    }
    strv_free(*(strv *)target);
    *(strv *)target = list;
    return 0;
}

static int convert_word(struct inifile *file, const struct inifile_key *key,
                        const struct inifile_entry *entry, void *target)
{
    for (int i = 0; key->words[i]; i++)
        if (strcmp(key->words[i], entry->value) == 0) {
            *(int *)target = i;
            return 0;
        }
    _cleanup_free_ char *known = strv_join((char *const *)key->words, ", ");
    inifile_complain(file, entry->line, "%s = %s: write one of: %s", key->key, entry->value,
                     known ? known : "");
    return 0;
}

static int convert_duration(struct inifile *file, const struct inifile_key *key,
                            const struct inifile_entry *entry, void *target)
{
    int64_t seconds = 0;
    char bound[DURATION_TEXT_MAX];
    const int rc = duration_parse(entry->value, &seconds);
    if (rc == -EINVAL)
        inifile_complain(file, entry->line,
                         "%s = %s: write a duration above zero such as 90s, 15m, 4h, 1h30m or 2d", key->key,
                         entry->value);
    else if (rc < 0 || (key->maximum && seconds > key->maximum))
        inifile_complain(file, entry->line, "%s = %s: longer than allowed here; at most %s", key->key,
                         entry->value,
                         duration_write(rc < 0 || !key->maximum ? DURATION_MAX : key->maximum, bound));
    else if (seconds < key->minimum)
        inifile_complain(file, entry->line, "%s = %s: shorter than allowed here; at least %s", key->key,
                         entry->value, duration_write(key->minimum, bound));
    else
        *(int64_t *)target = seconds;
    return 0;
}

static int convert_term(struct inifile *file, const struct inifile_key *key,
                        const struct inifile_entry *entry, void *target)
{
    int64_t seconds = 0;
    if (duration_parse_or_forever(entry->value, &seconds) < 0 || seconds != DURATION_FOREVER)
        return convert_duration(file, key, entry, target);
    *(int64_t *)target = seconds;
    return 0;
}

static int convert_number(struct inifile *file, const struct inifile_key *key,
                          const struct inifile_entry *entry, void *target)
{
    int64_t number = 0;
    const size_t digits = strspn(entry->value, "0123456789");
    bool fits = digits > 0 && digits <= 9 && !entry->value[digits]; /* nine digits cannot overflow */
    if (fits)
        number = strtoll(entry->value, NULL, 10);
    fits = fits && number >= key->minimum && number <= key->maximum;
    if (fits)
        *(int64_t *)target = number;
    else
        inifile_complain(file, entry->line, "%s = %s: write a whole number from %lld to %lld", key->key,
                         entry->value, (long long)key->minimum, (long long)key->maximum);
    return 0;
}

static int convert_end(struct inifile *file, const struct inifile_key *key, const struct inifile_entry *entry,
                       void *target)
{
    int64_t end = 0;
    struct when_gap gap;
    char after[TIME_TEXT_MAX];
    const int r = when_parse_end(entry->value, &end, &gap);
    if (r == WHEN_E_GAP)
        inifile_complain(
            file, entry->line,
            "%s = %s: there is no such time, for the clocks go forward then, to %s; write another", key->key,
            entry->value, time_people(gap.after, after));
    else if (r < 0)
        inifile_complain(file, entry->line,
                         "%s = %s: write a day, as 2026-12-31, which counts to its end, or a time, as "
                         "2026-12-31 18:00",
                         key->key, entry->value);
    else
        *(int64_t *)target = end;
    return 0;
}

static convert_function *const converters[] = {
    [INIFILE_TEXT] = convert_text,         [INIFILE_LIST] = convert_list,     [INIFILE_WORD] = convert_word,
    [INIFILE_DURATION] = convert_duration, [INIFILE_NUMBER] = convert_number, [INIFILE_TERM] = convert_term,
    [INIFILE_END] = convert_end,
};

static const struct inifile_key *find_key(const struct inifile_table *table, const char *section,
                                          const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].section, section) == 0 && strcmp(table->keys[i].key, key) == 0)
            return &table->keys[i];
    return NULL;
}

static void complain_unknown(struct inifile *file, const struct inifile_entry *entry, const char *section,
                             const struct inifile_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].key, entry->key) == 0) {
            inifile_complain(file, entry->line, "%s does not belong in [%s] but in [%s]; move it there",
                             entry->key, section, table->keys[i].section);
            return;
        }
    inifile_complain(file, entry->line, "[%s] has no key %s; check its spelling, or take it out", section,
                     entry->key);
}

/* Only in a list does it matter on which line a word stands. */
static void join_lines(const struct inifile_entry *entry)
{
    size_t length = 0;
    for (const char *from = entry->value; *from; from++)
        if (*from != '\n')
            entry->value[length++] = *from;
        else if (from[1] != '\n' && length > 0)
            entry->value[length++] = ' ';
    entry->value[length] = '\0';
}

int inifile_apply(struct inifile *file, size_t section, const char *kind, const struct inifile_table *table,
                  void *base)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct inifile_entry *entry = &file->entries[i];
        if (entry->section != section)
            continue;
        const struct inifile_key *key = find_key(table, kind, entry->key);
        int rc = 0;
        if (!key || key->kind != INIFILE_LIST)
            join_lines(entry);
        if (!key)
            complain_unknown(file, entry, kind, table);
        else if (!entry->value[0])
            inifile_complain(file, entry->line, "%s has no value; write one, or take the line out", key->key);
        else
            rc = converters[key->kind](file, key, entry, (char *)base + key->offset);
        if (rc < 0)
            return rc;
    }
    return 0;
}
