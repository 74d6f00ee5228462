/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-terminal: a program for notify.d that writes the notice on its stdin as one line to the terminals of its
 * recipients, if they allow it (mesg y). Needs the group tty and no other privilege; must never wait for a terminal.
 * Finds all terminals before it writes to any, so that a retry repeats no line. Started by accesspkg-notify, as its
 * user.
 */
#include "common/log.h"
#include "common/paths.h"
#include "helperd/notify/terminal/line.h"
#include "helperd/session/terminal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define GROUP "tty"

enum { PEOPLE_MAX = 256 };

struct person {
    uid_t uid;
    strv terminals;
};

struct people {
    struct person items[PEOPLE_MAX];
    size_t count;
};

/* Whether we can open terminals with mesg y. */
static bool is_in_group(void)
{
    const struct group *group = getgrnam(GROUP);
    return geteuid() == 0 || (group && (getegid() == group->gr_gid || group_member(group->gr_gid)));
}

static bool is_added(const struct people *people, uid_t uid)
{
    for (size_t i = 0; i < people->count; i++)
        if (people->items[i].uid == uid)
            return true;
    return false;
}

/* Adds the user and their terminals; a user who does not exist is left out. 0 or -errno: a look-up failed. */
static int add_terminals_of(struct people *people, const char *name)
{
    errno = 0;
    const struct passwd *entry = getpwnam(name);
    if (!entry)
        return errno == 0 || errno == ENOENT || errno == ESRCH ? 0 : -errno;
    if (people->count == PEOPLE_MAX || is_added(people, entry->pw_uid))
        return 0;
    struct person *person = &people->items[people->count];
    person->uid = entry->pw_uid;
    const int r = terminal_find(person->uid, &person->terminals);
    people->count += r == 0;
    return r;
}

/* 0, or an exit status. */
static int find_recipients(const json_t *to, struct people *people)
{
    for (size_t i = 0; i < json_array_size(to); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(to, i), "name"));
        const int r = name ? add_terminals_of(people, name) : 0;
        if (r < 0) {
            log_error("It could not be found out where %s is logged in: %s. Nobody was told yet.", name,
                      strerror(-r));
            return EX_TEMPFAIL;
        }
    }
    return 0;
}

static int write_notice(const json_t *notice)
{
    static struct people people;
    char text[LINE_SIZE];
    char line[LINE_SIZE + 128];
    const int r = line_compose(notice, text);
    if (r == LINE_E_NOT_HERE)
        return 0;
    if (r < 0) {
        log_error("What came on stdin is no notice.");
        return EX_DATAERR;
    }
    if (!is_in_group()) {
        log_error("This program runs without the group " GROUP " and can write on no terminal. "
                  "Give accesspkg-notify.service the line SupplementaryGroups=" GROUP
                  ", then: systemctl daemon-reload && systemctl restart accesspkg-notify");
        return EX_CONFIG;
    }
    const int code = find_recipients(json_object_get(notice, "to"), &people);
    terminal_frame(text, line, sizeof(line));
    for (size_t i = 0; i < people.count; i++) {
        /* A terminal that cannot be written to is passed over: a late line would be of no use. */
        if (code == 0)
            terminal_tell(people.items[i].terminals, people.items[i].uid, TERMINAL_IF_WANTED, line);
        strv_free(people.items[i].terminals);
    }
    return code;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        log_error("Usage: accesspkg-terminal < NOTICE. Meant for " ACCESSPKG_SYSCONFDIR
                  "/accesspkg/notify.d.");
        return EX_USAGE;
    }
    json_error_t error;
    json_t *notice = json_loadf(stdin, 0, &error);
    if (!json_is_object(notice)) {
        log_error("What came on stdin is no notice: %s", error.text);
        json_decref(notice);
        return EX_DATAERR;
    }
    const int code = write_notice(notice);
    json_decref(notice);
    return code;
}
