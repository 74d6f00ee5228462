// SPDX-License-Identifier: LGPL-2.1-or-later
// Text that a user wrote, as a reader may be shown it: what would move, hide or reverse other text stands there as the
// bytes that it is, as in the commands (common/names.c).

// Controls, and what Unicode calls default-ignorable or gives a direction.
const ODD = new RegExp("[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f" +
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb" +
    "\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]", "gu");

export function visible(text) {
    return text.replace(ODD, character => [...new TextEncoder().encode(character)]
        .map(byte => `\\x${byte.toString(16).padStart(2, "0")}`).join(""));
}

// "a, b and c"; nothing of nothing.
export function list_words(words) {
    return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

// "%dba-leads" of a policy is a group.
export function principal_words(principal) {
    return principal.startsWith("%") ? `group ${visible(principal.slice(1))}` : visible(principal);
}
