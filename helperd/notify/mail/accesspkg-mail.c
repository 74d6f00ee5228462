/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-mail: a program for notify.d that sends the notice on its stdin as a mail, through sendmail(8). Takes no
 * arguments. Started by accesspkg-notify, as its user.
 */
#include "common/child.h"
#include "common/cleanup.h"
#include "common/config.h"
#include "common/log.h"
#include "common/paths.h"
#include "common/when_parse.h"
#include "helperd/notify/mail/address.h"
#include "helperd/notify/mail/message.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define SENDMAIL PATH_SENDMAIL
#define SENDER   "accesspkg-notify"

enum { PARTIES_MAX = 256, MAP_MAX = 1024 * 1024 };

extern char **environ;

struct parties {
    struct message_party items[PARTIES_MAX];
    char addresses[PARTIES_MAX][ADDRESS_MAX + 1];
    size_t count;
    bool lacking; /* a recipient has no address */
};

/* Reads the map, which no user but root may be able to write. *ret NULL: there is none. 0, or an exit status. */
static int read_map(char **ret)
{
    struct stat status;
    _cleanup_close_ int fd = open(PATH_MAIL_MAP, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) || status.st_size > MAP_MAX) {
        log_error(PATH_MAIL_MAP
                  " is not used: it must be a file of root's that nobody else may write, of at most "
                  "1 MiB, and readable for the user " SENDER ".");
        return EX_CONFIG;
    }
    char *text = calloc(1, (size_t)status.st_size + 1);
    size_t size = 0;
    ssize_t n = 1;
    while (text && size < (size_t)status.st_size && n > 0) {
        n = read(fd, text + size, (size_t)status.st_size - size);
        size += n > 0 ? (size_t)n : 0;
    }
    *ret = text;
    return text && n >= 0 ? 0 : EX_TEMPFAIL;
}

static void log_errors(const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        if (problems->items[i].error)
            log_error("%s", problems->items[i].text);
}

/* 0, or an exit status after which accesspkg-notify tries again: an administrator can mend the file. */
static int read_settings(struct config_notices *ret, char **ret_map)
{
    struct problems problems = {0};
    const int r = config_load_notices(PATH_CONFIG, 0, ret, &problems);
    log_errors(&problems);
    problems_deinit(&problems);
    return r < 0 ? EX_CONFIG : read_map(ret_map);
}

static void find_parties(const json_t *to, const char *map, const struct config_notices *mail,
                         struct parties *parties)
{
    struct address_sources sources = {.map = map, .domain = mail->domain};
    char why[512];
    for (size_t i = 0; i < json_array_size(to) && parties->count < PARTIES_MAX; i++) {
        const json_t *person = json_array_get(to, i);
        const char *name = json_string_value(json_object_get(person, "name"));
        char *address = parties->addresses[parties->count];
        if (mail->gecos == CONFIG_YES)
            sources.gecos = json_string_value(json_object_get(person, "address"));
        if (!name || address_find(name, &sources, address, why, sizeof(why)) < 0) {
            log_warning("%s.", name ? why : "A recipient of the notice has no name");
            parties->lacking = true;
            continue;
        }
        parties->items[parties->count++] =
            (struct message_party){json_string_value(json_object_get(person, "full_name")), address};
    }
}

/* Runs sendmail once for all recipients, so that the mail is accepted for all or for none. */
static int run_sendmail(const char *message, const struct parties *parties)
{
    char *arguments[PARTIES_MAX + 8] = {(char *)SENDMAIL, (char *)"-i", (char *)"-f", (char *)SENDER,
                                        (char *)"--"};
    pid_t pid = 0;
    int status = 0;
    _cleanup_close_ int input = child_text(message);
    const struct child_plan plan = {
        .argv = arguments, .environment = environ, .fds = {input, STDOUT_FILENO, STDERR_FILENO}, .n_fds = 3};
    for (size_t i = 0; i < parties->count; i++)
        arguments[5 + i] = (char *)parties->items[i].address;
    const int r = input < 0 ? input : child_start(&plan, &pid);
    if (input >= 0 && r < 0)
        log_error(SENDMAIL " cannot be run: %s. Install an MTA, or take this program out of notify.d.",
                  strerror(-r));
    if (r < 0 || child_wait(pid, -1, &status) < 0)
        return EX_TEMPFAIL;
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == EX_OSFILE)
        return EX_TEMPFAIL;
    return WEXITSTATUS(status);
}

/* The domain of message ids: the host's name, else the mail domain. */
static const char *choose_id_domain(const json_t *notice, const char *domain)
{
    const char *host = json_string_value(json_object_get(notice, "host"));
    return host && address_is_domain(host) ? host : domain && *domain ? domain : "localhost";
}

/* When it was written. A number comes from an accesspkg-notify of before, which still runs while an upgrade is under way. */
static int64_t read_time(const json_t *value)
{
    struct when_gap gap;
    int64_t time = json_integer_value(value);
    if (json_is_string(value) && when_parse(json_string_value(value), 0, &time, &gap) != 0)
        time = 0;
    return time;
}

static int send_notice(const json_t *notice, const struct config_notices *mail, const char *map)
{
    static struct parties parties;
    const struct address_sources our_own = {.map = map, .domain = mail->domain};
    char from[ADDRESS_MAX + 1];
    char why[512];
    find_parties(json_object_get(notice, "to"), map, mail, &parties);
    if (parties.count == 0) {
        log_error("No recipient of the notice has an address.");
        return EX_NOUSER;
    }
    if (address_find(SENDER, &our_own, from, why, sizeof(why)) < 0) {
        log_error("%s.", why);
        return EX_CONFIG;
    }
    const struct message_terms terms = {
        .from = {"Access packages", from},
        .to = parties.items,
        .n_to = parties.count,
        .domain = choose_id_domain(notice, mail->domain),
        .date = read_time(json_object_get(notice, "time")),
    };
    _cleanup_free_ char *message = message_compose(notice, &terms);
    if (!message) {
        log_error("What came on stdin is no notice.");
        return EX_DATAERR;
    }
    const int code = run_sendmail(message, &parties);
    /* The others have got it, so it is not sent again; that a recipient has no address is recorded. */
    return code == 0 && parties.lacking ? EX_NOUSER : code;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        log_error("Usage: accesspkg-mail < NOTICE. Meant for " ACCESSPKG_SYSCONFDIR "/accesspkg/notify.d.");
        return EX_USAGE;
    }
    /* Said before anything is read: no notice waits for a mail system that this host does not have. */
    if (access(SENDMAIL, X_OK) < 0 && errno == ENOENT) {
        log_error("There is no " SENDMAIL
                  ": nobody is told by mail. Install an MTA, or take this program out of "
                  "notify.d.");
        return EX_OSFILE;
    }
    json_error_t error;
    json_t *notice = json_loadf(stdin, 0, &error);
    if (!json_is_object(notice)) {
        log_error("What came on stdin is no notice: %s", error.text);
        json_decref(notice);
        return EX_DATAERR;
    }
    struct config_notices mail = {0};
    _cleanup_free_ char *map = NULL;
    int code = read_settings(&mail, &map);
    if (code == 0)
        code = send_notice(notice, &mail, map);
    config_notices_deinit(&mail);
    json_decref(notice);
    return code;
}
