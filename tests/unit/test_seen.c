/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 14: what was seen is what is decided. The text of a request, its digest, decisions on another one. */
#include "helperd/config/package_text.h"
#include "helperd/lifecycle/lifecycle.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"
#include "tests/unit/edited.h"

#include <stdlib.h>
#include <string.h>

#define STAFF "[policy]\nrequestors = %staff\n"

static char before[CANONICAL_DIGEST_MAX];

/* Keeps the digest of what waits, as an approver who looks at it has it. */
static void look(int64_t id)
{
    snprintf(before, sizeof(before), "%s", fixture_digest(&fixture.engine, id));
    ck_assert_uint_eq(strlen(before), 64);
}

static int approve_seen(const char *who, int64_t id)
{
    return acts_approve(&fixture, who, id, &(struct decision_terms){.reason = "", .digest = before}, NULL);
}

static json_t *show(const char *who, int64_t id)
{
    json_t *value = NULL;
    ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(&fixture, who, NULL), id), &value), 0);
    return value;
}

/* ---- the text ---- */

/* All lines that do not differ from run to run. */
START_TEST(test_text)
{
    static const char expected[] = "accesspkg-request 1\n"
                                   "host db1.example.com\n"
                                   "host-key SHA256:abc\n"
                                   "request 1\n"
                                   "user alice\n"
                                   "uid 1001\n"
                                   "package edited\n"
                                   "group 2001 dbadmins\n"
                                   "stage 1\n"
                                   "stages 2\n"
                                   "quorum 2\n"
                                   "approver bob\n"
                                   "approver %25domain admins\n"
                                   "fallback-approver carol\n"
                                   "duration 3600\n"
                                   "submitted 1763935940\n"
                                   "reason 100%25 of it,%0Auser root%C3%A4%E2%80%AE\n"
                                   "origin claimed\n";
    char text[4096] = "";
    edit(HEAD TERMS "[stage 1]\napprovers = bob \"%domain admins\"\nquorum = 2\nfallback_approvers = carol\n"
                    "[stage 2]\napprovers = carol\n");
    fixture.engine.host_name = "db1.example.com";
    fixture.engine.host_key = "SHA256:abc";
    const int64_t id = ask();
    struct record record = {0};
    ck_assert_int_eq(record_load(fixture.engine.store, id, &record), 0);
    free(record.request.justification);
    record.request.justification =
        strdup("100% of it,\nuser root\xc3\xa4\xe2\x80\xae"); /* no line of its own */
    char *whole = record_text(&fixture.engine, &record);
    record_deinit(&record);
    ck_assert_ptr_nonnull(whole);
    for (char *rest = whole, *line; (line = strsep(&rest, "\n")) && *line;)
        if (strncmp(line, "epoch ", 6) != 0 && strncmp(line, "nonce ", 6) != 0 &&
            strncmp(line, "policy ", 7) != 0)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", line);
    free(whole);
    ck_assert_str_eq(text, expected);
}
END_TEST

/* As sha256sum has it. */
START_TEST(test_digest)
{
    char digest[CANONICAL_DIGEST_MAX];
    ck_assert_str_eq(canonical_digest("foo\n", digest),
                     "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c");
    const int64_t id = ask();
    json_t *shown = show("bob", id);
    ck_assert_str_eq(json_string_value(json_object_get(shown, "digest")),
                     canonical_digest(json_string_value(json_object_get(shown, "text")), digest));
    json_decref(shown);
    ck_assert_int_eq(approve("bob", id), 0);
    shown = show("bob", id); /* nothing is left to be decided */
    ck_assert_ptr_null(json_object_get(shown, "digest"));
    ck_assert_ptr_null(json_object_get(shown, "text"));
    json_decref(shown);
}
END_TEST

/* The same request filed anew is another one, and so is one of another life of the store, or of another host. */
START_TEST(test_whose)
{
    const int64_t id = ask();
    look(id);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "no", NULL), 0);
    const int64_t again = ask();
    ck_assert_str_ne(fixture_digest(&fixture.engine, again), before);
    look(again);
    fixture.engine.host_name = "another";
    ck_assert_str_ne(fixture_digest(&fixture.engine, again), before);
    look(again);
    fixture.engine.host_key = "SHA256:another";
    ck_assert_str_ne(fixture_digest(&fixture.engine, again), before);
    look(again);
    ck_assert_int_eq(store_begin(fixture.engine.store), 0);
    ck_assert_int_eq(store_begin_epoch(fixture.engine.store, 1), 0);
    ck_assert_int_eq(store_commit(fixture.engine.store), 0);
    ck_assert_str_ne(fixture_digest(&fixture.engine, again), before);
}
END_TEST

/* ---- the policy ---- */

/* Every key of a package, changed by itself. */
static const char *const edits[] = {
    "[package]\ndescription = other\ngroups = dbadmins\n" STAFF TERMS BY_BOB,
    "[package]\ngroups = dbadmins backup\n" STAFF TERMS BY_BOB,
    "[package]\ngroups = dbadmins\n[policy]\nrequestors = alice %staff\n" TERMS BY_BOB,
    HEAD TERMS "approvers = bob\njustification = required\n",
    HEAD "duration = 30m\nmax_duration = 2h\nextension = approval\n" BY_BOB,
    HEAD "duration = 1h\nmax_duration = 3h\nextension = approval\n" BY_BOB,
    HEAD "duration = 1h\nmax_duration = 2h\nextension = allowed\n" BY_BOB,
    HEAD TERMS "approvers = bob\nmax_total = 5h\n",
    HEAD TERMS "approvers = bob\ncooldown = 1h\n",
    HEAD TERMS "approvers = bob\ngate_cooldown = 1h\n",
    HEAD TERMS "approvers = bob\nincompatible = other\n",
    HEAD TERMS "approvers = bob\nemergency = alice\n",
    HEAD TERMS "approvers = bob\nemergency = alice\nemergency_duration = 5m\n",
    HEAD TERMS "approvers = bob\nat_end = warn\n",
    HEAD TERMS "approvers = bob\nat_end = terminate\nservices = sshd\n",
    HEAD TERMS "approvers = bob\ndrift = repair\n",
    HEAD TERMS "approvers = bob\non_removed = revoke\n",
    HEAD TERMS "approval = none\n",
    HEAD TERMS "approvers = bob\nsame_approver = yes\n",
    HEAD TERMS "approvers = bob carol\n",
    HEAD TERMS "approvers = bob\napproval_timeout = 1h\n",
    HEAD TERMS "[stage 1]\napprovers = bob\n[stage 2]\napprovers = bob\n",
    HEAD TERMS "[stage 1]\napprovers = bob carol\nquorum = 2\n",
    HEAD TERMS "[stage 1]\napprovers = bob\nescalate_after = 1h\nfallback_approvers = carol\n",
    HEAD TERMS "[stage 1]\napprovers = bob\nfallback_approvers = carol\n",
};

START_TEST(test_every_key)
{
    const int64_t id = ask();
    look(id);
    edit(edits[_i]);
    ck_assert_str_ne(fixture_digest(&fixture.engine, id), before);
    ck_assert_int_eq(approve_seen("bob", id), BUS_ERROR_CHANGED);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    edit(BASE);
    ck_assert_int_eq(approve_seen("bob", id), 0); /* it is as it was seen again */
}
END_TEST

/* What a file says in other words is the same. */
START_TEST(test_other_words)
{
    const int64_t id = ask();
    look(id);
    edit("; a remark\n" HEAD "extension = approval\nmax_duration = 120m\nduration = 60m\n[stage "
         "1]\napprovers = bob\nquorum = 1\n");
    ck_assert_str_eq(fixture_digest(&fixture.engine, id), before);
    ck_assert_int_eq(approve_seen("bob", id), 0);
}
END_TEST

START_TEST(test_no_package)
{
    const int64_t id = ask();
    look(id);
    folder_shell(fixture.folder, "rm packages.d/edited.conf");
    fixture_reload(&fixture);
    ck_assert_int_eq(approve_seen("bob", id), BUS_ERROR_CHANGED);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, false, "it is gone", NULL), 0);
}
END_TEST

/* ---- decisions ---- */

START_TEST(test_without_a_digest)
{
    const int64_t id = ask();
    const struct decision_terms unseen = {.reason = "x"};
    for (int approve = 0; approve < 2; approve++) {
        const struct call *call = fixture_call(&fixture, "bob", "alice");
        ck_assert_int_eq(fixture_answer(engine_decide(call, id, approve, &unseen), NULL),
                         BUS_ERROR_INVALID_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(fixture_message, "the option 'digest'"));
        /* Who may not decide is not told what would be needed. */
        call = fixture_call(&fixture, "dave", "alice");
        ck_assert_int_eq(fixture_answer(engine_decide(call, id, approve, &unseen), NULL),
                         BUS_ERROR_NOT_AUTHORIZED);
    }
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

START_TEST(test_denial_of_another)
{
    const int64_t id = ask();
    const struct decision_terms other = {.reason = "x", .digest = "00"};
    const struct call *call = fixture_call(&fixture, "bob", "alice");
    ck_assert_int_eq(fixture_answer(engine_decide(call, id, false, &other), NULL), BUS_ERROR_CHANGED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "Please look again: pkg-approve show"));
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

/* The second approver of a stage saw two hours; by now the first one has given one. */
START_TEST(test_less_time)
{
    edit(HEAD TERMS "[stage 1]\napprovers = bob carol\nquorum = 2\n");
    const int64_t id = ask_for(7200, 0);
    look(id);
    ck_assert_int_eq(
        acts_approve(&fixture, "bob", id, &(struct decision_terms){.reason = "", .duration = 3600}, NULL), 0);
    ck_assert_int_eq(approve_seen("carol", id), BUS_ERROR_CHANGED);
    look(id);
    ck_assert_int_eq(approve_seen("carol", id), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

/* Neither an approval that changes nothing, nor time, nor fallback approvers who are asked by now make it another. */
START_TEST(test_what_changes_nothing)
{
    edit(HEAD TERMS
         "[stage 1]\napprovers = bob carol\nquorum = 2\nescalate_after = 1h\nfallback_approvers = dave\n");
    const int64_t id = ask();
    look(id);
    ck_assert_int_eq(approve("bob", id), 0);
    acts_pass(&fixture, 2 * 3600);
    ck_assert_int_eq(approve_seen("dave", id), 0);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
}
END_TEST

START_TEST(test_next_stage)
{
    edit(HEAD TERMS "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    const int64_t id = ask();
    look(id);
    ck_assert_int_eq(approve_seen("bob", id), 0);
    ck_assert_int_eq(approve_seen("carol", id), BUS_ERROR_CHANGED);
    look(id);
    ck_assert_int_eq(approve_seen("carol", id), 0);
}
END_TEST

/* What is shown is what an approval would give: of what the package has by now, what earlier approvers saw. */
START_TEST(test_groups_shown)
{
    edit(HEAD TERMS "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    const int64_t id = ask();
    ck_assert_int_eq(approve("bob", id), 0);
    edit("[package]\ngroups = dbadmins backup\n" STAFF TERMS
         "[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    json_t *shown = show("carol", id);
    const json_t *groups = json_object_get(shown, "groups");
    ck_assert_uint_eq(json_array_size(groups), 1);
    ck_assert_str_eq(json_string_value(json_array_get(groups, 0)), "dbadmins");
    ck_assert_ptr_null(strstr(json_string_value(json_object_get(shown, "text")), "backup"));
    json_decref(shown);
}
END_TEST

/* The name is the same, the group another one: shown first, then given. */
START_TEST(test_other_gid)
{
    const int64_t id = ask();
    look(id);
    struct facts *facts = fixture_facts("bob", "alice");
    facts->groups[0].gid = 2999;
    const struct call *call = fixture_call_with(&fixture, fixture_caller("bob"), facts);
    const struct decision_terms seen = {.reason = "", .digest = before};
    ck_assert_int_eq(fixture_answer(engine_decide(call, id, true, &seen), NULL), BUS_ERROR_CHANGED);
    ck_assert_ptr_nonnull(strstr(fixture_message, "the group dbadmins has another gid"));
    json_t *shown = show("bob", id);
    ck_assert_ptr_nonnull(
        strstr(json_string_value(json_object_get(shown, "text")), "\ngroup 2999 dbadmins\n"));
    json_decref(shown);
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
}
END_TEST

int main(void)
{
    suite_case("text", setup, fixture_teardown);
    suite_add(test_text, test_digest, test_whose);
    suite_case("policy", setup, fixture_teardown);
    suite_rows(test_every_key, edits);
    suite_add(test_other_words, test_no_package);
    suite_case("decisions", setup, fixture_teardown);
    suite_add(test_without_a_digest, test_denial_of_another, test_less_time, test_what_changes_nothing,
              test_next_stage, test_groups_shown, test_other_gid);
    return suite_run();
}
