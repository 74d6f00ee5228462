/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. One table of families for both formats, which differ in how they call counters and constants. What
 * accesspkgd does not tell has no sample.
 */
#include "cli/metrics.h"

#include "cli/calls.h"
#include "cli/member.h"
#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* ---- the families ------------------------------------------------------------------------------------------ */

enum kind { GAUGE, COUNTER, HISTOGRAM, INFO };

struct family {
    const char *name;
    enum kind kind;
    const char *unit;   /* ""; else the name ends with it */
    const char *member; /* of the answer: a number, or objects with a label and a count */
    const char *label;  /* NULL: none */
    const char *help;
};

static const struct family families[] = {
    {"accesspkg_up", GAUGE, "", "up", NULL, "Whether accesspkgd answers."},
    {"accesspkg_build", INFO, "", "version", "version", "The version of accesspkgd."},
    {"accesspkg_start_time_seconds", GAUGE, "seconds", "started", NULL, "When accesspkgd started."},
    {"accesspkg_packages", GAUGE, "", "packages", NULL, "Packages that are defined."},
    {"accesspkg_requests", COUNTER, "", "requests", NULL, "Requests that were ever filed."},
    {"accesspkg_pending_requests", GAUGE, "", "pending", "age",
     "Requests that wait for a decision, by their age."},
    {"accesspkg_oldest_pending_request_timestamp_seconds", GAUGE, "seconds", "oldest_pending", NULL,
     "When the oldest of them was filed."},
    {"accesspkg_undecidable_requests", GAUGE, "", "undecidable", NULL,
     "Requests that wait and that nobody can decide."},
    {"accesspkg_unreviewed_emergencies", GAUGE, "", "unreviewed", NULL,
     "Emergencies that nobody has reviewed."},
    {"accesspkg_overdue_reviews", GAUGE, "", "review_overdue", NULL,
     "Those of them that wait longer than their package says (review_within)."},
    {"accesspkg_decisions", COUNTER, "", "decisions", "verdict", "Decisions of approvers."},
    {"accesspkg_decision_delay_seconds", HISTOGRAM, "seconds", "decision_delay", NULL,
     "How long a stage had waited when a decision came."},
    {"accesspkg_live_assignments", GAUGE, "", "live", "package", "Assignments that are held."},
    {"accesspkg_partially_fulfilled_assignments", GAUGE, "", "partially_fulfilled", NULL,
     "Assignments of which not every group is in place."},
    {"accesspkg_ended_assignments", COUNTER, "", "ended", "state", "Assignments that ended."},
    {"accesspkg_outstanding_ends", GAUGE, "", "ends_left", "where",
     "Ends that hold and could not be applied everywhere yet."},
    {"accesspkg_undelivered_notices", GAUGE, "", "notices", NULL, "Notices that wait for their delivery."},
    {"accesspkg_oldest_undelivered_notice_timestamp_seconds", GAUGE, "seconds", "oldest_notice", NULL,
     "When the oldest of them was written."},
    {"accesspkg_store_size_bytes", GAUGE, "bytes", "store_size", NULL, "What the store takes of its disk."},
    {"accesspkg_store_free_bytes", GAUGE, "bytes", "store_free", NULL, "What is free there."},
    {"accesspkg_bus_calls", COUNTER, "", "calls", "outcome", "Calls, by method and how they were answered."},
    {"accesspkg_bus_call_duration_seconds", HISTOGRAM, "seconds", "calls", "method",
     "How long calls took, from when they were let in."},
};

/* ---- the text ---------------------------------------------------------------------------------------------- */

struct text {
    FILE *out;
    enum metrics_format format;
};

/* Every value that is not whole is one of microseconds. As Go writes a float, which OpenMetrics wants of a bound. */
static char *seconds(int64_t microseconds, char ret[32])
{
    snprintf(ret, 32, "%lld.%06lld", (long long)(microseconds / 1000000),
             (long long)(microseconds % 1000000));
    char *end = ret + strlen(ret);
    while (end[-1] == '0' && end[-2] != '.')
        *--end = '\0';
    return ret;
}

/* A label with its value; a backslash, a quote or a line break cannot stand there as it is. */
static void put_label(FILE *out, const char *before, const char *label, const char *value)
{
    fprintf(out, "%s%s=\"", before, label);
    for (; *value; value++)
        if (*value == '\n')
            fputs("\\n", out);
        else
            fprintf(out, "%s%c", *value == '\\' || *value == '"' ? "\\" : "", *value);
    fputc('"', out);
}

static void begin_family(const struct text *text, const struct family *family)
{
    static const char *const types[] = {
        [GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram", [INFO] = "info"};
    const bool open = text->format == METRICS_OPENMETRICS;
    const char *const suffix = open                      ? ""
                               : family->kind == COUNTER ? "_total"
                               : family->kind == INFO    ? "_info"
                                                         : "";

    fprintf(text->out, "# TYPE %s%s %s\n", family->name, suffix,
            open || family->kind != INFO ? types[family->kind] : "gauge");
    if (open && *family->unit)
        fprintf(text->out, "# UNIT %s %s\n", family->name, family->unit);
    fprintf(text->out, "# HELP %s%s %s\n", family->name, suffix, family->help);
}

static void put_number(const struct text *text, const struct family *family, const char *value,
                       int64_t number)
{
    fprintf(text->out, "%s%s", family->name, family->kind == COUNTER ? "_total" : "");
    if (value) {
        put_label(text->out, "{", family->label, value);
        fputc('}', text->out);
    }
    fprintf(text->out, " %lld\n", (long long)number);
}

/* scale: microseconds in what the histogram counts. */
static void put_histogram(const struct text *text, const struct family *family, const json_t *histogram,
                          int64_t scale)
{
    const json_t *bounds = json_object_get(histogram, "bounds"),
                 *counts = json_object_get(histogram, "counts");
    const char *const method = family->label ? member_text(histogram, family->label) : NULL;
    int64_t within = 0;
    char bound[32];

    for (size_t i = 0; i < json_array_size(counts); i++) {
        within += json_integer_value(json_array_get(counts, i));
        fprintf(text->out, "%s_bucket", family->name);
        if (method)
            put_label(text->out, "{", family->label, method);
        put_label(text->out, method ? "," : "{", "le",
                  i < json_array_size(bounds)
                      ? seconds(json_integer_value(json_array_get(bounds, i)) * scale, bound)
                      : "+Inf");
        fprintf(text->out, "} %lld\n", (long long)within);
    }
    const char *const parts[] = {"count", "sum"};
    for (size_t i = 0; i < 2; i++) {
        fprintf(text->out, "%s_%s", family->name, parts[i]);
        if (method) {
            put_label(text->out, "{", family->label, method);
            fputc('}', text->out);
        }
        if (i == 0)
            fprintf(text->out, " %lld\n", (long long)within);
        else
            fprintf(text->out, " %s\n", seconds(member_integer(histogram, "sum") * scale, bound));
    }
}

/* Of calls: a sample for each outcome. */
static void put_outcomes(const struct text *text, const struct family *family, const json_t *call)
{
    static const char *const outcomes[] = {"done", "refused", "failed"};

    for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++) {
        fprintf(text->out, "%s_total", family->name);
        put_label(text->out, "{", "method", member_text(call, "method"));
        put_label(text->out, ",", family->label, outcomes[i]);
        fprintf(text->out, "} %lld\n", (long long)member_integer(call, outcomes[i]));
    }
}

static void put_row(const struct text *text, const struct family *family, const json_t *row)
{
    if (family->kind == HISTOGRAM)
        put_histogram(text, family, row, 1);
    else if (member_has(row, "count"))
        put_number(text, family, member_text(row, family->label), member_integer(row, "count"));
    else
        put_outcomes(text, family, row);
}

static void put_family(const struct text *text, const struct family *family, const json_t *value)
{
    const json_t *row;
    size_t i;

    begin_family(text, family);
    if (json_is_string(value)) {
        fprintf(text->out, "%s_info", family->name);
        put_label(text->out, "{", family->label, json_string_value(value));
        fputs("} 1\n", text->out);
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)value, i, row)
        {
            put_row(text, family, row);
        }
    } else if (family->kind == HISTOGRAM) {
        put_histogram(text, family, value, 1000000);
    } else {
        put_number(text, family, NULL, json_integer_value(value));
    }
}

void metrics_write(FILE *out, const json_t *figures, enum metrics_format format)
{
    const struct text text = {out, format};
    json_t *up = json_integer(figures ? 1 : 0);

    put_family(&text, &families[0], up);
    json_decref(up);
    for (size_t i = 1; i < sizeof(families) / sizeof(*families); i++)
        if (json_object_get(figures, families[i].member))
            put_family(&text, &families[i], json_object_get(figures, families[i].member));
    if (format == METRICS_OPENMETRICS)
        fputs("# EOF\n", out);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* 0 or -errno. Closes the file. */
static int fill_file(int fd, const json_t *figures, enum metrics_format format)
{
    FILE *out = fdopen(fd, "w");
    int r;

    if (!out) {
        r = -errno;
        close(fd);
        return r;
    }
    metrics_write(out, figures, format);
    r = ferror(out) ? -EIO : fchmod(fd, 0644) < 0 ? -errno : 0;
    return fclose(out) != 0 && r == 0 ? -errno : r;
}

/*
 * Into a file of this folder that no collector reads yet, which then takes the place of the other. 0 or -errno. The folder
 * may be one that the collector's user can put a link in the place of, to have root write elsewhere: none is followed.
 */
static int write_file(const char *path, const json_t *figures, enum metrics_format format)
{
    char copy[PATH_MAX], draft[32];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
        return -ENAMETOOLONG;
    _cleanup_close_ int folder = open(dirname(copy), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    snprintf(draft, sizeof(draft), ".accesspkg.%d", getpid());
    if (folder >= 0)
        unlinkat(folder, draft, 0); /* of one that was killed */
    const int fd =
        folder < 0 ? -1 : openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = fill_file(fd, figures, format);
    if (r == 0 && renameat(folder, draft, folder, name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(folder, draft, 0);
    return r;
}

/* accesspkgd is not started for this: that it does not run is a figure, too. 0, or an exit code after a message. */
static int fetch_figures(struct invocation *invocation, json_t **ret)
{
    struct client_error error;
    bool runs = false;

    if (calls_daemon_runs(invocation, &runs, &error) == 0 &&
        (!runs ||
         calls_call(invocation, client_message("GetMetrics", "", NULL), JSON_OBJECT, ret, &error) == 0))
        return 0;
    return calls_report(invocation, &error);
}

int metrics_show(struct invocation *invocation)
{
    const char *const path = invocation->n_operands > 0 ? invocation->operands[0] : NULL;
    const char *const word = invocation->format ? invocation->format : "openmetrics";
    const enum metrics_format format =
        strcmp(word, "prometheus") == 0 ? METRICS_PROMETHEUS : METRICS_OPENMETRICS;
    json_t *figures = NULL;

    if (format == METRICS_OPENMETRICS && strcmp(word, "openmetrics") != 0)
        return command_usage(invocation, "'%s' is no format; write openmetrics or prometheus", word);
    const int code = fetch_figures(invocation, &figures);
    if (code == EX_NOPERM || (!figures && invocation->output.json))
        return code ? code : EX_UNAVAILABLE;
    int r = 0;
    if (path)
        r = write_file(path, figures, format);
    else if (invocation->output.json)
        output_json(&invocation->output, figures);
    else
        metrics_write(invocation->output.stream, figures, format);
    json_decref(figures);
    if (r == 0)
        return code;
    output_message(invocation->program->name, "%s could not be written: %s", path, strerrordesc_np(-r));
    return EX_IOERR;
}
