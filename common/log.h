/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of our programs (the PAM module uses pam_syslog, the NSS module is silent). One line per event on stderr,
 * with the <N> priority that systemd reads when stderr is the journal. Every line passes text_visible, so that no
 * user's text can start a line of its own (rule 10).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

void log_set_debug(bool on);
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A field of the journal; value NULL: left out. */
struct log_field {
    const char *name; /* of capitals, digits and '_' */
    const char *value;
};
/*
 * One event, as log_line. Where stderr is the journal the line goes to it by systemd's native protocol, with these fields
 * beside it, each value of which passes text_visible as well; where that fails, without them.
 */
void log_event(int priority, const char *message, const struct log_field *fields, size_t count);

#define log_error(...)   log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

/* For a line that others can cause as often as they like: one a minute. Starts as zero. */
struct log_limit {
    int64_t next;    /* in seconds; not before */
    size_t left_out; /* since the last line */
};
/* Whether the line may be written, `now` in seconds of any clock; else counts it. *ret_left_out: see above. */
bool log_may_write(struct log_limit *limit, int64_t now, size_t *ret_left_out);
