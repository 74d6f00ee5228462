/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine, asked by a gate whose application can converse: a missing justification is asked for before it files. */
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

#include <string.h>

#define WANTING                                                                                              \
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = %staff\njustification = asked\n"                   \
    "duration = 1h\ngate_cooldown = 1d\napproval_timeout = 1h\napprovers = bob\n"
#define REQUIRED                                                                                             \
    "[package]\ngroups = dbadmins\n[policy]\njustification = required\nduration = 1h\napprovers = bob\n"
#define EASY "[package]\ngroups = backup\n[policy]\nduration = 1h\napprovers = bob\n"
#define BOB_ALONE                                                                                            \
    "[package]\ngroups = backup\n[policy]\napproval = none\nrequestors = bob %dba-leads\nduration = 1h\n"
#define ANYBODYS                                                                                             \
    "[package]\ngroups = backup\n[policy]\napproval = none\nincompatible = paused\nduration = 1h\n"
#define FREE "[package]\ngroups = backup\n[policy]\napproval = none\njustification = asked\nduration = 10m\n"

#define BROKEN                                                                                               \
    "[package]\ngroups = backup\n[policy]\nduration = 4h\napprovers = bob\nemergency = alice\n"              \
    "emergency_duration = 30m\n"

/* Those of a line with several packages: a pause after a denial, not for alice, another emergency. */
#define PAUSED "[package]\ngroups = auditors\n[policy]\nduration = 1h\napprovers = bob\ncooldown = 2h\n"
#define CLOSED "[package]\ngroups = auditors\n[policy]\nrequestors = carol\nduration = 1h\napprovers = bob\n"
#define MENDED                                                                                               \
    "[package]\ngroups = auditors\n[policy]\nduration = 4h\napprovers = bob\nemergency = alice dave\n"       \
    "emergency_duration = 30m\n"

static struct fixture fixture;
static json_t *value; /* of the last call */

static void setup(void)
{
    fixture_init(&fixture, "wanting", WANTING, "easy", EASY, "free", FREE, "broken", BROKEN, "paused", PAUSED,
                 "closed", CLOSED, "mended", MENDED, "required", REQUIRED, "bobs", BOB_ALONE, "anybodys",
                 ANYBODYS, NULL);
    value = NULL;
}

static void teardown(void)
{
    json_decref(value);
    fixture_deinit(&fixture);
}

/* By the gate for `user`, or by `user` themselves (a screen locker). */
static int submit(const char *caller, const char *user, const char *package, const char *why, bool can_ask)
{
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {
        .user = user, .packages = names, .justification = why, .at_gate = true, .can_ask = can_ask};
    json_decref(value);
    value = NULL;
    return fixture_answer(engine_submit(fixture_call(&fixture, caller, user), &submission), &value);
}

/* As the module does after an "e" at its prompt. */
static int take_in_emergency(const char *caller, const char *user, const char *package, const char *why)
{
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {
        .user = user, .packages = names, .justification = why, .at_gate = true, .service = "sshd"};
    json_decref(value);
    value = NULL;
    return fixture_answer(engine_emergency(fixture_call(&fixture, caller, user), &submission), &value);
}

/* By the gate, whose line names these. */
static int submit_line(const char *user, char *const *packages)
{
    const struct submission submission = {.user = user, .packages = (char **)packages, .at_gate = true};
    json_decref(value);
    value = NULL;
    return fixture_answer(engine_submit(fixture_call(&fixture, "root", user), &submission), &value);
}

static int deny(const char *reason)
{
    return fixture_decide(&fixture, "bob", fixture_id(json_incref(value)), false, reason, NULL);
}

static const char *text_of(const char *member)
{
    const char *text = json_string_value(json_object_get(value, member));
    return text ? text : "";
}

static bool says(const char *member)
{
    return json_is_true(json_object_get(value, member));
}

/* "broken mended"; "": there is no such member, or it is empty. */
static const char *list_of(const char *member)
{
    static char names[256];
    const json_t *list = json_object_get(value, member);
    *names = '\0';
    for (size_t i = 0; i < json_array_size(list); i++)
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? " " : "",
                 json_string_value(json_array_get(list, i)));
    return names;
}

/* What the user may take at once. */
static const char *offered(void)
{
    return list_of("may_emergency");
}

static bool wanted(void)
{
    return json_is_true(json_object_get(value, "justification_wanted"));
}

static int requests(void)
{
    struct store_counts counts = {0};
    ck_assert_int_eq(store_read_counts(fixture.engine.store, fixture.now, &counts), 0);
    return (int)counts.pending;
}

/* For a gate in mode=report. `can_ask`: its application can converse. */
static int dry_run(const char *user, char *const *packages, bool can_ask)
{
    const struct submission submission = {
        .user = user, .packages = (char **)packages, .at_gate = true, .dry_run = true, .can_ask = can_ask};
    json_decref(value);
    value = NULL;
    return fixture_answer(engine_submit(fixture_call(&fixture, "root", user), &submission), &value);
}

/* What would be given without approval is told from what would wait for one, and nothing is filed. */
START_TEST(test_dry_run)
{
    char *line[] = {(char *)"wanting", (char *)"free", NULL}, *one[] = {(char *)"wanting", NULL};
    char *required[] = {(char *)"required", NULL}, *closed[] = {(char *)"closed", NULL};
    ck_assert_int_eq(dry_run("alice", line, false), 0);
    ck_assert_str_eq(text_of("package"), "free");
    ck_assert(says("would_be_given"));
    ck_assert_uint_eq(json_object_size(value), 2);
    ck_assert_int_eq(dry_run("alice", one, true), 0);
    ck_assert_str_eq(text_of("package"), "wanting");
    ck_assert(!says("would_be_given") && json_object_get(value, "would_be_given"));
    ck_assert_int_eq(dry_run("alice", required, true), 0);
    ck_assert_int_eq(dry_run("alice", required, false), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(dry_run("alice", closed, true), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(requests(), 0);
    ck_assert_int_eq(submit("root", "alice", "wanting", NULL, false), 0);
    ck_assert_int_eq(dry_run("alice", one, true), 0);
    ck_assert(says("existing"));
    ck_assert_int_eq(requests(), 1);
}
END_TEST

START_TEST(test_asked_first)
{
    ck_assert_int_eq(submit("root", "alice", "wanting", NULL, true), 0);
    ck_assert(wanted());
    ck_assert_str_eq(json_string_value(json_object_get(value, "package")), "wanting");
    ck_assert_uint_eq(json_object_size(value), 2);
    ck_assert_int_eq(requests(), 0);
    ck_assert_int_eq(submit("root", "alice", "wanting", "ticket 4711", false), 0);
    ck_assert_str_eq(json_string_value(json_object_get(value, "justification")), "ticket 4711");
    ck_assert(!json_is_true(json_object_get(value, "no_reason_given")));
    ck_assert_int_eq(requests(), 1);
    /* Rule 7: what is open is shown, and nobody is asked again. */
    ck_assert_int_eq(submit("root", "alice", "wanting", NULL, true), 0);
    ck_assert(!wanted() && json_is_true(json_object_get(value, "existing")));
}
END_TEST

START_TEST(test_not_asked)
{
    /* Nothing is wanted; it is there already; nobody could be asked. */
    ck_assert_int_eq(submit("root", "alice", "easy", NULL, true), 0);
    ck_assert(!wanted());
    ck_assert_int_eq(submit("root", "alice", "wanting", "why", true), 0);
    ck_assert(!wanted());
    ck_assert_int_eq(submit("root", "dave", "wanting", NULL, false), 0);
    ck_assert(!wanted() && json_is_true(json_object_get(value, "no_reason_given")));
    ck_assert_int_eq(requests(), 3);
}
END_TEST

/* Whoever would be refused anyway is not asked for a reason first. */
START_TEST(test_refused_before)
{
    ck_assert_int_eq(submit("root", "bob", "wanting", NULL, true), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(submit("root", "alice", "wanting", NULL, false), 0);
    fixture.now += 3600;
    ck_assert_int_eq(engine_tick(&fixture.engine), 0);
    ck_assert_int_eq(submit("root", "alice", "wanting", NULL, true), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "wanting"));
}
END_TEST

/* `required` means it at the gate, too: nothing is filed, and it is said how to give one. */
START_TEST(test_required)
{
    ck_assert_int_eq(submit("root", "alice", "required", NULL, false), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(
        strstr(fixture_message, "none was given, so nothing was filed. Give it at the prompt"));
    ck_assert_ptr_nonnull(strstr(fixture_message, "pkg-request submit required -m 'REASON'"));
    ck_assert_int_eq(requests(), 0);
    ck_assert_int_eq(submit("root", "alice", "required", NULL, true), 0);
    ck_assert(wanted());
    ck_assert_int_eq(requests(), 0);
    ck_assert_int_eq(submit_line("alice", (char *const[]){(char *)"required", (char *)"easy", NULL}), 0);
    ck_assert_str_eq(text_of("package"), "easy");
    ck_assert_int_eq(submit("root", "alice", "required", "ticket 4711", false), 0);
    ck_assert_int_eq(requests(), 2);
}
END_TEST

/* What needs no approval is not given before the reason is, either. */
START_TEST(test_without_approval)
{
    ck_assert_int_eq(submit("root", "alice", "free", NULL, true), 0);
    ck_assert(wanted());
    ck_assert(!fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert_int_eq(submit("root", "alice", "free", "ticket 4711", false), 0);
    ck_assert(fixture_gate_opens(&fixture, "alice", "free"));
}
END_TEST

/* Only whom the policy names is offered it, at the gate alone, while it waits and nothing is left to review. */
START_TEST(test_emergency_offered)
{
    ck_assert_int_eq(submit("root", "alice", "easy", NULL, false), 0);
    ck_assert_str_eq(offered(), "");
    ck_assert_int_eq(submit("root", "dave", "broken", NULL, false), 0);
    ck_assert_str_eq(offered(), "");
    ck_assert_int_eq(submit("root", "alice", "broken", NULL, false), 0);
    ck_assert_str_eq(offered(), "broken");
    ck_assert_int_eq(submit("root", "alice", "broken", NULL, true), 0);
    ck_assert_str_eq(offered(), "broken");
    ck_assert(says("existing"));
    json_t *own = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "broken", NULL, &own), 0);
    ck_assert_ptr_null(json_object_get(own, "may_emergency"));
    json_decref(own);

    ck_assert_int_eq(take_in_emergency("root", "alice", "broken", "disk full"), 0);
    ck_assert_int_eq(submit("root", "alice", "broken", NULL, false), 0);
    ck_assert(says("held"));
    ck_assert_str_eq(offered(), "");
    fixture.now += 1800;
    ck_assert_int_eq(submit("root", "alice", "broken", NULL, false), 0);
    ck_assert(!says("held"));
    ck_assert_str_eq(offered(), ""); /* not before it is reviewed */
}
END_TEST

/* Every package of the line that names the user, whichever was filed. */
START_TEST(test_emergencies_of_a_line)
{
    static char *const line[] = {(char *)"easy", (char *)"broken", (char *)"closed", (char *)"mended", NULL};
    ck_assert_int_eq(submit_line("alice", line), 0);
    ck_assert_str_eq(text_of("package"), "easy");
    ck_assert_str_eq(offered(), "broken mended");
    ck_assert_int_eq(submit_line("dave", line), 0);
    ck_assert_str_eq(offered(), "mended");
    ck_assert_int_eq(take_in_emergency("root", "alice", "mended", "disk full"), 0);
    ck_assert_int_eq(submit_line("alice", (char *const[]){(char *)"easy", (char *)"broken", NULL}), 0);
    ck_assert_str_eq(offered(), "broken");
}
END_TEST

/* To whom the line opens without an approval, which is the gate's to know. */
static const struct {
    char *line[4];
    const char *open_to; /* NULL: everybody */
} ways_in[] = {
    {{(char *)"easy"}, ""},
    {{(char *)"easy", (char *)"nosuch"}, ""},
    {{(char *)"easy", (char *)"bobs"}, "bob %dba-leads"},
    {{(char *)"easy", (char *)"mended", (char *)"bobs"}, "alice dave bob %dba-leads"},
    {{(char *)"anybodys", (char *)"bobs", (char *)"easy"}, NULL}, /* which dave cannot have just now */
};

START_TEST(test_open_to)
{
    ck_assert_int_eq(submit("root", "dave", "paused", NULL, false), 0);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(json_incref(value)), true, "ok", NULL), 0);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(submit_line("dave", ways_in[_i].line), 0);
        ck_assert_str_eq(text_of("package"), "easy");
        ck_assert_int_eq(json_object_get(value, "open_to") != NULL, ways_in[_i].open_to != NULL);
        ck_assert_str_eq(list_of("open_to"), ways_in[_i].open_to ? ways_in[_i].open_to : "");
    }
}
END_TEST

START_TEST(test_open_to_is_the_gates)
{
    ck_assert_int_eq(submit("dave", "dave", "easy", NULL, false), 0);
    ck_assert_ptr_null(json_object_get(value, "open_to"));
    ck_assert_int_eq(submit("root", "dave", "easy", NULL, false), 0);
    ck_assert_ptr_nonnull(json_object_get(value, "open_to"));
    ck_assert_int_eq(fixture_decide(&fixture, "bob", fixture_id(json_incref(value)), true, "ok", NULL), 0);
    ck_assert_int_eq(submit("root", "dave", "easy", NULL, false), 0);
    ck_assert(says("held"));
    ck_assert_ptr_null(json_object_get(value, "open_to"));
}
END_TEST

/* Who cannot get in is told by whom and why, once, with what is filed now. */
START_TEST(test_denial_told)
{
    static char *const line[] = {(char *)"easy", (char *)"broken", NULL};
    ck_assert_int_eq(submit_line("alice", line), 0);
    ck_assert_str_eq(text_of("denial"), "");
    ck_assert_int_eq(deny("no ticket"), 0);
    ck_assert_int_eq(submit_line("alice", line), 0);
    ck_assert_str_eq(text_of("denial"), "Request 1 for easy was denied by bob: no ticket.");
    ck_assert_int_eq(json_integer_value(json_object_get(value, "denied")), 1);
    ck_assert_int_eq(fixture_id(json_incref(value)), 2);
    ck_assert_int_eq(submit_line("alice", line), 0);
    ck_assert(says("existing"));
    ck_assert_str_eq(text_of("denial"), "");
    /* Also before a reason is asked for; not outside the gate, where pkg-request says it. */
    ck_assert_int_eq(submit("root", "alice", "wanting", "why", false), 0);
    ck_assert_int_eq(deny("?"), 0);
    ck_assert_int_eq(submit("root", "alice", "wanting", NULL, true), 0);
    ck_assert(wanted());
    ck_assert_str_eq(text_of("denial"), "Request 3 for wanting was denied by bob: ?");
    json_t *own = NULL;
    ck_assert_int_eq(fixture_submit(&fixture, "alice", "wanting", "because", &own), 0);
    ck_assert_ptr_null(json_object_get(own, "denial"));
    json_decref(own);
}
END_TEST

/* What is refused of a line is told of the package that is most the user's. */
START_TEST(test_refusal_of_a_line)
{
    static char *const line[] = {(char *)"closed", (char *)"paused", NULL};
    static char *const again[] = {(char *)"paused", (char *)"closed", NULL};
    ck_assert_int_eq(submit_line("alice", line), 0);
    ck_assert_int_eq(deny("no ticket"), 0);
    ck_assert_int_eq(submit_line("alice", line), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(
        strstr(fixture_message, "Request 1 for paused was denied by bob: no ticket. A new one can"));
    ck_assert_int_eq(submit_line("alice", again), BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Request 1 for paused was denied by bob"));
    /* One that may be asked for is, and the denial is told with it. */
    ck_assert_int_eq(submit_line("alice", (char *const[]){(char *)"paused", (char *)"easy", NULL}), 0);
    ck_assert_str_eq(text_of("package"), "easy");
    ck_assert_str_eq(text_of("denial"), "Request 1 for paused was denied by bob: no ticket.");
    ck_assert_int_eq(submit_line("alice", (char *const[]){(char *)"closed", (char *)"unheard", NULL}),
                     BUS_ERROR_POLICY_REFUSED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "does not let you ask"));
}
END_TEST

/* As Emergency, on the user's behalf, and recorded as from the gate. */
START_TEST(test_emergency_taken)
{
    ck_assert_int_eq(submit("root", "alice", "broken", NULL, false), 0);
    ck_assert_int_eq(take_in_emergency("root", "alice", "broken", NULL), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(take_in_emergency("root", "alice", "broken", "  "), BUS_ERROR_INVALID_ARGUMENT);
    ck_assert_int_eq(take_in_emergency("root", "dave", "broken", "disk full"), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(take_in_emergency("dave", "alice", "broken", "disk full"), BUS_ERROR_NOT_AUTHORIZED);
    ck_assert_int_eq(take_in_emergency("root", "nobody", "broken", "disk full"), BUS_ERROR_NO_SUCH_USER);
    ck_assert_int_eq(take_in_emergency("root", "alice", "none", "disk full"), BUS_ERROR_NO_SUCH_PACKAGE);
    ck_assert(!fixture_gate_opens(&fixture, "alice", "broken"));
    ck_assert_int_eq(take_in_emergency("root", "alice", "broken", "disk full"), 0);
    ck_assert(says("held") && says("emergency"));
    ck_assert_str_eq(json_string_value(json_object_get(value, "origin")), "verified");
    ck_assert_str_eq(json_string_value(json_object_get(value, "user")), "alice");
    ck_assert_str_eq(json_string_value(json_object_get(value, "service")), "sshd");
    ck_assert_int_eq(json_integer_value(json_object_get(value, "duration")), 1800);
    ck_assert(fixture_gate_opens(&fixture, "alice", "broken"));
    ck_assert_int_eq(requests(), 0); /* what waited is answered */
    ck_assert_int_eq(take_in_emergency("root", "alice", "broken", "again"), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* Not from uid 0: the policy's rule stands, whatever the caller says about the gate. */
START_TEST(test_somebody_else)
{
    ck_assert_int_eq(submit("alice", "alice", "wanting", NULL, true), 0);
    ck_assert(wanted());
    ck_assert_int_eq(submit("alice", "alice", "wanting", NULL, false), BUS_ERROR_POLICY_REFUSED);
    ck_assert_int_eq(submit("alice", "alice", "free", NULL, true), 0);
    ck_assert(wanted() && !fixture_gate_opens(&fixture, "alice", "free"));
    ck_assert_int_eq(requests(), 0);
}
END_TEST

int main(void)
{
    suite_case("gate", setup, teardown);
    suite_add(test_asked_first, test_dry_run, test_not_asked, test_refused_before, test_required,
              test_without_approval, test_emergency_offered, test_emergencies_of_a_line, test_denial_told,
              test_refusal_of_a_line, test_emergency_taken, test_somebody_else, test_open_to_is_the_gates);
    suite_rows(test_open_to, ways_in);
    return suite_run();
}
