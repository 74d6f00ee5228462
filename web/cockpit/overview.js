// SPDX-License-Identifier: LGPL-2.1-or-later
// For administrators: what waits, who decides how fast, what is not used, what ends, what fails. Read over a channel of its
// own with Cockpit's administrative access; nothing is decided there.
import { bar_chart, data_table } from "./charts.js";
import { h } from "./dom.js";
import { format_duration } from "./duration.js";
import { read_as_administrator } from "./host.js";
import { visible } from "./names.js";

const DAY = 86400, PERIOD = 90 * DAY, DAYS_AHEAD = 7, HOLDERS = 500;

// Problems of GetStatus that are words already, and lists of such.
const WORDS = ["store_problem", "store_note_problem", "policy_problem", "bus_problem", "account_problem", "notice_failure"];
const LISTS = ["undecidable_requests", "partial", "unrecorded", "unknown_user_names", "unknown_group_names", "allow_list_problems"];

export class OverviewView {
    title = "Overview";
    for_administrators = true;

    constructor(page) {
        this.page = page;
        this.body = h("div", { class: "figures" });
        this.node = h("section", {}, h("h2", {}, "Overview"), this.body);
    }

    async refresh() {
        const since = this.page.clock.now() - PERIOD;
        const [[packages], [status, report, holders, more]] = await Promise.all([this.page.host.call("ListPackages"),
            read_as_administrator(async call => {
                const [status] = await call("GetStatus"), [report] = await call("Report", { since });
                return [status, report, ...await call("ListHolders", { limit: HOLDERS })];
            })]);
        this.body.replaceChildren(this.pending(status), this.failures(status), this.ends(holders, more), this.speed(report),
            this.deciders(report), this.unused(report, packages));
    }

    tick() {
        this.refresh().catch(() => {});
    }

    pending(status) {
        return bar_chart("Waiting for a decision, by age", ["Since", "Requests"], [
            { name: "within an hour", value: status.pending_hour }, { name: "within a day", value: status.pending_day },
            { name: "longer", value: status.pending_older }]);
    }

    failures(status) {
        const lines = [...WORDS.map(name => status[name]), ...LISTS.flatMap(name => status[name] ?? [])].filter(Boolean);
        const counts = [["Requests that nobody can decide", status.undecidable], ["Emergencies that nobody reviewed", status.unreviewed], ["... for longer than their packages say", status.review_overdue],
            ["Assignments in place only in part", status.partially_fulfilled], ["Notices that were not delivered yet", status.notices]];
        return h("figure", {}, h("figcaption", {}, "What is not as it should be"), data_table(["What", "How many"], counts),
            h("ul", { class: "lines" }, lines.map(line => h("li", {}, visible(line)))));
    }

    ends(holders, more) {
        const { clock } = this.page, now = clock.now();
        const rows = Array.from({ length: DAYS_AHEAD }, (_, day) => {
            const count = holders.filter(({ assignment_end: end }) => end > now + day * DAY && end <= now + (day + 1) * DAY).length;
            return { name: day === 0 ? "within a day" : `in ${day} to ${day + 1} days`, value: count };
        });
        return bar_chart(`Ends ahead${more ? `, of the newest ${HOLDERS} assignments` : ""}`, ["When", "Assignments"], rows);
    }

    speed(report) {
        const rows = report.filter(row => row.median !== undefined).sort((a, b) => b.median - a.median);
        return bar_chart("How long a decision takes, in the last 90 days", ["Package", "Half of them within"],
            rows.map(row => ({ name: visible(row.package), value: row.median,
                words: `${format_duration(row.median)} (90 %: ${format_duration(row.p90)})` })), "Nobody decided anything.");
    }

    deciders(report) {
        const sums = new Map();
        for (const { decider, approved, denied } of report.flatMap(row => row.deciders ?? [])) {
            const sum = sums.get(decider) ?? { approved: 0, denied: 0 };
            sums.set(decider, { approved: sum.approved + approved, denied: sum.denied + denied });
        }
        const rows = [...sums].sort(([, a], [, b]) => b.approved + b.denied - a.approved - a.denied);
        return bar_chart("Who decides, in the last 90 days", ["Approver", "Decisions"], rows.map(([decider, { approved, denied }]) =>
            ({ name: visible(decider), value: approved + denied, words: `${approved} yes, ${denied} no` })), "Nobody decided anything.");
    }

    // Never asked for, or had and not used at any gate.
    unused(report, packages) {
        const by_name = new Map(report.map(row => [row.package, row]));
        const rows = packages.map(({ name }) => [name, by_name.get(name)])
            .filter(([, row]) => !row || row.begun === 0 || row.begun === row.unused)
            .map(([name, row]) => [visible(name), row?.requests ?? "none"]);
        return h("figure", {}, h("figcaption", {}, "Packages that nobody used in the last 90 days"),
            rows.length ? data_table(["Package", "Requests"], rows) : h("p", { class: "quiet" }, "All were used."));
    }
}
