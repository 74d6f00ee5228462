/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkg-admin metrics over the real daemon: what was done is counted; as parsers of others read it, where one is at hand. */
#include "tests/support/live.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

#define PROM "/var/lib/prometheus/node-exporter"

static void setup(void)
{
    live_start("asked", "[package]\ngroups = dbadmins\n[policy]\napprovers = bob\nduration = 1h\n", "free",
               "[package]\ngroups = backup\n[policy]\napproval = none\nduration = 1h\n", NULL);
}

static void shows(const char *line)
{
    ck_assert_msg(strstr(live_output, line), "%s: %s", line, live_output);
}

START_TEST(test_counted)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("alice", "pkg-request submit asked -m why", 0, "is filed");
    live_expect("dave", "pkg-request submit asked -m why", 0, "is filed");
    live_expect("dave", "pkg-request submit nothing", 1, "no access package");
    live_expect("bob", "pkg-approve approve alice/asked", 0, "");
    live_expect("root", "pkg-admin revoke free alice -m x", 0, "Revoked");
    live_expect("root", "pkg-admin metrics", 0, "# TYPE accesspkg_up gauge\n");
    shows("\naccesspkg_up 1\n");
    shows("\naccesspkg_requests_total 3\n");
    shows("\naccesspkg_pending_requests{age=\"1h\"} 1\n");
    shows("\naccesspkg_decisions_total{verdict=\"approved\"} 1\n");
    shows("\naccesspkg_decision_delay_seconds_count 1\n");
    shows("\naccesspkg_live_assignments{package=\"asked\"} 1\n");
    shows("\naccesspkg_live_assignments{package=\"free\"} 0\n");
    shows("\naccesspkg_ended_assignments_total{state=\"revoked\"} 1\n");
    shows("\naccesspkg_bus_calls_total{method=\"Submit\",outcome=\"done\"} 3\n");
    shows("\naccesspkg_bus_calls_total{method=\"Submit\",outcome=\"refused\"} 1\n");
    shows("\naccesspkg_bus_call_duration_seconds_count{method=\"Submit\"} 4\n");
    shows("\naccesspkg_store_size_bytes ");
    shows("\n# EOF\n");
    /* What is held is known after a restart; the rest begins anew. */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_start_daemon();
    live_expect("root", "pkg-admin metrics", 0, "\naccesspkg_live_assignments{package=\"asked\"} 1\n");
    shows("\naccesspkg_requests_total 3\n");
    shows("\naccesspkg_decisions_total{verdict=\"approved\"} 0\n");
    live_expect("alice", "pkg-admin metrics", 77, "root");
    live_expect("root", "pkg-admin metrics --format yaml", 64, "no format");
}
END_TEST

/* By rename, readable for others, and nothing is left beside it. */
START_TEST(test_file)
{
    live_expect("root", "mkdir -p " PROM "; pkg-admin metrics --format prometheus " PROM "/accesspkg.prom", 0,
                "");
    live_expect("root", "stat -c %a " PROM "/accesspkg.prom; ls -A " PROM, 0, "644\naccesspkg.prom\n");
    live_expect("root", "grep -c '# TYPE accesspkg_requests_total counter' " PROM "/accesspkg.prom", 0,
                "1\n");
    live_expect("root", "grep -E '^# (UNIT|EOF)|info$' " PROM "/accesspkg.prom", 1, "");
    live_expect("root", "mkdir -p " PROM "/dir; pkg-admin metrics " PROM "/dir", 74, "could not be written");
    live_expect("root", "pkg-admin metrics /nowhere/accesspkg.prom", 74, "could not be written");
    /* The collector's user owns the folder above. */
    live_expect("root",
                "mkdir /tmp/roots && ln -s /tmp/roots " PROM "/../link; pkg-admin metrics " PROM
                "/../link/accesspkg.prom; code=$?; ls -A /tmp/roots; exit $code",
                74, "link/accesspkg.prom could not be written: Not a directory\n");
    ck_assert_ptr_null(strstr(live_output, "\naccesspkg.prom"));
    live_expect("root", "ls -A " PROM, 0, "accesspkg.prom\ndir\n");
    /* That it does not run is a figure; it is not started for that. */
    ck_assert_int_eq(live_stop_daemon(SIGTERM), 0);
    live_expect("root", "pkg-admin metrics --format prometheus " PROM "/accesspkg.prom", 0, "");
    live_expect("root", "grep -v '^#' " PROM "/accesspkg.prom", 0, "accesspkg_up 0\n");
    live_expect("root", "pkg-admin metrics --json", 69, "");
    live_expect("root", "rm -r " PROM, 0, "");
}
END_TEST

/* Programs of others read it. */
START_TEST(test_parsers)
{
    live_expect("alice", "pkg-request submit free", 0, "You hold free");
    live_expect("root", "pkg-admin metrics >/tmp/open; pkg-admin metrics --format prometheus >/tmp/text", 0,
                "");
    live_expect(
        "root",
        "python3 -c '"
        "from prometheus_client.openmetrics import parser as new\n"
        "from prometheus_client import parser as old\n"
        "names = {f.name for f in new.text_string_to_metric_families(open(\"/tmp/open\").read())}\n"
        "assert \"accesspkg_bus_call_duration_seconds\" in names and len(names) > 15, names\n"
        "kinds = {f.name: f.type for f in old.text_string_to_metric_families(open(\"/tmp/text\").read())}\n"
        "assert kinds[\"accesspkg_requests\"] == \"counter\", kinds\n"
        "assert \"unknown\" not in kinds.values(), kinds'",
        0, "");
}
END_TEST

int main(void)
{
    suite_case("metrics", setup, live_stop);
    suite_timeout(60);
    suite_add(test_counted, test_file, test_parsers);
    return suite_run();
}
