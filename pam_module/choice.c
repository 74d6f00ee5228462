/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by gate.c. */
#include "pam_module/choice.h"

#include "common/monotonic.h"
#include "pam_module/converse.h"
#include "pam_module/waiters.h"

#include <stdio.h>
#include <string.h>

enum {
    PROMPT_MAX = 500, /* misc_conv and others show no more than 512 bytes */
    OFFER_MAX = 200,
    MISTAKES_MAX = 3,
};

/* "db-admins", "db-admins or web-ops", as many as fit. */
static void list_names(const struct submission *first, char ret[OFFER_MAX])
{
    size_t used = 0;
    *ret = '\0';
    for (size_t i = 0; i < first->n_emergencies; i++) {
        const char *separator = i == 0 ? "" : i + 1 == first->n_emergencies ? " or " : ", ";
        if (used + strlen(separator) + strlen(first->emergencies[i]) >= OFFER_MAX)
            return;
        used = (size_t)(stpcpy(stpcpy(ret + used, separator), first->emergencies[i]) - ret);
    }
}

/* ", e takes it in an emergency", or what else there is to take. */
static void offer_emergency(const struct choice_question *question, char ret[OFFER_MAX + 64])
{
    const struct submission *first = question->first;
    char names[OFFER_MAX];
    list_names(first, names);
    *ret = '\0';
    if (first->n_emergencies > 1)
        snprintf(ret, OFFER_MAX + 64, ", e and a name takes that in an emergency (%s)", names);
    else if (first->n_emergencies == 1)
        snprintf(ret, OFFER_MAX + 64, ", e takes %s in an emergency",
                 strcmp(names, question->submission->package) == 0 ? "it" : names);
}

/* What can be typed comes first when room is short, then what it waits for, then the denial before it. */
static void write_prompt(const struct choice_question *question, char ret[PROMPT_MAX])
{
    const struct submission *submission = question->submission;
    const char *denial = question->again ? "" : question->first->denial;
    char offer[OFFER_MAX + 64], tail[OFFER_MAX + 160], waits[PROTOCOL_WAITS_MAX + 1],
        before[PROTOCOL_DENIAL_MAX + 1];
    offer_emergency(question, offer);
    snprintf(tail, sizeof(tail), ". Enter looks again, q leaves it filed%s, ? explains: ", offer);
    size_t room = PROMPT_MAX - strlen(tail) - strlen(submission->package) - strlen(submission->request) -
                  sizeof("\n, request : waiting for ");
    text_visible(submission->waits, waits, room < sizeof(waits) ? room : sizeof(waits));
    room -= strlen(waits);
    text_visible(denial, before, room < sizeof(before) ? room : sizeof(before));
    /* It has room; gcc without -O2 sees that only where the result is looked at. */
    if (snprintf(ret, PROMPT_MAX, "%s%s%s, request %s: waiting for %s%s", before, *before ? "\n" : "",
                 submission->package, submission->request, waits, tail) < 0)
        *ret = '\0';
}

static void write_explanation(const struct choice_question *question, char ret[PROMPT_MAX])
{
    const int64_t left = question->end - monotonic_ms();
    char offer[OFFER_MAX + 64];
    offer_emergency(question, offer);
    snprintf(
        ret, PROMPT_MAX,
        "A decision shows at the next Enter. This login waits %u s more at most, then it ends, and request "
        "%s stays filed. On a host %d logins may wait at a time, one of each user.\n"
        "Enter looks again, q leaves it filed%s: ",
        left > 0 ? (unsigned)(left + 999) / 1000 : 0, question->submission->request, WAITERS_MAX, offer);
}

/* The package after "e"; the only one where none is named. False: none of those that are offered. */
static bool read_package(const struct submission *first, const char *word, char ret[NAME_PACKAGE_MAX + 1])
{
    word += strspn(word, " \t");
    for (size_t i = 0; i < first->n_emergencies; i++)
        if ((!*word && first->n_emergencies == 1) || strcmp(word, first->emergencies[i]) == 0) {
            strcpy(ret, first->emergencies[i]);
            return true;
        }
    return false;
}

/* False for an answer that is none of those. */
static bool read_answer(const struct choice_question *question, const char *answer, enum choice *ret,
                        char ret_package[NAME_PACKAGE_MAX + 1])
{
    const bool is_e = *answer == 'e' && (!answer[1] || strchr(" \t", answer[1]));
    *ret = CHOICE_LEAVE;
    if (!*answer)
        *ret = CHOICE_LOOK;
    else if (is_e && read_package(question->first, answer + 1, ret_package))
        *ret = CHOICE_EMERGENCY;
    else
        return strcmp(answer, "q") == 0;
    return true;
}

enum choice choice_ask(pam_handle_t *pamh, const struct choice_question *question,
                       char ret[NAME_PACKAGE_MAX + 1])
{
    char prompt[PROMPT_MAX];
    enum choice choice = CHOICE_LEAVE;
    bool understood = false;
    write_prompt(question, prompt);
    for (int i = 0; i < MISTAKES_MAX && !understood; i++) {
        char *answer;
        if (converse_ask(pamh, prompt, &answer) < 0)
            return CHOICE_LEAVE;
        understood = read_answer(question, answer, &choice, ret);
        converse_wipe(answer);
        write_explanation(question, prompt);
    }
    return choice;
}
