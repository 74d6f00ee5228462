/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by the module and by its suites. */
#include "pam_module/verdict.h"

#include <string.h>

static const struct verdict_row rows[] = {
#define X(symbol, word, code, priority, why, text) [VERDICT_##symbol] = {word, code, priority, why, text},
    VERDICT_TABLE(X)
#undef X
};

const struct verdict_row *verdict_row(enum verdict verdict)
{
    return &rows[verdict];
}

enum verdict verdict_from_word(const char *word)
{
    for (int v = 0; v < VERDICT_COUNT; v++)
        if (*rows[v].word && strcmp(rows[v].word, word) == 0)
            return (enum verdict)v;
    return VERDICT_NO_ANSWER;
}
