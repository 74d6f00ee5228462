/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/status_fields.h"

#include "cli/lock.h"
#include "common/cleanup.h"
#include "common/duration.h"
#include "common/names.h"
#include "common/paths.h"

#include <stdlib.h>
#include <string.h>

/* The longest label below, its colon and a blank. */
enum { LABELS = sizeof("Left in /etc/group:"), HOST_SHOWN = 40 };

size_t status_row_width(const struct output *output)
{
    return output->width > 2 * LABELS ? output->width - LABELS : 0;
}

char *status_cut_to_row(const char *text, size_t width)
{
    const size_t size = width > 0 ? width + 1 : strlen(text) + 1;
    char *row = malloc(size);

    if (!row)
        output_no_memory();
    return width > 0 ? text_visible(text, row, size) : memcpy(row, text, size);
}

/* Cuts a long host name: the reader knows the host. */
static char *field_daemon(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *host =
        status_cut_to_row(member_text(status, "host"), output->width > 0 ? HOST_SHOWN : 0);
    _cleanup_free_ char *since = field_time(output, status, "started");

    return json_object_get(status, member) ? output_format("%s on %s, since %s", member_text(status, member),
                                                           host, since ? since : "an unknown time")
                                           : NULL;
}

/* "512 KiB", "4.2 MiB", "120 GiB" */
static char *size_text(int64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double size = (double)bytes / 1024;
    size_t unit = 0;

    while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
        size /= 1024;
        unit++;
    }
    return output_format(unit > 0 && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static char *field_store(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *used = size_text(member_integer(status, member));
    _cleanup_free_ char *left = size_text(member_integer(status, "store_free"));

    (void)output;
    return json_object_get(status, member) ? output_format("%s; %s are free on its disk", used, left) : NULL;
}

/* "since Sun 2025-10-26 22:12 UTC (35 days ago); kept for 400 d" */
static char *field_history(const struct output *output, const json_t *status, const char *member)
{
    char keep[DURATION_TEXT_MAX];
    _cleanup_free_ char *since = field_time(output, status, member);

    if (!since)
        return NULL;
    if (!json_object_get(status, "keep"))
        return output_format("since %s; kept for good", since);
    return output_format("since %s; kept for %s", since,
                         duration_format(member_integer(status, "keep"), keep));
}

static char *field_policy(const struct output *output, const json_t *status, const char *member)
{
    const int64_t packages = member_integer(status, member);
    _cleanup_free_ char *loaded = field_time(output, status, "policy_loaded");

    return json_object_get(status, member)
               ? output_format("%lld package%s, read %s", (long long)packages, packages == 1 ? "" : "s",
                               loaded ? loaded : "at an unknown time")
               : NULL;
}

/* "12 (9 of the last hour, 2 of the last day, 1 older; oldest: Tue 2026-11-24 10:45 UTC (2 d ago))" */
static char *field_pending(const struct output *output, const json_t *status, const char *member)
{
    static const struct {
        const char *member, *words;
    } ages[] = {
        {"pending_hour", "of the last hour"}, {"pending_day", "of the last day"}, {"pending_older", "older"}};
    if (!json_object_get(status, member))
        return NULL;
    _cleanup_free_ char *oldest = field_time(output, status, "oldest_pending");
    char *text = output_format("%lld", (long long)member_integer(status, member));
    const char *before = " (";

    for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
        const int64_t count = member_integer(status, ages[i].member);
        char *longer =
            count > 0 ? output_format("%s%s%lld %s", text, before, (long long)count, ages[i].words) : NULL;

        if (!longer)
            continue;
        free(text);
        text = longer;
        before = ", ";
    }
    if (!oldest)
        return text;
    char *whole = output_format("%s%soldest: %s)", text, strcmp(before, ", ") == 0 ? "; " : before, oldest);
    free(text);
    return whole;
}

/* A count of problems; NULL when there is none. */
static char *problem_count(const json_t *status, const char *member, const char *words)
{
    const int64_t count = member_integer(status, member);

    return count > 0 ? output_format("%lld%s", (long long)count, words) : NULL;
}

/* "12 users: eve, bob, ...", "1 group: far"; NULL: none. New memory. */
static char *unknown_text(const struct output *output, const json_t *status, const char *what,
                          const char *count_member, const char *names_member)
{
    const int64_t count = member_integer(status, count_member);
    _cleanup_free_ char *names = field_list(output, status, names_member);
    const bool more = count > (int64_t)json_array_size(json_object_get(status, names_member));

    return count > 0 ? output_format("%lld %s%s: %s%s", (long long)count, what, count == 1 ? "" : "s",
                                     names ? names : "", more ? ", ..." : "")
                     : NULL;
}

/* Holders and held groups that no directory has now, or that could not be looked up. */
static char *field_unknown(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *users = unknown_text(output, status, "user", member, "unknown_user_names");
    _cleanup_free_ char *groups =
        unknown_text(output, status, "group", "unknown_groups", "unknown_group_names");
    _cleanup_free_ char *text =
        users || groups
            ? output_format("%s%s%s", users ? users : "", users && groups ? "; " : "", groups ? groups : "")
            : NULL;

    return text ? status_cut_to_row(text, status_row_width(output)) : NULL;
}

/* Approvers review, not root. */
static char *field_unreviewed(const struct output *output, const json_t *status, const char *member)
{
    const int64_t overdue = member_integer(status, "review_overdue");
    _cleanup_free_ char *late = overdue > 0
                                    ? output_format(" (%lld longer than review_within)", (long long)overdue)
                                    : output_format("%s", "");
    _cleanup_free_ char *what =
        output_format(" taken in an emergency%s; approvers see which: pkg-approve", late);

    (void)output;
    return problem_count(status, member, what);
}

/* Memberships that could not be removed from /etc/group yet; no request shows them. */
static char *field_left(const struct output *output, const json_t *status, const char *member)
{
    (void)output;
    return problem_count(status, member, " not taken out yet; tried again, and the journal says why");
}

static char *field_notices(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *count = problem_count(status, member, "");
    _cleanup_free_ char *oldest = field_time(output, status, "oldest_notice");

    return count ? output_format("%s%s%s", count, oldest ? ", since " : "", oldest ? oldest : "") : NULL;
}

static char *field_failure(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *when = field_time(output, status, "notice_failed");
    _cleanup_free_ char *text =
        output_format("%s%s%s", when ? when : "", when ? ": " : "", member_text(status, member));

    return *member_text(status, member) ? status_cut_to_row(text, status_row_width(output)) : NULL;
}

/* "2 messages in /var/mail/accesspkg-notify, the last 3 min ago. Read them, then empty the file" */
static char *field_returned(const struct output *output, const json_t *status, const char *member)
{
    const int64_t count = member_integer(status, member);
    _cleanup_free_ char *last = field_when(output, status, "returned_last");

    if (count == 0)
        return NULL;
    return output_format("%lld message%s%s in %s, the last %s. Read %s, then empty the file",
                         (long long)count, count == 1 ? "" : "s",
                         member_true(status, "returned_more") ? " and more" : "", PATH_RETURNED,
                         last ? last : "at an unknown time", count == 1 ? "it" : "them");
}

/* The services in /etc/pam.d that our module guards, cut to one row. */
static char *field_guarded(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *services = field_list(output, status, member);

    if (!json_object_get(status, member))
        return NULL;
    return *services ? status_cut_to_row(services, status_row_width(output))
                     : output_format("none: see pam_accesspkg(8), and pkg-admin check-config");
}

/* Login ids reveal who decides under another account. Says when they cannot. */
static char *field_login_ids(const struct output *output, const json_t *status, const char *member)
{
    const bool required = member_true(status, "login_id_required");

    (void)output;
    if (!json_object_get(status, member))
        return NULL;
    if (!member_true(status, member))
        return output_format(required ? "required, and void in this container: nobody can decide"
                                      : "void in this container; see accesspkg.conf(5)");
    if (!required && !member_true(status, "login_id_known"))
        return output_format("your login has none; see require_login_id, accesspkg.conf(5)");
    return NULL;
}

/* Without what shadow says of an approver's account they decide nothing. */
static char *field_accounts(const struct output *output, const json_t *status, const char *member)
{
    (void)output;
    if (!member_has(status, member))
        return NULL;
    return output_format(
        "nobody can decide until it is known who is locked or expired: %s. See account_state, "
        "accesspkg.conf(5)",
        member_text(status, member));
}

static char *field_adopted(const struct output *output, const json_t *status, const char *member)
{
    (void)output;
    return problem_count(status, member, " from grant files, until their ends: their requests were lost");
}

/* The first line of all: nothing else of the screen counts until it is settled. */
static char *field_store_problem(const struct output *output, const json_t *status, const char *member)
{
    (void)output;
    return *member_text(status, member)
               ? output_format(
                     "%s. WHAT HAD ENDED STAYS ENDED, WHAT WAS APPROVED BEFORE WAITS. Put back the right "
                     "one, or look at this one, then: pkg-admin accept-store",
                     member_text(status, member))
               : NULL;
}

/* Services that were guarded and are not any more, though nobody asked for that. */
static char *field_unguarded(const struct output *output, const json_t *status, const char *member)
{
    _cleanup_free_ char *services = field_list(output, status, member);

    return json_object_get(status, member)
               ? output_format(
                     "%s: THE LINE OF ACCESSPKG IS GONE, SO EVERYBODY IS LET IN. See: pkg-admin pam status",
                     services)
               : NULL;
}

const struct field status_fields[] = {
    {"STATE.DB", "store_problem", field_store_problem, FIELD_PLAIN},
    {"NOT GUARDED", "unguarded", field_unguarded, FIELD_PLAIN},
    {"Daemon", "version", field_daemon, FIELD_PLAIN},
    {"Store", "store_size", field_store, FIELD_PLAIN},
    {"History", "history_since", field_history, FIELD_PLAIN},
    {"Store note", "store_note_problem", field_text, FIELD_PLAIN},
    {"System bus", "bus_problem", field_text, FIELD_PLAIN},
    {"Policy", "packages", field_policy, FIELD_PLAIN},
    {"Guarded services", "guarded", field_guarded, FIELD_PLAIN},
    {"Policy problem", "policy_problem", field_text, FIELD_PLAIN},
    {"Errors", "policy_errors", field_lines, FIELD_PLAIN},
    {"Allow-list", "allow_list_problems", field_lines, FIELD_PLAIN},
    {"Login ids", "login_ids_count", field_login_ids, FIELD_PLAIN},
    {"Accounts", "account_problem", field_accounts, FIELD_PLAIN},
    {"Pending", "pending", field_pending, FIELD_PLAIN},
    {"Nobody can decide", "undecidable_requests", field_lines, FIELD_PLAIN},
    {"Not reviewed", "unreviewed", field_unreviewed, FIELD_PLAIN},
    {"Live assignments", "live_assignments", field_count, FIELD_PLAIN},
    {"Locked", "locks", lock_field, FIELD_PLAIN},
    {"Taken over", "adopted", field_adopted, FIELD_PLAIN},
    {"Not in place", "partial", field_lines, FIELD_PLAIN},
    {"Also in /etc/group", "standing_members", field_lines, FIELD_PLAIN},
    {"Not explained", "unexplained_members", field_lines, FIELD_PLAIN},
    {"Not known now", "unknown_users", field_unknown, FIELD_PLAIN},
    {"Not recorded yet", "unrecorded", field_lines, FIELD_PLAIN},
    {"Left in /etc/group", "memberships_left", field_left, FIELD_PLAIN},
    {"Notices to deliver", "notices", field_notices, FIELD_PLAIN},
    {"Last failure", "notice_failure", field_failure, FIELD_PLAIN},
    {"Mail", "mail_problem", field_text, FIELD_PLAIN},
    {"Returned mail", "returned_mail", field_returned, FIELD_PLAIN},
    {"Next deadline", "next_deadline", field_time, FIELD_PLAIN},
};

const size_t status_fields_count = sizeof(status_fields) / sizeof(*status_fields);
