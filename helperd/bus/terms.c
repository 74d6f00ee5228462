/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/terms.h"

#include "common/duration.h"
#include "common/names.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_TEXTS, KIND_NUMBER, KIND_BOOLEAN, KIND_FILE, KIND_CLAIM };

static const struct term {
    const char *name;
    enum kind kind;
    size_t offset;
} table[] = {
#define X(kind, name) {#name, KIND_##kind, offsetof(struct bus_terms, name)},
    BUS_TERMS(X)
#undef X
};

static bool is_first_word(const char *text, const char *word)
{
    const size_t length = strcspn(text, " ");
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

static const char *next_word(const char *text)
{
    text += strcspn(text, " ");
    return text + strspn(text, " ");
}

/* The term that the text begins with, as a word; NULL: none. */
static const struct term *find_term(const char *text)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (is_first_word(text, table[i].name))
            return &table[i];
    return NULL;
}

strv bus_list_texts(const json_t *array)
{
    strv texts = calloc(json_array_size(array) + 1, sizeof(*texts));
    for (size_t i = 0; texts && i < json_array_size(array); i++)
        texts[i] = (char *)json_string_value(json_array_get(array, i));
    return texts;
}

/* False: the value has another type than the term, or no memory. */
static bool set_term(const struct term *term, const json_t *value, struct bus_terms *terms)
{
    void *place = (char *)terms + term->offset;
    switch (term->kind) {
    case KIND_TEXT:
        *(const char **)place = json_string_value(value);
        return json_is_string(value);
    case KIND_TEXTS:
        *(strv *)place = bus_list_texts(value);
        return *(strv *)place;
    case KIND_NUMBER:
        *(int64_t *)place = json_integer_value(value);
        return json_is_integer(value);
    case KIND_BOOLEAN:
        *(bool *)place = json_is_true(value);
        return json_is_boolean(value);
    case KIND_FILE:
        *(int *)place = -1; /* the call puts it there */
        return json_is_null(value);
    case KIND_CLAIM:
        if (json_is_string(value))
            text_visible(json_string_value(value), place, BUS_CLAIM_MAX + 1);
        return json_is_string(value);
    }
    return false;
}

static int read_options(const json_t *object, const char *options, struct bus_terms *terms,
                        struct reply *reply)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        char visible[64];
        const char *taken = options;
        while (*taken && !is_first_word(taken, name))
            taken = next_word(taken);
        if (!*taken)
            return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                                 "There is no option '%s' for this method. See org.accesspkg1(5).",
                                 text_visible(name, visible, sizeof(visible)));
        if (!set_term(find_term(taken), value, terms) ||
            (json_is_integer(value) && json_integer_value(value) <= 0))
            return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                                 "The option '%s' is of another type than it should be, or out of range. See "
                                 "org.accesspkg1(5).",
                                 text_visible(name, visible, sizeof(visible)));
    }
    if (terms->forever && terms->duration)
        return engine_refuse(reply, BUS_ERROR_INVALID_ARGUMENT,
                             "A duration and 'forever' were given. Please give one of the two; nothing was "
                             "changed.");
    if (terms->forever)
        terms->duration = DURATION_FOREVER;
    return 0;
}

int bus_terms_read(const json_t *arguments, const char *names, const char *options, struct bus_terms *ret,
                   struct reply *reply)
{
    struct bus_terms terms = {.reason = ""};
    size_t index;
    json_t *value;
    json_array_foreach((json_t *)arguments, index, value)
    {
        const int r = json_is_object(value) ? read_options(value, options, &terms, reply)
                      : set_term(find_term(names), value, &terms) ? 0
                                                                  : -ENOMEM;
        if (r != 0) {
            bus_terms_deinit(&terms);
            return r;
        }
        names = next_word(names);
    }
    *ret = terms;
    return 0;
}

void bus_terms_deinit(struct bus_terms *terms)
{
    free(terms->packages);
    free(terms->users);
    *terms = (struct bus_terms){0};
}
