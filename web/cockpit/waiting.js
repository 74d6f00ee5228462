// SPDX-License-Identifier: LGPL-2.1-or-later
// The requests that wait for the reader. All that wait have a place; a card is made when it comes into sight.
import { CardView } from "./card_view.js";
import { button, h } from "./dom.js";
import { visible } from "./names.js";
import { Queue } from "./queue.js";
import { read_request } from "./text.js";
import { outcome_words } from "./words.js";

const PAGE = 500;
const GATHER = 100;    // milliseconds in which changes are gathered
const ONE_BY_ONE = 20; // more changes than these: the whole list is asked for

export class WaitingView {
    title = "Waiting";

    // page: host, reader, clock, announce(words).
    constructor(page) {
        this.page = Object.assign(Object.create(page), { changed: () => this.summarize(), look_again: id => this.look(id) });
        this.queue = new Queue();
        this.views = new Map();
        this.changes = new Set();
        this.summary = h("h2", { tabindex: "-1" }, "Asking …");
        this.tidy = button("Hide what is decided", { class: "unneeded" }, () => this.clear());
        this.linked = h("div", {});
        this.list = h("ul", { class: "cards", "aria-label": "Requests that wait for you" });
        this.node = h("section", {}, h("div", { class: "bar" }, this.summary, this.tidy), this.linked, this.list);
        this.sight = new IntersectionObserver(entries => this.saw(entries), { rootMargin: "400px 0px" });
    }

    // All that waits, asked anew: at the start, and when accesspkgd came back.
    async refresh() {
        const requests = [];
        for (let more = true, before; more;) {
            let page;
            [page, more] = await this.page.host.call("ListRequests", { role: "approver", limit: PAGE, ...before });
            requests.push(...page);
            before = { before: page.at(-1)?.id };
        }
        const known = new Set(this.queue.by_id.keys());
        const gone = this.queue.fill(requests);
        this.place();
        this.is_filled = true;
        for (const view of this.views.values())
            if (view.is_built)
                this.bring_up(view);
        this.tell_new(this.queue.cards.filter(card => !known.has(card.id)), known.size > 0);
        await Promise.all(gone.map(card => this.look(card.id)));
    }

    // A request changed: it is asked for, together with others of the same moment.
    changed(id) {
        this.changes.add(id);
        this.timer ??= setTimeout(() => {
            const ids = [...this.changes];
            this.changes.clear();
            this.timer = undefined;
            if (ids.length > ONE_BY_ONE)
                this.refresh().catch(() => {});
            else
                ids.forEach(id => this.look(id));
        }, GATHER);
    }

    // Asks for one request, and brings its card up to it.
    async look(id) {
        const known = this.queue.by_id.get(id);
        let request;
        try {
            [request] = await this.page.host.call("GetRequest", id);
        } catch (problem) {
            if (problem.error !== "NoSuchRequest" || !known)
                return;
            request = { ...known.request, may_decide: false, may_review: false, decisions: [] }; // not the reader's to see any more
        }
        await this.take(request);
        if (!known)
            this.tell_new(this.queue.by_id.has(id) ? [this.queue.by_id.get(id)] : [], true);
    }

    async take(request) {
        let seen = null, problem = "";
        if (request.may_decide)
            seen = await read_request(request).catch(error => { problem = error.message; return null });
        const card = this.queue.put(request, seen);
        if (!card)
            return;
        if (!this.views.has(card.id))
            this.place();
        const view = this.views.get(card.id);
        view.is_built = true;
        if (problem && !card.mode)
            card.problem = problem;
        view.show();
        this.summarize();
    }

    // Puts each card's place where the queue has it, and takes away those that are not in it.
    place() {
        this.queue.cards.forEach((card, i) => {
            let view = this.views.get(card.id);
            if (!view) {
                view = new CardView(card, this.page);
                this.views.set(card.id, view);
                this.sight.observe(view.node);
            }
            if (this.list.children[i] !== view.node)
                this.list.insertBefore(view.node, this.list.children[i] ?? null);
        });
        for (const [id, view] of this.views)
            if (!this.queue.by_id.has(id)) {
                this.sight.unobserve(view.node);
                view.node.remove();
                this.views.delete(id);
            }
        this.summarize();
    }

    saw(entries) {
        for (const { isIntersecting, target } of entries) {
            const view = this.views.get(Number(target.dataset.id));
            if (isIntersecting && view && !view.is_built)
                this.bring_up(view);
        }
    }

    // Facts need the text, which lists do not have.
    bring_up(view) {
        view.is_built = true;
        this.sight.unobserve(view.node);
        const { card } = view;
        if (card.request.may_decide && !card.seen && !card.is_settled)
            this.look(card.id);
        else
            view.show();
    }

    // "Now" has moved on. Where the reader is nothing is replaced.
    tick() {
        for (const view of this.views.values())
            if (view.is_built && !view.card.mode && !view.node.contains(document.activeElement))
                view.show();
    }

    tell_new(cards, is_news) {
        if (!is_news || cards.length === 0)
            return;
        const [{ request }] = cards;
        this.page.announce(cards.length > 1 ? `${cards.length} new requests wait for you.`
            : `New request: ${visible(request.user)}, ${visible(request.package)}.`);
    }

    summarize() {
        const { waiting, cards } = this.queue;
        const words = waiting === 0 ? "Nothing waits for you" : waiting === 1 ? "One request waits for you" : `${waiting} requests wait for you`;
        if (this.summary.textContent !== words)
            this.summary.textContent = words;
        this.tidy.classList.toggle("unneeded", waiting === cards.length); // keeps its room, so that cards keep their places
        this.tidy.disabled = this.queue.is_open;
        this.list.classList.toggle("empty", cards.length === 0);
        this.list.classList.toggle("still", this.queue.is_open);
    }

    clear() {
        this.queue.clear();
        this.place();
        this.summary.focus();
    }

    // From a link: goes to the request, and decides nothing.
    async go_to(id) {
        this.linked.replaceChildren();
        if (!this.queue.by_id.has(id))
            await this.look(id);
        const view = this.views.get(id);
        if (view) {
            view.node.scrollIntoView({ block: "start" });
            view.heading.focus();
            return;
        }
        const words = await this.page.host.call("GetRequest", id).then(
            ([request]) => `Request ${id} does not wait for you. ${outcome_words(request, this.page.reader.name, this.page.clock)}`,
            problem => problem.message);
        this.linked.replaceChildren(h("p", { class: "problem", role: "alert" }, words));
    }
}
