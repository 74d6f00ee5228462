// SPDX-License-Identifier: LGPL-2.1-or-later
// What was decided, and what became of it: the reader's own requests, or those that they were asked about.
import { button, field, h, said } from "./dom.js";
import { format_duration } from "./duration.js";
import { visible } from "./names.js";
import { decision_words, state_words } from "./words.js";

const PAGE = 50;
const STATES = ["pending-approval", "approved", "partially-fulfilled", "fulfilled", "access-extended", "access-expired", "revoked",
    "denied", "expired", "cancelled"];

const option = (value, label) => h("option", { value }, label);

export class HistoryView {
    title = "History";

    constructor(page) {
        this.page = page;
        const change = () => this.refresh().catch(problem => this.tell(problem.message));
        this.role = field("Whose", { tag: "select", change, children: [option("decided", "I was an approver of"), option("requestor", "My own")] });
        this.state = field("State", { tag: "select", change, children: [option("", "All"), ...STATES.map(state => option(state, state_words(state)))] });
        this.package = field("Package", { type: "search", change });
        this.user = field("User", { type: "search", change });
        this.more = button("Older", { hidden: true }, () => this.load(this.last).catch(problem => this.tell(problem.message)));
        this.rows = h("tbody");
        this.told = h("p", { class: "quiet", role: "status" });
        const columns = ["Request", "Who", "Package", "State", "For", "Decisions"];
        this.node = h("section", {}, h("h2", {}, "History"),
            h("form", { class: "filters", role: "search", submit: event => event.preventDefault() },
                this.role.node, this.state.node, this.package.node, this.user.node),
            h("table", { class: "stacks" }, h("thead", {}, h("tr", {}, columns.map(name => h("th", { scope: "col" }, name)))), this.rows),
            this.told, this.more);
    }

    async refresh() {
        this.rows.replaceChildren();
        await this.load();
    }

    // Behind the request `before`, or from the newest on.
    async load(before) {
        const filter = { role: this.role.input.value, state: this.state.input.value, package: this.package.input.value.trim(),
            user: this.user.input.value.trim(), before, limit: PAGE };
        const asked = this.asked = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
        const [requests, more] = await this.page.host.call("ListRequests", asked);
        if (asked !== this.asked) // another filter was chosen meanwhile
            return;
        this.rows.append(...requests.map(request => this.row(request)));
        this.last = requests.at(-1)?.id;
        this.more.hidden = !more;
        this.tell(this.rows.children.length === 0 ? "There is none." : "");
    }

    tell(words) {
        this.told.textContent = words;
    }

    row(request) {
        const { clock, reader } = this.page;
        const cell = (label, ...value) => h("td", { "data-label": label }, ...value);
        return h("tr", {}, h("th", { scope: "row" }, `${request.id}`, h("div", { class: "quiet" }, clock.moment(request.submitted))),
            cell("Who", said(request.user), request.full_name ? h("div", { class: "quiet" }, said(request.full_name)) : null),
            cell("Package", said(request.package), request.justification ? h("div", { class: "quiet" }, said(request.justification)) : null),
            cell("State", state_words(request.state), request.revoked_by ? h("div", { class: "quiet" }, `by ${visible(request.revoked_by)}`) : null),
            cell("For", format_duration(request.granted ?? request.duration)),
            cell("Decisions", (request.decisions ?? []).map(decision => h("div", {}, decision_words(decision, reader.name)))));
    }
}
