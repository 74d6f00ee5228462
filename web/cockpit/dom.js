// SPDX-License-Identifier: LGPL-2.1-or-later
// Making elements. Text goes in as text, never as markup; said() is for what a user wrote.
import { visible } from "./names.js";

const SVG = "http://www.w3.org/2000/svg";

function make(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function")
            node.addEventListener(name, value);
        else if (value !== false && value !== undefined && value !== null)
            node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
    return node;
}

// A function among the attributes is a listener of that event.
export const h = (tag, attributes = {}, ...children) => make(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => make(document.createElementNS(SVG, tag), attributes, children);

// Keeps its direction to itself.
export const said = text => h("bdi", {}, visible(text));

export const button = (label, attributes, click) => h("button", { type: "button", ...attributes, click }, label);

let count = 0;
// A label with its input below; what: the input's attributes, `tag` and `children` for one that is no <input>.
export function field(label, { tag = "input", children = [], hint, ...what }) {
    const id = `field-${++count}`;
    const input = h(tag, { id, "aria-describedby": hint ? `${id}-hint` : undefined, ...what }, ...children);
    return { input, node: h("div", { class: "field" }, h("label", { for: id }, label), input,
        hint ? h("p", { class: "quiet", id: `${id}-hint` }, hint) : null) };
}

// A row of a list of facts; nothing where there is nothing to say.
export const fact = (label, ...value) =>
    value.flat().some(part => part) ? h("div", {}, h("dt", {}, label), h("dd", {}, ...value)) : null;

// A time in the reader's zone, from a datetime-local input: seconds, undefined where it is empty, NaN where half of
// it is filled in, whose value is empty, too.
export const typed_moment = ({ value, validity }) =>
    validity?.badInput ? NaN : value ? Math.floor(new Date(value).getTime() / 1000) : undefined;

// The items of a list, anew, or a word that there is none. The focus stays at the button with the same data-key.
export function replace_items(list, items, none) {
    const key = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    list.replaceChildren(...items.length ? items : [h("li", { class: "quiet" }, none)]);
    if (key)
        list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
