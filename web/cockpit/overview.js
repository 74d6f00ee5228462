// SPDX-License-Identifier: LGPL-2.1-or-later
// For administrators: how the host does. Read over a channel of its own with Cockpit's administrative access; nothing is
// decided there.
import { h } from "./dom.js";

export class OverviewView {
    title = "Overview";
    for_administrators = true;

    constructor(page) {
        this.page = page;
        this.node = h("section", {}, h("h2", {}, "Overview"));
    }

    async refresh() {}
}
