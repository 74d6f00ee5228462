// SPDX-License-Identifier: LGPL-2.1-or-later
// The canonical text: what is read of it, and what is refused.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FOREVER } from "../../web/cockpit/duration.js";
import { LINES, digest_text, parse_text, read_request } from "../../web/cockpit/text.js";
import { TEXT, digest, request } from "./samples.mjs";

test("its lines are those that accesspkgd writes, in their order", () => {
    const source = readFileSync(new URL("../../helperd/lifecycle/request_text.c", import.meta.url), "utf8");
    const written = [...source.matchAll(/canonical_[a-z]+\(out, "([a-z-]+)"/g)].map(([, key]) => key);
    assert.deepEqual(LINES.map(({ key }) => key), written);
});

test("each line is read", () => {
    const seen = parse_text(TEXT);
    assert.equal(seen.host, "db1.example.org");
    assert.equal(seen.user, "alice");
    assert.equal(seen.uid, 1001);
    assert.deepEqual(seen.group, [{ gid: 2001, name: "dbadmins" }, { gid: null, name: "spät" }]);
    assert.deepEqual(seen.approver, ["bob", "%dba-leads"]);
    assert.deepEqual(seen.fallback_approver, ["carol"]);
    assert.equal(seen.duration, 14400);
    assert.equal(seen.reason, "100% sure: <b>restore</b>");
    assert.equal(seen.start, undefined);
});

test("the largest number is no end; another that a double cannot hold is refused", () => {
    assert.equal(parse_text(TEXT.replace("duration 14400", "duration 9223372036854775807")).duration, FOREVER);
    for (const number of ["9223372036854775806", "9223372036854775808", "9007199254740993", "1e3", "014400", "-0", " 1", ""])
        assert.throws(() => parse_text(TEXT.replace("duration 14400", `duration ${number}`)), /cannot read/, number);
});

const WRONG = {
    "cut off": TEXT.slice(0, -1),
    "empty": "",
    "a line that is not known": TEXT.replace("service sshd", "sudo yes"),
    "a line twice": TEXT.replace("user alice\n", "user alice\nuser mallory\n"),
    "another order": TEXT.replace("user alice\nuid 1001\n", "uid 1001\nuser alice\n"),
    "a list in two pieces": TEXT.replace("quorum 1\n", "quorum 1\ngroup 0 root\n"),
    "a line without a value": TEXT.replace("service sshd", "service"),
    "a line with an empty value": TEXT.replace("service sshd", "service "),
    "an empty line": TEXT.replace("service", "\nservice"),
    "lower-case digits": TEXT.replace("%C3%A4", "%c3%a4"),
    "what needs no encoding": TEXT.replace("user alice", "user %61lice"),
    "a byte that needs it": TEXT.replace("user alice", "user alicé"),
    "a bare %": TEXT.replace("100%25", "100%"),
    "half a character": TEXT.replace("sp%C3%A4t", "sp%C3t"),
    "a carriage return": TEXT.replace("user alice\n", "user alice\r\n"),
    "a group without a name": TEXT.replace("group 2001 dbadmins", "group 2001"),
    "a gid with a zero before it": TEXT.replace("group 2001", "group 02001"),
    "a policy that is no digest": TEXT.replace("a".repeat(64), "a".repeat(63)),
    "no user": TEXT.replace("user alice\n", ""),
    "no duration": TEXT.replace("duration 14400\n", ""),
    "a newer version": TEXT.replace("accesspkg-request 1", "accesspkg-request 2"),
};
for (const [what, text] of Object.entries(WRONG))
    test(`refused: ${what}`, () => {
        assert.notEqual(text, TEXT);
        assert.throws(() => parse_text(text), Error);
    });

test("characters that a terminal would obey come through as they are", () => {
    const seen = parse_text(TEXT.replace("user alice", "user al%E2%80%AEice%1B%0A"));
    assert.equal(seen.user, "al\u202eice\x1b\n");
});

test("the digest is the SHA-256 of the text", async () => {
    assert.equal(await digest_text("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal((await read_request(request())).digest, digest(TEXT));
});

test("a text that is not the one that accesspkgd means is not shown", async () => {
    await assert.rejects(read_request(request({ digest: "b".repeat(64) })), /not the one/);
    await assert.rejects(read_request(request({ id: 15 })), /not the one/);
    await assert.rejects(read_request({ id: 14 }), Error);
});

test("without crypto.subtle, as over plain http, the reader is told", async t => {
    const whole = globalThis.crypto;
    Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true, writable: true });
    t.after(() => Object.defineProperty(globalThis, "crypto", { value: whole, configurable: true, writable: true }));
    await assert.rejects(read_request(request()), /https/);
});
