// SPDX-License-Identifier: LGPL-2.1-or-later
// The one file that knows Cockpit, with a Cockpit that answers as the test says.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FOREVER } from "../../web/cockpit/duration.js";
import { Host, read_as_administrator } from "../../web/cockpit/host.js";

let clients, answers;

class Client {
    constructor(name, options) {
        Object.assign(this, { name, options, calls: [], listeners: {}, is_closed: false });
        clients.push(this);
    }

    subscribe(match, hook) {
        this.signal = hook;
    }

    addEventListener(name, hook) {
        this.listeners[name] = hook;
    }

    call(path, iface, method, args, { type }) {
        this.calls.push({ method, args, type });
        return answers[method]?.(...args) ?? Promise.resolve([[]]);
    }

    close() {
        this.is_closed = true;
    }
}

beforeEach(() => {
    clients = [];
    answers = {};
    globalThis.cockpit = { dbus: (name, options) => new Client(name, options), variant: (t, v) => ({ t, v }) };
});

const soon = () => new Promise(resolve => setImmediate(resolve));

function connected() {
    const told = [];
    const host = new Host({ came: () => told.push("came"), went: words => told.push(words), changed: id => told.push(id) });
    host.connect();
    return { host, told };
}

test("calls go without administrative access", async () => {
    const { host, told } = connected();
    await soon();
    assert.deepEqual(told, ["came"]);
    await host.call("GetRequest", 14);
    assert.equal(clients.length, 1);
    assert.equal(clients[0].options.superuser, undefined);
    assert.deepEqual(clients[0].calls.at(-1), { method: "GetRequest", args: [14], type: "x" });
});

test("answers are plain; the largest number is no end", async () => {
    const { host } = connected();
    answers.GetRequest = () => Promise.resolve([{ id: { t: "x", v: 14 }, duration: { t: "x", v: 9223372036854775807 },
        decisions: { t: "aa{sv}", v: [{ at: { t: "x", v: 5 } }] } }]);
    assert.deepEqual(await host.call("GetRequest", 14), [{ id: 14, duration: FOREVER, decisions: [{ at: 5 }] }]);
});

test("options are variants; what is no number of the bus is not sent", async () => {
    const { host } = connected();
    await host.call("Approve", 14, { digest: "ab", duration: 3600, emergency: true });
    assert.deepEqual(clients[0].calls.at(-1).args, [14, { digest: { t: "s", v: "ab" }, duration: { t: "x", v: 3600 }, emergency: { t: "b", v: true } }]);
    const before = clients[0].calls.length;
    for (const duration of [FOREVER, NaN, 1.5, 2 ** 63])
        await assert.rejects(host.call("Approve", 14, { digest: "ab", duration }), TypeError);
    assert.equal(clients[0].calls.length, before);
    await host.call("Approve", 14, {}); // and keeps no other call waiting
});

test("what accesspkgd says is passed on with its name", async () => {
    const { host } = connected();
    answers.Approve = () => Promise.reject({ name: "org.accesspkg1.Error.AlreadyDecided", message: "carol approved it" });
    await assert.rejects(host.call("Approve", 14, {}), { error: "AlreadyDecided", message: "carol approved it" });
});

const TROUBLES = {
    "org.freedesktop.DBus.Error.ServiceUnknown": /not running/,
    "org.freedesktop.systemd1.UnitMasked": /not running/,
    "org.freedesktop.systemd1.NoSuchUnit": /not running/,
    "org.freedesktop.DBus.Error.Spawn.ChildExited": /not running/,
    "org.freedesktop.DBus.Error.NoReply": /did not answer in time/,
    "org.freedesktop.DBus.Error.Timeout": /did not answer in time/,
};

// Whether what was sent arrived is not known where no answer came.
const UNANSWERED = [{ name: "org.freedesktop.DBus.Error.NoReply" }, { name: "org.freedesktop.DBus.Error.Timeout" },
    { problem: "disconnected" }, { problem: "terminated" }, {}];
for (const problem of UNANSWERED)
    test(`no answer is no refusal: ${JSON.stringify(problem)}`, async () => {
        const { host } = connected();
        answers.Approve = () => Promise.reject(problem);
        const error = await host.call("Approve", 14, {}).catch(error => error);
        assert.ok(error.is_unsure);
        assert.match(error.message, /may have arrived/);
        assert.doesNotMatch(error.message, /nothing was/i);
        answers.GetRequest = () => Promise.reject(problem);
        await assert.rejects(host.call("GetRequest", 14), { is_unsure: false });
    });

const NOT_TAKEN = [{ name: "org.accesspkg1.Error.AlreadyDecided", message: "carol approved it" },
    { name: "org.freedesktop.DBus.Error.ServiceUnknown" }, { problem: "not-found" }];
for (const problem of NOT_TAKEN)
    test(`surely not taken: ${JSON.stringify(problem)}`, async () => {
        const { host } = connected();
        answers.Approve = () => Promise.reject(problem);
        await assert.rejects(host.call("Approve", 14, {}), { is_unsure: false });
    });

test("without administrative access that is what is said", async () => {
    answers.GetStatus = () => Promise.reject({ problem: "access-denied" });
    await assert.rejects(read_as_administrator(call => call("GetStatus")), /administrative access/);
});
for (const [name, words] of Object.entries(TROUBLES))
    test(`told in words: ${name}`, async () => {
        answers.ListDelegations = () => Promise.reject({ name, message: "raw" });
        const { told } = connected();
        await soon();
        assert.equal(told.length, 1);
        assert.match(told[0], words);
    });

test("a session that ended is told, and the connection tried again", async t => {
    const timers = [], whole = globalThis.setTimeout;
    globalThis.setTimeout = (hook, pause) => timers.push({ hook, pause });
    t.after(() => { globalThis.setTimeout = whole });
    const { told } = connected();
    await soon();
    clients[0].listeners.close({}, { problem: "terminated" });
    assert.match(told.at(-1), /session on this host has ended/);
    timers[0].hook();
    assert.equal(clients.length, 2);
    clients[1].listeners.close({}, { problem: "disconnected" });
    assert.deepEqual(timers.map(({ pause }) => pause), [1000, 2000]);
    assert.equal(clients.length, 2);
    timers[1].hook();
    assert.equal(clients.length, 3);
    // It waits for accesspkgd to come, and does not start it.
    assert.deepEqual(clients[2].calls, []);
    clients[2].listeners.owner({}, ":1.7");
    assert.equal(told.at(-1), "came");
});

test("what an administrator stopped is not started by a page that is open", async () => {
    const { told } = connected();
    await soon();
    const calls = clients[0].calls.length;
    clients[0].listeners.owner({}, null);
    assert.match(told.at(-1), /was stopped/);
    await soon();
    assert.equal(clients[0].calls.length, calls);
    clients[0].listeners.owner({}, ":1.9");
    assert.equal(told.at(-1), "came");
    clients[0].signal("/org/accesspkg1", "org.accesspkg1.Manager", "RequestChanged", [14]);
    assert.equal(told.at(-1), 14);
});

test("few calls are under way at a time, and all are made", async () => {
    const { host } = connected();
    await soon();
    let under_way = 0, most = 0;
    answers.GetRequest = id => {
        most = Math.max(most, ++under_way);
        return soon().then(() => { under_way--; return [{ id }] });
    };
    const all = await Promise.all(Array.from({ length: 50 }, (_, id) => host.call("GetRequest", id)));
    assert.deepEqual(all.map(([request]) => request.id), Array.from({ length: 50 }, (_, id) => id));
    assert.equal(most, 4);
});

test("the administrator's channel reads, and does nothing else", async () => {
    const [status] = await read_as_administrator(call => call("GetStatus"));
    assert.deepEqual(status, []);
    assert.deepEqual(clients[0].options, { bus: "system", superuser: "require" });
    assert.ok(clients[0].is_closed);
    for (const method of ["Approve", "Deny", "Review", "Revoke", "Assign", "Submit", "Reload", "Retry"])
        await assert.rejects(read_as_administrator(async call => call(method)), TypeError);
    assert.ok(clients.every(client => client.is_closed && client.calls.every(({ method }) => method === "GetStatus")));
});
