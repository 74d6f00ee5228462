// SPDX-License-Identifier: LGPL-2.1-or-later
// What takes two steps, outside of cards: a button that opens a form, and the form, which is sent once at a time and tells
// what accesspkgd says.
import { button, h } from "./dom.js";

// label: of the button, and of the one that sends; key: names the button, for replace_items. fields: () → [{ node, input }]. ask: a sentence, may be missing.
// send(): a promise of what is announced, or undefined where `fields` lack something, which they say themselves.
export function two_steps({ label, key = label, kind = "", ask, make_fields = () => [], send, page }) {
    const begin = button(label, { class: kind, "data-key": key }, open);
    const node = h("div", { class: "steps" }, begin);
    let is_sending = false;

    function open() {
        const fields = make_fields();
        const problem = h("p", { class: "news", role: "alert", hidden: true });
        const submit = h("button", { type: "submit", class: kind || "primary" }, label);
        const form = h("form", { class: "decide", novalidate: true, submit: event => { event.preventDefault(); go(fields, problem) },
            keydown: event => { if (event.key === "Escape") close() } },
            ask ? h("p", { class: "ask" }, ask) : null, fields.map(one => one.node), problem,
            h("div", { class: "buttons" }, submit, button("Back", {}, close)));
        node.replaceChildren(form);
        (fields[0]?.input ?? submit).focus();
    }

    function close() {
        if (is_sending)
            return;
        node.replaceChildren(begin);
        begin.focus();
    }

    async function go(fields, problem) {
        if (is_sending)
            return;
        is_sending = true;
        try {
            if (fields.some(one => one.input.validity.badInput)) // half of one, whose value is empty
                throw new Error("Fill in the whole date and time, or none of it.");
            const words = await send(fields.map(one => one.input.value.trim()));
            is_sending = false;
            close();
            page.announce(words);
        } catch (error) {
            is_sending = false;
            problem.textContent = error.message;
            problem.hidden = false;
        }
    }

    return { node, get is_open() { return !begin.isConnected } };
}
