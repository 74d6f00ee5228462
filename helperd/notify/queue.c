/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/queue.h"

#include "common/cleanup.h"
#include "common/config.h"
#include "common/log.h"
#include "common/paths.h"
#include "helperd/notify/hooks.h"
#include "helperd/notify/people.h"
#include "helperd/notify/run.h"
#include "helperd/notify/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    NOTICES_MAX = 4096, /* in memory; the rest waits in the store */
    RUNNING_MAX = 8,
    RUNNING_OF_HOOK_MAX = 2, /* so that a program that hangs leaves room for others */
    MESSAGE_MAX = RUN_MESSAGE_MAX,
    OUTPUT_MAX = 8192,
    LOOK_AGAIN =
        10, /* times settings.first: seconds until a notice that could not be prepared is tried again */
};

const struct queue_settings queue_defaults = {
    .folder = PATH_NOTIFY_D,
    .deadline = 30,
    .first = 1,
    .longest = 3600,
    .give_up = (int64_t)5 * 24 * 3600, /* as long as an MTA tries */
};

enum stage { WAITING, RUNNING, ENDED, TOLD };

/* One notice for one program. */
struct delivery {
    struct notice *notice;
    char *hook;
    enum stage stage;
    double next;  /* when to start it, on the loop's clock */
    double pause; /* after the next attempt, if it fails */
};

struct notice {
    struct notice *next;
    struct queue *queue;
    int64_t id;
    json_t *object;
    char *text; /* for the programs' stdin; NULL: not prepared */
    double next_look;
    struct delivery *deliveries;
    size_t count;
    bool prepared;
    bool finished;
    bool orphan; /* of a store that was replaced: delivered, but not reported */
    char given_up[MESSAGE_MAX];
};

struct queue {
    struct ev_loop *loop;
    struct queue_settings settings;
    struct queue_hooks hooks;
    struct notice *notices; /* the oldest first */
    size_t count;
    struct delivery *running[RUNNING_MAX];
    size_t n_running;
    ev_timer timer;
    bool stopped;
    bool logged_no_program; /* that there is no program */
};

static void drive_queue(struct queue *queue);

static void notice_free(struct notice *notice)
{
    struct queue *queue = notice->queue;
    for (struct notice **n = &queue->notices; *n; n = &(*n)->next) {
        if (*n == notice) {
            *n = notice->next;
            queue->count--;
            break;
        }
    }
    for (size_t i = 0; i < notice->count; i++)
        free(notice->deliveries[i].hook);
    free(notice->deliveries);
    json_decref(notice->object);
    free(notice->text);
    free(notice);
}

static struct notice *find_notice(const struct queue *queue, int64_t id)
{
    struct notice *notice = queue->notices;
    while (notice && (notice->id != id || notice->orphan))
        notice = notice->next;
    return notice;
}

static void report_delivery(const struct notice *notice, const char *hook, bool ok, const char *message)
{
    if (!notice->orphan)
        notice->queue->hooks.report(notice->id, hook, ok, message, notice->queue->hooks.data);
}

/* ---- preparing a notice ---- */

static void finish_notice(struct notice *notice)
{
    notice->finished = true;
    report_delivery(notice, "", true, notice->given_up);
}

static bool is_finished_by_all(const struct notice *notice)
{
    for (size_t i = 0; i < notice->count; i++)
        if (notice->deliveries[i].stage == WAITING || notice->deliveries[i].stage == RUNNING)
            return false;
    return true;
}

static bool has_received(const struct notice *notice, const char *hook)
{
    const json_t *done = json_object_get(notice->object, "done");
    for (size_t i = 0; i < json_array_size(done); i++) {
        const char *name = json_string_value(json_array_get(done, i));
        if (name && strcmp(name, hook) == 0)
            return true;
    }
    return false;
}

/* Plans a delivery for each program that is in notify.d now and has not got the notice before. 0 or -ENOMEM. */
static int plan_deliveries(struct notice *notice, char *const *names)
{
    struct queue *queue = notice->queue;
    notice->deliveries = calloc(strv_length(names) + 1, sizeof(*notice->deliveries));
    if (!notice->deliveries)
        return -ENOMEM;
    for (; *names; names++) {
        struct delivery *delivery = &notice->deliveries[notice->count];
        if (has_received(notice, *names))
            continue;
        *delivery = (struct delivery){.notice = notice,
                                      .hook = strdup(*names),
                                      .pause = queue->settings.first,
                                      .next = ev_now(queue->loop)};
        if (!delivery->hook)
            return -ENOMEM;
        notice->count++;
    }
    return 0;
}

static void drop_deliveries(struct notice *notice)
{
    while (notice->count > 0)
        free(notice->deliveries[--notice->count].hook);
    free(notice->deliveries);
    notice->deliveries = NULL;
}

/* The notice for the programs, without members that only accesspkgd and we use. */
static char *make_input(json_t *object)
{
    static const char *const ours[] = {"recipients", "unnamed", "except", "delegates",
                                       "done",       "extend",  "anew"};
    json_t *copy = json_copy(object);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        json_object_del(copy, ours[i]);
    char *text = copy && words_write_times(copy) == 0 ? json_dumps(copy, JSON_COMPACT) : NULL;
    json_decref(copy);
    return text;
}

/* By accesspkg.conf as it is now; where that has errors, of which accesspkgd tells, there is no link. */
static int add_words(struct notice *notice)
{
    struct problems unsaid = {0};
    struct config_notices settings = {0};
    config_load_notices(PATH_CONFIG, 0, &settings, &unsaid);
    const int r = words_add(notice->object, settings.url);
    config_notices_deinit(&settings);
    problems_deinit(&unsaid);
    return r;
}

/* Finds the recipients and composes the text. 0; 1: there are no recipients; -errno. */
static int prepare_text(struct notice *notice)
{
    int r = people_add(notice->object);
    if (r == 0)
        r = add_words(notice);
    if (r < 0)
        return r;
    if (json_array_size(json_object_get(notice->object, "to")) == 0)
        return 1;
    notice->text = make_input(notice->object);
    return notice->text ? 0 : -ENOMEM;
}

static bool is_too_old(const struct notice *notice)
{
    const int64_t time = json_integer_value(json_object_get(notice->object, "time"));
    return (int64_t)ev_time() - time > notice->queue->settings.give_up;
}

/* Sets next_look to try again later when a directory did not answer or memory is short. */
static void prepare_notice(struct notice *notice, char *const *names)
{
    struct queue *queue = notice->queue;
    int r = plan_deliveries(notice, names);
    if (r == 0 && notice->count > 0)
        r = prepare_text(notice);
    if (r == -EAGAIN || r == -ENOMEM) {
        log_warning("Notice %" PRId64 " waits: %s. It is tried again.", notice->id,
                    r == -EAGAIN ? "those who are to be told could not be looked up" : "memory is short");
        drop_deliveries(notice);
        notice->next_look = ev_now(queue->loop) + LOOK_AGAIN * queue->settings.first;
        return;
    }
    if (r == -EINVAL)
        snprintf(notice->given_up, sizeof(notice->given_up),
                 "this version does not know such an event; run: systemctl restart accesspkg-notify");
    notice->prepared = true;
    if (r != 0)
        drop_deliveries(notice);
    if (notice->count == 0)
        finish_notice(notice);
}

/* Prepares new notices, with one list of notify.d. *ret_next: when to try those that could not be prepared. */
static void prepare_notices(struct queue *queue, double *ret_next)
{
    const double now = ev_now(queue->loop);
    char why[MESSAGE_MAX] = "";
    strv names = NULL;
    for (struct notice *notice = queue->notices; notice; notice = notice->next) {
        if (!notice->prepared && notice->next_look <= now && !names) {
            if (hooks_list(queue->settings.folder, &names, why, sizeof(why)) < 0) {
                log_error("%s", *why ? why : "The programs of notify.d cannot be listed. It is tried again.");
                report_delivery(notice, "notify-d", false, why);
                notice->next_look = now + LOOK_AGAIN * queue->settings.first;
                *ret_next = notice->next_look < *ret_next ? notice->next_look : *ret_next;
                return;
            }
            if (!names[0] && !queue->logged_no_program)
                log_notice("There is no program in %s: nobody is told of anything. To change that: man "
                           "accesspkg-notify",
                           queue->settings.folder);
            queue->logged_no_program = !names[0];
        }
        if (!notice->prepared && notice->next_look <= now)
            prepare_notice(notice, names);
        if (!notice->prepared && notice->next_look < *ret_next)
            *ret_next = notice->next_look;
    }
    strv_free(names);
}

/* ---- programs ---- */

static void finish_delivery(struct delivery *delivery)
{
    delivery->stage = ENDED;
    if (is_finished_by_all(delivery->notice))
        finish_notice(delivery->notice);
    else
        report_delivery(delivery->notice, delivery->hook, true, "");
}

static void fail_delivery(struct delivery *delivery, bool for_good, const char *message)
{
    struct notice *notice = delivery->notice;
    struct queue *queue = notice->queue;
    log_warning("Notice %" PRId64 " was not delivered. %s", notice->id, message);
    if (for_good || is_too_old(notice)) {
        snprintf(notice->given_up, sizeof(notice->given_up), "%s", message);
        finish_delivery(delivery);
        return;
    }
    delivery->stage = WAITING;
    delivery->next = ev_now(queue->loop) + delivery->pause;
    delivery->pause =
        delivery->pause * 2 < queue->settings.longest ? delivery->pause * 2 : queue->settings.longest;
    report_delivery(notice, delivery->hook, false, message);
}

static void remove_running(struct queue *queue, const struct delivery *delivery)
{
    for (size_t i = 0; i < queue->n_running; i++)
        if (queue->running[i] == delivery) {
            queue->running[i] = queue->running[--queue->n_running];
            return;
        }
}

static void on_done(const struct child_end *end, void *data)
{
    struct delivery *delivery = data;
    struct queue *queue = delivery->notice->queue;
    char message[MESSAGE_MAX];
    remove_running(queue, delivery);
    const int code = run_describe_end(end, delivery->hook, queue->settings.deadline, message);
    const bool absent = run_note_absent(delivery->hook, code, message);
    if (code == 0 && *message)
        log_info("%s, notice %" PRId64 ": %s", delivery->hook, delivery->notice->id, message);
    if (code == 0 || absent) {
        finish_delivery(delivery);
    } else {
        fail_delivery(delivery, code == EX_DATAERR || code == EX_NOUSER, message);
    }
    drive_queue(queue);
}

static void start_delivery(struct delivery *delivery)
{
    struct queue *queue = delivery->notice->queue;
    char why[MESSAGE_MAX / 2] = "";
    char message[MESSAGE_MAX];
    _cleanup_close_ int fd = hooks_open(queue->settings.folder, delivery->hook, why, sizeof(why));
    int r = fd < 0 ? fd : 0;
    if (r == -ENOENT) {
        log_notice("%s was taken out of notify.d: notice %" PRId64 " is not for it any more.", delivery->hook,
                   delivery->notice->id);
        finish_delivery(delivery);
        return;
    }
    if (r == 0)
        r = run_start(queue->loop, fd, delivery->hook, delivery->notice->text,
                      &(struct child_terms){on_done, delivery, OUTPUT_MAX, queue->settings.deadline});
    if (r == 0) {
        delivery->stage = RUNNING;
        queue->running[queue->n_running++] = delivery;
        return;
    }
    snprintf(message, sizeof(message), "%.64s: %s", delivery->hook, *why ? why : strerror(-r));
    fail_delivery(delivery, false, message);
}

/* True while its program runs often enough, or for the same request: notices of a request stay in order. */
static bool has_to_wait(const struct queue *queue, const struct delivery *delivery)
{
    const json_t *request = json_object_get(delivery->notice->object, "request");
    size_t count = 0;
    for (size_t i = 0; i < queue->n_running; i++) {
        const struct delivery *other = queue->running[i];
        if (strcmp(other->hook, delivery->hook) != 0)
            continue;
        if (request && json_equal(request, json_object_get(other->notice->object, "request")))
            return true;
        count++;
    }
    return count >= RUNNING_OF_HOOK_MAX;
}

/* The delivery of the oldest notice that may start now; NULL: none. *ret_next: when the next one may. */
static struct delivery *find_due(struct queue *queue, double *ret_next)
{
    const double now = ev_now(queue->loop);
    for (struct notice *notice = queue->notices; notice; notice = notice->next)
        for (size_t i = 0; i < notice->count; i++) {
            struct delivery *delivery = &notice->deliveries[i];
            if (delivery->stage != WAITING)
                continue;
            if (delivery->next > now)
                *ret_next = delivery->next < *ret_next ? delivery->next : *ret_next;
            else if (!has_to_wait(queue, delivery))
                return delivery;
        }
    return NULL;
}

/* Frees finished orphans, whose reports accesspkgd will not confirm. */
static void drop_orphans(struct queue *queue)
{
    for (struct notice *notice = queue->notices, *next; notice; notice = next) {
        next = notice->next;
        if (notice->orphan && notice->finished)
            notice_free(notice);
    }
}

static void drive_queue(struct queue *queue)
{
    struct delivery *delivery;
    double next = ev_now(queue->loop) + queue->settings.longest;
    if (queue->stopped)
        return;
    drop_orphans(queue);
    prepare_notices(queue, &next);
    while (queue->n_running < RUNNING_MAX && (delivery = find_due(queue, &next)))
        start_delivery(delivery);
    const double pause = next - ev_now(queue->loop);
    ev_timer_stop(queue->loop, &queue->timer);
    ev_timer_set(&queue->timer, pause > 0 ? pause : 0, 0.);
    ev_timer_start(queue->loop, &queue->timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    drive_queue(timer->data);
}

/* ---- the queue ---- */

struct queue *queue_new(struct ev_loop *loop, const struct queue_settings *settings,
                        const struct queue_hooks *hooks)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return NULL;
    *queue = (struct queue){.loop = loop, .settings = *settings, .hooks = *hooks};
    ev_timer_init(&queue->timer, on_timer, 0., 0.);
    queue->timer.data = queue;
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    ev_timer_stop(queue->loop, &queue->timer);
    while (queue->notices)
        notice_free(queue->notices);
    free(queue);
}

bool queue_has_room(const struct queue *queue)
{
    return queue->count < NOTICES_MAX;
}

/* Compares more than the id: a new store begins with the same ids. */
static bool is_same_notice(const struct notice *notice, const json_t *object)
{
    return json_equal(json_object_get(notice->object, "time"), json_object_get(object, "time")) &&
           json_equal(json_object_get(notice->object, "event"), json_object_get(object, "event")) &&
           json_equal(json_object_get(notice->object, "recipients"), json_object_get(object, "recipients"));
}

void queue_add(struct queue *queue, json_t *object)
{
    const int64_t id = json_integer_value(json_object_get(object, "id"));
    struct notice *known = find_notice(queue, id);
    if (known && !is_same_notice(known, object)) {
        known->orphan = true;
        known = NULL;
    }
    struct notice *notice = known ? NULL : calloc(1, sizeof(*notice));
    if (!notice) {
        json_decref(object);
        return;
    }
    *notice = (struct notice){.queue = queue, .id = id, .object = object};
    struct notice **end = &queue->notices;
    while (*end)
        end = &(*end)->next;
    *end = notice;
    queue->count++;
    /* Starts it later: the answer that brought this notice may have more of them. */
    ev_timer_stop(queue->loop, &queue->timer);
    ev_timer_set(&queue->timer, 0., 0.);
    ev_timer_start(queue->loop, &queue->timer);
}

void queue_confirm(struct queue *queue, int64_t id, const char *hook)
{
    struct notice *notice = find_notice(queue, id);
    if (!notice)
        return;
    if (!*hook && notice->finished) {
        notice_free(notice);
        return;
    }
    for (size_t i = 0; i < notice->count; i++)
        if (notice->deliveries[i].stage == ENDED && strcmp(notice->deliveries[i].hook, hook) == 0)
            notice->deliveries[i].stage = TOLD;
}

void queue_repeat_reports(struct queue *queue)
{
    for (const struct notice *notice = queue->notices; notice; notice = notice->next) {
        if (notice->finished)
            report_delivery(notice, "", true, notice->given_up);
        for (size_t i = 0; !notice->finished && i < notice->count; i++)
            if (notice->deliveries[i].stage == ENDED)
                report_delivery(notice, notice->deliveries[i].hook, true, "");
    }
}

void queue_stop(struct queue *queue)
{
    queue->stopped = true;
    ev_timer_stop(queue->loop, &queue->timer);
}

bool queue_is_idle(const struct queue *queue)
{
    return queue->n_running == 0;
}
