/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/output.c and cli/field.c, rendered into memory: shape, width, and that no text controls a terminal. */
#include "cli/output.h"
#include "tests/support/suite.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW INT64_C(1763899200) /* 2025-11-23T12:00:00Z */

static char *text;
static size_t size;
static struct output output;

static void begin(size_t width)
{
    setenv("TZ", "UTC0", 1);
    tzset();
    setlocale(LC_CTYPE, "C.UTF-8");
    free(text);
    text = NULL;
    output = (struct output){.stream = open_memstream(&text, &size), .width = width, .now = NOW};
}

static void end(void)
{
    ck_assert_int_eq(output_finish(&output), 0);
    fclose(output.stream);
}

static const struct field columns[] = {
    {"ID", "id", field_count, FIELD_RIGHT},
    {"USER", "user", field_text, FIELD_PLAIN},
    {"REASON", "why", field_text, FIELD_SHORTEN},
    {"EXPIRES", "expires", field_when, FIELD_PLAIN},
};

static const struct field lines[] = {
    {"Request", "id", field_count, FIELD_PLAIN},      {"State", "state", field_state, FIELD_PLAIN},
    {"Why", "why", field_text, FIELD_PLAIN},          {"Groups", "groups", field_list, FIELD_PLAIN},
    {"Warnings", "warn", field_lines, FIELD_PLAIN},   {"Until", "expires", field_time, FIELD_PLAIN},
    {"For", "duration", field_duration, FIELD_PLAIN},
};

static json_t *parse(const char *json)
{
    json_error_t error;
    json_t *value = json_loads(json, 0, &error);

    ck_assert_msg(value != NULL, "%s", error.text);
    return value;
}

static void table(const char *json, size_t width)
{
    json_t *value = parse(json);

    begin(width);
    output_table(&output, columns, 4, value);
    end();
    json_decref(value);
}

static void record(const char *json, size_t width)
{
    json_t *value = parse(json);

    begin(width);
    output_record(&output, lines, 7, value);
    end();
    json_decref(value);
}

START_TEST(a_table_in_a_pipe_is_whole_and_stable)
{
    static const char why[] = "a long reason that no pipe may shorten, however long it may turn out to be";
    char json[512], want[1024];
    int width = sizeof(why) - 1;

    snprintf(json, sizeof(json),
             "[{\"id\": 7, \"user\": \"alice\", \"why\": \"%s\", \"expires\": 1763899260},"
             " {\"id\": 112, \"user\": \"ren\\u00e9\"}]",
             why);
    snprintf(want, sizeof(want),
             " ID USER  %-*s EXPIRES\n"
             "  7 alice %-*s 2025-11-23T12:01:00+00:00\n"
             "112 ren\u00e9  %-*s -\n",
             width, "REASON", width, why, width, "-");
    table(json, 0);
    ck_assert_str_eq(text, want);
}
END_TEST

START_TEST(a_table_on_a_terminal_fits_its_width)
{
    table("[{\"id\": 7, \"user\": \"alice\", \"why\": \"a long reason that goes on and on and on and on\","
          " \"expires\": 1763910000}]",
          44);
    ck_assert_str_eq(text, "ID USER  REASON                      EXPIRES\n"
                           " 7 alice a long reason that goes on\u2026 in 3 h\n");
}
END_TEST

static const struct field wrapped[] = {
    {"TIME", "at", field_text, FIELD_WRAP},
    {"ID", "id", field_count, FIELD_RIGHT},
    {"DETAIL", "why", field_text, FIELD_WRAP | FIELD_RANK(1)},
};

/* A zone alone on the second line would help nobody: the other column can use the room. */
START_TEST(a_wrapped_column_is_as_narrow_as_its_lines_allow)
{
    json_t *value =
        parse("[{\"at\": \"Mon 2026-11-30 01:00 UTC\", \"id\": 7, \"why\": \"the ticket was closed\"}]");

    begin(39);
    output_table(&output, wrapped, 3, value);
    end();
    ck_assert_str_eq(text, "TIME           ID DETAIL\n"
                           "Mon 2026-11-30  7 the ticket was closed\n"
                           "01:00 UTC         \n");
    json_decref(value);
}
END_TEST

/* Though it is more important otherwise. */
START_TEST(an_empty_column_goes_first)
{
    static const struct field some[] = {{"ID", "id", field_count, FIELD_RIGHT},
                                        {"SOMETHING", "none", field_text, FIELD_RANK(1)},
                                        {"WHY", "why", field_text, FIELD_RANK(2)}};
    json_t *value = parse("[{\"id\": 7, \"why\": \"reasons\"}]");

    begin(14);
    output_table(&output, some, 3, value);
    end();
    ck_assert_str_eq(text, "ID WHY\n 7 reasons\n");
    begin(20);
    output_table(&output, some, 3, value);
    end();
    ck_assert_str_eq(text, "ID SOMETHING WHY\n 7 -         reasons\n");
    json_decref(value);
}
END_TEST

/* Rule 10: colour, title, return, DEL, C1, line separators, right-to-left override, in any member. */
#define HOSTILE "\\u001b[31mred\\u001b]0;x\\u0007\\r\\n\\u007f\\u009b2J\\u2028\\u202egpj"

static void no_control(const char *shown)
{
    static const char *const bad[] = {"\x1b", "\x07", "\r", "\x7f", "\xc2\x9b", "\u2028", "\u202e"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ck_assert_msg(strstr(shown, bad[i]) == NULL, "%zu: %s", i, shown);
}

START_TEST(no_text_controls_a_terminal)
{
    for (size_t width = 0; width <= 120; width += 40) {
        table("[{\"id\": 1, \"user\": \"" HOSTILE "\", \"why\": \"" HOSTILE "\"}]", width);
        no_control(text);
        ck_assert_ptr_nonnull(strstr(text, "\\x1b[31mred"));
        record("{\"id\": 1, \"state\": \"" HOSTILE "\", \"why\": \"" HOSTILE "\", \"groups\": [\"" HOSTILE
               "\"], \"warn\": [\"" HOSTILE "\"]}",
               width);
        no_control(text);
    }
}
END_TEST

/* U+00DB is C3 9B in UTF-8: a terminal of another character set would see CSI in it. */
START_TEST(another_character_set_gets_ascii)
{
    json_t *value = parse("[{\"id\": 1, \"user\": \"\\u00db2J\", \"why\": \"\\u00db2J\"}]");

    for (size_t width = 0; width <= 80; width += 80) {
        begin(width);
        setlocale(LC_CTYPE, "C");
        output_table(&output, columns, 4, value);
        end();
        ck_assert_ptr_nonnull(strstr(text, "\\xc3\\x9b2J \\xc3\\x9b2J"));
        ck_assert_ptr_null(strchr(text, '\x9b'));
    }
    json_decref(value);
}
END_TEST

START_TEST(json_is_ascii_with_times)
{
    json_t *value = parse("{\"why\": \"" HOSTILE "\", \"expires\": 1763910000, \"duration\": 3600,"
                          " \"decisions\": [{\"at\": 1763899200}], \"a\": [\"x\"]}");
    json_t *back;

    begin(0);
    output_json(&output, value);
    end();
    for (const char *c = text; *c; c++)
        ck_assert_msg((*c >= ' ' && *c < 0x7f) || *c == '\n', "%s", text);
    back = parse(text);
    ck_assert(json_equal(json_object_get(back, "why"), json_object_get(value, "why")));
    ck_assert_ptr_eq(strstr(text, "{\n  \"a\": [\n    \"x\"\n  ],\n  \"decisions\": [\n    {\n      \"at\": "
                                  "\"2025-11-23T12:00:00+00:00\"\n"),
                     text);
    ck_assert_ptr_nonnull(strstr(text, "\"duration\": 3600"));
    ck_assert_ptr_nonnull(strstr(text, "\"expires\": \"2025-11-23T15:00:00+00:00\""));
    json_decref(value);
    json_decref(back);
}
END_TEST

/* Integers of the interface that are no times: numbers, counts, lengths; and those that commands are never shown. */
static const char *const no_times[] = {"id",
                                       "uid",
                                       "standing_count",
                                       "to_uid",
                                       "loginuid",
                                       "gid",
                                       "request",
                                       "assignment",
                                       "extends",
                                       "stage",
                                       "stages",
                                       "quorum",
                                       "duration",
                                       "granted",
                                       "max_duration",
                                       "max_total",
                                       "timeout",
                                       "escalate_after",
                                       "median",
                                       "p90",
                                       "packages",
                                       "pending",
                                       "pending_hour",
                                       "pending_day",
                                       "pending_older",
                                       "undecidable",
                                       "unknown_users",
                                       "unknown_groups",
                                       "unreviewed",
                                       "review_overdue",
                                       "extend_window",
                                       "review_within",
                                       "live_assignments",
                                       "partially_fulfilled",
                                       "memberships_left",
                                       "unexplained_count",
                                       "notices",
                                       "keep",
                                       "store_size",
                                       "store_free",
                                       "requests",
                                       "approved",
                                       "automatic",
                                       "denied",
                                       "expired",
                                       "cancelled",
                                       "emergencies",
                                       "assigned",
                                       "limit",
                                       "before",
                                       "before_at",
                                       "time",
                                       "largest",
                                       "begun",
                                       "unused",
                                       "unnamed",
                                       "entries",
                                       "held",
                                       "waiting",
                                       "adopted",
                                       "count",
                                       "sum",
                                       "done",
                                       "refused",
                                       "failed"};

static bool is_no_time(const char *member)
{
    for (size_t i = 0; i < sizeof(no_times) / sizeof(*no_times); i++)
        if (strcmp(no_times[i], member) == 0)
            return true;
    return false;
}

/* Whoever adds a member to the interface says here what it is, or in output.c that it is a time. */
START_TEST(each_time_of_the_interface_is_text)
{
    char interface[65536], member[64];
    FILE *file = fopen("dbus/org.accesspkg1.Manager.xml", "re");
    size_t checked = 0;

    ck_assert_ptr_nonnull(file);
    interface[fread(interface, 1, sizeof(interface) - 1, file)] = '\0';
    fclose(file);
    for (const char *at = interface; (at = strstr(at, " x")); at++) {
        const char *word = at;

        while (word > interface &&
               (islower((unsigned char)word[-1]) || word[-1] == '_' || isdigit((unsigned char)word[-1])))
            word--;
        if (word == at || isalnum((unsigned char)at[2]) || at[2] == '_')
            continue;
        snprintf(member, sizeof(member), "%.*s", (int)(at - word), word);
        json_t *value = json_pack("{s:I}", member, (json_int_t)NOW);
        begin(0);
        output_json(&output, value);
        end();
        const bool is_text = strstr(text, "\"2025-11-23T12:00:00+00:00\"") != NULL;
        ck_assert_msg(is_text != is_no_time(member), "%s", member);
        json_decref(value);
        checked++;
    }
    ck_assert_uint_gt(checked, 50);
}
END_TEST

START_TEST(a_record_leaves_out_what_is_missing)
{
    record(
        "{\"id\": 7, \"state\": \"pending-approval\", \"why\": \"two\\nlines\", \"groups\": [\"a\", \"b\"],"
        " \"expires\": 1763910000, \"duration\": 14400}",
        0);
    ck_assert_str_eq(text, "Request: 7\n"
                           "State:   Pending approval\n"
                           "Why:     two\n"
                           "         lines\n"
                           "Groups:  a, b\n"
                           "Until:   Sun 2025-11-23 15:00 UTC (in 3 h)\n"
                           "For:     4 h\n");
}
END_TEST

/* Text that a terminal would wrap to its first column could pass for a line of ours. */
START_TEST(long_text_never_reaches_the_label_column)
{
    record("{\"id\": 7, \"why\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa State:   Fulfilled "
           "\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57\\u6f22\\u5b57 "
           "end\\nState: x\"}",
           40);
    ck_assert_ptr_eq(strstr(text, "Request: 7\nWhy:     aaaa"), text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        ck_assert_msg(strncmp(line, "         ", 9) == 0 || strncmp(line, "Request: ", 9) == 0 ||
                          strncmp(line, "Why:     ", 9) == 0,
                      "%s", line);
}
END_TEST

START_TEST(a_long_value_is_broken_at_blanks)
{
    record("{\"id\": 7, \"why\": \"The policy does not let you \\u6f22\\u5b57 ask; an administrator may.\"}",
           40);
    ck_assert_str_eq(text, "Request: 7\n"
                           "Why:     The policy does not let you \u6f22\n"
                           "         \u5b57 ask; an administrator may.\n");
    record("{\"id\": 7, \"why\": \"as long as the terminal is wide\"}", 0);
    ck_assert_str_eq(text, "Request: 7\nWhy:     as long as the terminal is wide\n");
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
    json_t *value = parse("[{\"id\": 1}]");

    begin(0);
    fclose(output.stream);
    output.stream = fopen("/dev/full", "w");
    output_table(&output, columns, 4, value);
    ck_assert_int_eq(output_finish(&output), -ENOSPC);
    fclose(output.stream);
    json_decref(value);
}
END_TEST

START_TEST(members_of_another_type_are_missing)
{
    table("[{\"id\": \"7\", \"user\": 5, \"why\": [1], \"expires\": \"soon\"}, 3]", 0);
    ck_assert_str_eq(text, "ID USER REASON EXPIRES\n"
                           " - -    -      -\n"
                           " - -    -      -\n");
    record("{\"id\": [], \"state\": 1, \"groups\": 5, \"warn\": {}, \"expires\": null}", 0);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    suite_case("rendering", NULL, NULL);
    suite_add(a_table_in_a_pipe_is_whole_and_stable, a_table_on_a_terminal_fits_its_width,
              a_wrapped_column_is_as_narrow_as_its_lines_allow, an_empty_column_goes_first,
              no_text_controls_a_terminal, another_character_set_gets_ascii, json_is_ascii_with_times,
              each_time_of_the_interface_is_text, a_record_leaves_out_what_is_missing,
              long_text_never_reaches_the_label_column, a_long_value_is_broken_at_blanks,
              a_full_disk_is_noticed, members_of_another_type_are_missing);
    return suite_run();
}
