/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/diagram.h"

#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"

/* One machine, whichever: its events by number, and what follows. */
struct machine {
    int events;
    const char *(*text)(int event);
    enum state (*next)(enum state state, int event);
    bool from_nothing; /* it begins by an event, not in a state */
};

static const char *request_text(int event)
{
    return request_event_text((enum request_event)event);
}

static enum state request_follow(enum state state, int event)
{
    return request_next(state, (enum request_event)event);
}

static const char *assignment_text(int event)
{
    return assignment_event_text((enum assignment_event)event);
}

static enum state assignment_follow(enum state state, int event)
{
    return assignment_next(state, (enum assignment_event)event);
}

/* A name that the diagram language takes: letters, digits and '_'. */
static const char *symbol(enum state state)
{
    static char text[2][32];
    static int turn;
    char *name = text[turn ^= 1];
    snprintf(name, sizeof(text[0]), "%s", state == STATE_NONE ? "[*]" : state_identifier(state));
    for (char *c = name; *c; c++)
        if (*c == '-')
            *c = '_';
    return name;
}

static bool belongs(const struct machine *machine, enum state state)
{
    if (state == STATE_NONE)
        return machine->from_nothing;
    for (int from = 0; from < STATE_COUNT; from++)
        for (int event = 0; event < machine->events; event++)
            if (machine->next(state, event) != STATE_NONE || machine->next((enum state)from, event) == state)
                return true;
    return false;
}

static void draw(const struct machine *machine, FILE *out)
{
    fputs("```mermaid\nstateDiagram-v2\n", out);
    for (int s = 1; s < STATE_COUNT; s++)
        if (belongs(machine, (enum state)s))
            fprintf(out, "    state \"%s\" as %s\n", state_shown((enum state)s), symbol((enum state)s));
    if (!machine->from_nothing)
        fprintf(out, "    [*] --> %s\n", symbol(STATE_SUBMITTED));
    for (int s = 0; s < STATE_COUNT; s++)
        for (int event = 0; event < machine->events; event++) {
            const enum state next = machine->next((enum state)s, event);
            if (next != STATE_NONE)
                fprintf(out, "    %s --> %s: %s\n", symbol((enum state)s), symbol(next),
                        machine->text(event));
        }
    fputs("```\n", out);
}

static void tabulate(const struct machine *machine, FILE *out)
{
    fputs("\n| state |", out);
    for (int event = 0; event < machine->events; event++)
        fprintf(out, " %s |", machine->text(event));
    fputs("\n|---|", out);
    for (int event = 0; event < machine->events; event++)
        fputs("---|", out);
    fputc('\n', out);
    for (int s = 0; s < STATE_COUNT; s++) {
        if (!belongs(machine, (enum state)s))
            continue;
        fprintf(out, "| %s |", s == STATE_NONE ? "(none yet)" : state_identifier((enum state)s));
        for (int event = 0; event < machine->events; event++) {
            const enum state next = machine->next((enum state)s, event);
            fprintf(out, next == STATE_NONE ? "%s |" : " %s |", state_identifier(next));
        }
        fputc('\n', out);
    }
}

void diagram_request(FILE *out)
{
    const struct machine machine = {REQUEST_EVENT_COUNT, request_text, request_follow, false};
    draw(&machine, out);
    tabulate(&machine, out);
}

void diagram_assignment(FILE *out)
{
    const struct machine machine = {ASSIGNMENT_EVENT_COUNT, assignment_text, assignment_follow, true};
    draw(&machine, out);
    tabulate(&machine, out);
}
