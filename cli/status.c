/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. Prints one record, whose lists are cut until it fits on the terminal. Counts returned mail itself, as
 * the daemon may not read it.
 */
#include "cli/status.h"

#include "cli/calls.h"
#include "cli/lock.h"
#include "cli/mailbox.h"
#include "cli/status_fields.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "common/nscd.h"
#include "common/nsswitch.h"
#include "common/pamcheck.h"
#include "common/pamwire.h"
#include "common/paths.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
        _cleanup_free_ char *row = status_cut_to_row(text ? text : "", width);
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
           output_record_rows(output, status_fields, status_fields_count, shown) + reserved <= output->height;
}

/* Leaves `reserved` rows of the terminal. Drops the guarded services only if cutting the lists is not enough. */
static void print_status(struct output *output, const json_t *status, size_t reserved)
{
    const size_t width = status_row_width(output);
    size_t most = output->width > 0 ? output->height : SIZE_MAX;
    json_t *shown = shorten_status(status, most, width);

    while (most > 0 && !fits_screen(output, shown, reserved)) {
        json_decref(shown);
        shown = shorten_status(status, --most, width);
    }
    if (!fits_screen(output, shown, reserved))
        json_object_del(shown, "guarded");
    output_record(output, status_fields, status_fields_count, shown);
    json_decref(shown);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

/* Services whose line somebody's upgrade took: the first of all warnings, and a row of their own. */
static void add_vanished(json_t *status, struct findings *findings)
{
    json_t *services = json_array();

    pamwire_check("", findings);
    for (size_t i = 0; i < findings->count; i++) {
        const char *file = findings->items[i] + strlen("/etc/pam.d/");
        append_item(services, json_stringn(file, strcspn(file, ":")));
    }
    if (findings->count > 0)
        set_member(status, "unguarded", services);
    else
        json_decref(services);
}

/* Checks nsswitch.conf, nscd and pam.d, which the daemon does not. check-config checks names of packages, too. */
static struct findings add_host(json_t *status)
{
    struct findings findings = {0}, guarded = {0};
    json_t *services = json_array();

    add_vanished(status, &findings);
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
            status_cut_to_row(text_visible(findings->items[i], visible, sizeof(visible)),
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

/* The name in notify.d that is our mail program; new, NULL: none is. */
static char *find_mail_program(void)
{
    struct stat mail, st;
    const struct dirent *entry;
    char *found = NULL;
    DIR *folder = stat(PATH_MAIL, &mail) == 0 ? opendir(PATH_NOTIFY_D) : NULL;

    while (folder && !found && (entry = readdir(folder)))
        if (fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 && st.st_dev == mail.st_dev &&
            st.st_ino == mail.st_ino)
            found = output_format("%s", entry->d_name);
    if (folder)
        closedir(folder);
    return found;
}

/* Looked for here: it is not known to accesspkgd, and no notice waits for it. */
static void add_mail(json_t *status)
{
    _cleanup_free_ char *program = access(PATH_SENDMAIL, X_OK) < 0 ? find_mail_program() : NULL;
    _cleanup_free_ char *problem =
        program ? output_format("there is no " PATH_SENDMAIL
                                ": nobody is told by mail. Install an MTA, or: rm " PATH_NOTIFY_D "/%s",
                                program)
                : NULL;

    if (problem)
        set_member(status, "mail_problem", json_string(problem));
}

/* From the file system: they hold without the daemon. */
static void add_locks(const struct invocation *invocation, json_t *status)
{
    int error = 0;
    json_t *locks = geteuid() == 0 ? lock_list(&error) : NULL;

    if (error < 0)
        output_message(invocation->program->name,
                       "the list of locked users cannot be read in " PATH_STATE ": %s", strerror(-error));
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
        output_record(&invocation->output, status_fields, status_fields_count, status);
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
    add_mail(status);
    if (invocation->output.json)
        output_json(&invocation->output, status);
    else
        print_status(&invocation->output, status, PROMPT + (findings.count ? WARNING_ROWS : 0));
    print_warnings(invocation, &findings);
    findings_deinit(&findings);
    json_decref(status);
    return 0;
}
