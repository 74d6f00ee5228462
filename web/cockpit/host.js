// SPDX-License-Identifier: LGPL-2.1-or-later
// The one file that knows Cockpit: accesspkgd on the system bus, as plain calls with plain answers. Calls go as the user who
// logged in, never with administrative access, for who decides is who accesspkgd sees. Administrators' figures come by a
// channel of their own, which reads and does nothing else.
import { FOREVER } from "./duration.js";

const NAME = "org.accesspkg1", PATH = "/org/accesspkg1", MANAGER = "org.accesspkg1.Manager";
const ERROR = "org.accesspkg1.Error.";
const TIMEOUT = 30000;
const UNDER_WAY = 4; // calls at a time: accesspkgd refuses more than a few of one user
const RETRY_FIRST = 1000, RETRY_LONGEST = 30000;

const SIGNATURES = {
    Submit: "sasa{sv}", Cancel: "xs", Approve: "xa{sv}", Deny: "xa{sv}", Extend: "sa{sv}", Return: "ss", Review: "xs",
    Emergency: "ss", Revoke: "sss", GetRequest: "x", ListRequests: "a{sv}", ListPackages: "", Explain: "ss",
    Delegate: "sa{sv}", Undelegate: "s", ListDelegations: "",
};
const ADMIN_SIGNATURES = { GetStatus: "", Report: "a{sv}", ListHolders: "a{sv}" };

// What the bus says when nothing answers to the name, and nothing could be started for it.
const NOT_RUNNING = /ServiceUnknown|NameHasNoOwner|UnitMasked|NoSuchUnit|LoadFailed|\.Spawn\.|^not-found$/;
const NO_ANSWER = /NoReply|\.Timeout|TimedOut|^timeout$/;
const LOGGED_OUT = /^(disconnected|terminated|no-session|authentication-failed)$/;
const READS = /^(Get|List|Explain|Report)/;

// error: its name without the prefix, where it is accesspkgd's own; else "". is_unsure: what was sent may have been taken.
export class HostError extends Error {
    constructor(name, message, is_unsure = false) {
        super(is_unsure ? `${message} What you sent may have arrived: look before you send it again.` : message);
        this.error = name.startsWith(ERROR) ? name.slice(ERROR.length) : "";
        this.is_unsure = is_unsure;
    }
}

// An error has a name of the bus; where the connection ends there is none.
function is_unanswered({ name = "", problem = "" }) {
    return NO_ANSWER.test(name) || NO_ANSWER.test(problem) || (!name && !NOT_RUNNING.test(problem) && problem !== "access-denied");
}

function explain(problem) {
    const name = problem.name ?? "", code = problem.problem ?? "";
    if (NOT_RUNNING.test(name) || NOT_RUNNING.test(code))
        return "accesspkgd is not running on this host and could not be started. An administrator has to look.";
    if (NO_ANSWER.test(name) || NO_ANSWER.test(code))
        return "accesspkgd did not answer in time.";
    if (LOGGED_OUT.test(code))
        return "Your session on this host has ended. Log in again to go on.";
    if (code === "access-denied")
        return "This needs administrative access: turn it on at the top of Cockpit's page, and ask again.";
    return problem.message || code || "The host gave no answer.";
}

// Variants become their values, and the largest number FOREVER.
function plain(value) {
    if (Array.isArray(value))
        return value.map(plain);
    if (typeof value === "number")
        return value > Number.MAX_SAFE_INTEGER ? FOREVER : value;
    if (value === null || typeof value !== "object")
        return value;
    if (typeof value.t === "string" && "v" in value)
        return plain(value.v);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

// Options as a{sv}. A number that is none on the bus is our own bug.
function variants(options) {
    return Object.fromEntries(Object.entries(options).map(([key, value]) => {
        if (typeof value === "number" && !Number.isSafeInteger(value))
            throw new TypeError(`${key} is no number that can be sent`);
        return [key, cockpit.variant(typeof value === "number" ? "x" : typeof value === "boolean" ? "b" : "s", value)];
    }));
}

async function call_manager(client, signatures, method, args) {
    const type = signatures[method];
    if (type === undefined)
        throw new TypeError(`${method} is not called from here`);
    const sent = args.map(arg => arg !== null && typeof arg === "object" && !Array.isArray(arg) ? variants(arg) : arg);
    // A promise of the language: Cockpit's own logs what is thrown in its handlers.
    return new Promise((resolve, reject) => client.call(PATH, MANAGER, method, sent, { type, timeout: TIMEOUT }).then(
        answer => resolve(answer.map(plain)),
        problem => reject(new HostError(problem.name ?? "", explain(problem), !READS.test(method) && is_unanswered(problem)))));
}

// hooks: changed(id), something about a request changed; came(), accesspkgd is there (again): all may have changed;
// went(words), it is not, and why.
export class Host {
    constructor(hooks) {
        this.hooks = hooks;
        this.waiting = []; // calls that have not begun
        this.under_way = 0;
        this.pause = RETRY_FIRST;
    }

    // As the reader says: starts accesspkgd where it is not running. What an administrator stopped is not started again by a
    // page that somebody left open.
    connect() {
        this.open();
        call_manager(this.client, SIGNATURES, "ListDelegations", []).catch(problem => {
            if (!problem.error)
                throw problem;
        }).then(() => this.is_there || this.came(), problem => this.went(problem.message));
    }

    open() {
        clearTimeout(this.timer);
        this.client?.close();
        const client = this.client = cockpit.dbus(NAME, { bus: "system" });
        client.subscribe({ path: PATH, interface: MANAGER, member: "RequestChanged" },
            (path, iface, member, [id]) => this.hooks.changed(id));
        client.addEventListener("owner", (event, owner) => {
            if (owner)
                this.came();
            else if (this.is_there)
                this.went("accesspkgd was stopped. This page goes on when it is back.");
        });
        client.addEventListener("close", (event, options) => {
            if (client !== this.client)
                return;
            this.went(explain(options ?? {}));
            this.timer = setTimeout(() => this.open(), this.pause);
            this.pause = Math.min(2 * this.pause, RETRY_LONGEST);
        });
    }

    came() {
        this.is_there = true;
        this.pause = RETRY_FIRST;
        this.hooks.came();
    }

    went(words) {
        this.is_there = false;
        this.hooks.went(words);
    }

    // All out arguments. Rejects with HostError, whose message is for the reader.
    call(method, ...args) {
        return new Promise((resolve, reject) => {
            this.waiting.push(() => call_manager(this.client, SIGNATURES, method, args).then(resolve, reject));
            this.begin();
        });
    }

    begin() {
        while (this.under_way < UNDER_WAY && this.waiting.length > 0) {
            this.under_way++;
            this.waiting.shift()().finally(() => {
                this.under_way--;
                this.begin();
            });
        }
    }
}

// The zone's name is a link's target, or a file's words; where there is neither, glibc's is UTC.
const FACTS = "uname -n; date +%s; readlink -e /etc/localtime | grep zoneinfo || cat /etc/timezone 2>/dev/null || echo UTC";

// Who the reader is and where: name, host, host_zone, skew (seconds that the host's clock is ahead of this device's).
export async function who_and_where() {
    const began = Date.now();
    const [user, facts] = await Promise.all([cockpit.user(),
        cockpit.spawn(["/bin/sh", "-c", FACTS], { err: "message" })]);
    const [host, seconds, zone] = facts.trim().split("\n");
    const middle = (began + Date.now()) / 2000;
    const skew = Math.abs(seconds - middle) < 2 ? 0 : Math.round(seconds - middle);
    return { name: user.name, host, host_zone: zone.replace(/^.*\/zoneinfo\//, ""), skew };
}

// Calls hook(allowed) now and whenever the reader turns administrative access on or off.
export function watch_administrator(hook) {
    const permission = cockpit.permission({ admin: true });
    permission.addEventListener("changed", () => hook(permission.allowed === true));
    hook(permission.allowed === true);
}

// The administrator's figures: reads, by methods that change nothing, and is closed when that is done.
export async function read_as_administrator(read) {
    const client = cockpit.dbus(NAME, { bus: "system", superuser: "require" });
    try {
        return await read((method, ...args) => call_manager(client, ADMIN_SIGNATURES, method, args));
    } finally {
        client.close();
    }
}

// Light or dark as Cockpit's own switch has it; "auto" follows the device.
export function follow_style(hook) {
    const read = () => hook(localStorage.getItem("shell:style") || "auto");
    window.addEventListener("storage", event => { if (event.key === "shell:style") read() });
    window.addEventListener("cockpit-style", event => hook(event.detail.style));
    read();
}
