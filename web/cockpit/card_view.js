// SPDX-License-Identifier: LGPL-2.1-or-later
// A card on the page: what is decided about, the buttons, the open form. Facts come from the request's text, which the
// decision's digest names; what the text does not have is marked as what the person says of themselves.
import { APPROVE, DENY, REVIEW, SHORTEN } from "./card.js";
import { button, fact, field, h, said, typed_moment } from "./dom.js";
import { FOREVER, format_duration, parse_duration, shorter_durations } from "./duration.js";
import { list_words, principal_words, visible } from "./names.js";
import { decision_words, outcome_words } from "./words.js";

const BUTTONS = {
    [APPROVE]: { label: "Approve", kind: "primary" },
    [SHORTEN]: { label: "Shorten", kind: "" },
    [DENY]: { label: "Deny", kind: "danger" },
    [REVIEW]: { label: "Review", kind: "primary" },
};

// What a card shows of an emergency, which has no text: it is in force already.
const emergency_facts = request => ({ user: request.user, uid: request.uid, package: request.package,
    group: (request.groups ?? []).map(name => ({ name })), duration: request.duration, reason: request.justification,
    submitted: request.submitted, origin: request.origin, service: request.service, from_host: request.host,
    address: request.address, terminal: request.tty, approver: request.reviewers ?? [], fallback_approver: [] });

export class CardView {
    // page: reader and clock; host; decided(card, words), told(card).
    constructor(card, page) {
        this.card = card;
        this.page = page;
        this.facts = h("div", { class: "facts" });
        this.news = h("p", { class: "news", role: "alert", hidden: true });
        this.choices = h("div", { class: "buttons" });
        this.heading = h("h3", { id: `card-${card.id}`, tabindex: "-1" }, `Request ${card.id}`);
        this.node = h("li", { class: "card", "data-id": card.id, "aria-labelledby": this.heading.id, keydown: event => this.key(event) },
            this.heading, this.facts, this.choices, this.news); // what is told moves no button
    }

    // Brings the card up to its state. Facts stay as they are while a form is open on them.
    show() {
        const { card } = this, facts = card.request.may_review || card.request.emergency ? emergency_facts(card.request) : card.seen;
        this.node.classList.toggle("emergency", Boolean(card.request.emergency));
        this.node.classList.toggle("settled", card.is_settled);
        if (!card.mode && facts) {
            this.heading.replaceChildren(...this.title(facts));
            this.facts.replaceChildren(...this.body(facts));
        }
        this.show_news();
        this.show_choices();
    }

    // Buttons that are there stay, and with them the focus.
    show_choices() {
        const { choices } = this.card;
        if (this.form || String(choices) === this.shown)
            return;
        this.shown = String(choices);
        this.choices.replaceChildren(...choices.map(mode =>
            button(BUTTONS[mode].label, { class: BUTTONS[mode].kind, "data-act": mode }, () => this.open(mode))));
    }

    title(facts) {
        const { request } = this.card, verb = request.emergency ? "took" : request.extends ? "asks for more time with" : "asks for";
        return [said(request.full_name || facts.user), h("span", { class: "quiet" }, ` ${verb} `), said(facts.package),
            request.emergency ? h("span", { class: "tag alarm" }, "Emergency") : null].filter(Boolean);
    }

    body(facts) {
        const { request } = this.card, { clock } = this.page;
        const account = h("p", { class: "quiet" }, "Account ", h("b", {}, said(facts.user)), ` (${facts.uid})`,
            request.organisation ? [", ", said(request.organisation)] : "", `, ${clock.ago(facts.submitted)}`);
        const reason = facts.reason ? h("blockquote", {}, said(facts.reason))
            : h("p", { class: "quiet" }, request.no_reason_given ? "No reason could be asked for." : "No reason given.");
        return [account, reason, h("dl", {},
            fact("Package", said(facts.package), request.description ? h("span", { class: "quiet" }, " ", said(request.description)) : ""),
            fact("Groups", facts.group.map(this.group_chip)),
            fact("Host", said(facts.host ?? this.page.reader.host)),
            this.time_fact(facts),
            this.origin_fact(facts),
            fact("Decide before", request.expires ? `${clock.moment(request.expires)}, ${clock.until(request.expires)}` : ""),
            fact("Stage", facts.stages > 1 ? `${facts.stage} of ${facts.stages}` : ""),
            fact("Who is asked", this.asked_words(facts)),
            fact("Decided so far", (request.decisions ?? []).map(decision => h("div", {}, decision_words(decision, this.page.reader.name)))),
            fact("In the name of", request.decides_for ? said(request.decides_for) : ""),
            fact("Holds already", (request.holds ?? []).map(held => h("div", {}, this.held_words(held)))))];
    }

    group_chip({ gid, name }) {
        return h("span", { class: "chip", title: gid === undefined ? undefined : `gid ${gid ?? "not known"}` }, said(name));
    }

    // When it would end if it were approved now: by its duration, by the latest end that was asked for, or by the package's.
    end_of({ duration, start, until }) {
        const { request } = this.card;
        if (request.extends && request.new_end)
            return request.new_end;
        return Math.min((start ?? this.page.clock.now()) + duration, until ?? Infinity, request.not_after ?? Infinity);
    }

    time_fact(facts) {
        const { request } = this.card, { clock } = this.page, end = this.end_of(facts);
        if (request.emergency)
            return fact("In force", request.assignment_end ? `until ${clock.moment(request.assignment_end)}` : "without an end");
        const words = [facts.start ? `from ${clock.moment(facts.start)}` : "", end === FOREVER ? "" : `until ${clock.moment(end)}`]
            .filter(Boolean).join(", ");
        return fact("For how long", h("b", {}, format_duration(facts.duration)), words ? `, ${words}` : "",
            words && !facts.start && !request.extends ? " if approved now" : "",
            request.extends ? h("span", { class: "quiet" }, request.present_end ? `; now until ${clock.moment(request.present_end)}` : " more") : "");
    }

    origin_fact({ origin, service, from_host, address, terminal }) {
        const place = [service, from_host, address, terminal].filter(Boolean).map(visible).join(", ");
        return fact("Came from", `${place || "this host"} `, h("span", { class: origin === "verified" ? "tag good" : "tag" },
            origin === "verified" ? "verified" : "as the person claims"));
    }

    asked_words({ approver, fallback_approver, quorum }) {
        const asked = list_words(approver.map(principal_words));
        const later = fallback_approver.length ? `; later also ${list_words(fallback_approver.map(principal_words))}` : "";
        return asked && `${quorum > 1 ? `${quorum} of ` : ""}${asked}${later}`;
    }

    held_words({ package: name, until, used }) {
        const { clock } = this.page;
        return [said(name), until ? `, until ${clock.moment(until)}` : ", without an end", used ? `, last used ${clock.ago(used)}` : ""];
    }

    show_news() {
        const { card, page } = this;
        let words = card.problem ?? "";
        if (card.overtaken === "decided")
            words = outcome_words(card.later.request, page.reader.name, page.clock) + (card.may_have_arrived ? "" : " Nothing of this form was sent.");
        else if (card.overtaken === "changed")
            words = `The request has changed since you opened this${card.may_have_arrived ? ", perhaps by what you sent" : ". Nothing was sent"}. Close this, and look again.`;
        else if (card.is_settled)
            words = outcome_words(card.request, page.reader.name, page.clock);
        this.node.classList.toggle("refused", Boolean(card.problem || card.overtaken));
        if (this.news.textContent !== words)
            this.news.textContent = words;
        this.news.hidden = !words;
        if (this.form)
            this.form.send.setAttribute("aria-disabled", String(Boolean(card.overtaken || card.is_sending)));
    }

    // ---- the form ----
    open(mode) {
        if (!this.card.open(mode))
            return;
        const reason = field(mode === DENY ? "Why not? Who asked reads it." : mode === REVIEW ? "A note, if you like" : "A reason, if you like; who asked reads it",
            { type: "text", maxlength: 1000, autocomplete: "off", "aria-required": mode === DENY });
        const terms = mode === SHORTEN ? this.terms() : null;
        const send = h("button", { type: "submit", class: mode === DENY ? "danger solid" : "primary" }, BUTTONS[mode].label);
        const node = h("form", { class: "decide", novalidate: true, submit: event => this.submit(event) },
            h("p", { class: "ask" }, this.sentence(mode)), terms?.nodes, reason.node,
            h("div", { class: "buttons" }, send, button("Back", { "data-act": "back" }, () => this.close())));
        this.form = { node, send, reason: reason.input, terms, mode };
        this.choices.replaceWith(node);
        this.show_news();
        (terms?.first ?? reason.input).focus();
        this.page.changed();
    }

    sentence(mode) {
        const facts = this.card.seen ?? emergency_facts(this.card.request), { clock } = this.page;
        const who = visible(facts.user), what = visible(facts.package);
        if (mode === DENY)
            return `${who} does not get ${what}.`;
        if (mode === REVIEW)
            return `You looked at what ${who} does with ${what}. It takes nothing away.`;
        if (mode === SHORTEN)
            return `${who} gets ${what} for less time, or later.`;
        const end = this.end_of(facts);
        return `${who} gets ${what} ${end === FOREVER ? "without an end" : `until ${clock.moment(end)}`}.`;
    }

    // A shorter time, offered or typed, and a later start.
    terms() {
        const offered = shorter_durations(this.card.seen.duration), name = `for-${this.card.id}`;
        const radios = offered.map(seconds => h("input", { type: "radio", name, value: seconds, change: () => { other.input.value = "" } }));
        const other = field("Another time", { type: "text", autocomplete: "off", size: 8, placeholder: "45m", hint: "such as 45m, 4h or 2d",
            input: () => radios.forEach(radio => { radio.checked = false }) });
        const start = field("Not before", { type: "datetime-local" });
        const nodes = [h("fieldset", { class: "offers" }, h("legend", {}, "For how long"),
            offered.map((seconds, i) => h("label", { class: "offer" }, radios[i], h("span", {}, format_duration(seconds))))),
            h("div", { class: "pair" }, other.node, start.node)];
        const seconds = () => {
            const chosen = radios.find(radio => radio.checked);
            return chosen ? Number(chosen.value) : other.input.value.trim() ? parse_duration(other.input.value) : undefined;
        };
        return { nodes, first: radios[0] ?? other.input, read: () => ({ seconds: seconds(), start: typed_moment(start.input) }) };
    }

    async submit(event) {
        event.preventDefault();
        const { card, form, page } = this;
        const call = card.send({ reason: form.reason.value, ...form.terms?.read() }, page.clock.now());
        this.show_news();
        if (!call)
            return;
        try {
            const [after] = await page.host.call(call.method, call.id, call.options ?? call.reason);
            card.sent(after);
            this.leave();
            page.announce(outcome_words(after, page.reader.name, page.clock));
        } catch (problem) {
            card.failed(problem.message, problem.is_unsure);
            this.show_news();
            page.look_again(card.id);
        }
    }

    close() {
        const mode = this.form?.mode;
        if (!this.card.close())
            return;
        this.leave();
        this.choices.querySelector(`[data-act="${mode}"]`)?.focus();
        this.page.look_again(this.card.id);
    }

    // The form goes; the reader stays at this card, and at no other.
    leave() {
        this.form.node.replaceWith(this.choices);
        this.form = null;
        this.show();
        this.heading.focus();
        this.page.changed();
    }

    key(event) {
        if (event.key === "Escape" && this.form)
            this.close();
    }
}
