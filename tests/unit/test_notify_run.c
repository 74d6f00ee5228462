/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is logged of programs of notify.d. */
#include "helperd/notify/run.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const struct {
    const char *name;
    int code;
    bool logged;
} ends[] = {
    {"mail", EX_OSFILE, true},   {"sms", EX_OSFILE, true},  {"mail", EX_OSFILE, false},
    {"sms", EX_OSFILE, false},   {"log", 0, false},         {"mail", EX_OSFILE, false},
    {"mail", 0, false},          {"sms", EX_OSFILE, false}, {"mail", EX_OSFILE, true},
    {"sms", EX_TEMPFAIL, false}, {"sms", EX_OSFILE, true},
};

/* Each program by itself, however many lack what they deliver with. */
START_TEST(test_absent_is_logged_once)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        char text[256] = "";
        FILE *captured = tmpfile();
        const int before = dup(STDERR_FILENO);
        ck_assert(captured && dup2(fileno(captured), STDERR_FILENO) == STDERR_FILENO);
        const bool absent = run_note_absent(ends[i].name, ends[i].code, "There is no such thing.");
        dup2(before, STDERR_FILENO);
        rewind(captured);
        ck_assert_uint_eq(fread(text, 1, sizeof(text) - 1, captured) > 0, ends[i].logged);
        ck_assert(!ends[i].logged || strstr(text, ends[i].name));
        ck_assert_int_eq(absent, ends[i].code == EX_OSFILE);
        fclose(captured);
        close(before);
    }
}
END_TEST

int main(void)
{
    suite_case("notify_run", NULL, NULL);
    suite_add(test_absent_is_logged_once);
    return suite_run();
}
