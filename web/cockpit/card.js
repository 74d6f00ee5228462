// SPDX-License-Identifier: LGPL-2.1-or-later
// The state of a card: a request that waits for the reader, and the form by which they decide. Knows no page. What it
// holds to: a decision takes two steps, is sent once, and only while what the form was opened on is what waits; whatever
// others do meanwhile is told in the card, which stays.
import { FOREVER, LONGEST } from "./duration.js";

export const APPROVE = "approve", SHORTEN = "shorten", DENY = "deny", REVIEW = "review";
const YEAR = 366 * 86400;

export class Card {
    // request: as the bus has it. seen: its text, read (text.js); null of an emergency, and until it was read.
    constructor(request, seen = null) {
        this.id = request.id;
        this.request = request;
        this.seen = seen;
        this.mode = null;      // which form is open
        this.overtaken = null; // why that form can send nothing any more
        this.problem = null;   // why the last one was not taken
        this.later = null;     // what it has become, to be shown when the form is closed
        this.is_sending = false;
        this.may_have_arrived = false; // what the open form sent, though no answer came
        this.is_settled = false; // it waits for the reader no longer
    }

    // The decisions that are the reader's to make now.
    get choices() {
        if (this.is_settled)
            return [];
        if (this.request.may_review)
            return [REVIEW];
        return this.request.may_decide && this.seen ? [APPROVE, SHORTEN, DENY] : [];
    }

    open(mode) {
        if (this.mode || !this.choices.includes(mode))
            return false;
        this.mode = mode;
        this.problem = null;
        return true;
    }

    // Says whether the card has to be shown anew.
    close() {
        if (!this.mode || this.is_sending)
            return false;
        this.mode = null;
        this.problem = this.overtaken = null;
        this.may_have_arrived = false;
        Object.assign(this, this.later);
        this.later = null;
        return true;
    }

    // The request as it is now. An open form keeps what it was opened on; close() shows the rest.
    update(request, seen = null) {
        const is_settled = !(request.may_decide || request.may_review);
        const now = { request, seen: is_settled ? this.seen : seen, is_settled };
        if (this.is_sending)
            return;
        if (!this.mode) {
            Object.assign(this, now);
        } else if (is_settled || seen?.digest !== this.seen?.digest) {
            this.later = now;
            this.overtaken = is_settled ? "decided" : "changed";
        } else {
            this.request = request;
        }
    }

    // The call that the open form stands for, or null: then `problem` says what is missing, where something is. Once it was
    // given, it is not given again. input: reason, seconds and start, as far as the form has them; now: the host's time.
    send(input, now) {
        if (!this.mode || this.is_sending || this.overtaken)
            return null;
        this.problem = this.check(input, now);
        if (this.problem)
            return null;
        this.is_sending = true;
        const reason = input.reason?.trim() ?? "", { id } = this;
        if (this.mode === REVIEW)
            return { method: "Review", id, reason };
        const options = { digest: this.seen.digest };
        if (reason)
            options.reason = reason;
        if (this.mode === SHORTEN && input.seconds !== undefined && input.seconds !== this.seen.duration)
            options.duration = input.seconds;
        if (this.mode === SHORTEN && input.start !== undefined)
            options.start = input.start;
        return { method: this.mode === DENY ? "Deny" : "Approve", id, options };
    }

    // What stands against sending this, in words; null where nothing does.
    check({ reason, seconds, start }, now) {
        if (this.mode === DENY && !reason?.trim())
            return "Say why: who asked reads it.";
        if (this.mode !== SHORTEN)
            return null;
        const asked = this.seen.duration;
        if (seconds === undefined && start === undefined)
            return "Choose a shorter time or a later start.";
        if (seconds !== undefined && !(seconds > 0 && seconds <= Math.min(asked, LONGEST)) && seconds !== asked)
            return asked === FOREVER ? "Write a time such as 45m, 4h or 2d." : "Write a time such as 45m or 4h that is not longer than was asked for.";
        if (start !== undefined && !(start > now && start < now + YEAR && start > (this.seen.start ?? 0)))
            return "Choose a start that is later than was asked for, and within a year.";
        if (start === undefined && seconds === asked)
            return "Choose a shorter time or a later start.";
        return null;
    }

    // The daemon took it; request: as it is since.
    sent(request) {
        Object.assign(this, { is_sending: false, may_have_arrived: false, mode: null, problem: null });
        this.update(request);
    }

    // It did not, and says why; is_unsure: or no answer came. The form stays as it is.
    failed(message, is_unsure = false) {
        this.is_sending = false;
        this.may_have_arrived ||= is_unsure;
        this.problem = message;
    }
}
