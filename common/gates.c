/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/gates.h"

#include "common/pamcheck.h"
#include "common/pamcheck_line.h"

#include <security/_pam_types.h>
#include <string.h>

struct walk {
    const char *root;
    gates_visit *visit;
    void *data;
};

static void ignore_argument(const char *argument, const char *why, void *data)
{
    (void)argument, (void)why, (void)data;
}

int gates_of(const char *root, const char *service, gates_visit *visit, void *data)
{
    struct findings stumbles = {0};
    struct pamstack stack = {0};
    const int r = pamstack_load(root, service, PAMD_ACCOUNT, &stumbles, &stack);
    for (size_t i = 0; r == 0 && i < stack.n_entries; i++) {
        struct gate_line line = {.service = service, .stack = &stack, .at = i};
        const struct pamd_line *written = stack.entries[i].line;
        if (!pamcheck_is_ours(&stack.entries[i]))
            continue;
        gate_options_parse((int)written->n_arguments, (const char **)written->arguments, &line.options,
                           ignore_argument, NULL);
        visit(&line, data);
    }
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return r;
}

static void walk_service(const char *service, void *data)
{
    const struct walk *walk = data;
    gates_of(walk->root, service, walk->visit, walk->data);
}

int gates_each(const char *root, gates_visit *visit, void *data)
{
    return pamcheck_each_service(root, walk_service, &(struct walk){root, visit, data});
}

/* Whether this answer of the entry skips ours and refuses nobody. */
static bool leads_past(const struct pamstack *stack, size_t at, size_t ours, int code)
{
    const struct pamstack_entry *entry = &stack->entries[at];
    const int action = entry->kind == PAMSTACK_MODULE ? entry->line->actions[code] : PAMD_BAD;
    return (action > 0 || action == PAMD_DONE) && pamstack_next(stack, at, action) > ours;
}

const struct pamstack_entry *gates_next_past(const struct pamstack *stack, size_t ours, size_t *at)
{
    while (*at < ours) {
        const size_t here = (*at)++;
        if (leads_past(stack, here, ours, PAM_SUCCESS))
            return &stack->entries[here];
    }
    return NULL;
}

/* Of the modules that gates_group_of and the like know: what they never answer is not to be looked at. */
static bool answers(const struct pamd_line *line, int code)
{
    const bool is_condition = gates_group_of(line) || strcmp(pamd_module(line), "pam_rootok.so") == 0;
    return code != PAM_SUCCESS && !(is_condition && code == PAM_NEW_AUTHTOK_REQD);
}

bool gates_past_otherwise(const struct pamstack *stack, size_t ours)
{
    for (size_t at = 0; at < ours; at++)
        for (int code = 0; code < PAMD_CODES; code++)
            if (answers(stack->entries[at].line, code) && leads_past(stack, at, ours, code))
                return true;
    return false;
}

const char *gates_group_of(const struct pamd_line *line)
{
    size_t at = 0;
    if (strcmp(pamd_module(line), "pam_succeed_if.so") != 0)
        return NULL;
    while (at < line->n_arguments &&
           (strcmp(line->arguments[at], "quiet") == 0 || strcmp(line->arguments[at], "use_uid") == 0))
        at++;
    if (line->n_arguments != at + 3 || strcmp(line->arguments[at], "user") != 0 ||
        strcmp(line->arguments[at + 1], "ingroup") != 0 || strchr(line->arguments[at + 2], ':'))
        return NULL;
    return line->arguments[at + 2];
}
