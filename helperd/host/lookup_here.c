/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/lookup_here.h"

#include "helperd/lookup/answer.h"
#include "helperd/lookup/find.h"
#include "helperd/lookup/say.h"

#include <errno.h>

struct hearing {
    const json_t *question;
    struct facts *facts;
    int result; /* of the last line; FACTS_E_END: all is there */
};

static void hear(json_t *line, void *data)
{
    struct hearing *hearing = data;
    if (hearing->result >= 0)
        hearing->result = line ? facts_add(hearing->facts, hearing->question, line) : -ENOMEM;
    json_decref(line);
}

struct facts *lookup_here_answer(const json_t *question, bool look)
{
    find_begin_in_files(look);
    struct hearing hearing = {question, facts_new(question), 0};
    if (!hearing.facts)
        return NULL;
    say_to(hear, &hearing);
    answer_question(question);
    say_to(NULL, NULL);
    if (hearing.result == FACTS_E_END && !find_lacked() && facts_are_whole(hearing.facts))
        return hearing.facts;
    facts_free(hearing.facts);
    return NULL;
}
