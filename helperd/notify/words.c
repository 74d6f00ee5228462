/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/words.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/names.h"
#include "common/outbox.h"
#include "common/timetext.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { SHOWN_MAX = 4 * 4096 + 16, LABEL_WIDTH = 16 };

enum kind { TEXT, TIME, SPAN };

/* The lines of the text, in order; one is left out when the notice has no such member. */
static const struct {
    const char *label;
    const char *member;
    enum kind kind;
} lines[] = {
    {"Package", "package", TEXT},
    {"Description", "description", TEXT},
    {"User", "user", TEXT},
    {"Full name", "full_name", TEXT},
    {"Organisation", "organisation", TEXT},
    {"Duration", "duration", SPAN},
    {"Start", "start", TIME},
    {"Asked until", "asked_until", TIME},
    {"Held until", "present_end", TIME},
    {"Would end", "new_end", TIME},
    {"Justification", "justification", TEXT},
    {"Asked through", "service", TEXT},
    {"Asked from", "address", TEXT},
    {"Decided by", "decider", TEXT},
    {"In the name of", "decided_for", TEXT},
    {"By", "actor", TEXT},
    {"Reason", "reason", TEXT},
    {"Until", "until", TIME},
    {"Decide before", "deadline", TIME},
    {"Request", "request", TEXT},
    {"Host", "host", TEXT},
};

/* A member as text for people; "" when it is missing. */
static char *format_member(const json_t *notice, const char *member, enum kind kind, char ret[SHOWN_MAX])
{
    const json_t *value = json_object_get(notice, member);
    const json_int_t number = json_integer_value(value);
    ret[0] = '\0';
    if (json_is_string(value))
        return text_visible(json_string_value(value), ret, SHOWN_MAX);
    if (!json_is_integer(value))
        return ret;
    if (kind == SPAN)
        return duration_format(number, ret);
    if (kind == TIME)
        return time_people(number, ret);
    snprintf(ret, SHOWN_MAX, "%" JSON_INTEGER_FORMAT, number);
    return ret;
}

/* The template's first line with its {members} filled in; new. *ret_whole: none was missing. NULL: no memory. */
static char *fill_template(const json_t *notice, const char *template, bool *ret_whole)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    *ret_whole = true;
    while (out && *template && *template != '\n') {
        const char *end = *template == '{' ? strchr(template, '}') : NULL;
        char member[32];
        char shown[SHOWN_MAX];
        if (!end) {
            fputc(*template ++, out);
            continue;
        }
        snprintf(member, sizeof(member), "%.*s", (int)(end - template - 1), template + 1);
        fputs(format_member(notice, member, TEXT, shown), out);
        *ret_whole &= *shown != '\0';
        template = end + 1;
    }
    return out && fclose(out) == 0 ? text : NULL;
}

static json_t *list_commands(const json_t *notice, const char *templates)
{
    json_t *commands = json_array();
    while (*templates) {
        bool whole = false;
        _cleanup_free_ char *command = fill_template(notice, templates, &whole);
        if (whole)
            json_array_append_new(commands, json_string(command));
        templates = strchrnul(templates, '\n');
        templates += *templates == '\n';
    }
    return commands;
}

static char *write_text(const json_t *notice, const char *summary, const json_t *commands)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fprintf(out, "%s.\n\n", summary);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char shown[SHOWN_MAX];
        if (*format_member(notice, lines[i].member, lines[i].kind, shown))
            fprintf(out, "%s:%*s%s\n", lines[i].label, LABEL_WIDTH - (int)strlen(lines[i].label), "", shown);
    }
    if (json_is_true(json_object_get(notice, "no_reason_given")))
        fputs("No reason was given: the login could not ask for one.\n", out);
    if (json_is_true(json_object_get(notice, "extension")))
        fputs("This is for more time with what is held already.\n", out);
    const json_int_t all = json_integer_value(json_object_get(notice, "to_of"));
    if (all > 0)
        fprintf(out, "This goes to %zu of %" JSON_INTEGER_FORMAT " people.\n",
                json_array_size(json_object_get(notice, "to")), all);
    if (json_array_size(commands) > 0)
        fputs("\nTo answer, or to see more, on that host:\n\n", out);
    for (size_t i = 0; i < json_array_size(commands); i++)
        fprintf(out, "    %s\n", json_string_value(json_array_get(commands, i)));
    const char *link = json_string_value(json_object_get(notice, "link"));
    if (link)
        fprintf(out, "\nOr in a browser:\n\n    %s\n", link);
    return fclose(out) == 0 ? text : NULL;
}

/* What opens the page at this request; it decides nothing. 0; -ENOMEM. */
static int add_link(json_t *notice, const char *url)
{
    const json_int_t request = json_integer_value(json_object_get(notice, "request"));
    if (!url || !*url || request <= 0)
        return 0;
    json_t *link = json_sprintf("%s#/request/%" JSON_INTEGER_FORMAT, url, request);
    return json_object_set_new(notice, "link", link) < 0 ? -ENOMEM : 0;
}

int words_add(json_t *notice, const char *url)
{
    const char *identifier = json_string_value(json_object_get(notice, "event"));
    const enum outbox_event event = identifier ? outbox_from_identifier(identifier) : OUTBOX_EVENT_COUNT;
    bool whole = false;
    if (event == OUTBOX_EVENT_COUNT)
        return -EINVAL;
    if (add_link(notice, url) < 0)
        return -ENOMEM;
    _cleanup_free_ char *summary = fill_template(notice, outbox_summary(event), &whole);
    json_t *commands = list_commands(notice, outbox_commands(event));
    _cleanup_free_ char *text = summary ? write_text(notice, summary, commands) : NULL;
    const int failed = json_object_set_new(notice, "commands", commands) |
                       json_object_set_new(notice, "summary", summary ? json_string(summary) : NULL) |
                       json_object_set_new(notice, "text", text ? json_string(text) : NULL);
    return failed ? -ENOMEM : 0;
}

int words_write_times(json_t *notice)
{
    static const char *const times[] = {"time",     "submitted",   "start",   "asked_until",
                                        "deadline", "present_end", "new_end", "until"};
    char text[TIME_TEXT_MAX];
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const json_t *value = json_object_get(notice, times[i]);
        if (json_is_integer(value) &&
            json_object_set_new(notice, times[i],
                                json_string(time_programs(json_integer_value(value), text))) < 0)
            return -ENOMEM;
    }
    return 0;
}
