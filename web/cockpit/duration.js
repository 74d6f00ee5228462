// SPDX-License-Identifier: LGPL-2.1-or-later
// Durations in seconds, read and said as the commands do (common/duration.h). FOREVER has no end; it is no number that
// the bus could be sent, so it never is.

export const FOREVER = Infinity;
export const LONGEST = 10 * 365 * 24 * 3600;

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const TYPED = { w: 604800, d: 86400, h: 3600, m: 60, s: 1 };

// "4 h", "1 h 30 min", "2 d 3 h": the two most significant units.
export function format_duration(seconds) {
    if (seconds === FOREVER)
        return "no end";
    let rest = Math.max(0, Math.floor(seconds));
    const first = UNITS.findIndex(([, size]) => rest >= size);
    if (first < 0)
        return "0 s";
    const words = [];
    for (const [unit, size] of UNITS.slice(first, first + 2)) {
        const count = Math.floor(rest / size);
        rest %= size;
        if (count > 0)
            words.push(`${count} ${unit}`);
    }
    return words.join(" ");
}

// "90m", "1h30m", "2d": seconds, else NaN. A number without a unit is none, for "4" may mean hours.
export function parse_duration(text) {
    const typed = text.replace(/\s/g, "").toLowerCase().replaceAll("min", "m");
    const parts = [...typed.matchAll(/(\d+)([wdhms])/g)];
    const units = new Set(parts.map(([, , unit]) => unit));
    if (parts.length === 0 || parts.map(([part]) => part).join("") !== typed || units.size < parts.length)
        return NaN;
    const sum = parts.reduce((total, [, count, unit]) => total + Number(count) * TYPED[unit], 0);
    return sum > 0 && sum <= LONGEST ? sum : NaN;
}

// How long, as options of Submit and Extend: what was typed, as "4h" or "forever", or until when (seconds, undefined for none).
// Nothing leaves it to the package. Throws what is wrong, in words.
export function length_options(text, until) {
    if (!text)
        return until === undefined ? {} : { until };
    if (until !== undefined)
        throw new Error("Give a time or an end, not both.");
    if (text.toLowerCase() === "forever")
        return { forever: true };
    const duration = parse_duration(text);
    if (Number.isNaN(duration))
        throw new Error("Write a time such as 45m, 4h or 2d.");
    return { duration };
}

// What to offer in the place of a duration: at most four that are shorter and round.
export function shorter_durations(seconds) {
    const round = [300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400, 259200, 604800];
    return round.filter(choice => choice < seconds).slice(-4);
}
