/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/notices.h"

#include "tests/support/live.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void notices_write_hook(const char *name, const char *text, mode_t mode)
{
    char path[256];
    snprintf(path, sizeof(path), NOTICES_FOLDER "%s", name);
    unlink(path);
    FILE *out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(chmod(path, mode), 0);
}

int64_t notices_waiting(void)
{
    json_t *value = NULL;
    ck_assert_int_eq(live_call("root", -1, "GetStatus", "", NULL, &value), BUS_ERROR_NONE);
    const int64_t number = json_integer_value(json_object_get(value, "notices"));
    json_decref(value);
    return number;
}

/* Asking takes a process each time, so nothing spins. */
void notices_wait_for(int64_t count)
{
    const time_t end = time(NULL) + NOTICES_WAIT_MS / 1000;
    while (notices_waiting() != count)
        if (time(NULL) >= end) {
            live_run("root", "pkg-admin status");
            ck_abort_msg("%d notices wait: %s", (int)notices_waiting(), live_output);
        }
}

void notices_wait_for_failure(const char *says)
{
    const time_t end = time(NULL) + NOTICES_WAIT_MS / 1000;
    do {
        ck_assert_int_eq(live_run("root", "pkg-admin status"), 0);
        ck_assert_msg(time(NULL) < end, "%s: %s", says, live_output);
    } while (!strstr(live_output, says));
}
