/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks through a phase, see the header. The run with known answers and the exploration of all possible ones use the
 * same step, apply_action. Pure.
 */
#include "common/pamstack.h"

#include "common/cleanup.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <string.h>

/* libpam's impression of the answers so far. */
enum { UNDECIDED, POSITIVE, NEGATIVE };

/* No padding: states are compared as bytes. */
struct opinion {
    int impression, status;
};

/* A point in the walk. */
struct state {
    int at;    /* the next entry */
    int level; /* of the one before */
    int watch; /* of the watched entry: NOT_YET, ASKED, or 4 * the entry that skipped it + PAMSTACK_BY_ */
    struct opinion now;
    struct opinion saved[PAMSTACK_LEVELS]; /* at the start of each substack */
};

enum { NOT_YET = -2, ASKED = -1, STATES_MAX = 5000 };

/* ---- one step ------------------------------------------------------------------------------------------------- */

static struct state make_state(void)
{
    const struct opinion none = {UNDECIDED, PAM_PERM_DENIED};
    return (struct state){.watch = NOT_YET, .now = none, .saved = {none}};
}

/* Moves to the next entry that answers. False when there is none. */
static bool advance_to_answering(const struct pamstack *stack, struct state *state)
{
    for (; (size_t)state->at < stack->n_entries; state->at++) {
        const struct pamstack_entry *entry = &stack->entries[state->at];
        if (state->level < entry->level)
            state->saved[entry->level] = state->now;
        for (int level = entry->level + 1; level < PAMSTACK_LEVELS; level++)
            state->saved[level] = (struct opinion){0}; /* out of use; equal states must compare equal */
        state->level = entry->level;
        if (entry->kind != PAMSTACK_SUBSTACK)
            return true;
    }
    return false;
}

/* The target of a jump; a substack counts as one line. *ret_left is how many lines the level has too few. */
static size_t jump(const struct pamstack *stack, size_t at, int lines, int *ret_left)
{
    const int level = stack->entries[at].level;
    const size_t count = stack->n_entries;
    while (lines > 0 && at + 1 < count && stack->entries[at + 1].level >= level) {
        do
            at++;
        while (at + 1 < count && stack->entries[at + 1].level > level);
        lines--;
    }
    *ret_left = lines;
    return at + 1;
}

size_t pamstack_next(const struct pamstack *stack, size_t at, int action)
{
    const int level = stack->entries[at].level;
    int left = 0;
    if (action > 0)
        return jump(stack, at, action, &left);
    at++;
    if (action == PAMD_DONE || action == PAMD_DIE)
        while (at < stack->n_entries && stack->entries[at].level >= level)
            at++;
    return at;
}

/* A module's "ok" or "done". True when "done" would end the phase here. */
static bool apply_ok(struct opinion *now, int status)
{
    if (now->impression == UNDECIDED || (now->impression == POSITIVE && now->status == PAM_SUCCESS))
        *now = (struct opinion){POSITIVE, status};
    return now->impression == POSITIVE;
}

static void apply_bad(struct opinion *now, int status)
{
    if (now->impression != NEGATIVE)
        *now = (struct opinion){NEGATIVE, status == PAM_IGNORE ? PAM_PERM_DENIED : status};
}

/* Does what libpam does with an answer of the current entry. */
static void apply_action(const struct pamstack *stack, struct state *state, int action, int status)
{
    const size_t at = (size_t)state->at;
    int left = 0;
    if (action == PAMD_RESET)
        state->now = state->saved[state->level];
    else if (action == PAMD_OK || action == PAMD_DONE)
        action = apply_ok(&state->now, status) ? action : PAMD_OK;
    else if (action == PAMD_BAD || action == PAMD_DIE)
        apply_bad(&state->now, status);
    else if (action > 0)
        jump(stack, at, action, &left);
    if (left > 0)
        state->now = (struct opinion){NEGATIVE, PAM_PERM_DENIED};
    state->at = (int)pamstack_next(stack, at, action);
}

static int final_status(const struct opinion *now)
{
    return now->status == PAM_SUCCESS && now->impression != POSITIVE ? PAM_PERM_DENIED : now->status;
}

int pamstack_run(const struct pamstack *stack, pamstack_answer *answer, void *data)
{
    struct state state = make_state();
    if (stack->given_up)
        return PAM_ABORT;
    while (advance_to_answering(stack, &state)) {
        const struct pamstack_entry *entry = &stack->entries[state.at];
        const int code = entry->kind == PAMSTACK_FAILS ? PAM_PERM_DENIED : answer(entry, data);
        const bool valid = code >= 0 && code < PAMD_CODES;
        apply_action(stack, &state, valid ? entry->line->actions[code] : PAMD_BAD,
                     valid ? code : PAM_PERM_DENIED);
    }
    return final_status(&state.now);
}

/* ---- every way ------------------------------------------------------------------------------------------------ */

struct walk {
    const struct pamstack *stack;
    size_t watched;
    struct state *states; /* without duplicates; those before `done` have been followed */
    size_t count, done;
    struct pamstack_outlook outlook;
};

/* 0; -E2BIG. */
static int add_state(struct walk *walk, const struct state *state)
{
    for (size_t i = 0; i < walk->count; i++)
        if (memcmp(&walk->states[i], state, sizeof(*state)) == 0)
            return 0;
    if (walk->count == STATES_MAX)
        return -E2BIG;
    walk->states[walk->count++] = *state;
    return 0;
}

static void note_way_end(struct walk *walk, const struct state *state)
{
    const int code = final_status(&state->now);
    if (code != PAM_SUCCESS && code != PAM_NEW_AUTHTOK_REQD)
        return;
    walk->outlook.asked |= state->watch == ASKED;
    walk->outlook.unasked |= state->watch != ASKED;
    if (state->watch >= 0)
        walk->outlook.skipped[state->watch / 4] |= (unsigned char)(state->watch % 4);
}

/* Reduces the code to those that make a difference to the walk. */
static int reduce_code(int code)
{
    return code == PAM_SUCCESS || code == PAM_NEW_AUTHTOK_REQD || code == PAM_IGNORE ? code : PAM_PERM_DENIED;
}

static int follow_answer(struct walk *walk, const struct state *from, int action, int code)
{
    struct state state = *from;
    const size_t at = (size_t)from->at;
    apply_action(walk->stack, &state, action, reduce_code(code));
    if (at == walk->watched)
        state.watch = ASKED;
    else if (state.watch == NOT_YET && at < walk->watched && (size_t)state.at > walk->watched)
        state.watch = from->at * 4 + (action > 0 ? PAMSTACK_BY_JUMP : PAMSTACK_BY_END);
    if (advance_to_answering(walk->stack, &state))
        return add_state(walk, &state);
    note_way_end(walk, &state);
    return 0;
}

static int follow_state(struct walk *walk, pamstack_answers *answers, void *data)
{
    const struct state state = walk->states[walk->done++];
    const struct pamstack_entry *entry = &walk->stack->entries[state.at];
    const uint32_t codes = entry->kind == PAMSTACK_FAILS ? 1U << PAM_PERM_DENIED : answers(entry, data);
    int r = 0;
    for (int code = 0; code < PAMD_CODES && r == 0; code++)
        if (codes & (1U << code))
            r = follow_answer(walk, &state, entry->line->actions[code], code);
    return r;
}

int pamstack_explore(const struct pamstack *stack, size_t watched, pamstack_answers *answers, void *data,
                     struct pamstack_outlook *ret)
{
    struct state state = make_state();
    _cleanup_free_ struct state *states = calloc(STATES_MAX, sizeof(*states));
    struct walk walk = {.stack = stack, .watched = watched, .states = states};
    walk.outlook.skipped = calloc(stack->n_entries + 1, 1);
    int r = states && walk.outlook.skipped ? 0 : -ENOMEM;
    if (r == 0 && !stack->given_up && advance_to_answering(stack, &state))
        r = add_state(&walk, &state);
    while (r == 0 && walk.done < walk.count)
        r = follow_state(&walk, answers, data);
    if (r < 0)
        free(walk.outlook.skipped);
    else
        *ret = walk.outlook;
    return r;
}
