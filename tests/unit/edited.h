/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A policy that is edited while something is under way. What holds everywhere: a request keeps the stages that it was
 * filed under; whether its requestor may have it, for how long and beside what, and who is in a group, is judged now
 * (rule 9); what is held stays as it was given, to its end.
 */
#pragma once

#include "common/grantdir.h"
#include "tests/support/acts.h"

#include <string.h>

static struct fixture fixture;

#define HEAD   "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\n"
#define TERMS  "duration = 1h\nmax_duration = 2h\nextension = approval\n"
#define BY_BOB "approvers = bob\n"
#define BASE   HEAD TERMS BY_BOB
#define OTHER  "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n"

static void setup(void)
{
    fixture_init(&fixture, "edited", BASE, "other", OTHER, NULL);
}

static inline void edit(const char *text)
{
    fixture_write_package(&fixture, "edited", text);
    fixture_reload(&fixture);
}

static inline int64_t ask_for(int64_t duration, int64_t start)
{
    json_t *value = NULL;
    char *names[] = {(char *)"edited", NULL};
    const struct submission submission = {
        .packages = names, .justification = "x", .duration = duration, .start = start};
    ck_assert_msg(acts_submit(&fixture, "alice", &submission, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static inline int64_t ask(void)
{
    return ask_for(0, 0);
}

static inline int approve(const char *decider, int64_t id)
{
    return fixture_decide(&fixture, decider, id, true, "", NULL);
}

static inline int64_t extension(int64_t seconds)
{
    json_t *value = NULL;
    ck_assert_msg(acts_extend(&fixture, "alice", "edited", seconds, &value) == 0, "%s", fixture_message);
    return fixture_id(value);
}

static inline int64_t held_until(const char *user)
{
    struct grant_user file = {0};
    int64_t end = 0;
    if (grantdir_read_user(fixture.state, user, fixture.now, &file) < 0)
        return 0;
    for (size_t i = 0; i < file.n_packages; i++)
        if (strcmp(file.packages[i].name, "edited") == 0)
            end = file.packages[i].span.end;
    grant_user_deinit(&file);
    return end;
}
