// SPDX-License-Identifier: LGPL-2.1-or-later
// The page: which view is shown, whether accesspkgd is there, and what is announced. Each view is a file;
// the address after "#" names it, as in #/access and #/request/14.
import { AccessView } from "./access.js";
import { DelegationView } from "./delegation.js";
import { button, h } from "./dom.js";
import { HistoryView } from "./history.js";
import { Host, follow_style, watch_administrator, who_and_where } from "./host.js";
import { OverviewView } from "./overview.js";
import { Clock } from "./time.js";
import { WaitingView } from "./waiting.js";

const MINUTE = 60000;
const $ = id => document.getElementById(id);

const page = { reader: { name: "", host: location.hostname }, clock: new Clock(), announce };
page.host = new Host({
    came: () => { is_there = true; show_state(""); refresh() },
    went: words => { is_there = false; show_state(words) },
    changed: id => { views.waiting.changed(id); if (current !== views.waiting) current.changed?.(id) },
});

const views = { waiting: new WaitingView(page), access: new AccessView(page), history: new HistoryView(page),
    delegation: new DelegationView(page), overview: new OverviewView(page) };
let current = views.waiting, is_there = false, is_administrator = false;
let linked = null; // the request that the address names

function announce(words) {
    $("announced").textContent = "";
    $("announced").textContent = words;
}

function show_state(words) {
    $("live").classList.toggle("off", Boolean(words));
    $("live-words").textContent = words ? "Not connected" : "Live";
    show_problem(words, "Try again", () => page.host.connect());
}

function show_problem(words, label, click) {
    $("problem").hidden = !words;
    $("problem").replaceChildren(...words ? [h("span", {}, words), button(label, {}, click)] : []);
}

// Asks for what is shown, and always for what waits. What cannot be had is said.
async function refresh() {
    const asked = new Set([views.waiting, current]);
    try {
        await Promise.all([...asked].map(view => view.refresh()));
    } catch (problem) {
        if (is_there)
            show_problem(problem.message, "Ask again", refresh);
        return;
    }
    follow_link();
}

// ---- which view -----------------------------------------------------------------------------------------------
function show_links() {
    const shown = Object.entries(views).filter(([, view]) => !view.for_administrators || is_administrator);
    $("views").replaceChildren(...shown.map(([name, view]) =>
        h("a", { href: `#/${name}`, "aria-current": view === current ? "page" : undefined }, view.title)));
}

function route() {
    const [, name, id] = /^#\/([a-z]+)(?:\/(\d+))?$/.exec(location.hash) ?? [];
    const next = Object.hasOwn(views, name) ? views[name] : views.waiting;
    linked = name === "request" ? Number(id) : null;
    if (next !== current || !$("view").firstChild) {
        current = next;
        $("view").replaceChildren(current.node);
        if (is_there)
            refresh();
    }
    show_links();
    follow_link();
}

// Once: what changes later moves the reader nowhere.
function follow_link() {
    if (linked && is_there && views.waiting.is_filled) {
        views.waiting.go_to(linked);
        linked = null;
    }
}

async function start() {
    follow_style(style => { document.documentElement.dataset.theme = style });
    watch_administrator(allowed => { is_administrator = allowed; show_links() });
    window.addEventListener("hashchange", route);
    route();
    try {
        const { name, host, host_zone, skew } = await who_and_where();
        page.reader.name = name;
        page.reader.host = host;
        page.clock = new Clock({ host_zone, host, skew });
    } catch (problem) {
        show_state(problem.message);
    }
    $("skew").textContent = page.clock.skew_words();
    $("skew").hidden = !$("skew").textContent;
    page.host.connect();
    setInterval(() => current.tick?.(), MINUTE);
}

start();
