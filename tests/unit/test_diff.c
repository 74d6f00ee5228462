/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What diff says of a reload, held to what the reload then does; a package's settings in the words of its file. */
#include "helperd/config/package_settings.h"
#include "tests/support/acts.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;
static char next[FOLDER_MAX]; /* the packages that a reload would read */
static struct packages *packages;
static json_t *value;

#define KEPT  "[package]\ngroups = dbadmins backup\n[policy]\napproval = none\nduration = 1h\n"
#define ENDED "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\non_removed = revoke\n"
#define ASKED "[package]\ngroups = dbadmins backup\n[policy]\napprovers = bob\nduration = 1h\n"

static void write_next(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.conf", next, name);
    folder_write(path, text);
}

static void setup(void)
{
    fixture_init(&fixture, "kept", KEPT, "ended", ENDED, "asked", ASKED, NULL);
    folder_make(next);
    write_next("kept", KEPT);
    write_next("ended", ENDED);
    write_next("asked", ASKED);
    packages = NULL;
    value = NULL;
}

static void teardown(void)
{
    json_decref(value);
    packages_free(packages);
    folder_remove(next);
    fixture_teardown();
}

static void remove_next(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.conf", next, name);
    ck_assert_int_eq(unlink(path), 0);
}

static void load_next(void)
{
    struct problems problems = {0};
    packages_free(packages);
    packages = NULL;
    ck_assert_int_eq(packages_load(next, geteuid(), &packages, &problems), 0);
    problems_deinit(&problems);
}

static void diff(void)
{
    struct reply reply = {0};
    load_next();
    ck_assert_int_eq(engine_diff(&fixture.engine, packages, &reply), 0);
    json_decref(value);
    value = reply.value;
    ck_assert_uint_eq(json_array_size(value), 3);
}

/* As the daemon does it; the fixture's packages are then those of `next`. */
static void reload(void)
{
    load_next();
    ck_assert_int_eq(engine_end_removed_packages(&fixture.engine, fixture.packages, packages), 0);
    packages_free(fixture.packages);
    fixture.packages = packages;
    packages = NULL;
    fixture.engine.packages = fixture.packages;
    ck_assert_int_eq(engine_apply_policy(&fixture.engine), 0);
    ck_assert_int_eq(engine_retry_all(&fixture.engine), 0);
}

/* "kept changed", "changed duration 1h 2h": the packages, with their settings. */
static const char *describe(void)
{
    static char text[1024];
    size_t i, k;
    json_t *package, *setting;
    text[0] = '\0';
    json_array_foreach(json_array_get(value, 0), i, package)
    {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s", i ? "; " : "",
                 acts_text(package, "change"), acts_text(package, "package"));
        json_array_foreach(json_object_get(package, "settings"), k, setting)
        {
            snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %s: %s -> %s",
                     acts_text(setting, "key"),
                     json_object_get(setting, "before") ? acts_text(setting, "before") : "-",
                     json_object_get(setting, "after") ? acts_text(setting, "after") : "-");
        }
    }
    return text;
}

/* "alice kept keeps dbadmins": those whom it concerns. */
static const char *describe_effects(void)
{
    static char text[1024];
    size_t i, k;
    json_t *effect, *group;
    text[0] = '\0';
    json_array_foreach(json_array_get(value, 1), i, effect)
    {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s %s", i ? "; " : "",
                 acts_text(effect, "user"), acts_text(effect, "package"), acts_text(effect, "effect"));
        json_array_foreach(json_object_get(effect, "groups"), k, group)
        {
            snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", json_string_value(group));
        }
    }
    return text;
}

START_TEST(test_nothing)
{
    acts_hold(&fixture, "alice", "kept");
    write_next("kept", "# other words\n" KEPT "justification = optional\n");
    diff();
    ck_assert_str_eq(describe(), "");
    ck_assert_str_eq(describe_effects(), "");
}
END_TEST

START_TEST(test_settings)
{
    remove_next("ended");
    write_next(
        "new",
        "[package]\ngroups = \"domain admins\"\n[stage 1]\napprovers = bob\n[stage 2]\napprovers = carol\n");
    write_next(
        "kept",
        "[package]\ndescription = K\ngroups = dbadmins backup\n[policy]\nduration = forever\nmax_duration = "
        "forever\napprovers = bob\nrequestors = alice %staff\n");
    diff();
    ck_assert_str_eq(
        describe(),
        "removed ended, groups: backup -> -; "
        "changed kept, description: kept -> K, duration: 1h -> forever, max_duration: 1h -> forever, "
        "approval: none -> required, requestors: - -> alice %staff, [stage 1] approvers: - -> bob, "
        "[stage 1] quorum: - -> 1, [stage 1] timeout: - -> 1d; "
        "added new, groups: - -> \"domain admins\", [stage 1] approvers: - -> bob, "
        "[stage 2] approvers: - -> carol");
    ck_assert_str_eq(describe_effects(), "");
}
END_TEST

/* What it says ends is what the reload ends, and nothing else; saying it ended nothing. */
START_TEST(test_ends)
{
    char *names[] = {(char *)"ended", NULL};
    const struct submission later = {.packages = names, .start = fixture.now + 1000};
    json_t *filed = NULL;
    const int64_t held = acts_hold(&fixture, "alice", "ended"), kept = acts_hold(&fixture, "alice", "kept");
    ck_assert_int_eq(acts_submit(&fixture, "carol", &later, &filed), 0);
    const int64_t waits = fixture_id(filed);
    remove_next("ended");
    remove_next("kept");
    diff();
    ck_assert_str_eq(describe_effects(), "alice ended ends backup; carol ended withdrawn backup; "
                                         "alice kept keeps backup dbadmins");
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    ck_assert_str_eq(fixture_state(&fixture, waits), "approved");
    ck_assert(fixture_gate_opens(&fixture, "alice", "ended"));
    reload();
    ck_assert_str_eq(fixture_state(&fixture, held), "revoked");
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
    ck_assert_str_eq(fixture_state(&fixture, kept), "fulfilled");
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    diff();
    ck_assert_str_eq(describe(), "");
}
END_TEST

/* Rule 14: who holds a package gets none of its new groups, and keeps those that it no longer gives. */
START_TEST(test_other_groups)
{
    const int64_t held = acts_hold(&fixture, "alice", "kept");
    write_next("kept", "[package]\ngroups = backup new\n[policy]\napproval = none\nduration = 1h\n");
    diff();
    ck_assert_str_eq(describe(), "changed kept, groups: dbadmins backup -> backup new");
    ck_assert_str_eq(describe_effects(), "alice kept keeps dbadmins");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    ck_assert(fixture_in_group(&fixture, "alice", 2001));
    ck_assert(fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_partial)
{
    const int64_t id = acts_file(&fixture, "alice", "asked");
    acts_approve_in_part(&fixture, id);
    ck_assert_str_eq(fixture_state(&fixture, id), "partially-fulfilled");
    write_next("asked", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\nduration = 1h\n");
    diff();
    ck_assert_str_eq(describe_effects(), "alice asked drops backup");
    reload();
    acts_retry_due(&fixture, NULL);
    ck_assert_str_eq(fixture_state(&fixture, id), "fulfilled");
    ck_assert(!fixture_in_group(&fixture, "alice", 34));
}
END_TEST

START_TEST(test_pending)
{
    const int64_t id = acts_file(&fixture, "alice", "asked");
    write_next("asked", "[package]\ngroups = dbadmins\n[policy]\napprovers = carol\nduration = 1h\n");
    diff();
    ck_assert_str_eq(describe(),
                     "changed asked, groups: dbadmins backup -> dbadmins, [stage 1] approvers: bob -> carol");
    ck_assert_str_eq(describe_effects(), "alice asked gives-other-groups dbadmins");
    remove_next("asked");
    diff();
    ck_assert_str_eq(describe_effects(), "alice asked cannot-be-approved dbadmins backup");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, id), "pending-approval");
    ck_assert_int_eq(fixture_decide(&fixture, "bob", id, true, "yes", NULL), BUS_ERROR_POLICY_REFUSED);
}
END_TEST

/* An approved request that begins later: it will find that nothing of what was approved is given any more. */
START_TEST(test_later)
{
    char *names[] = {(char *)"kept", NULL};
    const struct submission later = {.packages = names, .start = fixture.now + 1000};
    json_t *filed = NULL;
    ck_assert_int_eq(acts_submit(&fixture, "carol", &later, &filed), 0);
    const int64_t waits = fixture_id(filed);
    write_next("kept", "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n");
    diff();
    ck_assert_str_eq(describe_effects(), "");
    write_next("kept", "[package]\ngroups = other\n[policy]\napproval = none\nduration = 1h\n");
    diff();
    ck_assert_str_eq(describe_effects(), "carol kept does-not-start dbadmins backup");
    reload();
    ck_assert_str_eq(fixture_state(&fixture, waits), "approved");
    acts_pass(&fixture, 1001);
    ck_assert_str_eq(fixture_state(&fixture, waits), "cancelled");
}
END_TEST

/* What the package's end would cut is told of: who holds it longer keeps that, and what waits comes to nothing. */
START_TEST(test_not_after)
{
    char *names[] = {(char *)"kept", NULL};
    const struct submission later = {.packages = names, .start = fixture.now + 9000};
    const int64_t held = acts_hold(&fixture, "alice", "kept");
    ck_assert_int_eq(acts_submit(&fixture, "carol", &later, NULL), 0);
    acts_file(&fixture, "alice", "asked");
    write_next("kept", KEPT "not_after = 2030-01-01\n");
    diff();
    ck_assert_str_eq(describe(), "changed kept, not_after: - -> 2030-01-02T00:00:00+00:00");
    ck_assert_str_eq(describe_effects(), "");
    write_next("kept", KEPT "not_after = 2025-11-23 22:42:20Z\n"); /* 30 minutes of its hour */
    write_next("asked", ASKED "not_after = 2025-11-23\n");
    diff();
    ck_assert_str_eq(describe_effects(), "alice kept outlasts backup dbadmins; carol kept does-not-start "
                                         "dbadmins backup");
    write_next("asked", ASKED "not_after = 2025-11-22\n");
    diff();
    ck_assert_ptr_nonnull(strstr(describe_effects(), "alice asked cannot-be-approved dbadmins backup"));
    reload();
    acts_pass(&fixture, 3000);
    ck_assert_str_eq(fixture_state(&fixture, held), "fulfilled");
    diff();
    ck_assert_str_eq(describe(), "");
}
END_TEST

/* More than one answer tells: it says so, and stops. */
START_TEST(test_many)
{
    acts_hold(&fixture, "alice", "kept");
    ck_assert_int_eq(store_begin(fixture.engine.store), 0);
    for (int i = 0; i < 1100; i++) {
        char user[16];
        snprintf(user, sizeof(user), "user%d", i);
        struct assignment assignment = {.package = (char *)"kept",
                                        .user = user,
                                        .uid = 5000 + (uid_t)i,
                                        .state = STATE_FULFILLED,
                                        .span = {fixture.now, fixture.now + 3600}};
        struct grant grant = {.group = (char *)"dbadmins", .gid = 2001};
        ck_assert_int_eq(store_add_assignment(fixture.engine.store, &assignment), 0);
        ck_assert_int_eq(store_set_grants(fixture.engine.store, assignment.id, &grant, 1, true), 0);
    }
    ck_assert_int_eq(store_commit(fixture.engine.store), 0);
    remove_next("kept");
    diff();
    ck_assert_uint_eq(json_array_size(json_array_get(value, 1)), 1000);
    ck_assert(json_is_true(json_array_get(value, 2)));
}
END_TEST

/* Each key that a file may have, in the words of the file; with these settings written into one it is the same package. */
START_TEST(test_words)
{
    static const char file[] =
        "[package]\ndescription = All of it\ngroups = dbadmins \"domain admins\"\n[policy]\nrequestors = "
        "%staff carol\n"
        "justification = required\nduration = 4h\nmax_duration = 12h\nextension = approval\nmax_total = 1d\n"
        "cooldown = 1h\ngate_cooldown = 30m\nincompatible = kept\nemergency = alice\nemergency_duration = "
        "2h\n"
        "at_end = terminate\nservices = sshd login\ndrift = repair\non_removed = revoke\napproval = "
        "required\n"
        "same_approver = yes\n"
        "[stage 1]\napprovers = bob %dba-leads\nquorum = 2\ntimeout = 4h\nescalate_after = "
        "2h\nfallback_approvers = carol\n"
        "[stage 2]\napprovers = dave\nquorum = 1\ntimeout = 1d\n";
    char again[2048] = "[package]\n", line[512];
    const char *key;
    json_t *text;
    write_next("kept", file);
    load_next();
    json_t *settings = package_settings(packages_find(packages, "kept"));
    ck_assert_ptr_nonnull(settings);
    json_object_foreach(settings, key, text)
    {
        const char *name = *key == '[' ? strstr(key, "] ") + 2 : key;
        if (strcmp(key, "requestors") == 0)
            strcat(again, "[policy]\n");
        if (*key == '[' && strcmp(name, "approvers") == 0)
            snprintf(again + strlen(again), sizeof(again) - strlen(again), "%.*s\n",
                     (int)strcspn(key, "]") + 1, key);
        snprintf(line, sizeof(line), "%s = %s\n", name, json_string_value(text));
        strcat(again, line);
    }
    ck_assert_str_eq(again, file);
    json_decref(settings);
}
END_TEST

START_TEST(test_justifications)
{
    static const char *const words[] = {"optional", "asked", "required"};
    char text[256];
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        snprintf(text, sizeof(text), KEPT "justification = %s\n", words[i]);
        write_next("kept", text);
        load_next();
        json_t *settings = package_settings(packages_find(packages, "kept"));
        ck_assert_str_eq(acts_text(settings, "justification"), words[i]);
        json_decref(settings);
    }
}
END_TEST

int main(void)
{
    suite_case("diff", setup, teardown);
    suite_add(test_nothing, test_settings, test_ends, test_other_groups, test_partial, test_pending,
              test_later, test_not_after, test_many, test_words, test_justifications);
    return suite_run();
}
