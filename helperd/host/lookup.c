/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/lookup.h"

#include "common/child.h"
#include "common/cleanup.h"
#include "common/log.h"
#include "common/names.h"
#include "common/remembered.h"
#include "helperd/host/lookup_here.h"
#include "helperd/host/lookup_outage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
    WORKERS = 16,
    QUESTIONS_MAX = 4096,
    DYING_MAX = 64, /* killed, but not dead yet: a process that waits for a dead file server cannot die */
    ANSWER_MAX = 1024 * 1024,
};

#define PRINCIPALS_SECONDS 1.

struct question {
    struct question *next;
    struct lookup *lookup;
    json_t *json;
    struct facts *facts; /* answered so far */
    size_t size;         /* bytes of the answer so far */
    lookup_done done;
    void *data;
    ev_timer deadline;
    struct worker *worker; /* NULL: waits in the queue */
    bool tried;            /* one worker ended without an answer, perhaps because it had been idle */
    bool probe;            /* asked again, to see if an outage is over */
};

struct worker {
    struct lookup *lookup;
    pid_t pid; /* 0: no process */
    int fd;
    ev_io io;
    struct question *question; /* NULL: idle */
    char *line;                /* received so far, not terminated */
    size_t size;
};

struct lookup {
    struct ev_loop *loop;
    char *program;
    double timeout;
    struct question *queue;
    size_t count;
    struct worker workers[WORKERS];
    pid_t dying[DYING_MAX];
    size_t n_dying;
    struct remembered known;
    struct namebook names;
    struct outage outage;
    bool cannot_start;
    unsigned turn;   /* of the loop, in which the files were looked at */
    ev_timer settle; /* hands questions to workers, from the loop and not inside lookup_ask */
};

static void question_free(struct question *question)
{
    ev_timer_stop(question->lookup->loop, &question->deadline);
    question->lookup->count--;
    json_decref(question->json);
    facts_free(question->facts);
    free(question);
}

/* Takes over what they say of names. Returns one that is doubted, which belongs to them; NULL: none. */
static const char *learn(struct lookup *lookup, struct facts *facts)
{
    const char *doubted = facts_doubt(facts, &lookup->known, ev_now(lookup->loop));
    facts_learn(facts, &lookup->names);
    return doubted;
}

/* `why` it is not fully answered, for the journal; NULL: it was answered, though perhaps not by every directory. */
static void question_finish(struct question *question, const char *why)
{
    struct lookup *lookup = question->lookup;
    const lookup_done done = question->done;
    void *data = question->data;
    struct facts *facts = steal_ptr(question->facts);
    const char *doubted = facts ? learn(lookup, facts) : NULL;
    char denial[512], visible[256];
    if (!why && doubted) {
        snprintf(
            denial, sizeof(denial),
            "did not find %s, which was there before: it was deleted, or the server of its directory is away",
            text_visible(doubted, visible, sizeof(visible)));
        why = denial;
    }
    if (!why && facts && (facts->unanswered || !facts_are_whole(facts)))
        why = "was refused: a directory says that it is not available";
    if (why)
        outage_note_failure(&lookup->outage, question->json, why);
    else if (question->probe)
        outage_note_answer(&lookup->outage);
    question_free(question);
    done(facts, data);
}

/* Drops a partial answer, of a process that then failed. */
static void question_reset(struct question *question)
{
    facts_free(question->facts);
    question->facts = facts_new(question->json);
    question->size = 0;
}

static void unlink_question(struct lookup *lookup, struct question *question)
{
    for (struct question **q = &lookup->queue; *q; q = &(*q)->next) {
        if (*q == question) {
            *q = question->next;
            return;
        }
    }
}

static void settle_soon(struct lookup *lookup)
{
    ev_timer_set(&lookup->settle, 0., 0.);
    ev_timer_start(lookup->loop, &lookup->settle);
}

/* Never waits. worker_start() keeps room in `dying` for every worker. */
static void reap_workers(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->n_dying;) {
        if (waitpid(lookup->dying[i], NULL, WNOHANG) == 0)
            i++;
        else
            lookup->dying[i] = lookup->dying[--lookup->n_dying];
    }
}

static void worker_end(struct worker *worker)
{
    if (worker->pid == 0)
        return;
    ev_io_stop(worker->lookup->loop, &worker->io);
    close(worker->fd);
    kill(worker->pid, SIGKILL);
    worker->lookup->dying[worker->lookup->n_dying++] = worker->pid;
    reap_workers(worker->lookup);
    free(worker->line);
    worker->line = NULL;
    worker->size = 0;
    worker->pid = 0;
}

/* Its question goes back to the queue once; the second time it counts as unanswered. */
static void worker_lost(struct worker *worker)
{
    struct question *question = worker->question;
    worker->question = NULL;
    worker_end(worker);
    if (!question)
        return;
    question->worker = NULL;
    question_reset(question);
    if (question->tried) {
        question_finish(question, "ended without an answer");
        return;
    }
    question->tried = true;
    question->next = worker->lookup->queue;
    worker->lookup->queue = question;
    settle_soon(worker->lookup);
}

static void worker_malformed(struct worker *worker)
{
    struct question *question = worker->question;
    worker->question = NULL;
    worker_end(worker);
    settle_soon(worker->lookup);
    question_reset(question);
    question_finish(question, "gave an answer that is none");
}

static void worker_answered(struct worker *worker)
{
    struct question *question = worker->question;
    worker->question = NULL;
    settle_soon(worker->lookup);
    question_finish(question, NULL);
}

/* The principals that follow may be large groups in a slow directory: do not let the rest wait for them. */
static void shorten_deadline(struct question *question)
{
    struct ev_loop *loop = question->lookup->loop;
    if (json_object_get(question->json, "patience") ||
        ev_timer_remaining(loop, &question->deadline) <= PRINCIPALS_SECONDS)
        return;
    ev_timer_stop(loop, &question->deadline);
    ev_timer_set(&question->deadline, PRINCIPALS_SECONDS, 0.);
    ev_timer_start(loop, &question->deadline);
}

/* False when the worker has no question any more. */
static bool add_line_of_answer(struct worker *worker, const char *line, size_t size)
{
    struct question *question = worker->question;
    json_t *json = json_loadb(line, size, 0, NULL);
    const int r = !json || !question->facts ? -EBADMSG : facts_add(question->facts, question->json, json);
    json_decref(json);
    if (r == FACTS_E_PRINCIPALS)
        shorten_deadline(question);
    else if (r == FACTS_E_END)
        worker_answered(worker);
    else if (r < 0)
        worker_malformed(worker);
    return worker->question;
}

/* Adds the complete lines received; keeps the rest. */
static void add_received_lines(struct worker *worker)
{
    const char *end = NULL;
    size_t taken = 0;
    while (worker->question && (end = memchr(worker->line + taken, '\n', worker->size - taken))) {
        const size_t size = (size_t)(end - (worker->line + taken));
        if (!add_line_of_answer(worker, worker->line + taken, size))
            break;
        taken += size + 1;
    }
    if (!worker->question) {
        worker->size = 0; /* nothing follows the last line */
        return;
    }
    worker->size -= taken;
    memmove(worker->line, worker->line + taken, worker->size);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    struct worker *worker = io->data;
    char *grown = realloc(worker->line, worker->size + 4096);
    worker->line = grown ? grown : worker->line;
    if (!grown || (worker->question && worker->question->size > ANSWER_MAX)) {
        worker_lost(worker);
        return;
    }
    const ssize_t got = recv(worker->fd, worker->line + worker->size, 4096, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || !worker->question) {
        worker_lost(worker);
        return;
    }
    worker->question->size += (size_t)got;
    worker->size += (size_t)got;
    add_received_lines(worker);
}

static int worker_start(struct lookup *lookup, struct worker *worker)
{
    int pair[2];
    reap_workers(lookup);
    if (lookup->n_dying > DYING_MAX - WORKERS)
        return -EAGAIN;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    char *const argv[] = {lookup->program, NULL};
    char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const struct child_plan plan = {
        .argv = argv, .environment = environment, .fds = {pair[1], pair[1], STDERR_FILENO}, .n_fds = 3};
    pid_t pid;
    const int r = child_start(&plan, &pid);
    close(pair[1]);
    if (r < 0) {
        close(pair[0]);
        if (!lookup->cannot_start)
            log_error("Cannot start %s: %s. Calls wait for it, then are refused.", lookup->program,
                      strerror(-r));
        lookup->cannot_start = true;
        return r;
    }
    lookup->cannot_start = false;
    *worker = (struct worker){.lookup = lookup, .pid = pid, .fd = pair[0]};
    ev_io_init(&worker->io, on_readable, worker->fd, EV_READ);
    worker->io.data = worker;
    ev_io_start(lookup->loop, &worker->io);
    return 0;
}

static bool worker_ask(struct worker *worker, struct question *question)
{
    char *line = json_dumps(question->json, JSON_COMPACT);
    const size_t size = line ? strlen(line) : 0;
    /* A question is smaller than a socket buffer and the process reads nothing else: this cannot block. */
    const bool sent = line && send(worker->fd, line, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
    free(line);
    worker->question = question;
    question->worker = worker;
    if (!sent)
        worker_lost(worker);
    return sent;
}

static struct worker *find_idle(struct lookup *lookup)
{
    struct worker *unused = NULL;
    for (size_t i = 0; i < WORKERS; i++) {
        struct worker *worker = &lookup->workers[i];
        if (worker->pid && !worker->question)
            return worker;
        if (!worker->pid && !unused)
            unused = worker;
    }
    return unused && worker_start(lookup, unused) == 0 ? unused : NULL;
}

static void on_settle(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct lookup *lookup = timer->data;
    while (lookup->queue) {
        struct worker *worker = find_idle(lookup);
        if (!worker)
            return; /* the next answer or deadline starts the timer again */
        struct question *question = lookup->queue;
        lookup->queue = question->next;
        worker_ask(worker, question);
    }
}

static void on_question_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct question *question = timer->data;
    struct lookup *lookup = question->lookup;
    if (question->worker) {
        question->worker->question = NULL;
        worker_end(question->worker);
    } else {
        unlink_question(lookup, question);
    }
    settle_soon(lookup);
    if (question->facts)
        question->facts->late = true;
    question_finish(question, "took too long (a slow directory can have more time: [lookup] timeout in "
                              "accesspkg.conf)");
}

/* Takes over the reference to `json`. */
static int enqueue_question(struct lookup *lookup, json_t *json, bool probe, lookup_done done, void *data)
{
    struct question *question = json && lookup->count < QUESTIONS_MAX ? calloc(1, sizeof(*question)) : NULL;
    if (!question) {
        json_decref(json);
        return json && lookup->count >= QUESTIONS_MAX ? -EBUSY : -ENOMEM;
    }
    *question = (struct question){
        .lookup = lookup, .json = json, .facts = facts_new(json), .probe = probe, .done = done, .data = data};
    if (!question->facts) {
        json_decref(json);
        free(question);
        return -ENOMEM;
    }
    lookup->count++;
    ev_timer_init(&question->deadline, on_question_deadline, lookup->timeout, 0.);
    question->deadline.data = question;
    ev_timer_start(lookup->loop, &question->deadline);
    struct question **last = &lookup->queue;
    while (*last)
        last = &(*last)->next;
    *last = question;
    settle_soon(lookup);
    return 0;
}

static void drop_facts(struct facts *facts, void *data)
{
    (void)data;
    facts_free(facts);
}

static int ask_again(json_t *question, void *data)
{
    return enqueue_question(data, question, true, drop_facts, data);
}

struct lookup *lookup_new(struct ev_loop *loop, const char *program, double timeout)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        return NULL;
    lookup->loop = loop;
    lookup->timeout = timeout;
    outage_init(&lookup->outage, loop, timeout);
    lookup->outage.hooks = (struct outage_hooks){.ask = ask_again, .ask_data = lookup};
    lookup->program = strdup(program);
    ev_timer_init(&lookup->settle, on_settle, 0., 0.);
    lookup->settle.data = lookup;
    if (!lookup->program) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

void lookup_set_timeout(struct lookup *lookup, double timeout)
{
    lookup->timeout = lookup->outage.timeout = timeout;
}

const struct namebook *lookup_names(const struct lookup *lookup)
{
    return &lookup->names;
}

void lookup_expire_names(struct lookup *lookup)
{
    lookup->names.expired = namebook_clock();
}

void lookup_set_outage(struct lookup *lookup, void (*outage)(bool lasts, void *data), void *data)
{
    lookup->outage.hooks.tell = outage;
    lookup->outage.hooks.tell_data = data;
}

void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    for (size_t i = 0; i < WORKERS; i++) {
        if (lookup->workers[i].question)
            question_free(lookup->workers[i].question);
        worker_end(&lookup->workers[i]);
    }
    while (lookup->queue) {
        struct question *question = lookup->queue;
        lookup->queue = question->next;
        question_free(question);
    }
    ev_timer_stop(lookup->loop, &lookup->settle);
    outage_deinit(&lookup->outage);
    remembered_deinit(&lookup->known);
    namebook_deinit(&lookup->names);
    free(lookup->program);
    free(lookup);
}

int lookup_ask(struct lookup *lookup, const struct inquiry *inquiry, lookup_done done, void *data)
{
    return enqueue_question(lookup, inquiry_to_json(inquiry), false, done, data);
}

struct facts *lookup_here(struct lookup *lookup, const struct inquiry *inquiry)
{
    if (!inquiry->names_only) /* other services may know further groups of users */
        return NULL;
    json_t *question = inquiry_to_json(inquiry);
    const unsigned turn = ev_iteration(lookup->loop);
    if (!question)
        return NULL;
    struct facts *facts = lookup_here_answer(question, turn != lookup->turn);
    lookup->turn = turn;
    json_decref(question);
    if (facts)
        learn(lookup, facts);
    return facts;
}

void lookup_cancel(struct lookup *lookup, void *data)
{
    for (size_t i = 0; i < WORKERS; i++) {
        struct question *question = lookup->workers[i].question;
        if (question && question->data == data) {
            lookup->workers[i].question = NULL;
            worker_end(&lookup->workers[i]);
            question_free(question);
        }
    }
    for (struct question **q = &lookup->queue; *q;) {
        struct question *question = *q;
        if (question->data == data) {
            *q = question->next;
            question_free(question);
        } else {
            q = &question->next;
        }
    }
    settle_soon(lookup); /* a process may be free for those that wait */
}
