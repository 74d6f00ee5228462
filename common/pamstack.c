/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk through a phase, see the header. One step (take_action) serves both the run with known answers and the
 * exploration of all that may come. Pure.
 */
#include "common/pamstack.h"

#include "common/cleanup.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <string.h>

/* What libpam has made of the answers so far. */
enum { UNDECIDED, POSITIVE, NEGATIVE };

/* No padding: states are compared as bytes. */
struct opinion {
    int impression, status;
};

/* A place in the walk. */
struct state {
    int at;    /* the next entry */
    int level; /* of the one before */
    int watch; /* of the watched entry: NOT_YET, ASKED, or who passed over it and how */
    struct opinion now;
    struct opinion saved[PAMSTACK_LEVELS]; /* as each substack began */
};

enum { NOT_YET = -2, ASKED = -1, STATES_MAX = 5000 };

/* ---- one step ------------------------------------------------------------------------------------------------- */

static struct state begin(void)
{
    const struct opinion none = {UNDECIDED, PAM_PERM_DENIED};
    return (struct state){.watch = NOT_YET, .now = none, .saved = {none}};
}

/* Goes to the next entry that answers. False: there is none. */
static bool settle(const struct pamstack *stack, struct state *state)
{
    for (; (size_t)state->at < stack->n_entries; state->at++) {
        const struct pamstack_entry *entry = &stack->entries[state->at];
        if (state->level < entry->level)
            state->saved[entry->level] = state->now;
        for (int level = entry->level + 1; level < PAMSTACK_LEVELS; level++)
            state->saved[level] = (struct opinion){0}; /* of no account any more */
        state->level = entry->level;
        if (entry->kind != PAMSTACK_SUBSTACK)
            return true;
    }
    return false;
}

/* Where a jump lands; a substack counts as one. *ret_left: how many are left to skip where the level ends. */
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

/* A module that says yes; whether the phase ends here if it is to. */
static bool take_yes(struct opinion *now, int status)
{
    if (now->impression == UNDECIDED || (now->impression == POSITIVE && now->status == PAM_SUCCESS))
        *now = (struct opinion){POSITIVE, status};
    return now->impression == POSITIVE;
}

static void take_no(struct opinion *now, int status)
{
    if (now->impression != NEGATIVE)
        *now = (struct opinion){NEGATIVE, status == PAM_IGNORE ? PAM_PERM_DENIED : status};
}

/* What libpam does with an answer of the entry where the state is. */
static void take_action(const struct pamstack *stack, struct state *state, int action, int status)
{
    const size_t at = (size_t)state->at;
    int left = 0;
    if (action == PAMD_RESET)
        state->now = state->saved[state->level];
    else if (action == PAMD_OK || action == PAMD_DONE)
        action = take_yes(&state->now, status) ? action : PAMD_OK;
    else if (action == PAMD_BAD || action == PAMD_DIE)
        take_no(&state->now, status);
    else if (action > 0)
        jump(stack, at, action, &left);
    if (left > 0)
        state->now = (struct opinion){NEGATIVE, PAM_PERM_DENIED};
    state->at = (int)pamstack_next(stack, at, action);
}

static int conclude(const struct opinion *now)
{
    return now->status == PAM_SUCCESS && now->impression != POSITIVE ? PAM_PERM_DENIED : now->status;
}

int pamstack_run(const struct pamstack *stack, pamstack_answer *answer, void *data)
{
    struct state state = begin();
    if (stack->given_up)
        return PAM_ABORT;
    while (settle(stack, &state)) {
        const struct pamstack_entry *entry = &stack->entries[state.at];
        const int code = entry->kind == PAMSTACK_FAILS ? PAM_PERM_DENIED : answer(entry, data);
        const bool valid = code >= 0 && code < PAMD_CODES;
        take_action(stack, &state, valid ? entry->line->actions[code] : PAMD_BAD,
                    valid ? code : PAM_PERM_DENIED);
    }
    return conclude(&state.now);
}

/* ---- every way ------------------------------------------------------------------------------------------------ */

struct walk {
    const struct pamstack *stack;
    size_t watched;
    struct state *states; /* each once; those before `done` have been followed */
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

static void note_end(struct walk *walk, const struct state *state)
{
    const int code = conclude(&state->now);
    if (code != PAM_SUCCESS && code != PAM_NEW_AUTHTOK_REQD)
        return;
    walk->outlook.asked |= state->watch == ASKED;
    walk->outlook.unasked |= state->watch != ASKED;
    if (state->watch >= 0)
        walk->outlook.skipped[state->watch / 4] |= (unsigned char)(state->watch % 4);
}

/* The codes between which the walk has to tell; for all others one stands. */
static int status_of(int code)
{
    return code == PAM_SUCCESS || code == PAM_NEW_AUTHTOK_REQD || code == PAM_IGNORE ? code : PAM_PERM_DENIED;
}

static int follow(struct walk *walk, const struct state *from, int action, int code)
{
    struct state state = *from;
    const size_t at = (size_t)from->at;
    take_action(walk->stack, &state, action, status_of(code));
    if (at == walk->watched)
        state.watch = ASKED;
    else if (state.watch == NOT_YET && at < walk->watched && (size_t)state.at > walk->watched)
        state.watch = from->at * 4 + (action > 0 ? PAMSTACK_BY_JUMP : PAMSTACK_BY_END);
    if (settle(walk->stack, &state))
        return add_state(walk, &state);
    note_end(walk, &state);
    return 0;
}

static int follow_all(struct walk *walk, pamstack_answers *answers, void *data)
{
    const struct state state = walk->states[walk->done++];
    const struct pamstack_entry *entry = &walk->stack->entries[state.at];
    const uint32_t codes = entry->kind == PAMSTACK_FAILS ? 1U << PAM_PERM_DENIED : answers(entry, data);
    int r = 0;
    for (int code = 0; code < PAMD_CODES && r == 0; code++)
        if (codes & (1U << code))
            r = follow(walk, &state, entry->line->actions[code], code);
    return r;
}

int pamstack_explore(const struct pamstack *stack, size_t watched, pamstack_answers *answers, void *data,
                     struct pamstack_outlook *ret)
{
    struct state state = begin();
    _cleanup_free_ struct state *states = calloc(STATES_MAX, sizeof(*states));
    struct walk walk = {.stack = stack, .watched = watched, .states = states};
    walk.outlook.skipped = calloc(stack->n_entries + 1, 1);
    int r = states && walk.outlook.skipped ? 0 : -ENOMEM;
    if (r == 0 && !stack->given_up && settle(stack, &state))
        r = add_state(&walk, &state);
    while (r == 0 && walk.done < walk.count)
        r = follow_all(&walk, answers, data);
    if (r < 0)
        free(walk.outlook.skipped);
    else
        *ret = walk.outlook;
    return r;
}
