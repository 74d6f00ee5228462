/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of accesspkgd, the helper daemon. daemon.h and configure.h do the work. */
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/locks.h"
#include "common/log.h"
#include "common/names.h"
#include "common/paths.h"
#include "helperd/config/configure.h"
#include "helperd/config/notestore.h"
#include "helperd/daemon/daemon.h"
#include "helperd/store/schema.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* The words after the options. */
struct arguments {
    char **words;
    size_t count;
};

static int run_check_config(const struct arguments *arguments)
{
    const bool look_up = arguments->count < 2;
    directory_set_patience(DIRECTORY_PATIENCE);
    if (arguments->count == 0)
        return configure_check(stdout);
    if (look_up || (arguments->count == 2 && strcmp(arguments->words[1], "no-lookup") == 0))
        return configure_check_folder(arguments->words[0], look_up, stdout);
    log_error("--check-config takes one folder. See: accesspkgd --help");
    return EX_USAGE;
}

/* pkg-admin setup has written the draft. */
static int run_check_draft(const struct arguments *arguments)
{
    directory_set_patience(DIRECTORY_PATIENCE);
    if (arguments->count == 1 && name_is_package(arguments->words[0]))
        return configure_check_draft(arguments->words[0], stdout);
    log_error("--check-draft takes the name of a package. See: accesspkgd --help");
    return EX_USAGE;
}

/* What root does before a start: the folders of locks, which only root can put in place, then the allow-list. */
static int extend_allow_list(const struct arguments *arguments)
{
    (void)arguments;
    if (geteuid() == 0) {
        notestore_keep(stdout);
        locks_prepare(PATH_STATE);
        locks_restore(PATH_STATE);
    }
    return configure_extend_allow_list(stdout);
}

static bool parse_gid(const char *word, gid_t *ret)
{
    char again[16];
    *ret = (gid_t)strtoul(word, NULL, 10);
    snprintf(again, sizeof(again), "%u", *ret);
    return strcmp(again, word) == 0;
}

static int write_allow_list(const struct arguments *arguments)
{
    _cleanup_free_ gid_t *held = calloc(arguments->count + 1, sizeof(*held));
    if (!held) {
        log_error("There is not enough memory for the allow-list; nothing was changed.");
        return EX_OSERR;
    }
    for (size_t i = 0; i < arguments->count; i++) {
        if (parse_gid(arguments->words[i], &held[i]))
            continue;
        log_error("%s is no gid. See: accesspkgd --help", arguments->words[i]);
        return EX_USAGE;
    }
    if (geteuid() == 0)
        notestore_keep(stdout);
    directory_set_patience(DIRECTORY_PATIENCE);
    return configure_write_allow_list(held, arguments->count, stdout);
}

static int note_store(const struct arguments *arguments)
{
    (void)arguments;
    return notestore_keep(stdout);
}

static int restore_store(const struct arguments *arguments)
{
    if (arguments->count == 1 || (arguments->count == 2 && strcmp(arguments->words[1], "any-host") == 0))
        return daemon_restore(arguments->words[0], arguments->count == 2, stdout);
    log_error("--restore takes a file. See: accesspkgd --help");
    return EX_USAGE;
}

static int print_version(const struct arguments *arguments)
{
    (void)arguments;
    printf("accesspkgd " ACCESSPKG_VERSION ", store format %d\n", schema_newest());
    return 0;
}

static int print_help(const struct arguments *arguments);

static const struct {
    struct option option;
    const char *words;                             /* the words that may follow it, for the help */
    int (*run)(const struct arguments *arguments); /* NULL: a setting */
    const char *help;
} options[] = {
    {{"check-config", no_argument, NULL, 0},
     " [DIR [no-lookup]]",
     run_check_config,
     "check accesspkg.conf and packages.d, and tell every problem; of DIR, what is to be packages.d"},
    {{"check-draft", no_argument, NULL, 0},
     " PACKAGE",
     run_check_draft,
     "the same, as if the draft of this package were its file (pkg-admin setup does this)"},
    {{"extend-allow-list", no_argument, NULL, 0},
     "",
     extend_allow_list,
     "as root: allow the groups that packages.d names, too (the unit does this at a start)"},
    {{"write-allow-list", no_argument, NULL, 0},
     " [GID...]",
     write_allow_list,
     "as root: allow the groups that packages.d names and, of those allowed before, these (pkg-admin reload "
     "does this)"},
    {{"note-store", no_argument, NULL, 0},
     "",
     note_store,
     "as root: note how far the store is, in /etc/accesspkg (the unit does this when accesspkgd runs)"},
    {{"restore", no_argument, NULL, 0},
     " FILE [any-host]",
     restore_store,
     "as root, while it is stopped: put a backup in the store's place (pkg-admin restore does this)"},
    {{"debug", no_argument, NULL, 0}, "", NULL, "log more"},
    {{"help", no_argument, NULL, 0}, "", print_help, "show this"},
    {{"version", no_argument, NULL, 0},
     "",
     print_version,
     "show the version, and the newest format of the store that it knows"},
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static int print_help(const struct arguments *arguments)
{
    (void)arguments;
    puts("Usage: accesspkgd [OPTION]\n"
         "Decides on requests for access packages and gives and takes their groups. Started by systemd or "
         "the bus.\n");
    for (size_t i = 0; i < OPTIONS; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s", options[i].option.name, options[i].words);
        printf("  --%-32s %s\n", name, options[i].help);
    }
    return 0;
}

static int start_daemon(void)
{
    if (geteuid() == 0) {
        log_error("accesspkgd does not run as root. Start it as its own user: systemctl start accesspkgd");
        return EX_USAGE;
    }
    return daemon_run();
}

static int refuse_words(void)
{
    log_error("accesspkgd takes options alone. See: accesspkgd --help");
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    struct option longs[OPTIONS + 1] = {0};
    for (size_t i = 0; i < OPTIONS; i++)
        longs[i] = options[i].option;
    int index = 0;
    for (int c; (c = getopt_long(argc, argv, "", longs, &index)) != -1;) {
        if (c != 0)
            return EX_USAGE;
        const struct arguments arguments = {argv + optind, (size_t)(argc - optind)};
        if (!options[index].run)
            log_set_debug(true);
        else
            return arguments.count > 0 && !*options[index].words ? refuse_words()
                                                                 : options[index].run(&arguments);
    }
    return optind < argc ? refuse_words() : start_daemon();
}
