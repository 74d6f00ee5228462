/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/bus/privileged.h"

#include "common/cleanup.h"
#include "common/names.h"
#include "common/strv.h"
#include "dbus/contract.h"
#include "dbus/variant.h"
#include "helperd/bus/terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct question *next;
    struct bus_privileged *privileged;
    DBusPendingCall *pending;
    const char *out;          /* the expected signature */
    bus_privileged_done done; /* one of the three call-backs is set */
    bus_privileged_listed list;
    bus_privileged_judged judged;
    void *data;
};

struct bus_privileged {
    struct bus *bus;
    struct question *questions;
};

struct bus_privileged *bus_privileged_new(struct bus *bus)
{
    struct bus_privileged *privileged = calloc(1, sizeof(*privileged));
    if (privileged)
        privileged->bus = bus;
    return privileged;
}

static void question_free(struct question *question)
{
    for (struct question **q = &question->privileged->questions; *q; q = &(*q)->next) {
        if (*q == question) {
            *q = question->next;
            break;
        }
    }
    if (question->pending) {
        dbus_pending_call_cancel(question->pending);
        dbus_pending_call_unref(question->pending);
    }
    free(question);
}

void bus_privileged_free(struct bus_privileged *privileged)
{
    while (privileged && privileged->questions)
        question_free(privileged->questions);
    free(privileged);
}

/* ---- answers ---- */

#define NOT_INSTALLED                                                                                        \
    "the root service accesspkg-privileged is not installed, or the bus does not know of it yet: systemctl " \
    "reload dbus"

#define AWAY "the system bus went away, by which the root service accesspkg-privileged is asked"

/* Errors of the bus when the service does not answer, in words for people. */
static const struct {
    const char *error;
    const char *words;
} silences[] = {
    {DBUS_ERROR_NO_REPLY, "the root service accesspkg-privileged did not answer in time"},
    {DBUS_ERROR_SERVICE_UNKNOWN, NOT_INSTALLED},
    {DBUS_ERROR_NAME_HAS_NO_OWNER, NOT_INSTALLED},
};

static int read_error(DBusMessage *answer, const char **ret_message)
{
    const char *name = dbus_message_get_error_name(answer);
    for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++)
        if (strcmp(silences[i].error, name) == 0) {
            *ret_message = silences[i].words;
            return BUS_ERROR_UNAVAILABLE;
        }
    const char *text = NULL;
    if (!dbus_message_get_args(answer, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
        text = name;
    *ret_message = text;
    const enum bus_error error = bus_error_from_name(name);
    return error == BUS_ERROR_NONE ? BUS_ERROR_UNAVAILABLE : (int)error;
}

static void deliver_verdict(const struct question *question, int result, const json_t *values,
                            const char *message)
{
    if (result != 0) {
        question->judged(result, NULL, message, question->data);
        return;
    }
    _cleanup_free_ strv names = bus_list_texts(json_array_get(values, 3));
    const struct account_verdict verdict = {
        .state = account_state_from_identifier(json_string_value(json_array_get(values, 0))),
        .day = json_integer_value(json_array_get(values, 1)),
        .account = json_string_value(json_array_get(values, 2)),
        .names = names,
    };
    if (names && verdict.state)
        question->judged(0, &verdict, "", question->data);
    else
        question->judged(names ? -EBADMSG : -ENOMEM, NULL, "", question->data);
}

static void deliver_answer(const struct question *question, int result, const json_t *values,
                           const char *message)
{
    const json_t *value = json_array_get(values, 0);
    if (question->judged) {
        deliver_verdict(question, result, values, message);
        return;
    }
    if (question->done) {
        question->done(result, json_is_true(value), message, question->data);
        return;
    }
    const json_t *second = json_array_get(values, 1);
    _cleanup_free_ strv lines = result == 0 ? bus_list_texts(value) : NULL;
    _cleanup_free_ strv more = result == 0 && second ? bus_list_texts(second) : NULL;
    if (result == 0 && (!lines || (second && !more)))
        result = -ENOMEM;
    question->list(result, result == 0 ? lines : NULL, more, message, question->data);
}

static void on_answer(DBusPendingCall *pending, void *data)
{
    struct question *question = data;
    DBusMessage *answer = dbus_pending_call_steal_reply(pending);
    const char *message = "";
    json_t *values = NULL;
    int result = 0;
    if (!answer) {
        result = -ENOMEM;
    } else if (dbus_message_get_type(answer) == DBUS_MESSAGE_TYPE_ERROR) {
        result = read_error(answer, &message);
    } else if (!dbus_message_has_signature(answer, question->out)) {
        result = -EBADMSG;
    } else {
        values = variant_read_message(answer);
        result = values ? 0 : -ENOMEM;
    }
    /* The call-back may free the struct bus_privileged, so nothing of it is used afterwards. */
    struct question copy = *question;
    question_free(question);
    deliver_answer(&copy, result, values, message);
    json_decref(values);
    if (answer)
        dbus_message_unref(answer);
}

void bus_privileged_fail(struct bus_privileged *privileged)
{
    struct question *failed = privileged->questions;
    privileged->questions = NULL; /* who is told may ask again, in vain */
    while (failed) {
        struct question *question = failed;
        const struct question copy = *question;
        failed = question->next;
        question->next = NULL;
        question_free(question);
        deliver_answer(&copy, BUS_ERROR_UNAVAILABLE, NULL, AWAY);
    }
}

/* ---- questions ---- */

struct shape {
    const char *method;
    const char *in;
    const char *out;
    int timeout;
};

/* Takes over the arguments and the question, which is freed on failure. */
static int send_question(const struct shape *shape, json_t *arguments, struct question *question)
{
    DBusMessage *call = dbus_message_new_method_call(BUS_PRIVILEGED_NAME, BUS_PRIVILEGED_PATH,
                                                     BUS_PRIVILEGED_INTERFACE, shape->method);
    DBusConnection *connection = bus_connection(question->privileged->bus);
    int r = call && arguments ? variant_append_message(call, shape->in, arguments) : -ENOMEM;
    if (r == 0 && !connection)
        r = -ENOTCONN;
    if (r == 0 &&
        (!dbus_connection_send_with_reply(connection, call, &question->pending, shape->timeout) ||
         !question->pending || !dbus_pending_call_set_notify(question->pending, on_answer, question, NULL)))
        r = -ENOMEM;
    if (call)
        dbus_message_unref(call);
    json_decref(arguments);
    if (r < 0)
        question_free(question);
    return r;
}

/* The call-back and its data. */
struct reply_to {
    bus_privileged_done done;
    bus_privileged_listed list;
    bus_privileged_judged judged;
    void *data;
};

static int ask_service(struct bus_privileged *privileged, const struct shape *shape, json_t *arguments,
                       const struct reply_to *to)
{
    struct question *question = calloc(1, sizeof(*question));
    if (!question) {
        json_decref(arguments);
        return -ENOMEM;
    }
    *question = (struct question){.next = privileged->questions,
                                  .privileged = privileged,
                                  .out = shape->out,
                                  .done = to->done,
                                  .list = to->list,
                                  .judged = to->judged,
                                  .data = to->data};
    privileged->questions = question;
    return send_question(shape, arguments, question);
}

static int ask_member_change(struct bus_privileged *privileged, const char *method,
                             const struct membership *membership, bus_privileged_done done, void *data)
{
    const struct shape shape = {method, "ssx", "b", BUS_PRIVILEGED_TIMEOUT_MS};
    if (!text_is_utf8(membership->group) || !text_is_utf8(membership->user))
        return -EINVAL;
    return ask_service(
        privileged, &shape,
        json_pack("[s, s, I]", membership->group, membership->user, (json_int_t)membership->until),
        &(struct reply_to){.done = done, .data = data});
}

int bus_privileged_add_member(struct bus_privileged *privileged, const struct membership *membership,
                              bus_privileged_done done, void *data)
{
    return ask_member_change(privileged, "AddMember", membership, done, data);
}

int bus_privileged_note_member(struct bus_privileged *privileged, const struct membership *membership,
                               bus_privileged_done done, void *data)
{
    return ask_member_change(privileged, "NoteMember", membership, done, data);
}

int bus_privileged_remove_member(struct bus_privileged *privileged, const char *group, const char *user,
                                 bus_privileged_done done, void *data)
{
    static const struct shape shape = {"RemoveMember", "ss", "b", BUS_PRIVILEGED_TIMEOUT_MS};
    if (!text_is_utf8(group) || !text_is_utf8(user))
        return -EINVAL;
    return ask_service(privileged, &shape, json_pack("[s, s]", group, user),
                       &(struct reply_to){.done = done, .data = data});
}

int bus_privileged_get_members(struct bus_privileged *privileged, const char *group,
                               bus_privileged_listed done, void *data)
{
    static const struct shape shape = {"GetMembers", "s", "asas", BUS_PRIVILEGED_TIMEOUT_MS};
    if (!text_is_utf8(group))
        return -EINVAL;
    return ask_service(privileged, &shape, json_pack("[s]", group),
                       &(struct reply_to){.list = done, .data = data});
}

int bus_privileged_get_notes(struct bus_privileged *privileged, bus_privileged_listed done, void *data)
{
    static const struct shape shape = {"GetNotes", "", "asas", BUS_PRIVILEGED_TIMEOUT_MS};
    return ask_service(privileged, &shape, json_array(), &(struct reply_to){.list = done, .data = data});
}

int bus_privileged_judge_account(struct bus_privileged *privileged, uid_t uid, const char *user,
                                 bus_privileged_judged done, void *data)
{
    static const struct shape shape = {"JudgeAccount", "us", "sxsas", BUS_PRIVILEGED_TIMEOUT_MS};
    if (user && !text_is_utf8(user))
        return -EINVAL;
    return ask_service(privileged, &shape,
                       json_pack("[I, s]", (json_int_t)(user ? (uid_t)-1 : uid), user ? user : ""),
                       &(struct reply_to){.judged = done, .data = data});
}

int bus_privileged_warn(struct bus_privileged *privileged, uid_t uid, const char *text,
                        bus_privileged_done done, void *data)
{
    static const struct shape shape = {"Warn", "us", "", BUS_PRIVILEGED_TIMEOUT_MS};
    if (!text_is_utf8(text))
        return -EINVAL;
    return ask_service(privileged, &shape, json_pack("[I, s]", (json_int_t)uid, text),
                       &(struct reply_to){.done = done, .data = data});
}

int bus_privileged_end_sessions(struct bus_privileged *privileged, const struct engine_ending *ending,
                                bus_privileged_listed done, void *data)
{
    static const struct shape shape = {"EndSessions", "usasau", "as", BUS_PRIVILEGED_END_TIMEOUT_MS};
    json_t *names = json_array();
    json_t *numbers = json_array();
    bool valid = text_is_utf8(ending->user);
    for (char *const *service = ending->services; service && *service; service++)
        valid &= json_array_append_new(names, json_string(*service)) == 0; /* no UTF-8: none is made */
    for (size_t i = 0; i < ending->n_gids; i++)
        valid &= json_array_append_new(numbers, json_integer(ending->gids[i])) == 0;
    if (!valid) {
        json_decref(names);
        json_decref(numbers);
        return -EINVAL;
    }
    return ask_service(privileged, &shape,
                       json_pack("[I, s, o, o]", (json_int_t)ending->uid, ending->user, names, numbers),
                       &(struct reply_to){.list = done, .data = data});
}
