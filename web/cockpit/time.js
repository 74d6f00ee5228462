// SPDX-License-Identifier: LGPL-2.1-or-later
// Times in words: the reader's zone, with the host's beside where it has another hour. "Now" is the host's, which is
// whose clock ends an access. All times are seconds since the epoch.
import { format_duration } from "./duration.js";

const TOLERANCE = 60; // seconds that two clocks may differ without a word

function formatter(zone) {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", weekday: "short", year: "numeric",
        month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

function parts_of(format, at) {
    const parts = Object.fromEntries(format.formatToParts(at * 1000).map(({ type, value }) => [type, value]));
    return { ...parts, date: `${parts.year} ${parts.month} ${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

function is_zone(zone) {
    try {
        return Boolean(zone && formatter(zone));
    } catch {
        return false;
    }
}

// device_now: a function that says what this device's clock has, in milliseconds.
export class Clock {
    constructor({ zone, host_zone, host = "the host", skew = 0, device_now = Date.now } = {}) {
        this.host = host;
        this.skew = skew; // what the host's clock is ahead
        this.device_now = device_now;
        this.format = formatter(zone);
        this.host_format = is_zone(host_zone) ? formatter(host_zone) : null;
    }

    now() {
        return Math.floor(this.device_now() / 1000 + this.skew);
    }

    // "16:05 today", "Mon 30 Nov, 16:05 (17:05 on demohost)".
    moment(at) {
        const mine = parts_of(this.format, at);
        const theirs = this.host_format && parts_of(this.host_format, at);
        const words = this.words_of(mine, at);
        if (!theirs || mine.date + mine.time === theirs.date + theirs.time)
            return words;
        const day = mine.date === theirs.date ? "" : `${theirs.weekday} `;
        return `${words} (${day}${theirs.time} on ${this.host})`;
    }

    words_of(parts, at) {
        if (parts.date === parts_of(this.format, this.now()).date)
            return `${parts.time} today`;
        if (parts.date === parts_of(this.format, this.now() + 86400).date)
            return `${parts.time} tomorrow`;
        const year = Math.abs(at - this.now()) > 180 * 86400 ? ` ${parts.year}` : "";
        return `${parts.weekday} ${parts.day} ${parts.month}${year}, ${parts.time}`;
    }

    ago(at) {
        const seconds = this.now() - at;
        return seconds < 60 ? "just now" : `${format_duration(seconds - seconds % 60)} ago`;
    }

    until(at) {
        const seconds = at - this.now();
        if (seconds <= 0)
            return "over";
        return `${format_duration(seconds < 60 ? seconds : seconds - seconds % 60)} left`;
    }

    // What a reader must know whose device has another time; "" where it has not.
    skew_words() {
        if (Math.abs(this.skew) < TOLERANCE)
            return "";
        const side = this.skew > 0 ? "behind" : "ahead of", minutes = Math.round(Math.abs(this.skew) / 60);
        return `The clock of this device is ${format_duration(60 * minutes)} ${side} the one of ${this.host}. ` +
            `What is said here of "now" is by ${this.host}.`;
    }
}
