// SPDX-License-Identifier: LGPL-2.1-or-later
// The cards and their places. Emergencies stand first, then what expires soonest; a card that is there keeps its place
// among the others, and while a form is open none comes before another and none goes.
import { Card } from "./card.js";

// Negative: a stands before b. (Two that never expire differ by no number, and so by their own.)
export function compare_requests(a, b) {
    return Number(Boolean(b.emergency)) - Number(Boolean(a.emergency)) ||
        (a.expires ?? Infinity) - (b.expires ?? Infinity) || a.id - b.id;
}

export class Queue {
    constructor() {
        this.cards = []; // in their places
        this.by_id = new Map();
    }

    get is_open() {
        return this.cards.some(card => card.mode);
    }

    get waiting() {
        return this.cards.filter(card => !card.is_settled).length;
    }

    // All that waits now. Returns the cards of those that were there and are not among them: what became of them is to
    // be asked.
    fill(requests) {
        const present = new Set(requests.map(request => request.id));
        for (const request of [...requests].sort(compare_requests))
            this.put(request);
        return this.cards.filter(card => !card.is_settled && !present.has(card.id));
    }

    // A request as it is now. Returns its card; null where it is not and was not the reader's to decide.
    put(request, seen = null) {
        const card = this.by_id.get(request.id);
        if (card) {
            // A list has no texts: what was read of the same one is still true.
            card.update(request, seen ?? (card.seen?.digest === request.digest ? card.seen : null));
            return card;
        }
        if (!request.may_decide && !request.may_review)
            return null;
        const made = new Card(request, seen);
        const place = this.is_open ? -1 : this.cards.findIndex(other => compare_requests(request, other.request) < 0);
        this.cards.splice(place < 0 ? this.cards.length : place, 0, made);
        this.by_id.set(made.id, made);
        return made;
    }

    // Takes out what is decided, when the reader says so, unless a form is open.
    clear() {
        if (this.is_open)
            return;
        this.cards = this.cards.filter(card => !card.is_settled);
        this.by_id = new Map(this.cards.map(card => [card.id, card]));
    }
}
