/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/lookup_outage.h"

#include "common/log.h"

enum {
    REMINDER_TIMEOUTS = 300, /* between two lines about one outage */
    PROBE_TIMEOUTS = 10,     /* how long after a failure its question is asked again */
};

static void set_probe(struct outage *outage)
{
    ev_timer_stop(outage->loop, &outage->probe);
    ev_timer_set(&outage->probe, PROBE_TIMEOUTS * outage->timeout, 0.);
    ev_timer_start(outage->loop, &outage->probe);
}

static void on_probe(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct outage *outage = timer->data;
    if (outage->hooks.ask(json_incref(outage->question), outage->hooks.ask_data) < 0)
        set_probe(outage);
}

void outage_init(struct outage *outage, struct ev_loop *loop, double timeout)
{
    *outage = (struct outage){.loop = loop, .timeout = timeout};
    ev_timer_init(&outage->probe, on_probe, 0., 0.);
    outage->probe.data = outage;
}

void outage_deinit(struct outage *outage)
{
    ev_timer_stop(outage->loop, &outage->probe);
    json_decref(outage->question);
    outage->question = NULL;
}

static void tell(const struct outage *outage, bool lasts)
{
    if (outage->hooks.tell)
        outage->hooks.tell(lasts, outage->hooks.tell_data);
}

static void log_failure(struct outage *outage, double now, const char *why)
{
    if (outage->question && now - outage->told < REMINDER_TIMEOUTS * outage->timeout)
        return;
    if (outage->question)
        log_warning(
            "Users and groups are still not all answered: %u look-ups failed so far; the last one %s.",
            outage->count, why);
    else
        log_warning(
            "A look-up of users or groups %s. What was not found counts as not known, and what needs it "
            "waits or is refused. See whether the directory answers: getent passwd NAME. Further "
            "failures are counted; it is logged when they end.",
            why);
    outage->told = now;
}

void outage_note_failure(struct outage *outage, json_t *question, const char *why)
{
    const bool begins = !outage->question;
    const double now = ev_now(outage->loop);
    outage->failed = now;
    outage->count++;
    log_failure(outage, now, why);
    if (begins)
        outage->begun = now;
    json_incref(question);
    json_decref(outage->question);
    outage->question = question;
    set_probe(outage);
    if (begins)
        tell(outage, true);
}

void outage_note_answer(struct outage *outage)
{
    if (!outage->question)
        return;
    log_notice("Users and groups are answered again. %u look-up%s failed within %.0f s.", outage->count,
               outage->count == 1 ? "" : "s", outage->failed - outage->begun);
    outage_deinit(outage);
    outage->count = 0;
    tell(outage, false);
}
