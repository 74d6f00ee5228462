// SPDX-License-Identifier: LGPL-2.1-or-later
// Who decides in the reader's name, and in whose name the reader decides.
import { field, h, replace_items, said, typed_moment } from "./dom.js";
import { visible } from "./names.js";
import { two_steps } from "./steps.js";

export class DelegationView {
    title = "Delegation";

    constructor(page) {
        this.page = page;
        this.given = h("ul", { class: "cards" });
        this.received = h("ul", { class: "cards" });
        const give = two_steps({ label: "Let somebody decide for me", kind: "primary", page,
            ask: "Wherever you are an approver they may decide in your name, until the time that you say.",
            make_fields: () => [field("Account", { type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false" }),
                field("Until", { type: "datetime-local" }), field("Why, if you like", { type: "text", maxlength: 1000, autocomplete: "off" })],
            send: async ([to, until, reason]) => {
                if (!to || !until)
                    throw new Error("Write who it is, and until when.");
                await page.host.call("Delegate", to, { until: typed_moment({ value: until }), ...reason && { reason } });
                this.refresh();
                return `${visible(to)} may decide in your name.`;
            } });
        this.node = h("section", {}, h("h2", {}, "Who decides in my name"), this.given, give.node, h("h2", {}, "In whose name I decide"), this.received);
    }

    async refresh() {
        if (this.node.querySelector("li form"))
            return;
        const { page } = this;
        const [delegations] = await page.host.call("ListDelegations");
        const mine = delegations.filter(one => one.user === page.reader.name);
        const theirs = delegations.filter(one => one.to === page.reader.name);
        replace_items(this.given, mine.map(one => this.card(one, one.to)), "Nobody.");
        replace_items(this.received, theirs.map(one => this.card(one, one.user)), "Nobody's.");
    }

    card(delegation, other) {
        const { page } = this, name = visible(other);
        const end = two_steps({ label: "End it", key: `End ${other}`, kind: "danger", page, ask: "It ends now.",
            send: async () => {
                await page.host.call("Undelegate", other);
                setTimeout(() => this.refresh().catch(() => {}));
                return `The delegation between you and ${name} has ended.`;
            } });
        return h("li", { class: "card" }, h("h3", {}, said(other)), h("p", {}, `until ${page.clock.moment(delegation.until)}`),
            delegation.reason ? h("blockquote", {}, said(delegation.reason)) : null, end.node);
    }
}
