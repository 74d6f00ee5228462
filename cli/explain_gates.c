/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the lines of pam.d, and asks accesspkgd about the other packages of a line. */
#include "cli/explain_gates.h"

#include "cli/calls.h"
#include "common/entrance.h"
#include "common/passage_directory.h"
#include "common/paths.h"
#include "common/strv.h"

#include <string.h>

struct search {
    struct invocation *invocation;
    const json_t *explanation;
    strv approvers; /* by name */
    int64_t now;
    struct passage_directory directory;
    json_t *told;
};

static void add_text(strv *list, const json_t *text)
{
    const char *value = json_string_value(text);
    if (value && !strv_contains(*list, value) && strv_add(list, value) < 0)
        output_no_memory();
}

static void add_texts(strv *list, const json_t *texts)
{
    size_t i;
    const json_t *text;
    json_array_foreach(texts, i, text)
    {
        add_text(list, text);
    }
}

static bool names_package(const struct gate_line *line, const char *package)
{
    for (size_t i = 0; i < line->options.n_packages; i++)
        if (strcmp(line->options.packages[i], package) == 0)
            return true;
    return false;
}

/* Adds who gets it without an approval. False: everybody does, or that is not known. */
static bool add_open_to(const struct search *search, const char *package, strv *principals)
{
    struct client_error error;
    json_t *answer = NULL;
    const json_t *explanation = search->explanation;
    if (strcmp(member_text(explanation, "package"), package) != 0) {
        if (calls_call(search->invocation, client_message("Explain", "ss", json_pack("[s, s]", package, "")),
                       JSON_OBJECT, &answer, &error) < 0)
            return false;
        explanation = answer;
    }
    const bool known = member_has(explanation, "open_to");
    add_texts(principals, json_object_get(explanation, "open_to"));
    json_decref(answer);
    return known;
}

static bool is_outside(struct search *search, const struct gate_line *line, const char *name,
                       char *const *open_to)
{
    const struct passage_lookup lookup = passage_directory_lookup(&search->directory);
    const struct passage_person *person = NULL;
    return passage_directory_find(&search->directory, PATH_STATE, name, search->now, &person) ==
               DIRECTORY_FOUND &&
           !passage_is_exempt(&lookup, person, line) &&
           !passage_holds_one(person, &line->options, search->now) &&
           !passage_is_named(&lookup, person, open_to);
}

static void tell_line(struct search *search, const struct gate_line *line, char *const *open_to)
{
    char text[PASSAGE_TOLD_MAX];
    strv outside = NULL;
    for (char **name = search->approvers; *name; name++)
        if (is_outside(search, line, *name, open_to) && strv_add(&outside, *name) < 0)
            output_no_memory();
    if (strv_length(outside) > 0) {
        passage_tell(line, outside, text);
        json_array_append_new(search->told, json_string(text));
    }
    strv_free(outside);
}

static void judge_line(const struct gate_line *line, void *data)
{
    struct search *search = data;
    strv open_to = strv_split("");
    bool known = open_to && !line->options.report && entrance_find(line->service)->login &&
                 names_package(line, member_text(search->explanation, "package"));
    for (size_t i = 0; i < line->options.n_packages && known; i++)
        known = add_open_to(search, line->options.packages[i], &open_to);
    if (known)
        tell_line(search, line, open_to);
    strv_free(open_to);
}

void explain_gates_add(struct invocation *invocation, json_t *explanation)
{
    struct search search = {.invocation = invocation,
                            .explanation = explanation,
                            .now = invocation->output.now,
                            .told = json_array()};
    size_t i;
    const json_t *stage;
    json_array_foreach(json_object_get(explanation, "stages"), i, stage)
    {
        add_texts(&search.approvers, json_object_get(stage, "people"));
        add_texts(&search.approvers, json_object_get(stage, "fallback_people"));
    }
    if (search.approvers && member_has(explanation, "open_to"))
        gates_each("", judge_line, &search);
    if (json_array_size(search.told) > 0)
        json_object_set(explanation, "outside", search.told);
    json_decref(search.told);
    passage_directory_deinit(&search.directory);
    strv_free(search.approvers);
}
