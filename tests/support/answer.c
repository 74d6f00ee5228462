/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/answer.h"

#include <check.h>

struct facts *answer_facts(const json_t *question, json_t *lines)
{
    struct facts *facts = facts_new(question);
    int r = 0;
    ck_assert_ptr_nonnull(facts);
    ck_assert(json_is_array(lines));
    for (size_t i = 0; r >= 0 && i < json_array_size(lines); i++)
        r = facts_add(facts, question, json_array_get(lines, i));
    json_decref(lines);
    if (r >= 0)
        return facts;
    facts_free(facts);
    return NULL;
}
