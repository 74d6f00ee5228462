/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Both state machines, every state and every event: what is not in the table below must be refused. */
#include "helperd/policy/assignment.h"
#include "helperd/policy/request.h"
#include "tests/support/diagram.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum state state;
    enum request_event event;
    enum state next;
} request_table[] = {
    {STATE_SUBMITTED, REQUEST_ROUTE, STATE_PENDING_APPROVAL},
    {STATE_SUBMITTED, REQUEST_WAIVE, STATE_APPROVED},
    {STATE_SUBMITTED, REQUEST_CANCEL, STATE_CANCELLED},
    {STATE_PENDING_APPROVAL, REQUEST_ADVANCE, STATE_PENDING_APPROVAL},
    {STATE_PENDING_APPROVAL, REQUEST_APPROVE, STATE_APPROVED},
    {STATE_PENDING_APPROVAL, REQUEST_DENY, STATE_DENIED},
    {STATE_PENDING_APPROVAL, REQUEST_TIME_OUT, STATE_EXPIRED},
    {STATE_PENDING_APPROVAL, REQUEST_CANCEL, STATE_CANCELLED},
    {STATE_APPROVED, REQUEST_CANCEL, STATE_CANCELLED},
};

static const struct {
    enum state state;
    enum assignment_event event;
    enum state next;
} assignment_table[] = {
    {STATE_NONE, ASSIGNMENT_FULFIL, STATE_FULFILLED},
    {STATE_NONE, ASSIGNMENT_FALL_SHORT, STATE_PARTIALLY_FULFILLED},
    {STATE_PARTIALLY_FULFILLED, ASSIGNMENT_FULFIL, STATE_FULFILLED},
    {STATE_PARTIALLY_FULFILLED, ASSIGNMENT_FALL_SHORT, STATE_PARTIALLY_FULFILLED},
    {STATE_PARTIALLY_FULFILLED, ASSIGNMENT_EXTEND, STATE_PARTIALLY_FULFILLED},
    {STATE_PARTIALLY_FULFILLED, ASSIGNMENT_END, STATE_ACCESS_EXPIRED},
    {STATE_PARTIALLY_FULFILLED, ASSIGNMENT_REVOKE, STATE_REVOKED},
    {STATE_FULFILLED, ASSIGNMENT_FULFIL, STATE_FULFILLED},
    {STATE_FULFILLED, ASSIGNMENT_FALL_SHORT, STATE_PARTIALLY_FULFILLED},
    {STATE_FULFILLED, ASSIGNMENT_EXTEND, STATE_FULFILLED},
    {STATE_FULFILLED, ASSIGNMENT_END, STATE_ACCESS_EXPIRED},
    {STATE_FULFILLED, ASSIGNMENT_REVOKE, STATE_REVOKED},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

START_TEST(test_request_machine)
{
    for (int state = 0; state < STATE_COUNT; state++)
        for (int event = 0; event < REQUEST_EVENT_COUNT; event++) {
            enum state expected = STATE_NONE;
            for (size_t i = 0; i < COUNT(request_table); i++)
                if (request_table[i].state == (enum state)state &&
                    request_table[i].event == (enum request_event)event)
                    expected = request_table[i].next;
            ck_assert_msg(request_next((enum state)state, (enum request_event)event) == expected, "%s, %s",
                          state_identifier((enum state)state), request_event_text((enum request_event)event));
        }
}
END_TEST

START_TEST(test_assignment_machine)
{
    for (int state = 0; state < STATE_COUNT; state++)
        for (int event = 0; event < ASSIGNMENT_EVENT_COUNT; event++) {
            enum state expected = STATE_NONE;
            for (size_t i = 0; i < COUNT(assignment_table); i++)
                if (assignment_table[i].state == (enum state)state &&
                    assignment_table[i].event == (enum assignment_event)event)
                    expected = assignment_table[i].next;
            ck_assert_msg(assignment_next((enum state)state, (enum assignment_event)event) == expected,
                          "%s, %s", state_identifier((enum state)state),
                          assignment_event_text((enum assignment_event)event));
        }
}
END_TEST

START_TEST(test_words)
{
    ck_assert_int_eq(state_from_identifier("partially-fulfilled"), STATE_PARTIALLY_FULFILLED);
    ck_assert_int_eq(state_from_identifier("Fulfilled"), STATE_NONE);
    ck_assert_int_eq(state_from_identifier(""), STATE_NONE);
    for (int state = 1; state < STATE_COUNT; state++)
        ck_assert_int_eq(state_from_identifier(state_identifier((enum state)state)), state);
    struct assignment extended = {.state = STATE_FULFILLED, .extended = true};
    ck_assert_str_eq(state_shown(assignment_shown_state(&extended)), "Access extended");
    extended.state = STATE_ACCESS_EXPIRED;
    ck_assert_str_eq(state_shown(assignment_shown_state(&extended)), "Access expired");
    for (int error = 1; error < BUS_ERROR_COUNT; error++) {
        ck_assert_int_eq(bus_error_from_name(bus_error_name((enum bus_error)error)), error);
        ck_assert_int_ne(bus_error_exit_code((enum bus_error)error), 0);
    }
    ck_assert_int_eq(bus_error_from_name("org.freedesktop.DBus.Error.Failed"), BUS_ERROR_NONE);
}
END_TEST

enum { PAGE_MAX = 256 * 1024 };

/* The page with what stands between "<!-- NAME machine -->" and "<!-- end -->" drawn anew. */
static char *redraw(const char *page, const char *name, void (*diagram)(FILE *out))
{
    char begin[64];
    char *text = NULL;
    size_t size = 0;
    snprintf(begin, sizeof(begin), "<!-- %s machine -->\n", name);
    const char *start = strstr(page, begin);
    ck_assert_msg(start, "the page has no place for the %s machine", name);
    start += strlen(begin);
    const char *end = strstr(start, "<!-- end -->");
    ck_assert_ptr_nonnull(end);
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    fwrite(page, 1, (size_t)(start - page), out);
    diagram(out);
    fputs(end, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* The page shows the machines as they are. UPDATE_DIAGRAMS in the environment (make diagrams) writes it. */
START_TEST(test_diagrams)
{
    static const char path[] = "docs/ARCHITECTURE.md";
    static char page[PAGE_MAX];
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_lt(fread(page, 1, sizeof(page) - 1, file), sizeof(page) - 1);
    fclose(file);
    char *half = redraw(page, "request", diagram_request);
    char *whole = redraw(half, "assignment", diagram_assignment);
    if (getenv("UPDATE_DIAGRAMS")) {
        file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(whole, file), 0);
        ck_assert_int_eq(fclose(file), 0);
    } else {
        ck_assert_msg(strcmp(page, whole) == 0, "%s shows other machines than there are; run: make diagrams",
                      path);
    }
    free(half);
    free(whole);
}
END_TEST

int main(void)
{
    suite_case("machines", NULL, NULL);
    suite_add(test_request_machine, test_assignment_machine, test_words, test_diagrams);
    return suite_run();
}
