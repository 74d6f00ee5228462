// SPDX-License-Identifier: LGPL-2.1-or-later
// The canonical text of a request (accesspkg(7), common/canonical.h): what an approver is shown is read from it, and a
// decision carries its digest. Read strictly: a text that would not come out the same when written again is refused,
// and so is a line that this page does not know and could not show.
import { FOREVER } from "./duration.js";

const INT64_MAX = "9223372036854775807";

// A way to read a value and to write it again. Reading what cannot be written the same way is refused below.
const text = {
    read: decodeURIComponent,
    write: value => [...new TextEncoder().encode(value)].map(encode_byte).join(""),
};
const number = { read: Number, write: String };
const digest = { read: value => value, write: value => /^[0-9a-f]{64}$/.test(value) ? value : "" };
const seconds = {
    read: value => value === INT64_MAX ? FOREVER : Number(value),
    write: value => value === FOREVER ? INT64_MAX : String(value),
};
// A gid, or "-" where it was not known, and the group's name.
const group = {
    read: value => {
        const [, gid, name] = /^(-|\d+) (.+)$/.exec(value) ?? [];
        return { gid: gid === "-" ? null : Number(gid), name: text.read(name) };
    },
    write: ({ gid, name }) => `${gid ?? "-"} ${text.write(name)}`,
};

// The lines in their order, as helperd/lifecycle/request_text.c writes them; a test compares the two.
export const LINES = [
    { key: "accesspkg-request", kind: number, required: true },
    { key: "host", kind: text },
    { key: "host-key", kind: text },
    { key: "epoch", kind: text },
    { key: "request", kind: number, required: true },
    { key: "nonce", kind: text },
    { key: "user", kind: text, required: true },
    { key: "uid", kind: number, required: true },
    { key: "package", kind: text, required: true },
    { key: "policy", kind: digest },
    { key: "group", kind: group, many: true },
    { key: "stage", kind: number, required: true },
    { key: "stages", kind: number, required: true },
    { key: "quorum", kind: number, required: true },
    { key: "approver", kind: text, many: true },
    { key: "fallback-approver", kind: text, many: true },
    { key: "duration", kind: seconds, required: true },
    { key: "start", kind: number },
    { key: "until", kind: number },
    { key: "extends", kind: number },
    { key: "submitted", kind: number, required: true },
    { key: "reason", kind: text },
    { key: "origin", kind: text, required: true },
    { key: "service", kind: text },
    { key: "from-host", kind: text },
    { key: "address", kind: text },
    { key: "terminal", kind: text },
];
const VERSION = 1;

function encode_byte(byte) {
    return byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function read_value(kind, raw) {
    let value;
    try {
        value = kind.read(raw);
    } catch {
        return undefined; // not UTF-8, or not a group
    }
    const is_number = typeof value !== "number" || value === FOREVER || Number.isSafeInteger(value);
    return is_number && raw !== "" && kind.write(value) === raw ? value : undefined;
}

// The text as an object: its keys with "_" for "-", lists where a key may come more than once. Throws an Error in words.
export function parse_text(source) {
    const lines = source.split("\n");
    if (lines.pop() !== "")
        throw new Error("The text of this request is cut off.");
    const result = Object.fromEntries(LINES.filter(row => row.many).map(row => [row.key.replaceAll("-", "_"), []]));
    let next = 0;
    for (const line of lines) {
        const space = line.indexOf(" ");
        const key = line.slice(0, space);
        const at = LINES.findIndex((row, i) => i >= next && row.key === key);
        const value = at < 0 || space < 0 ? undefined : read_value(LINES[at].kind, line.slice(space + 1));
        if (value === undefined)
            throw new Error(`This page cannot read a line of the request: ${JSON.stringify(line.slice(0, 80))}.`);
        const name = key.replaceAll("-", "_");
        if (LINES[at].many)
            result[name].push(value);
        else
            result[name] = value;
        next = LINES[at].many ? at : at + 1;
    }
    const missing = LINES.find(row => row.required && !(row.key.replaceAll("-", "_") in result));
    if (missing)
        throw new Error(`The text of this request lacks the line ${missing.key}.`);
    if (result.accesspkg_request !== VERSION)
        throw new Error("This host writes requests in a newer form than this page knows. Reload the page.");
    return result;
}

export async function digest_text(source) {
    if (!globalThis.crypto?.subtle)
        throw new Error("Open this page by https: without it the browser cannot check what it shows.");
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(source));
    return [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, "0")).join("");
}

// What the caller of GetRequest may be shown of a request that waits: its text, read, with the text's own digest.
export async function read_request(request) {
    const seen = parse_text(request.text ?? "");
    seen.digest = await digest_text(request.text);
    if (seen.digest !== request.digest || seen.request !== request.id)
        throw new Error("The text of this request is not the one that accesspkgd means. Reload the page.");
    return Object.freeze(seen);
}
