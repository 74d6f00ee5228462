/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of spawn.h share: a program made of shell, asked one question, and its answer. */
#pragma once

#include "pam_module/spawn.h"
#include "tests/support/folder.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char folder[FOLDER_MAX], program[96];
static struct protocol_message question, answer;

static void make_question(void)
{
    folder_make(folder);
    snprintf(program, sizeof(program), "%s/program", folder);
    question = answer = (struct protocol_message){.size = 0};
    protocol_add(&question, "user", "alice");
}

static void teardown(void)
{
    folder_remove(folder);
}

static void write_program(const char *body)
{
    FILE *file = fopen(program, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", body);
    ck_assert_int_eq(fchmod(fileno(file), 0755), 0);
    fclose(file);
}

static int ask(const char *body, unsigned seconds)
{
    write_program(body);
    return spawn_ask(program, &question, seconds, &answer);
}

/* The answer as "key=value key=value". Static. */
static const char *answered(void)
{
    static char text[512];
    const char *key, *value;
    size_t at = 0;
    text[0] = '\0';
    while (protocol_next(&answer, &at, &key, &value)) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s%s=%s", used ? " " : "", key, value);
    }
    return text;
}
