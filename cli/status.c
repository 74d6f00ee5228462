/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Prints one record, whose lists are cut until it fits on the terminal. Counts returned mail itself, as
 * the daemon may not read it.
 */
#include "cli/status.h"

#include "cli/calls.h"
#include "cli/lock.h"
#include "cli/mailbox.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "common/nscd.h"
#include "common/nsswitch.h"
#include "common/pamcheck.h"
#include "common/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest label below, its colon and a blank. */
enum { LABELS = sizeof("Left in /etc/group:"), HOST_SHOWN = 40 };

/* ---- rows ------------------------------------------------------------------------------------------------- */

/* Columns of a row beside its label; 0: no terminal, do not cut. */
static size_t row_width(const struct output *output)
{
    return output->width > 2 * LABELS ? output->width - LABELS : 0;
}

/* The text, cut to `width` columns (0: not cut). New memory. */
static char *cut_to_row(const char *text, size_t width)
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
    _cleanup_free_ char *host = cut_to_row(member_text(status, "host"), output->width > 0 ? HOST_SHOWN : 0);
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

    return text ? cut_to_row(text, row_width(output)) : NULL;
}

/* Approvers review, not root. */
static char *field_unreviewed(const struct output *output, const json_t *status, const char *member)
{
    (void)output;
    return problem_count(status, member, " taken in an emergency; approvers see which: pkg-approve");
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

    return *member_text(status, member) ? cut_to_row(text, row_width(output)) : NULL;
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
    return *services ? cut_to_row(services, row_width(output))
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
    return output_format("no decision while it is not known who is locked or expired: %s. See account_state, "
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

static const struct field fields[] = {
    {"STATE.DB", "store_problem", field_store_problem, FIELD_PLAIN},
    {"Daemon", "version", field_daemon, FIELD_PLAIN},
    {"Store", "store_size", field_store, FIELD_PLAIN},
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
    {"Returned mail", "returned_mail", field_returned, FIELD_PLAIN},
    {"Next deadline", "next_deadline", field_time, FIELD_PLAIN},
};

enum { N_FIELDS = sizeof(fields) / sizeof(*fields) };

/* ---- one screen ------------------------------------------------------------------------------------------- */

/* Lists of lines, and the member with their total count; NULL: the list is complete. */
static const struct {
    const char *member, *count;
} lists[] = {{"policy_errors", NULL},
             {"allow_list_problems", NULL},
             {"undecidable_requests", "undecidable"},
             {"unrecorded", NULL},
             {"partial", "partially_fulfilled"},
             {"standing_members", "standing_count"},
             {"unexplained_members", "unexplained_count"}};

static void set_member(json_t *object, const char *member, json_t *value)
{
    if (json_object_set_new(object, member, value) < 0)
        output_no_memory();
}

static void append_item(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) < 0)
        output_no_memory();
}

/* The first `most` of `all` lines, each cut to one row, and how many more there are. */
static json_t *first_lines(const json_t *lines, size_t all, size_t most, size_t width)
{
    const size_t listed = json_array_size(lines), shown = listed < most ? listed : most;
    json_t *some = json_array();

    for (size_t i = 0; i < shown; i++) {
        const char *text = json_string_value(json_array_get(lines, i));
        _cleanup_free_ char *row = cut_to_row(text ? text : "", width);
        append_item(some, json_string(row));
    }
    if (listed > 0 && all > shown)
        append_item(some, json_sprintf(shown > 0 ? "... and %zu more" : "%zu; which: pkg-admin status --json",
                                       all - shown));
    return some;
}

/* The first line of policy_problem says what happened, the others are the errors. */
static void split_errors(json_t *status)
{
    _cleanup_free_ char *text = strdup(member_text(status, "policy_problem"));
    char *rest = text;
    json_t *errors = json_array();

    if (!text)
        output_no_memory();
    set_member(status, "policy_problem", json_string(strsep(&rest, "\n")));
    for (char *line; (line = strsep(&rest, "\n"));)
        append_item(errors, json_string(line));
    set_member(status, "policy_errors", errors);
}

/* A copy of the status, with `most` lines of each list, cut to this width (0: not cut). */
static json_t *shorten_status(const json_t *status, size_t most, size_t width)
{
    json_t *shown = json_deep_copy(status);

    if (!shown)
        output_no_memory();
    split_errors(shown);
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
        const json_t *lines = json_object_get(shown, lists[i].member);
        const size_t listed = json_array_size(lines);
        const int64_t all = lists[i].count ? member_integer(shown, lists[i].count) : 0;

        set_member(shown, lists[i].member,
                   first_lines(lines, all > (int64_t)listed ? (size_t)all : listed, most, width));
    }
    return shown;
}

static bool fits_screen(const struct output *output, const json_t *shown, size_t reserved)
{
    return output->width == 0 ||
           output_record_rows(output, fields, N_FIELDS, shown) + reserved <= output->height;
}

/* Leaves `reserved` rows of the terminal. Drops the guarded services only if cutting the lists is not enough. */
static void print_status(struct output *output, const json_t *status, size_t reserved)
{
    const size_t width = row_width(output);
    size_t most = output->width > 0 ? output->height : SIZE_MAX;
    json_t *shown = shorten_status(status, most, width);

    while (most > 0 && !fits_screen(output, shown, reserved)) {
        json_decref(shown);
        shown = shorten_status(status, --most, width);
    }
    if (!fits_screen(output, shown, reserved))
        json_object_del(shown, "guarded");
    output_record(output, fields, N_FIELDS, shown);
    json_decref(shown);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

/* Checks nsswitch.conf, nscd and pam.d, which the daemon does not. check-config checks names of packages, too. */
static struct findings add_host(json_t *status)
{
    struct findings findings = {0}, guarded = {0};
    json_t *services = json_array();

    if (strcmp(member_text(status, "membership"), "files") != 0) {
        nsswitch_check(PATH_ETC "/nsswitch.conf", &findings);
        nscd_check("", &findings);
    }
    pamcheck("", NULL, NULL, &findings, &guarded);
    for (size_t i = 0; i < guarded.count; i++) {
        char visible[256];
        append_item(services, json_string(text_visible(guarded.items[i], visible, sizeof(visible))));
    }
    set_member(status, "guarded", services);
    findings_deinit(&guarded);
    return findings;
}

enum { WARNING_ROWS = 2 };

/* Prints all findings; on a terminal only the first, cut to two rows. */
static void print_warnings(const struct invocation *invocation, const struct findings *findings)
{
    static const char begin[] = "warning: ";
    const size_t width = invocation->output.width;
    const size_t taken = strlen(invocation->program->name) + 2 + strlen(begin);

    for (size_t i = 0; i < findings->count; i++) {
        char more[64] = "", visible[1024];
        if (width > 0 && findings->count > 1)
            snprintf(more, sizeof(more), " (1 of %zu: pkg-admin check-config)", findings->count);
        _cleanup_free_ char *text =
            cut_to_row(text_visible(findings->items[i], visible, sizeof(visible)),
                       width > 0 ? WARNING_ROWS * width - taken - strlen(more) - 1 : 0);
        output_message(invocation->program->name, "%s%s%s", begin, text, more);
        if (width > 0)
            return;
    }
}

static void add_returned(json_t *status)
{
    struct mailbox mailbox;

    if (mailbox_count(PATH_RETURNED, &mailbox) < 0 || mailbox.messages == 0)
        return;
    set_member(status, "returned_mail", json_integer(mailbox.messages));
    set_member(status, "returned_last", json_integer(mailbox.last));
    if (mailbox.more)
        set_member(status, "returned_more", json_true());
}

/* From the file system: they hold without the daemon. */
static void add_locks(const struct invocation *invocation, json_t *status)
{
    int error = 0;
    json_t *locks = geteuid() == 0 ? lock_list(&error) : NULL;

    if (error < 0)
        output_message(invocation->program->name, "who is locked cannot be read in " PATH_STATE ": %s",
                       strerror(-error));
    if (json_array_size(locks) > 0)
        set_member(status, "locks", locks);
    else
        json_decref(locks);
}

/* Without the daemon: who is locked all the same. */
static void show_locks_alone(struct invocation *invocation)
{
    json_t *status = json_object();

    add_locks(invocation, status);
    if (json_object_size(status) > 0 && invocation->output.json)
        output_json(&invocation->output, status);
    else if (json_object_size(status) > 0)
        output_record(&invocation->output, fields, N_FIELDS, status);
    json_decref(status);
}

/* For an accesspkgd that is mute; NULL: nobody is locked, or the caller may not know. */
static char *write_locks(const struct invocation *invocation)
{
    int error = 0;
    json_t *locks = geteuid() == 0 ? lock_list(&error) : NULL;
    char *note = NULL;

    if (json_array_size(locks) > 0) {
        json_t *status = json_pack("{s:O}", "locks", locks);
        _cleanup_free_ char *lines = lock_field(&invocation->output, status, "locks");
        note = output_format("Locked, whatever accesspkgd says:\n%s\n", lines ? lines : "");
        json_decref(status);
    }
    json_decref(locks);
    return note;
}

/* Who is locked is told without an answer, too. */
static int get_status(struct invocation *invocation, json_t **ret, struct client_error *ret_error)
{
    _cleanup_free_ char *note = write_locks(invocation);

    client_deadline_note(note ? note : "");
    const int r = calls_call(invocation, client_message("GetStatus", "", NULL), JSON_OBJECT, ret, ret_error);
    client_deadline_note("");
    return r;
}

int status_show(struct invocation *invocation)
{
    enum { PROMPT = 1 };
    struct client_error error;
    json_t *status = NULL;

    if (get_status(invocation, &status, &error) < 0) {
        show_locks_alone(invocation);
        return calls_report(invocation, &error);
    }
    add_locks(invocation, status);
    struct findings findings = add_host(status);
    add_returned(status);
    if (invocation->output.json)
        output_json(&invocation->output, status);
    else
        print_status(&invocation->output, status, PROMPT + (findings.count ? WARNING_ROWS : 0));
    print_warnings(invocation, &findings);
    findings_deinit(&findings);
    json_decref(status);
    return 0;
}
