/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Text, JSON (with jansson), lines and messages; tables and records are in table.c. */
#include "cli/output.h"

#include "cli/when.h"
#include "cli/wrap.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "dbus/contract.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <time.h>

enum { WIDTH_UNKNOWN = 80, HEIGHT_UNKNOWN = 24 };

void output_note_error(struct output *output, int r)
{
    if (r < 0 && output->error == 0)
        output->error = r;
}

bool output_terminal_is_dumb(void)
{
    const char *terminal = getenv("TERM");

    return !terminal || !*terminal || strcmp(terminal, "dumb") == 0;
}

/* See no-color.org. */
static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR");

    return !(no && *no) && !output_terminal_is_dumb();
}

static void read_terminal(int fd, struct output *output)
{
    struct winsize size = {0};

    if (!isatty(fd))
        return;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    output->width = size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
    output->height = size.ws_row > 0 ? size.ws_row : HEIGHT_UNKNOWN;
    output->color = wants_color();
}

void output_init(struct output *ret, bool json)
{
    *ret = (struct output){.stream = stdout, .json = json, .now = time(NULL)};
    read_terminal(STDOUT_FILENO, ret);
}

/* ---- JSON ------------------------------------------------------------------------------------------------- */

static bool is_time_member(const char *member)
{
    static const char *const times[] = {"submitted",
                                        "expires",
                                        "start",
                                        "at",
                                        "first_use",
                                        "last_use",
                                        "ended",
                                        "pause_until",
                                        "assignment_start",
                                        "assignment_end",
                                        "started",
                                        "history_since",
                                        "policy_loaded",
                                        "oldest_pending",
                                        "next_deadline",
                                        "escalated",
                                        "since",
                                        "until",
                                        "used",
                                        "reviewed",
                                        "revoked",
                                        "oldest_notice",
                                        "notice_failed",
                                        "returned_last",
                                        "not_after",
                                        "present_end",
                                        "new_end"};

    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        if (strcmp(times[i], member) == 0)
            return true;
    return false;
}

/* A copy of `value` with times as text; NULL: no memory. */
static json_t *copy_with_times(const json_t *value, const char *member)
{
    char text[WHEN_MAX];
    const char *key;
    size_t i;
    json_t *item, *copy;

    if (json_is_integer(value) && is_time_member(member))
        return json_string(when_iso(json_integer_value(value), text));
    if (json_is_object(value)) {
        copy = json_object();
        json_object_foreach((json_t *)value, key, item)
        {
            if (json_object_set_new(copy, key, copy_with_times(item, key)) < 0)
                output_no_memory();
        }
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, item)
        {
            if (json_array_append_new(copy, copy_with_times(item, "")) < 0)
                output_no_memory();
        }
        return copy;
    }
    return json_deep_copy(value);
}

/* Escapes DEL, the one control character that jansson leaves. */
static int write_json(const char *text, size_t size, void *data)
{
    struct output *output = data;

    for (size_t i = 0; i < size; i++)
        if (text[i] == '\x7f' ? fputs("\\u007f", output->stream) == EOF
                              : putc(text[i], output->stream) == EOF) {
            output_note_error(output, -errno);
            return -1;
        }
    return 0;
}

static void dump_json(struct output *output, const json_t *value, size_t layout)
{
    json_t *copy = copy_with_times(value, "");

    if (!copy)
        output_no_memory();
    if (json_dump_callback(copy, write_json, output, layout | JSON_SORT_KEYS | JSON_ENSURE_ASCII) == 0)
        putc('\n', output->stream);
    else
        output_note_error(output, -ENOMEM);
    json_decref(copy);
    output_finish(output);
}

void output_json(struct output *output, const json_t *value)
{
    dump_json(output, value, JSON_INDENT(2));
}

void output_json_line(struct output *output, const json_t *value)
{
    dump_json(output, value, JSON_COMPACT);
}

/* ---- lines ------------------------------------------------------------------------------------------------ */

void output_line(struct output *output, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    _cleanup_free_ char *shown = output_visible(text);
    fprintf(output->stream, "%s\n", shown);
    output_finish(output);
}

void output_wrapped(struct output *output, const char *format, ...)
{
    enum { INDENT = 2 };
    _cleanup_free_ char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    _cleanup_free_ char *shown = output_visible(text);
    const size_t blanks = strspn(shown, " ");
    _cleanup_free_ char *wrapped = output->width > blanks + INDENT
                                       ? wrap_text(shown + blanks, output->width - blanks - INDENT)
                                       : output_format("%s", shown + blanks);
    size_t indent = blanks;
    for (char *rest = wrapped, *line; (line = strsep(&rest, "\n")); indent = blanks + INDENT)
        fprintf(output->stream, "%*s%s\n", (int)indent, "", line);
    output_finish(output);
}

int output_finish(struct output *output)
{
    errno = 0;
    if (fflush(output->stream) != 0 || ferror(output->stream))
        output_note_error(output, errno != 0 ? -errno : -EIO);
    return output->error;
}

void output_message(const char *program, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    const char *before = program, *colon = ": ";
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    va_end(arguments);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        _cleanup_free_ char *shown = output_visible(line);

        fprintf(stderr, "%s%s%s\n", before, colon, shown);
        before = colon = "";
    }
}
