// SPDX-License-Identifier: LGPL-2.1-or-later
// What the reader holds, asked for, and may ask for.
import { fact, field, h, replace_items, said, typed_moment } from "./dom.js";
import { FOREVER, format_duration, length_options } from "./duration.js";
import { list_words, principal_words, visible } from "./names.js";
import { two_steps } from "./steps.js";
import { is_held, outcome_words, state_words } from "./words.js";

const reason_field = (label, required) => field(label, { type: "text", maxlength: 1000, autocomplete: "off", "aria-required": required });
const time_field = (label, hint) => field(label, { type: "text", autocomplete: "off", placeholder: "4h", hint });

const moment_field = (label, hint) => field(label, { type: "datetime-local", hint });
const or_forever = known => (known?.max_duration === FOREVER && known.duration !== FOREVER ? "; forever: no end" : "");
const typed_length = (typed, until) => length_options(typed, typed_moment({ value: until }));

const is_waiting = request => request.may_cancel || request.request_state === "pending-approval";

function given(options) {
    return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== ""));
}

export class AccessView {
    title = "My access";

    constructor(page) {
        this.page = page;
        this.held = h("ul", { class: "cards" });
        this.asked = h("ul", { class: "cards" });
        this.open = h("ul", { class: "cards" });
        this.node = h("section", {}, h("h2", {}, "What I have"), this.held, h("h2", {}, "What I asked for"), this.asked,
            h("h2", {}, "What I may ask for"), this.open);
    }

    changed() {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.refresh().catch(() => {}), 200);
    }

    // A form that is open is left alone; what changed meanwhile shows when it is closed.
    async refresh() {
        const { host, clock } = this.page;
        const [[requests], [packages]] = await Promise.all([
            host.call("ListRequests", { role: "requestor", limit: 100 }), host.call("ListPackages")]);
        const shown = JSON.stringify([requests, packages, Math.floor(clock.now() / 60)]);
        if (shown === this.shown || this.node.querySelector("form"))
            return;
        this.shown = shown;
        const by_name = new Map(packages.map(one => [one.name, one]));
        // An extension is a request as well: what is held is shown once.
        const held = new Map(requests.filter(is_held).map(request => [request.package, request]));
        replace_items(this.held, [...held.values()].map(request => this.held_card(request, by_name.get(request.package))),
            "Nothing at present.");
        replace_items(this.asked, requests.filter(is_waiting).map(request => this.asked_card(request)), "Nothing waits.");
        replace_items(this.open, packages.filter(one => one.may_request || one.emergency).map(one => this.package_card(one)),
            "No package is open to you.");
    }

    tick() {
        this.changed();
    }

    async act(method, ...args) {
        const [request] = await this.page.host.call(method, ...args);
        this.changed();
        return request;
    }

    held_card(request, known) {
        const { clock } = this.page, end = request.assignment_end;
        const name = visible(request.package);
        const extend = two_steps({ label: "Extend", key: `Extend ${request.id}`, page: this.page, ask: `More time with ${name}.`,
            make_fields: () => [reason_field("Why", known?.justification), time_field("How much more", `empty: as the package says${or_forever(known)}`),
                moment_field("Or until", "in the place of a time")],
            send: async ([justification, typed, until]) => {
                const after = await this.act("Extend", request.package, given({ justification, ...typed_length(typed, until) }));
                return `${name}: ${state_words(after.state)}.`;
            } });
        const give_back = two_steps({ label: "Hand back", key: `Hand back ${request.id}`, kind: "danger", page: this.page, ask: `Your access by ${name} ends now.`,
            make_fields: () => [reason_field("Why, if you like", false)],
            send: async ([reason]) => {
                const { standing } = await this.act("Return", request.package, reason);
                return `${name} is handed back.${standing ? ` You stay in ${list_words(standing.map(visible))} by other means.` : ""}`;
            } });
        return h("li", { class: "card" }, h("h3", {}, said(request.package)),
            h("p", {}, end ? `${clock.until(end)}, until ${clock.moment(end)}` : "without an end"),
            h("dl", {}, fact("Groups", (request.groups ?? []).map(group => h("span", { class: "chip" }, said(group)))),
                fact("State", state_words(request.state)), fact("Not in place", (request.problems ?? []).map(visible).join(", "))),
            h("div", { class: "buttons" }, end ? extend.node : null, give_back.node));
    }

    asked_card(request) {
        const { clock } = this.page;
        const cancel = two_steps({ label: "Withdraw", key: `Withdraw ${request.id}`, kind: "danger", page: this.page, ask: "Nobody decides on it any more.",
            make_fields: () => [reason_field("Why, if you like", false)],
            send: async ([reason]) => {
                const after = await this.act("Cancel", request.id, reason);
                return outcome_words(after, this.page.reader.name, clock);
            } });
        return h("li", { class: "card" }, h("h3", {}, said(request.package)),
            h("p", { class: "quiet" }, `Request ${request.id}, ${clock.ago(request.submitted)}`),
            h("dl", {}, fact("State", state_words(request.state)), fact("For how long", request.until ? `until ${clock.moment(request.until)}` : format_duration(request.duration)),
                fact("Begins", request.start ? clock.moment(request.start) : ""),
                fact("Who is asked", list_words((request.approvers ?? []).map(principal_words))),
                fact("Nobody can decide", request.undecidable ? visible(request.undecidable_why ?? "") || "now" : "")),
            request.may_cancel ? cancel.node : null);
    }

    package_card(one) {
        const { page } = this, name = visible(one.name), most = one.max_duration ?? one.duration;
        const ask = two_steps({ label: "Ask for it", key: `Ask for it ${one.name}`, kind: "primary", page,
            make_fields: () => [reason_field(one.justification ? "Why" : "Why, if you like", one.justification),
                time_field("For how long", `empty: ${format_duration(one.duration)}${most === FOREVER ? or_forever(one) : `; at most ${format_duration(most)}`}`),
                moment_field("Or until", "in the place of a time, however long approval takes"), moment_field("Not before", "empty: at once")],
            send: async ([justification, typed, until, start]) => {
                const after = await this.act("Submit", "", [one.name],
                    given({ justification, ...typed_length(typed, until), start: typed_moment({ value: start }) }));
                return after.held ? `You have ${name} already.` : `Request ${after.id}, ${name}: ${state_words(after.state)}.`;
            } });
        const emergency = two_steps({ label: "Emergency", key: `Emergency ${one.name}`, kind: "danger", page,
            ask: `You get ${name} at once, without approval. All approvers see it, and one has to review it.`,
            make_fields: () => [reason_field("Why it cannot wait", true)],
            send: async ([reason]) => `${name}: ${state_words((await this.act("Emergency", one.name, reason)).state)}.` });
        return h("li", { class: "card" }, h("h3", {}, said(one.name)), h("p", {}, one.description ? said(one.description) : ""),
            h("dl", {}, fact("Groups", (one.groups ?? []).map(group => h("span", { class: "chip" }, said(group)))),
                fact("Approval", one.approval ? list_words((one.approvers ?? []).map(principal_words)) : "nobody has to approve"),
                fact("For how long", one.duration === FOREVER ? "no end" : `${format_duration(one.duration)}, at most ${format_duration(most)}`)),
            h("div", { class: "buttons" }, one.may_request ? ask.node : null, one.emergency ? emergency.node : null));
    }
}
