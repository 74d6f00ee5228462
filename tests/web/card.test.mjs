// SPDX-License-Identifier: LGPL-2.1-or-later
// A card and its place: what went wrong in the first page that was tried must not come back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { APPROVE, Card, DENY, REVIEW, SHORTEN } from "../../web/cockpit/card.js";
import { Queue } from "../../web/cockpit/queue.js";
import { NOW, TEXT, digest, request, seen } from "./samples.mjs";

const card_of = (text = TEXT) => new Card(request({ text }), seen(text));
const emergency = changes => request({ text: undefined, digest: undefined, emergency: true, may_decide: false, may_review: true, ...changes });
const decided = () => request({ may_decide: false, request_state: "denied", state: "denied", digest: undefined, text: undefined });

test("a decision takes two steps and carries the digest of what was seen", () => {
    const card = card_of();
    assert.equal(card.send({}, NOW), null);
    assert.ok(card.open(APPROVE));
    assert.deepEqual(card.send({ reason: " fine " }, NOW),
        { method: "Approve", id: 14, options: { digest: digest(TEXT), reason: "fine" } });
});

test("double Enter sends once", () => {
    const card = card_of();
    card.open(APPROVE);
    assert.ok(card.send({}, NOW));
    assert.equal(card.send({}, NOW), null);
    assert.equal(card.close(), false);
    card.sent(decided());
    assert.equal(card.send({}, NOW), null);
    assert.ok(card.is_settled);
});

test("another form does not open over one that is open", () => {
    const card = card_of();
    card.open(DENY);
    assert.equal(card.open(APPROVE), false);
    assert.equal(card.mode, DENY);
});

test("a denial needs a reason", () => {
    const card = card_of();
    card.open(DENY);
    for (const reason of [undefined, "", "  \n"]) {
        assert.equal(card.send({ reason }, NOW), null);
        assert.match(card.problem, /why/);
    }
    assert.equal(card.send({ reason: "no" }, NOW).method, "Deny");
});

test("a decision made elsewhere while the form is open is told, and nothing is sent", () => {
    const card = card_of();
    card.open(DENY);
    card.update(decided());
    assert.equal(card.mode, DENY);
    assert.equal(card.overtaken, "decided");
    assert.equal(card.request.may_decide, true);
    assert.equal(card.send({ reason: "no" }, NOW), null);
    card.close();
    assert.ok(card.is_settled);
    assert.equal(card.open(DENY), false);
});

test("what has another digest since the form was opened is not decided by it", () => {
    const card = card_of();
    const text = TEXT.replace("duration 14400", "duration 86400");
    card.open(APPROVE);
    card.update(request({ text }), seen(text));
    assert.equal(card.overtaken, "changed");
    assert.equal(card.seen.duration, 14400);
    assert.equal(card.send({}, NOW), null);
    card.close();
    assert.equal(card.seen.duration, 86400);
    card.open(APPROVE);
    assert.equal(card.send({}, NOW).options.digest, digest(text));
});

test("a change of which the text is not known yet is a change", () => {
    const card = card_of();
    card.open(APPROVE);
    card.update(request({ digest: "b".repeat(64) }));
    assert.equal(card.overtaken, "changed");
    card.close();
    assert.deepEqual(card.choices, []);
});

test("the same text again leaves an open form alone", () => {
    const card = card_of();
    card.open(APPROVE);
    card.update(request({ expires: NOW + 60 }), seen());
    assert.equal(card.overtaken, null);
    assert.equal(card.request.expires, NOW + 60);
});

test("an answer that is a refusal keeps the form, and it can be sent again", () => {
    const card = card_of();
    card.open(APPROVE);
    card.send({}, NOW);
    card.failed("busy");
    assert.equal(card.mode, APPROVE);
    assert.equal(card.problem, "busy");
    assert.ok(card.send({}, NOW));
});

test("what was sent without an answer is not said to be unsent", () => {
    const card = card_of();
    card.open(APPROVE);
    card.send({}, NOW);
    card.failed("no answer", true);
    card.update(decided());
    assert.equal(card.overtaken, "decided");
    assert.ok(card.may_have_arrived);
    card.close();
    assert.ok(!card.may_have_arrived);
});

test("a refusal, and a form that sent nothing, leave nothing in doubt", () => {
    const card = card_of();
    card.open(APPROVE);
    card.send({}, NOW);
    card.failed("busy", false);
    card.update(decided());
    assert.ok(!card.may_have_arrived);
});

test("what changes while the decision is under way does not touch the card", () => {
    const card = card_of();
    card.open(APPROVE);
    card.send({}, NOW);
    card.update(decided());
    assert.equal(card.overtaken, null);
    assert.ok(!card.is_settled);
});

test("forever is never sent back as a number", () => {
    const card = card_of(TEXT.replace("duration 14400", "duration 9223372036854775807"));
    card.open(APPROVE);
    assert.ok(!("duration" in card.send({}, NOW).options));
    card.failed("");
    card.close();
    card.open(SHORTEN);
    assert.equal(card.send({ seconds: Infinity }, NOW), null);
    assert.deepEqual(card.send({ seconds: Infinity, start: NOW + 60 }, NOW).options, { digest: card.seen.digest, start: NOW + 60 });
    card.failed("");
    assert.equal(card.send({ seconds: 3600 }, NOW).options.duration, 3600);
});

test("shortening takes less time or a later start, and nothing else", () => {
    const card = card_of();
    card.open(SHORTEN);
    for (const input of [{}, { seconds: 14400 }, { seconds: 14401 }, { seconds: NaN }, { seconds: 0 }, { seconds: -1 }, { start: NOW },
        { start: NaN }, { start: NOW + 400 * 86400 }, { seconds: NaN, start: NOW + 60 }]) {
        assert.equal(card.send(input, NOW), null, JSON.stringify(input));
        assert.ok(card.problem);
    }
    assert.deepEqual(card.send({ seconds: 3600, start: NOW + 60 }, NOW).options, { digest: digest(TEXT), duration: 3600, start: NOW + 60 });
});

test("a start before the one that was asked for is none", () => {
    const card = card_of(TEXT.replace("submitted", `start ${NOW + 7200}\nsubmitted`));
    card.open(SHORTEN);
    assert.equal(card.send({ start: NOW + 3600 }, NOW), null);
    assert.ok(card.send({ start: NOW + 9000 }, NOW));
});

test("a request whose text could not be read is not decided", () => {
    const card = new Card(request());
    assert.deepEqual(card.choices, []);
    assert.equal(card.open(APPROVE), false);
});

test("an emergency is reviewed", () => {
    const card = new Card(emergency());
    assert.deepEqual(card.choices, [REVIEW]);
    card.open(REVIEW);
    assert.deepEqual(card.send({ reason: "seen" }, NOW), { method: "Review", id: 14, reason: "seen" });
    card.sent(emergency({ may_review: false }));
    assert.ok(card.is_settled);
});

test("who decides in the next stage, too, is asked again", () => {
    const card = card_of();
    card.open(APPROVE);
    card.send({}, NOW);
    card.sent(request({ digest: "c".repeat(64) }));
    assert.ok(!card.is_settled);
    assert.deepEqual(card.choices, []);
});

const ids = queue => queue.cards.map(card => card.id);

test("emergencies stand first, then what expires soonest, then what was first", () => {
    const queue = new Queue();
    queue.fill([request({ id: 1, expires: NOW + 900 }), request({ id: 2, expires: NOW + 60 }), emergency({ id: 3, expires: undefined }),
        request({ id: 5, expires: undefined }), request({ id: 4, expires: undefined }), request({ id: 6, expires: NOW + 60 })]);
    assert.deepEqual(ids(queue), [3, 2, 6, 1, 4, 5]);
});

test("what comes takes its place, and what is there keeps its own", () => {
    const queue = new Queue();
    queue.fill([request({ id: 1, expires: NOW + 900 }), request({ id: 2, expires: NOW + 60 })]);
    queue.put(request({ id: 3, expires: NOW + 600 }));
    assert.deepEqual(ids(queue), [2, 3, 1]);
    queue.put(request({ id: 1, expires: NOW + 1 }));
    assert.deepEqual(ids(queue), [2, 3, 1]);
});

test("while a form is open nothing moves and nothing goes", () => {
    const queue = new Queue();
    queue.fill([request({ id: 1, expires: NOW + 60 }), request({ id: 2, expires: NOW + 900 })]);
    const card = queue.by_id.get(2);
    card.seen = seen();
    card.request.digest = digest(TEXT);
    assert.ok(card.open(DENY));
    queue.put(emergency({ id: 3 }));
    assert.deepEqual(ids(queue), [1, 2, 3]);
    const gone = queue.fill([emergency({ id: 3 })]);
    assert.deepEqual(gone.map(other => other.id), [1, 2]);
    queue.put({ ...decided(), id: 1 });
    queue.clear();
    assert.deepEqual(ids(queue), [1, 2, 3]);
    card.close();
    queue.clear();
    assert.deepEqual(ids(queue), [2, 3]);
    assert.equal(queue.waiting, 2);
});

test("a list without texts leaves what was read", () => {
    const queue = new Queue();
    const card = queue.put(request(), seen());
    queue.fill([request({ text: undefined })]);
    assert.equal(card.seen.user, "alice");
    queue.fill([request({ text: undefined, digest: "d".repeat(64) })]);
    assert.equal(card.seen, null);
});

test("what is not the reader's to decide makes no card", () => {
    const queue = new Queue();
    assert.equal(queue.put(decided()), null);
    assert.equal(queue.cards.length, 0);
});
