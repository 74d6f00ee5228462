/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/contract.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *identifier;
    const char *shown;
} states[] = {[STATE_NONE] = {"", ""},
#define X(name, identifier, shown) [STATE_##name] = {identifier, shown},
              STATE_TABLE(X)
#undef X
};

const char *state_identifier(enum state state)
{
    return states[state].identifier;
}

const char *state_shown(enum state state)
{
    return states[state].shown;
}

enum state state_from_identifier(const char *identifier)
{
    for (int s = STATE_NONE + 1; s < STATE_COUNT; s++)
        if (strcmp(states[s].identifier, identifier) == 0)
            return (enum state)s;
    return STATE_NONE;
}

static const char *const account_states[] = {[ACCOUNT_UNKNOWN] = "",
#define X(name, identifier) [ACCOUNT_##name] = identifier,
                                             ACCOUNT_STATE_TABLE(X)
#undef X
};

const char *account_state_identifier(enum account_state state)
{
    return account_states[state];
}

enum account_state account_state_from_identifier(const char *identifier)
{
    for (int s = ACCOUNT_UNKNOWN + 1; s < ACCOUNT_STATE_COUNT; s++)
        if (strcmp(account_states[s], identifier) == 0)
            return (enum account_state)s;
    return ACCOUNT_UNKNOWN;
}

static const struct {
    const char *name;
    int exit_code;
} errors[] = {[BUS_ERROR_NONE] = {NULL, 0},
#define X(symbol, name, exit_code, meaning) [BUS_ERROR_##symbol] = {BUS_ERROR_PREFIX name, exit_code},
              BUS_ERROR_TABLE(X)
#undef X
};

const char *bus_error_name(enum bus_error error)
{
    return errors[error].name;
}

int bus_error_exit_code(enum bus_error error)
{
    return errors[error].exit_code;
}

enum bus_error bus_error_from_name(const char *name)
{
    for (int e = BUS_ERROR_NONE + 1; e < BUS_ERROR_COUNT; e++)
        if (strcmp(errors[e].name, name) == 0)
            return (enum bus_error)e;
    return BUS_ERROR_NONE;
}
