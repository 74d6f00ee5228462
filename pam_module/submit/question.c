/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. Called by accesspkg-submit.c. */
#include "pam_module/submit/question.h"

#include "common/names.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum { TIMEOUT_MAX = 60 };

static int read_message(int fd, struct protocol_message *message)
{
    message->size = 0;
    message->overflowed = false;
    for (;;) {
        const size_t room = sizeof(message->text) - message->size;
        if (room == 0)
            return -EBADMSG;
        const ssize_t n = read(fd, message->text + message->size, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return protocol_is_whole(message) ? 0 : -EBADMSG;
        message->size += (size_t)n;
    }
}

static bool read_package(const char *value, struct question *question)
{
    if (question->n_packages == BUS_PACKAGES_MAX || !name_is_package(value))
        return false;
    question->packages[question->n_packages++] = value;
    return true;
}

static bool read_timeout(const char *value, struct question *question)
{
    char *end;
    const unsigned long seconds = strtoul(value, &end, 10);
    question->timeout = (unsigned)seconds;
    return *value >= '0' && *value <= '9' && !*end && seconds >= 1 && seconds <= TIMEOUT_MAX;
}

static const struct {
    const char *key;
    size_t offset;
} claims[] = {
    {"service", offsetof(struct question, service)},
    {"host", offsetof(struct question, host)},
    {"tty", offsetof(struct question, tty)},
};

static bool read_claim(const char *key, const char *value, struct question *question)
{
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        if (strcmp(claims[i].key, key) != 0)
            continue;
        *(const char **)(void *)((char *)question + claims[i].offset) = value;
        return text_is_utf8(value) && strlen(value) <= BUS_CLAIM_MAX;
    }
    return false;
}

static bool read_can_ask(const char *value, struct question *question)
{
    question->can_ask = true;
    return strcmp(value, "1") == 0;
}

static bool read_report(const char *value, struct question *question)
{
    question->report = true;
    return strcmp(value, "1") == 0;
}

static bool read_login_id(const char *value, struct question *question)
{
    question->login_id = true;
    return strcmp(value, "1") == 0;
}

static bool read_emergency(const char *value, struct question *question)
{
    question->emergency = true;
    return strcmp(value, "1") == 0;
}

static bool read_waiting(const char *value, struct question *question)
{
    question->waiting = true;
    return strcmp(value, "1") == 0;
}

static bool read_justification(const char *value, struct question *question)
{
    question->justification = value;
    return *value && strlen(value) <= BUS_TEXT_MAX && text_is_utf8(value);
}

static bool read_request_number(const char *value, struct question *question)
{
    const size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > PROTOCOL_REQUEST_MAX || value[digits])
        return false;
    errno = 0;
    question->request = strtoll(value, NULL, 10);
    return errno == 0 && question->request > 0;
}

static bool read_outside(const char *value, struct question *question)
{
    question->outside = value;
    return strlen(value) <= PROTOCOL_OUTSIDE_MAX && text_is_utf8(value);
}

static const struct {
    const char *key;
    bool (*take)(const char *value, struct question *question);
} records[] = {
    {"package", read_package},        {"timeout", read_timeout},
    {"can_ask", read_can_ask},        {"justification", read_justification},
    {"request", read_request_number}, {"waiting", read_waiting},
    {"emergency", read_emergency},    {"login_id", read_login_id},
    {"report", read_report},          {"outside", read_outside},
};

static bool read_question_record(const char *key, const char *value, struct question *question)
{
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        if (strcmp(key, records[i].key) == 0)
            return records[i].take(value, question);
    if (strcmp(key, "user") != 0)
        return read_claim(key, value, question);
    question->user = value;
    return true;
}

int question_read(int fd, struct protocol_message *message, struct question *ret)
{
    struct question question = {.user = "", .outside = ""};
    const char *key, *value;
    size_t at = 0;
    const int r = read_message(fd, message);
    if (r < 0)
        return r;
    while (protocol_next(message, &at, &key, &value))
        if (!read_question_record(key, value, &question))
            return -EBADMSG;
    if (at < message->size || (question.n_packages == 0) != question.waiting || question.timeout == 0)
        return -EBADMSG;
    if (question.can_ask + !!question.justification + (question.request > 0) + question.waiting > 1)
        return -EBADMSG;
    if (*question.outside && question.request == 0)
        return -EBADMSG;
    if (question.report && (question.justification || question.request > 0 || question.waiting))
        return -EBADMSG;
    if (question.emergency && (!question.justification || question.n_packages != 1))
        return -EBADMSG;
    *ret = question;
    return 0;
}

bool question_user_is_valid(const struct question *question)
{
    char encoded[NAME_ENCODED_MAX + 1];
    return text_is_utf8(question->user) && name_encode(question->user, encoded, sizeof(encoded)) == 0;
}
