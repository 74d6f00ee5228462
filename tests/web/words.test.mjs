// SPDX-License-Identifier: LGPL-2.1-or-later
// Durations, times, names and outcomes, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FOREVER, format_duration, length_options, parse_duration, shorter_durations } from "../../web/cockpit/duration.js";
import { list_words, principal_words, visible } from "../../web/cockpit/names.js";
import { Clock } from "../../web/cockpit/time.js";
import { outcome_words } from "../../web/cockpit/words.js";
import { NOW, request } from "./samples.mjs";

test("durations are said as the commands say them", () => {
    const said = { 0: "0 s", 45: "45 s", 60: "1 min", 90: "1 min 30 s", 3600: "1 h", 5400: "1 h 30 min", 3605: "1 h",
        14400: "4 h", 183600: "2 d 3 h", 864000: "10 d", "-5": "0 s" };
    for (const [seconds, words] of Object.entries(said))
        assert.equal(format_duration(Number(seconds)), words);
    assert.equal(format_duration(FOREVER), "no end");
});

test("durations are read as the commands read them", () => {
    const read = { "90s": 90, "15m": 900, "15 min": 900, "4h": 14400, "1h30m": 5400, "1h 30m": 5400, "2d": 172800, "1w": 604800 };
    for (const [text, seconds] of Object.entries(read))
        assert.equal(parse_duration(text), seconds, text);
    for (const text of ["", "4", "h", "0m", "1h1h", "-4h", "4.5h", "4h30", "forever", "Infinity", "1e3s", "11y", "4000d", "9".repeat(400) + "s"])
        assert.ok(Number.isNaN(parse_duration(text)), text);
});

test("how long is a time, an end or no end; forever is no number", () => {
    assert.deepEqual(length_options("", undefined), {});
    assert.deepEqual(length_options("2h", undefined), { duration: 7200 });
    assert.deepEqual(length_options("", NOW), { until: NOW });
    assert.deepEqual(length_options("Forever", undefined), { forever: true });
    for (const text of ["4", "Infinity", "9223372036854775807", "9223372036854775807s", "for ever"])
        assert.throws(() => length_options(text, undefined), /such as 45m/, text);
    for (const text of ["2h", "forever"])
        assert.throws(() => length_options(text, NOW), /not both/, text);
});

test("what is offered is shorter, and at most four", () => {
    assert.deepEqual(shorter_durations(14400), [900, 1800, 3600, 7200]);
    assert.deepEqual(shorter_durations(300), []);
    assert.deepEqual(shorter_durations(FOREVER), [43200, 86400, 259200, 604800]);
});

const clock_of = settings => new Clock({ zone: "Europe/Berlin", host: "db1", device_now: () => NOW * 1000, ...settings });

test("times are the reader's", () => {
    const clock = clock_of();
    assert.equal(clock.moment(NOW), "13:00 today");
    assert.equal(clock.moment(NOW + 86400), "13:00 tomorrow");
    assert.equal(clock.moment(NOW - 86400), "Sun 29 Nov, 13:00");
    assert.equal(clock.moment(NOW + 300 * 86400), "Sun 26 Sept 2027, 14:00");
});

test("the host's time stands beside it where it differs, and only there", () => {
    assert.equal(clock_of({ host_zone: "Europe/Paris" }).moment(NOW), "13:00 today");
    assert.equal(clock_of({ host_zone: "America/New_York" }).moment(NOW), "13:00 today (07:00 on db1)");
    assert.equal(clock_of({ host_zone: "Asia/Tokyo" }).moment(NOW + 8 * 3600), "21:00 today (Tue 05:00 on db1)");
    // Zones that part only in summer.
    const tunis = clock_of({ host_zone: "Africa/Tunis" });
    assert.equal(tunis.moment(NOW), "13:00 today");
    assert.match(tunis.moment(Date.UTC(2027, 6, 1, 12) / 1000), /14:00 \(13:00 on db1\)$/);
});

test("a zone that the browser does not know is left out", () => {
    for (const host_zone of ["Etc/Nowhere", "", undefined, "/etc/localtime"])
        assert.equal(clock_of({ host_zone }).moment(NOW), "13:00 today");
});

test("a device whose clock differs by minutes is told; now is the host's", () => {
    const behind = clock_of({ skew: 420 });
    assert.match(behind.skew_words(), /7 min behind the one of db1/);
    assert.equal(behind.now(), NOW + 420);
    assert.equal(behind.moment(behind.now()), "13:07 today");
    assert.match(clock_of({ skew: -7200 }).skew_words(), /2 h ahead of/);
    assert.equal(clock_of({ skew: 59 }).skew_words(), "");
    assert.equal(clock_of({ skew: -59 }).skew_words(), "");
});

test("how long ago, how long still", () => {
    const clock = clock_of();
    assert.equal(clock.ago(NOW - 5), "just now");
    assert.equal(clock.ago(NOW - 3725), "1 h 2 min ago");
    assert.equal(clock.ago(NOW + 100), "just now");
    assert.equal(clock.until(NOW + 45), "45 s left");
    assert.equal(clock.until(NOW + 3725), "1 h 2 min left");
    assert.equal(clock.until(NOW), "over");
});

test("what turns or hides text is shown as bytes; all else stays", () => {
    assert.equal(visible("bob\u202enimda"), "bob\\xe2\\x80\\xaenimda");
    assert.equal(visible("\u2066a\u2069\u200b\ufeff\x1b[2J\n"), "\\xe2\\x81\\xa6a\\xe2\\x81\\xa9\\xe2\\x80\\x8b\\xef\\xbb\\xbf\\x1b[2J\\x0a");
    assert.equal(visible("\u{e0041}x"), "\\xf3\\xa0\\x81\\x81x");
    for (const name of ["Žofie Nováková", "اسم عربي", "名前", "<b>&amp;", "x".repeat(200)])
        assert.equal(visible(name), name);
});

test("lists and principals in words", () => {
    assert.equal(list_words([]), "");
    assert.equal(list_words(["a"]), "a");
    assert.equal(list_words(["a", "b", "c"]), "a, b and c");
    assert.equal(principal_words("%dba-leads"), "group dba-leads");
    assert.equal(principal_words("bo\u202eb"), "bo\\xe2\\x80\\xaeb");
});

test("what became of a request", () => {
    const said = changes => outcome_words(request(changes), "bob", clock_of());
    const decisions = [{ decider: "bob", verdict: "approved", reason: "", at: NOW }];
    assert.equal(said({ decisions, request_state: "approved", state: "fulfilled", assignment_end: NOW + 60 }),
        "You approved. alice has db-admins until 13:01 today.");
    assert.equal(said({ decisions, request_state: "approved", state: "fulfilled" }), "You approved. alice has db-admins, without an end.");
    assert.equal(said({ decisions, request_state: "approved", state: "approved", start: NOW + 86400 }),
        "You approved. It begins at 13:00 tomorrow.");
    assert.equal(said({ decisions: [{ decider: "carol", verdict: "denied", reason: "not now" }], request_state: "denied", state: "denied" }),
        "carol denied: not now.");
    assert.equal(said({ decisions, approvers: ["%leads"] }), "You approved. It now waits for group leads.");
    assert.equal(said({ request_state: "cancelled", state: "cancelled", cancel_reason: "done" }), "alice withdrew it: done.");
    assert.equal(said({ request_state: "expired", state: "expired" }), "Nobody decided in time. It has expired.");
    assert.equal(said({ decisions: [{ decider: "carol", for: "bob", verdict: "reviewed" }], emergency: true, state: "fulfilled", request_state: "approved" }),
        "carol for bob reviewed.");
});
