// SPDX-License-Identifier: LGPL-2.1-or-later
// Requests as accesspkgd answers them.
import { createHash } from "node:crypto";
import { parse_text } from "../../web/cockpit/text.js";

export const NOW = Date.UTC(2026, 10, 30, 12, 0) / 1000;

export const TEXT = `accesspkg-request 1
host db1.example.org
host-key SHA256:abc
epoch 0f0e
request 14
nonce 00112233445566778899aabbccddeeff
user alice
uid 1001
package db-admins
policy ${"a".repeat(64)}
group 2001 dbadmins
group - sp%C3%A4t
stage 1
stages 2
quorum 1
approver bob
approver %25dba-leads
fallback-approver carol
duration 14400
submitted ${NOW - 600}
reason 100%25 sure: <b>restore</b>
origin claimed
service sshd
address 192.0.2.7
`;

export const digest = text => createHash("sha256").update(text).digest("hex");

// Request 14 of alice, as GetRequest answers bob.
export function request(changes = {}) {
    const text = changes.text ?? TEXT;
    return { id: 14, user: "alice", uid: 1001, package: "db-admins", state: "pending-approval",
        request_state: "pending-approval", submitted: NOW - 600, expires: NOW + 3600, duration: 14400, may_decide: true,
        text, digest: digest(text), ...changes };
}

export function seen(text = TEXT) {
    return { ...parse_text(text), digest: digest(text) };
}
