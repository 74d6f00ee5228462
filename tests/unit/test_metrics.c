/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of metrics in both formats, byte for byte; what the store counts, and that nothing taken back is counted. */
#include "cli/metrics.h"
#include "helperd/bus/metrics.h"
#include "tests/support/acts.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static struct fixture fixture;
static json_t *figures;

#define ASKED "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\nduration = 1h\n"
#define FREE  "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n"

/* ---- the text ---- */

static const char few[] =
    "{\"version\": \"1 \\\"a\\\\b\", \"started\": 1795476230, \"packages\": 2, \"requests\": 7,"
    " \"pending\": [{\"age\": \"1h\", \"count\": 1}, {\"age\": \"1d\", \"count\": 0}, {\"age\": \"older\", "
    "\"count\": 2}],"
    " \"decisions\": [{\"verdict\": \"approved\", \"count\": 3}, {\"verdict\": \"denied\", \"count\": 1}],"
    " \"decision_delay\": {\"bounds\": [60, 86400], \"counts\": [2, 1, 1], \"sum\": 90000},"
    " \"ended\": [{\"state\": \"revoked\", \"count\": 1}], \"store_size\": 4096,"
    " \"calls\": [{\"method\": \"Submit\", \"done\": 2, \"refused\": 1, \"failed\": 0, \"bounds\": [1000, "
    "2500000],"
    "  \"counts\": [1, 2, 0], \"sum\": 1500250}]}";

static void assert_text(const char *json, enum metrics_format format, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *value = json ? json_loads(json, 0, NULL) : NULL;
    metrics_write(out, value, format);
    fclose(out);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

START_TEST(test_openmetrics)
{
    assert_text(
        few, METRICS_OPENMETRICS,
        "# TYPE accesspkg_up gauge\n"
        "# HELP accesspkg_up Whether accesspkgd answers.\n"
        "accesspkg_up 1\n"
        "# TYPE accesspkg_build info\n"
        "# HELP accesspkg_build The version of accesspkgd.\n"
        "accesspkg_build_info{version=\"1 \\\"a\\\\b\"} 1\n"
        "# TYPE accesspkg_start_time_seconds gauge\n"
        "# UNIT accesspkg_start_time_seconds seconds\n"
        "# HELP accesspkg_start_time_seconds When accesspkgd started.\n"
        "accesspkg_start_time_seconds 1795476230\n"
        "# TYPE accesspkg_packages gauge\n"
        "# HELP accesspkg_packages Packages that are defined.\n"
        "accesspkg_packages 2\n"
        "# TYPE accesspkg_requests counter\n"
        "# HELP accesspkg_requests Requests that were ever filed.\n"
        "accesspkg_requests_total 7\n"
        "# TYPE accesspkg_pending_requests gauge\n"
        "# HELP accesspkg_pending_requests Requests that wait for a decision, by their age.\n"
        "accesspkg_pending_requests{age=\"1h\"} 1\n"
        "accesspkg_pending_requests{age=\"1d\"} 0\n"
        "accesspkg_pending_requests{age=\"older\"} 2\n"
        "# TYPE accesspkg_decisions counter\n"
        "# HELP accesspkg_decisions Decisions of approvers.\n"
        "accesspkg_decisions_total{verdict=\"approved\"} 3\n"
        "accesspkg_decisions_total{verdict=\"denied\"} 1\n"
        "# TYPE accesspkg_decision_delay_seconds histogram\n"
        "# UNIT accesspkg_decision_delay_seconds seconds\n"
        "# HELP accesspkg_decision_delay_seconds How long a stage had waited when a decision came.\n"
        "accesspkg_decision_delay_seconds_bucket{le=\"60.0\"} 2\n"
        "accesspkg_decision_delay_seconds_bucket{le=\"86400.0\"} 3\n"
        "accesspkg_decision_delay_seconds_bucket{le=\"+Inf\"} 4\n"
        "accesspkg_decision_delay_seconds_count 4\n"
        "accesspkg_decision_delay_seconds_sum 90000.0\n"
        "# TYPE accesspkg_ended_assignments counter\n"
        "# HELP accesspkg_ended_assignments Assignments that ended.\n"
        "accesspkg_ended_assignments_total{state=\"revoked\"} 1\n"
        "# TYPE accesspkg_store_size_bytes gauge\n"
        "# UNIT accesspkg_store_size_bytes bytes\n"
        "# HELP accesspkg_store_size_bytes What the store takes of its disk.\n"
        "accesspkg_store_size_bytes 4096\n"
        "# TYPE accesspkg_bus_calls counter\n"
        "# HELP accesspkg_bus_calls Calls, by method and how they were answered.\n"
        "accesspkg_bus_calls_total{method=\"Submit\",outcome=\"done\"} 2\n"
        "accesspkg_bus_calls_total{method=\"Submit\",outcome=\"refused\"} 1\n"
        "accesspkg_bus_calls_total{method=\"Submit\",outcome=\"failed\"} 0\n"
        "# TYPE accesspkg_bus_call_duration_seconds histogram\n"
        "# UNIT accesspkg_bus_call_duration_seconds seconds\n"
        "# HELP accesspkg_bus_call_duration_seconds How long calls took, from when they were let in.\n"
        "accesspkg_bus_call_duration_seconds_bucket{method=\"Submit\",le=\"0.001\"} 1\n"
        "accesspkg_bus_call_duration_seconds_bucket{method=\"Submit\",le=\"2.5\"} 3\n"
        "accesspkg_bus_call_duration_seconds_bucket{method=\"Submit\",le=\"+Inf\"} 3\n"
        "accesspkg_bus_call_duration_seconds_count{method=\"Submit\"} 3\n"
        "accesspkg_bus_call_duration_seconds_sum{method=\"Submit\"} 1.50025\n"
        "# EOF\n");
}
END_TEST

/* In what an older parser knows: counters and constants by the names of their samples, no unit, no end. */
START_TEST(test_prometheus)
{
    assert_text("{\"version\": \"2\", \"requests\": 7, \"store_size\": 4096}", METRICS_PROMETHEUS,
                "# TYPE accesspkg_up gauge\n"
                "# HELP accesspkg_up Whether accesspkgd answers.\n"
                "accesspkg_up 1\n"
                "# TYPE accesspkg_build_info gauge\n"
                "# HELP accesspkg_build_info The version of accesspkgd.\n"
                "accesspkg_build_info{version=\"2\"} 1\n"
                "# TYPE accesspkg_requests_total counter\n"
                "# HELP accesspkg_requests_total Requests that were ever filed.\n"
                "accesspkg_requests_total 7\n"
                "# TYPE accesspkg_store_size_bytes gauge\n"
                "# HELP accesspkg_store_size_bytes What the store takes of its disk.\n"
                "accesspkg_store_size_bytes 4096\n");
}
END_TEST

START_TEST(test_not_answering)
{
    assert_text(NULL, METRICS_OPENMETRICS,
                "# TYPE accesspkg_up gauge\n# HELP accesspkg_up Whether accesspkgd answers.\naccesspkg_up "
                "0\n# EOF\n");
}
END_TEST

/* ---- the figures ---- */

static void setup(void)
{
    fixture_init(&fixture, "asked", ASKED, "free", FREE, NULL);
    figures = NULL;
}

static void teardown(void)
{
    json_decref(figures);
    fixture_teardown();
}

static void measure(void)
{
    json_decref(figures);
    figures = NULL;
    ck_assert_int_eq(engine_measure(&fixture.engine, &figures), 0);
}

static int64_t figure(const char *member)
{
    measure();
    ck_assert_ptr_nonnull(json_object_get(figures, member));
    return json_integer_value(json_object_get(figures, member));
}

/* The count of the row that has this word; -1: there is none. */
static int64_t count_of(const char *member, const char *word)
{
    json_t *row, *value;
    const char *key;
    size_t i;
    measure();
    json_array_foreach(json_object_get(figures, member), i, row)
    {
        json_object_foreach(row, key, value)
        {
            if (json_is_string(value) && strcmp(json_string_value(value), word) == 0)
                return acts_number(row, "count");
        }
    }
    return -1;
}

static int64_t delayed(size_t bucket)
{
    measure();
    const json_t *counts = json_object_get(json_object_get(figures, "decision_delay"), "counts");
    ck_assert_uint_eq(json_array_size(counts), 7);
    return json_integer_value(json_array_get(counts, bucket));
}

START_TEST(test_figures)
{
    ck_assert_int_eq(count_of("live", "free"), 0);
    ck_assert_int_eq(count_of("ended", "revoked"), 0);
    acts_hold(&fixture, "alice", "free");
    acts_hold(&fixture, "dave", "free");
    ck_assert_int_eq(count_of("live", "free"), 2);
    ck_assert_int_eq(count_of("live", "asked"), 0);
    ck_assert_int_eq(acts_revoke(&fixture, "dave", "free", "x"), 0);
    ck_assert_int_eq(count_of("live", "free"), 1);
    ck_assert_int_eq(count_of("ended", "revoked"), 1);
    acts_pass(&fixture, 3601);
    ck_assert_int_eq(count_of("live", "free"), 0);
    ck_assert_int_eq(count_of("ended", "access-expired"), 1);
    ck_assert_int_eq(figure("requests"), 2);
    ck_assert_int_eq(figure("packages"), 2);
}
END_TEST

START_TEST(test_decisions)
{
    const int64_t first = acts_file(&fixture, "alice", "asked"),
                  second = acts_file(&fixture, "dave", "asked");
    ck_assert_int_eq(count_of("pending", "1h"), 2);
    fixture.now += 50;
    ck_assert_int_eq(fixture_decide(&fixture, "bob", first, true, "yes", NULL), 0);
    fixture.now += 4000;
    ck_assert_int_eq(count_of("pending", "1d"), 1);
    ck_assert_int_eq(figure("oldest_pending"), FIXTURE_NOW);
    ck_assert_int_eq(fixture_decide(&fixture, "bob", second, false, "no", NULL), 0);
    ck_assert_int_eq(count_of("decisions", "approved"), 1);
    ck_assert_int_eq(count_of("decisions", "denied"), 1);
    ck_assert_int_eq(delayed(0), 1); /* within a minute */
    ck_assert_int_eq(delayed(4), 1); /* within four hours */
    ck_assert_int_eq(acts_number(json_object_get(figures, "decision_delay"), "sum"), 50 + 4050);
    ck_assert_int_eq(count_of("ended", "access-expired"), 1);
}
END_TEST

START_TEST(test_taken_back)
{
    struct store *store = fixture.engine.store;
    struct assignment assignment = {.package = (char *)"gone",
                                    .user = (char *)"alice",
                                    .uid = ALICE,
                                    .state = STATE_FULFILLED,
                                    .span = {fixture.now, fixture.now + 60}};
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_assignment(store, &assignment), 0);
    store_rollback(store);
    ck_assert_int_eq(count_of("live", "gone"), -1);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_add_assignment(store, &assignment), 0);
    ck_assert_int_eq(store_commit(store), 0);
    ck_assert_int_eq(count_of("live", "gone"), 1); /* of a package that packages.d does not have */
}
END_TEST

/* ---- calls ---- */

static const char *name_method(size_t method)
{
    return method == 1 ? "Second" : "First";
}

START_TEST(test_calls)
{
    struct bus_metrics *metrics = bus_metrics_new(2);
    json_t *object = json_object();
    bus_metrics_note(metrics, 1, BUS_OUTCOME_DONE, bus_metrics_now());
    bus_metrics_note(metrics, 1, BUS_OUTCOME_REFUSED, bus_metrics_now() - (int64_t)3600 * 1000000000);
    ck_assert_int_eq(bus_metrics_add(metrics, name_method, object), 0);
    const json_t *calls = json_object_get(object, "calls"), *call = json_array_get(calls, 0);
    ck_assert_uint_eq(json_array_size(calls), 1);
    ck_assert_str_eq(json_string_value(json_object_get(call, "method")), "Second");
    ck_assert_int_eq(acts_number(call, "done"), 1);
    ck_assert_int_eq(acts_number(call, "refused"), 1);
    ck_assert_int_eq(acts_number(call, "failed"), 0);
    const json_t *counts = json_object_get(call, "counts");
    const size_t last = json_array_size(counts) - 1;
    ck_assert_uint_eq(last, json_array_size(json_object_get(call, "bounds")));
    ck_assert_int_eq(json_integer_value(json_array_get(counts, last)), 1);
    ck_assert_int_ge(acts_number(call, "sum"), (int64_t)3600 * 1000000);
    json_decref(object);
    bus_metrics_free(metrics);
}
END_TEST

int main(void)
{
    suite_case("text", NULL, NULL);
    suite_add(test_openmetrics, test_prometheus, test_not_answering, test_calls);
    suite_case("figures", setup, teardown);
    suite_add(test_figures, test_decisions, test_taken_back);
    return suite_run();
}
