// SPDX-License-Identifier: LGPL-2.1-or-later
// What became of a request, in words.
import { list_words, principal_words, visible } from "./names.js";

// dbus/contract.h
const STATES = {
    "submitted": "Submitted", "pending-approval": "Pending approval", "expired": "Expired", "denied": "Denied",
    "cancelled": "Cancelled", "approved": "Approved", "partially-fulfilled": "Partially fulfilled",
    "fulfilled": "Fulfilled", "access-extended": "Access extended", "access-expired": "Access expired",
    "revoked": "Revoked",
};

const LIVE = new Set(["partially-fulfilled", "fulfilled", "access-extended"]);

export const state_words = state => STATES[state] ?? state;
export const is_held = request => LIVE.has(request.state);

// "you" for the reader.
const by = (decider, reader) => decider === reader ? "You" : visible(decider);

export function decision_words(decision, reader) {
    const name = by(decision.decider, reader) + (decision.for ? ` for ${visible(decision.for)}` : "");
    return `${name} ${decision.verdict}${decision.reason ? `: ${visible(decision.reason)}` : ""}`;
}

// What became of a request that this reader need not decide any more. request: as GetRequest has it now.
export function outcome_words(request, reader, clock) {
    const last = request.decisions?.at(-1);
    const said = last ? decision_words(last, reader) : "";
    const of = `${visible(request.user)} and ${visible(request.package)}`;
    if (request.request_state === "pending-approval") {
        const asked = list_words((request.approvers ?? []).map(principal_words));
        return `${said || of}. It now waits for ${asked || "others"}.`;
    }
    if (request.request_state === "cancelled")
        return `${visible(request.user)} withdrew it${request.cancel_reason ? `: ${visible(request.cancel_reason)}` : ""}.`;
    if (request.request_state === "expired")
        return "Nobody decided in time. It has expired.";
    if (is_held(request) && !request.emergency)
        return `${said}. ${visible(request.user)} has ${visible(request.package)}` +
            (request.assignment_end ? ` until ${clock.moment(request.assignment_end)}.` : ", without an end.");
    if (request.request_state === "approved" && request.start > clock.now())
        return `${said}. It begins at ${clock.moment(request.start)}.`;
    return said ? `${said}.` : `${of}: ${state_words(request.state)}.`;
}
