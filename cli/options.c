/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all options of all programs, and the functions that set them. */
#include "cli/options.h"

#include "cli/when.h"

#include "common/duration.h"
#include "common/names.h"
#include "common/when_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DIGEST_LENGTH = 64 };

static int set_reason(struct invocation *invocation, const char *value);
static int set_duration(struct invocation *invocation, const char *value);
static int set_start(struct invocation *invocation, const char *value);
static int set_override(struct invocation *invocation, const char *value);
static int set_package(struct invocation *invocation, const char *value);
static int set_dry_run(struct invocation *invocation, const char *value);
static int set_report(struct invocation *invocation, const char *value);
static int set_enforce(struct invocation *invocation, const char *value);
static int set_exempt_group(struct invocation *invocation, const char *value);
static int set_option(struct invocation *invocation, const char *value);
static int set_all(struct invocation *invocation, const char *value);
static int set_to(struct invocation *invocation, const char *value);
static int set_until(struct invocation *invocation, const char *value);
static int set_revoke(struct invocation *invocation, const char *value);
static int set_limit(struct invocation *invocation, const char *value);
static int set_yes(struct invocation *invocation, const char *value);
static int set_digest(struct invocation *invocation, const char *value);
static int set_wait(struct invocation *invocation, const char *value);
static int set_no_pager(struct invocation *invocation, const char *value);
static int set_no_lookup(struct invocation *invocation, const char *value);
static int set_format(struct invocation *invocation, const char *value);
static int set_description(struct invocation *invocation, const char *value);
static int set_groups(struct invocation *invocation, const char *value);
static int set_approvers(struct invocation *invocation, const char *value);
static int set_requestors(struct invocation *invocation, const char *value);
static int set_max_duration(struct invocation *invocation, const char *value);
static int set_replace(struct invocation *invocation, const char *value);
static int set_since(struct invocation *invocation, const char *value);
static int set_user(struct invocation *invocation, const char *value);
static int set_request(struct invocation *invocation, const char *value);
static int set_lines(struct invocation *invocation, const char *value);
static int set_json(struct invocation *invocation, const char *value);
static int set_csv(struct invocation *invocation, const char *value);

bool options_read_id(const char *text, int64_t *ret)
{
    const char *slash = strrchr(text, '/');

    if (!slash || slash == text || !slash[1])
        return options_parse_positive(text, ret);
    *ret = 0;
    return true;
}

bool options_read_range(const char *text, int64_t *ret_first, int64_t *ret_last)
{
    char first[24];
    const char *dash = strchr(text, '-');
    const size_t length = dash ? (size_t)(dash - text) : sizeof(first);

    if (length >= sizeof(first))
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    return options_parse_positive(first, ret_first) && options_parse_positive(dash + 1, ret_last) &&
           *ret_first <= *ret_last;
}

/* A name without a digit in front cannot be a number that was mistyped; a package's may have one. */
static bool is_name(uint64_t takes, const char *text)
{
    if (strchr(text, '/') || !*text || strspn(text, "0123456789") == strlen(text))
        return false;
    return takes & TAKES_OWN ? name_is_package(text) : takes & TAKES_USERS && !strchr("0123456789+- ", *text);
}

int options_parse_id(const struct invocation *invocation, uint64_t takes, const char *text, int64_t *ret)
{
    int64_t first, last;

    *ret = 0;
    if (options_read_id(text, ret) || is_name(takes, text) ||
        (takes & TAKES_SEVERAL && options_read_range(text, &first, &last)))
        return 0;
    return command_usage(
        invocation, "'%s' is no request number; write one as 3, or USER/PACKAGE as alice/db-admins", text);
}

int options_check_text(const struct invocation *invocation, const char *text)
{
    if (strlen(text) > BUS_TEXT_MAX)
        return command_usage(invocation, "the reason is %zu bytes long, and %d are the most; shorten it",
                             strlen(text), BUS_TEXT_MAX);
    if (!text_is_utf8(text))
        return command_usage(invocation, "the reason is not UTF-8; write it in a UTF-8 terminal");
    return 0;
}

const struct option_row options_rows[] = {
    {"reason", 'm', "TEXT", TAKES_REASON, set_reason, OPTION_NONE, "why; the people concerned read it"},
    {"justification", 0, "TEXT", TAKES_REASON, set_reason, OPTION_NONE, "the same as --reason"},
    {"duration", 'd', "TIME", TAKES_DURATION, set_duration, OPTION_NONE,
     "for how long, as 90m, 4h, 1d, 2w or forever"},
    {"for", 0, "TIME", TAKES_FOR, set_duration, OPTION_NONE, "give less time than was asked for"},
    {"start", 0, "WHEN", TAKES_START, set_start, OPTION_NONE,
     "begin later: +2h, 14:30 or '2026-11-24 09:00'"},
    {"override", 0, NULL, TAKES_OVERRIDE, set_override, OPTION_NONE,
     "give it although it is incompatible; needs -m"},
    {"package", 0, "NAME", TAKES_PACKAGE, set_package, OPTION_NONE,
     "this package; 'pam enable' takes several"},
    {"report", 0, NULL, TAKES_REPORT, set_report, OPTION_NONE, "refuse nobody, log who would be refused"},
    {"enforce", 0, NULL, TAKES_ENFORCE, set_enforce, OPTION_NONE,
     "refuse users who hold none of the packages"},
    {"exempt-group", 0, "GROUP", TAKES_EXEMPT, set_exempt_group, OPTION_NONE,
     "whose members need no package"},
    {"option", 0, "OPTION", TAKES_OPTION, set_option, OPTION_NONE,
     "of pam_accesspkg(8), as wait=60; may be repeated"},
    {"all", 0, NULL, TAKES_ALL, set_all, OPTION_NONE, "every service that 'pam enable' guards"},
    {"dry-run", 0, NULL, TAKES_DRY_RUN, set_dry_run, OPTION_NONE, "change nothing, say what would be done"},
    {"to", 0, "USER", TAKES_TO, set_to, OPTION_NONE, "who may decide in your name"},
    {"until", 0, "WHEN", TAKES_UNTIL, set_until, OPTION_NONE, "until when: 2026-12-31, 18:00 or +2d"},
    {"revoke", 0, "USER", TAKES_REVOKE, set_revoke, OPTION_NONE,
     "end what you delegated to, or received from"},
    {"yes", 'y', NULL, TAKES_YES, set_yes, OPTION_NONE, "do not ask whether to go on"},
    {"digest", 0, "DIGEST", TAKES_DIGEST, set_digest, OPTION_NONE,
     "only if it still has this digest, from 'show'"},
    {"wait", 0, NULL, TAKES_WAIT, set_wait, OPTION_NONE, "stay until it is decided; Ctrl-C leaves it filed"},
    {"request", 0, "ID", TAKES_REQUEST, set_request, OPTION_NONE, "only what concerns this request"},
    {"user", 0, "USER", TAKES_USER, set_user, OPTION_NONE,
     "only what this user did or holds, or what concerns them"},
    {"since", 0, "WHEN", TAKES_SINCE, set_since, OPTION_NONE, "since when: 7d (ago), 14:30 or '2026-11-01'"},
    {"limit", 'n', "N", TAKES_LIMIT, set_limit, OPTION_NONE, "only the newest N"},
    {"description", 0, "TEXT", TAKES_DESCRIPTION, set_description, OPTION_NONE, "what the package is for"},
    {"groups", 0, "NAMES", TAKES_GROUPS, set_groups, OPTION_NONE, "the groups that it gives"},
    {"approvers", 0, "NAMES", TAKES_APPROVERS, set_approvers, OPTION_NONE, "who decides: users and %groups"},
    {"requestors", 0, "NAMES", TAKES_REQUESTORS, set_requestors, OPTION_NONE,
     "who may ask: users and %groups; else everybody"},
    {"max-duration", 0, "TIME", TAKES_MAX_DURATION, set_max_duration, OPTION_NONE,
     "the longest time to ask for at once"},
    {"replace", 0, NULL, TAKES_REPLACE, set_replace, OPTION_NONE,
     "put it in the place of a file that is there"},
    {"format", 0, "FORMAT", TAKES_FORMAT, set_format, OPTION_NONE,
     "openmetrics, or prometheus, for a textfile collector"},
    {"no-lookup", 0, NULL, TAKES_NO_LOOKUP, set_no_lookup, OPTION_NONE,
     "look up no user or group of this host: DIR is for another one"},
    {"no-pager", 0, NULL, TAKES_PAGER, set_no_pager, OPTION_NONE, "do not page what is long"},
    {"lines", 0, NULL, 0, set_lines, OPTION_NONE, "print labelled lines instead of tables"},
    {"csv", 0, NULL, TAKES_CSV, set_csv, OPTION_NONE, "print CSV, for spreadsheets"},
    {"json", 0, NULL, 0, set_json, OPTION_NONE, "print JSON, for programs"},
    {"help", 'h', NULL, 0, NULL, OPTION_HELP, "show this help"},
    {"version", 'V', NULL, 0, NULL, OPTION_VERSION, "show the version"},
    {"print-completion", 0, NULL, 0, NULL, OPTION_COMPLETION, NULL},
    {0},
};

_Static_assert(sizeof(options_rows) / sizeof(*options_rows) == N_OPTIONS + 1, "N_OPTIONS counts the rows");

bool options_concern(const struct program *program, const struct option_row *option)
{
    uint64_t takes = 0;

    for (const struct command *command = program->commands; command->name; command++)
        takes |= command->takes;
    return (option->takes & ~takes) == 0;
}

static int set_reason(struct invocation *invocation, const char *value)
{
    invocation->reason = value;
    return options_check_text(invocation, value);
}

static int parse_duration(const struct invocation *invocation, const char *value, int64_t *ret)
{
    if (strcmp(value, "forever") == 0)
        return duration_parse_or_forever(value, ret);
    if (duration_parse_typed(value, ret) == 0)
        return 0;
    if (*value && !value[strspn(value, "0123456789")])
        return command_usage(invocation, "'%s' has no unit; write it as 90m, 4h, 1d or 2w", value);
    return command_usage(invocation,
                         "'%s' is no duration; write it as 90m, 4h, 1d or 2w, ten years at most, or forever",
                         value);
}

static int set_duration(struct invocation *invocation, const char *value)
{
    return parse_duration(invocation, value, &invocation->duration);
}

static int set_max_duration(struct invocation *invocation, const char *value)
{
    return parse_duration(invocation, value, &invocation->max_duration);
}

static int refuse_time(struct invocation *invocation, const char *value, const struct when_gap *gap,
                       const char *example)
{
    char before[WHEN_MAX], after[WHEN_MAX];

    if (gap)
        return command_usage(invocation, "'%s' does not exist: the clocks go forward then; write %s or %s",
                             value, when_iso(gap->before, before), when_iso(gap->after, after));
    return command_usage(invocation,
                         "'%s' is no time; write it as %s, 14:30, '2026-11-24 09:00' or 2026-11-24T09:00Z",
                         value, example);
}

static int set_start(struct invocation *invocation, const char *value)
{
    const int64_t now = time(NULL);
    struct when_gap gap;

    const int r = when_parse(value, now, &invocation->start, &gap);
    if (r != 0)
        return refuse_time(invocation, value, r > 0 ? &gap : NULL, "+2h");
    if (invocation->start <= now)
        return command_usage(invocation, "'%s' is in the past; leave --start away to begin at once", value);
    return 0;
}

static int set_to(struct invocation *invocation, const char *value)
{
    invocation->to = value;
    return 0;
}

static int set_revoke(struct invocation *invocation, const char *value)
{
    invocation->revoke = value;
    return 0;
}

static int set_until(struct invocation *invocation, const char *value)
{
    invocation->until_text = value;
    return 0;
}

static int set_csv(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->csv = true;
    return 0;
}

static int parse_until_past(struct invocation *invocation, int64_t now)
{
    const char *value = invocation->until_text;
    struct when_gap gap;

    int r = when_parse_end(value, &invocation->until, &gap); /* a day with its end */
    if (r < 0)
        r = when_parse_past(value, now, &invocation->until, &gap);
    if (r != 0)
        return refuse_time(invocation, value, r > 0 ? &gap : NULL, "7d (ago)");
    if (invocation->until <= invocation->since)
        return command_usage(invocation, "--until %s lies before --since; give a later time", value);
    return 0;
}

int options_parse_until(struct invocation *invocation)
{
    const char *value = invocation->until_text;
    const int64_t now = time(NULL);
    struct when_gap gap;

    if (!value)
        return 0;
    if (invocation->command->takes & TAKES_SINCE)
        return parse_until_past(invocation, now);
    int r = when_parse(value, now, &invocation->until, &gap);
    if (r < 0)
        r = when_parse_end(value, &invocation->until, &gap); /* a day alone */
    if (r != 0)
        return refuse_time(invocation, value, r > 0 ? &gap : NULL, "+2d");
    if (invocation->until <= now)
        return command_usage(invocation, "'%s' is in the past; give a later end", value);
    return 0;
}

static int set_override(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->override = true;
    return 0;
}

static int set_package(struct invocation *invocation, const char *value)
{
    invocation->package = value;
    if (invocation->n_packages == GIVEN_MAX)
        return command_usage(invocation, "%d packages are the most", GIVEN_MAX);
    invocation->packages[invocation->n_packages++] = value;
    return 0;
}

static int set_option(struct invocation *invocation, const char *value)
{
    if (invocation->n_options == GIVEN_MAX)
        return command_usage(invocation, "%d options are the most", GIVEN_MAX);
    invocation->options[invocation->n_options++] = value;
    return 0;
}

static int set_report(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->report = true;
    return 0;
}

static int set_enforce(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->enforce = true;
    return 0;
}

static int set_exempt_group(struct invocation *invocation, const char *value)
{
    invocation->exempt_group = value;
    return 0;
}

static int set_all(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->all = true;
    return 0;
}

static int set_dry_run(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->dry_run = true;
    return 0;
}

bool options_parse_positive(const char *text, int64_t *ret)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < 1)
        return false;
    *ret = number;
    return true;
}

static int set_limit(struct invocation *invocation, const char *value)
{
    if (!options_parse_positive(value, &invocation->limit))
        return command_usage(invocation, "'%s' is no limit; give a number from 1 on", value);
    return 0;
}

static int set_yes(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->yes = true;
    return 0;
}

static int set_digest(struct invocation *invocation, const char *value)
{
    if (strlen(value) != DIGEST_LENGTH || strspn(value, "0123456789abcdef") != DIGEST_LENGTH)
        return command_usage(invocation,
                             "'%s' is no digest; copy its %d digits as 'show' and --json give them", value,
                             DIGEST_LENGTH);
    invocation->digest = value;
    return 0;
}

static int set_wait(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->wait = true;
    return 0;
}

static int set_no_pager(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->no_pager = true;
    return 0;
}

static int set_format(struct invocation *invocation, const char *value)
{
    invocation->format = value;
    return 0;
}

static int set_description(struct invocation *invocation, const char *value)
{
    invocation->description = value;
    return 0;
}

static int set_groups(struct invocation *invocation, const char *value)
{
    invocation->groups = value;
    return 0;
}

static int set_approvers(struct invocation *invocation, const char *value)
{
    invocation->approvers = value;
    return 0;
}

static int set_requestors(struct invocation *invocation, const char *value)
{
    invocation->requestors = value;
    return 0;
}

static int set_replace(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->replace = true;
    return 0;
}

static int set_no_lookup(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->no_lookup = true;
    return 0;
}

static int set_since(struct invocation *invocation, const char *value)
{
    const int64_t now = time(NULL);
    struct when_gap gap;

    const int r = when_parse_past(value, now, &invocation->since, &gap);
    if (r != 0)
        return refuse_time(invocation, value, r > 0 ? &gap : NULL, "7d (ago)");
    if (invocation->since > now)
        return command_usage(invocation, "'%s' lies ahead; --since looks back, so give an earlier time",
                             value);
    return 0;
}

static int set_user(struct invocation *invocation, const char *value)
{
    invocation->user = value;
    return 0;
}

static int set_request(struct invocation *invocation, const char *value)
{
    invocation->request = value;
    return options_parse_id(invocation, 0, value, &(int64_t){0});
}

static int set_lines(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->output.lines = true;
    return 0;
}

static int set_json(struct invocation *invocation, const char *value)
{
    (void)value;
    invocation->output.json = true;
    return 0;
}
