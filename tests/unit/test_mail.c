/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices in words and as mails: whatever a user typed or is called, it stays in its place (rule 10). */
#include "common/cleanup.h"
#include "helperd/notify/mail/address.h"
#include "helperd/notify/mail/message.h"
#include "helperd/notify/people.h"
#include "helperd/notify/words.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static json_t *make(const char *event, const char *user, const char *why)
{
    json_t *notice =
        json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:i, s:s}", "event", event, "id", 7, "request", 3, "time",
                  1763935940, "host", "db7", "package", "db-admins", "duration", 14400, "justification", why);
    ck_assert_ptr_nonnull(notice);
    json_object_set_new(notice, "user", json_string(user));
    ck_assert_int_eq(words_add(notice, NULL), 0);
    return notice;
}

START_TEST(programs_read_times_as_text)
{
    setenv("TZ", "UTC0", 1);
    json_t *notice = make("request-waits", "alice", "disk full");
    json_object_set_new(notice, "deadline", json_integer(1764022340));
    ck_assert_int_eq(words_write_times(notice), 0);
    ck_assert_str_eq(json_string_value(json_object_get(notice, "time")), "2025-11-23T22:12:20+00:00");
    ck_assert_str_eq(json_string_value(json_object_get(notice, "deadline")), "2025-11-24T22:12:20+00:00");
    ck_assert_int_eq(json_integer_value(json_object_get(notice, "duration")), 14400);
    ck_assert_ptr_null(json_object_get(notice, "until"));
    json_decref(notice);
}
END_TEST

static char *compose(const json_t *notice, const char *full_name)
{
    const struct message_party to[] = {{full_name, "bob@example.org"}, {NULL, "carol"}};
    const struct message_terms terms = {.from = {"Access packages", "accesspkg-notify@example.org"},
                                        .to = to,
                                        .n_to = 2,
                                        .domain = "db7",
                                        .date = 1763935940};
    char *message = message_compose(notice, &terms);
    ck_assert_ptr_nonnull(message);
    return message;
}

START_TEST(test_words)
{
    json_t *notice = make("request-waits", "alice", "disk full");
    ck_assert_str_eq(json_string_value(json_object_get(notice, "summary")), "alice asks for db-admins");
    ck_assert_str_eq(json_string_value(json_object_get(notice, "text")),
                     "alice asks for db-admins.\n\n"
                     "Package:         db-admins\nUser:            alice\nDuration:        4 h\n"
                     "Justification:   disk full\nRequest:         3\nHost:            db7\n\n"
                     "To answer, or to see more, on that host:\n\n"
                     "    pkg-approve approve 3\n    pkg-approve deny 3 -m 'REASON'\n");
    json_t *commands = json_object_get(notice, "commands");
    ck_assert_uint_eq(json_array_size(commands), 2);
    ck_assert_str_eq(json_string_value(json_array_get(commands, 0)), "pkg-approve approve 3");
    json_decref(notice);
    notice = json_pack("{s:s}", "event", "no-such");
    ck_assert_int_eq(words_add(notice, NULL), -EINVAL);
    json_decref(notice);
}
END_TEST

/* Where there is a page, what concerns a request has a link to it, and nothing else has. */
START_TEST(test_link)
{
    static const char url[] = "https://db7.example.org:9090/accesspkg";
    json_t *notice = make("request-waits", "alice", "disk full");
    ck_assert_ptr_null(json_object_get(notice, "link"));
    ck_assert_int_eq(words_add(notice, url), 0);
    ck_assert_str_eq(json_string_value(json_object_get(notice, "link")),
                     "https://db7.example.org:9090/accesspkg#/request/3");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(notice, "text")),
                                 "    pkg-approve deny 3 -m 'REASON'\n\nOr in a browser:\n\n"
                                 "    https://db7.example.org:9090/accesspkg#/request/3\n"));
    json_decref(notice);
    notice = json_pack("{s:s, s:s}", "event", "ended", "package", "db");
    ck_assert_int_eq(words_add(notice, url), 0);
    ck_assert_ptr_null(json_object_get(notice, "link"));
    json_decref(notice);
}
END_TEST

/* A command with a member that is missing is left out: only one of the two can be pasted. */
START_TEST(test_ends_soon)
{
    for (int extends = 0; extends < 2; extends++) {
        json_t *notice = json_pack("{s:s, s:s, s:s}", "event", "ends-soon", "package", "db",
                                   extends ? "extend" : "anew", "db -m 'REASON'");
        ck_assert_int_eq(words_add(notice, NULL), 0);
        json_t *commands = json_object_get(notice, "commands");
        ck_assert_uint_eq(json_array_size(commands), 1);
        ck_assert_str_eq(json_string_value(json_array_get(commands, 0)),
                         extends ? "pkg-request extend db -m 'REASON'" : "pkg-request submit db -m 'REASON'");
        json_decref(notice);
    }
}
END_TEST

START_TEST(test_message)
{
    json_t *notice = make("request-waits", "alice", "disk full");
    setenv("TZ", "CET-1", 1);
    tzset();
    _cleanup_free_ char *message = compose(notice, "Bob Brown");
    static const char head[] = "From: Access packages <accesspkg-notify@example.org>\n"
                               "To: Bob Brown <bob@example.org>,\n carol\n"
                               "Subject: [db7] alice asks for db-admins\n"
                               "Date: Sun, 23 Nov 2025 23:12:20 +0100\n"
                               "Message-ID: <accesspkg.notice.7.1763935940@db7>\n"
                               "In-Reply-To: <accesspkg.request.3@db7>\n"
                               "References: <accesspkg.request.3@db7>\n"
                               "Auto-Submitted: auto-generated\n"
                               "MIME-Version: 1.0\n"
                               "Content-Type: text/plain; charset=UTF-8\n"
                               "Content-Transfer-Encoding: quoted-printable\n\n";
    ck_assert_int_eq(strncmp(message, head, strlen(head)), 0);
    ck_assert_ptr_nonnull(strstr(message, "\n    pkg-approve approve 3\n"));
    json_decref(notice);
}
END_TEST

/* What an attacker would like to see end a header, or begin one. */
static const char *const hostile[] = {
    "x\nBcc: eve@example.org",
    "x\r\nBcc: eve@example.org\r\n\r\nbody",
    "x\n\nbody",
    "\n.\nQUIT",
    ".",
    "From eve Thu",
    "=?UTF-8?Q?x=0ABcc:_eve?=",
    "\"<eve@example.org>\", ",
    "a, eve@example.org",
    "(comment) eve@example.org;",
    "Größe \xe2\x82\xac \xf0\x9f\x94\xa5 Größe Größe Größe Größe Größe Größe Größe Größe Größe",
    "\x1b[2J\x07\x7f",
    "\xe2\x80\xae gnp.exe",
    "\xe2\x80\x8b\xe2\x80\x8f\xd8\x9c\xf3\xa0\x81\x81",
    "$(reboot) `reboot` 'x' \\ | ; &",
    "",
};

/* Headers are of a known set, in their order, each of printable ASCII and bounded; so is the body's every line. */
static void check_shape(const char *message)
{
    static const char *const names[] = {"From: ",
                                        "To: ",
                                        "Subject: ",
                                        "Date: ",
                                        "Message-ID: ",
                                        "In-Reply-To: ",
                                        "References: ",
                                        "Auto-Submitted: ",
                                        "MIME-Version: ",
                                        "Content-Type: ",
                                        "Content-Transfer-Encoding: "};
    size_t header = 0;
    bool body = false;
    for (const char *line = message; *line;) {
        const size_t size = strcspn(line, "\n");
        ck_assert_uint_le(size, 998);
        for (size_t i = 0; i < size; i++)
            ck_assert_msg(line[i] >= ' ' && line[i] <= '~', "%s", message);
        if (!body && size == 0) {
            body = true;
        } else if (!body && line[0] != ' ') {
            ck_assert_uint_lt(header, sizeof(names) / sizeof(names[0]));
            ck_assert_msg(strncmp(line, names[header], strlen(names[header])) == 0, "%s", message);
            header++;
        }
        if (body) {
            ck_assert_msg(size <= 76 && line[0] != '.' && strncmp(line, "From ", 5) != 0, "%s", message);
            ck_assert_msg(size == 0 || line[size - 1] != ' ', "%s", message);
        }
        line += size + 1;
    }
    ck_assert_uint_eq(header, sizeof(names) / sizeof(names[0]));
    ck_assert(body);
}

START_TEST(test_hostile)
{
    json_t *notice = make("request-waits", hostile[_i], hostile[_i]);
    json_object_set_new(notice, "reason", json_string(hostile[_i]));
    _cleanup_free_ char *message = compose(notice, hostile[_i]);
    check_shape(message);
    /* Addresses stand in angle brackets once, behind the encoded name. */
    char *to = strstr(message, "\nTo: ");
    char *subject = strstr(message, "\nSubject: ");
    ck_assert(to && subject && to < subject);
    *subject = '\0';
    ck_assert_ptr_null(strstr(to, "eve@"));
    ck_assert_ptr_nonnull(strstr(to, "bob@example.org"));
    json_decref(notice);
}
END_TEST

START_TEST(test_long)
{
    char why[4097];
    memset(why, 'x', sizeof(why) - 1);
    why[sizeof(why) - 1] = '\0';
    json_t *notice = make("denied", why, why);
    _cleanup_free_ char *message = compose(notice, why);
    check_shape(message);
    json_decref(notice);
    for (size_t i = 0; i + 1 < sizeof(why); i += 2)
        memcpy(why + i, "\xc3\xb6", 2);
    notice = make("denied", why, why);
    _cleanup_free_ char *umlauts = compose(notice, why);
    check_shape(umlauts);
    json_decref(notice);
}
END_TEST

START_TEST(test_no_notice)
{
    const struct message_party to = {NULL, "carol"};
    const struct message_terms terms = {.from = {"A", "a"}, .to = &to, .n_to = 1, .domain = "h"};
    json_t *notice = json_object();
    ck_assert_ptr_null(message_compose(notice, &terms));
    json_decref(notice);
}
END_TEST

static const struct {
    const char *name;
    const char *map;
    const char *gecos;
    const char *domain;
    const char *address; /* NULL: none */
} addresses[] = {
    {"alice", NULL, NULL, NULL, "alice"},
    {"alice", NULL, NULL, "example.org", "alice@example.org"},
    {"alice", "alice  a.adams@mail.example.net # work\n", NULL, "example.org", "a.adams@mail.example.net"},
    {"alice", "alicex x@y\n#alice z@y\nbob b@y\n", NULL, "example.org", "alice@example.org"},
    {"alice", "alice x@y\nalice z@y", NULL, NULL, "z@y"},
    {"alice", "alice x@y\r\n", NULL, NULL, "x@y"},
    {"alice", "alice \n", NULL, NULL, NULL},
    {"alice", "alice -oQ/tmp\n", NULL, NULL, NULL},
    {"alice", "alice a@b,c@d\n", NULL, NULL, NULL},
    {"alice", "alice |/bin/sh\n", NULL, NULL, NULL},
    {"alice", "alice /etc/passwd\n", NULL, NULL, NULL},
    {"alice\nBcc: x", NULL, NULL, NULL, NULL},
    {"-froot", NULL, NULL, "example.org", NULL},
    {"al ice", NULL, NULL, NULL, NULL},
    {"al ice", "\"al ice\" x@y\nal z@y\n", NULL, NULL, "x@y"},
    {"al", "\"al ice\" x@y\n \"al\" z@y\n", NULL, NULL, "z@y"},
    {"al", "\"al z@y\n", NULL, "example.org", "al@example.org"},
    {"al\\\"", "\"al\\\\\\\"\" z@y\n", NULL, NULL, "z@y"},
    /* A name that has a domain is an address as it is. */
    {"zoe@corp.example.com", NULL, NULL, "example.org", "zoe@corp.example.com"},
    {"zoe@corp.example.com", NULL, NULL, NULL, "zoe@corp.example.com"},
    {"zoe@corp", NULL, NULL, "example.org", "zoe@corp"},
    {"zoe@corp.example.com", NULL, "z@example.net", "example.org", "z@example.net"},
    {"zoe@corp.example.com", "zoe@corp.example.com z@y\n", NULL, "example.org", "z@y"},
    {"zoe@", NULL, NULL, "example.org", NULL},
    {"@corp.example.com", NULL, NULL, "example.org", NULL},
    {"zoe@a@b", NULL, NULL, "example.org", NULL},
    {"zoe@corp example", NULL, NULL, "example.org", NULL},
    {"CORP\\zoe", NULL, NULL, "example.org", NULL},
    {"j\xc3\xb6rg", NULL, NULL, NULL, NULL},
    {"j\xc3\xb6rg", "j\xc3\xb6rg joerg@example.org", NULL, NULL, "joerg@example.org"},
    {"alice", NULL, NULL, "exa mple", NULL},
    {"alice", NULL, NULL, ".example.org", NULL},
    {"alice", NULL, NULL, "example.org.", NULL},
    {"", NULL, NULL, "example.org", NULL},
    /* GECOS: behind the map, before the domain; what is no whole address is passed over. */
    {"alice", NULL, "a@example.net", NULL, "a@example.net"},
    {"alice", NULL, "a@example.net", "example.org", "a@example.net"},
    {"alice", "alice x@y\n", "a@example.net", "example.org", "x@y"},
    {"alice", "alice -oQ/tmp\n", "a@example.net", NULL, NULL},
    {"j\xc3\xb6rg", NULL, "joerg@example.org", NULL, "joerg@example.org"},
    {"alice", NULL, "a", "example.org", "alice@example.org"},
    {"alice", NULL, "a@b@c", "example.org", "alice@example.org"},
    {"alice", NULL, "a@b\nBcc: x@y", NULL, "alice"},
    {"alice", NULL, "-oQ/tmp@x", NULL, "alice"},
};

START_TEST(test_address)
{
    char found[ADDRESS_MAX + 1];
    char why[512] = "";
    const struct address_sources sources = {addresses[_i].map, addresses[_i].gecos, addresses[_i].domain};
    const int r = address_find(addresses[_i].name, &sources, found, why, sizeof(why));
    if (!addresses[_i].address) {
        ck_assert_int_lt(r, 0);
        ck_assert(*why);
        return;
    }
    ck_assert_int_eq(r, 0);
    ck_assert_str_eq(found, addresses[_i].address);
}
END_TEST

static const struct {
    const char *gecos;
    const char *address; /* NULL: none */
} gecos[] = {
    {"Alice Adams,Payments,1,2,alice@example.org", "alice@example.org"},
    {",,,,a.b+c_d-1@mail-1.example.org", "a.b+c_d-1@mail-1.example.org"},
    {"alice@example.org", NULL},
    {"A,alice@example.org,,", NULL},
    {"A,B,1,alice@example.org", NULL},
    {"A,B,1,2,", NULL},
    {"A,B,1,2,alice", NULL},
    {"A,B,1,2,@example.org", NULL},
    {"A,B,1,2,alice@", NULL},
    {"A,B,1,2,alice@example.org,x", NULL},
    {"A,B,1,2,alice@example.org,bob@example.org", NULL},
    {"A,B,1,2, alice@example.org", NULL},
    {"A,B,1,2,alice@example.org ", NULL},
    {"A,B,1,2,alice adams@example.org", NULL},
    {"A,B,1,2,alice@exa mple.org", NULL},
    {"A,B,1,2,alice@example.org\n", NULL},
    {"A,B,1,2,alice@example.org\nBcc: eve@example.org", NULL},
    {"A,B,1,2,alice@bob@example.org", NULL},
    {"A,B,1,2,j\xc3\xb6rg@example.org", NULL},
    {"A,B,1,2,joerg@ex\xc3\xa4mple.org", NULL},
    {"A,B,1,2,\"alice\"@example.org", NULL},
    {"A,B,1,2,<alice@example.org>", NULL},
    {"A,B,1,2,-oQ/tmp@example.org", NULL},
    {"A,B,1,2,|/bin/sh@example.org", NULL},
    {"A,B,1,2,room=3,x=alice@example.org", NULL},
    {"", NULL},
    {NULL, NULL},
};

START_TEST(test_gecos)
{
    char found[ADDRESS_MAX + 1] = "untouched";
    const bool is = address_of_gecos(gecos[_i].gecos, found);
    ck_assert_msg(is == (gecos[_i].address != NULL), "%s: %s", gecos[_i].gecos, found);
    ck_assert_str_eq(found, is ? gecos[_i].address : "untouched");
}
END_TEST

START_TEST(test_gecos_too_long)
{
    char text[ADDRESS_MAX + 64] = ",,,,a@";
    char found[ADDRESS_MAX + 1];
    while (strlen(text) < ADDRESS_MAX + 2)
        strcat(text, "ab");
    ck_assert(address_of_gecos(text, found)); /* 252 behind the commas */
    while (strlen(text) < ADDRESS_MAX + 6)
        strcat(text, "ab");
    ck_assert(!address_of_gecos(text, found));
}
END_TEST

/* Root is on every host; who is not to hear it does not, and nobody hears it twice. */
START_TEST(test_people)
{
    json_t *notice = json_pack("{s:[s, s, s, s], s:[s]}", "recipients", "root", "daemon", "no-such-user",
                               "root", "except", "daemon");
    ck_assert_int_eq(people_add(notice), 0);
    json_t *to = json_object_get(notice, "to");
    ck_assert_uint_eq(json_array_size(to), 1);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(to, 0), "name")), "root");
    json_object_set_new(notice, "delegates", json_pack("[s, s, s, s]", "root", "bin", "bin", "sys"));
    ck_assert_int_eq(people_add(notice), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(notice, "to")), 2); /* nothing is passed on */
    json_decref(notice);
}
END_TEST

int main(void)
{
    suite_case("mail", NULL, NULL);
    suite_add(test_words, test_link, test_ends_soon, test_message, programs_read_times_as_text);
    suite_rows(test_hostile, hostile);
    suite_add(test_long, test_no_notice);
    suite_rows(test_address, addresses);
    suite_rows(test_gecos, gecos);
    suite_add(test_gecos_too_long, test_people);
    return suite_run();
}
