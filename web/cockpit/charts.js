// SPDX-License-Identifier: LGPL-2.1-or-later
// A figure: bars as inline SVG, and beside them the table that they are drawn from. Each bar has its name and its figure
// in words, so nothing is said by colour alone.
import { h, svg } from "./dom.js";

const WIDTH = 480, ROW = 28, NAMES = 170, VALUES = 90;

function draw_bar({ name, value, words }, i, most) {
    const y = i * ROW, length = most > 0 ? value / most * (WIDTH - NAMES - VALUES) : 0;
    const shown = name.length > 22 ? `${name.slice(0, 21)}…` : name;
    return [svg("text", { x: NAMES - 8, y: y + 19, "text-anchor": "end" }, shown),
        svg("rect", { x: NAMES, y: y + 5, width: Math.max(length, 1), height: ROW - 10, class: "bar-of" }),
        svg("text", { x: NAMES + length + 8, y: y + 19 }, words)];
}

// rows: [{ name, value, words }]; words: the value for people, else the number itself. columns: the heads of the table.
export function bar_chart(title, columns, rows, none = "There is nothing to show.") {
    const told = rows.map(row => ({ ...row, words: row.words ?? String(row.value) }));
    const most = Math.max(...told.map(row => row.value), 0);
    if (told.length === 0)
        return h("figure", {}, h("figcaption", {}, title), h("p", { class: "quiet" }, none));
    return h("figure", {}, h("figcaption", {}, title),
        svg("svg", { viewBox: `0 0 ${WIDTH} ${told.length * ROW}`, "aria-hidden": "true" }, told.map((row, i) => draw_bar(row, i, most))),
        data_table(columns, told.map(row => [row.name, row.words])));
}

// rows: lists of cells, the first of which names the row.
export function data_table(columns, rows) {
    return h("table", {}, h("thead", {}, h("tr", {}, columns.map((name, i) => h("th", { scope: "col", class: i > 0 && "number" }, name)))),
        h("tbody", {}, rows.map(([name, ...cells]) =>
            h("tr", {}, h("th", { scope: "row" }, name), cells.map(cell => h("td", { class: "number" }, cell))))));
}
