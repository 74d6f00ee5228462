/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* accesspkgd: the helper daemon. Its command line; what it does is in daemon.h and configure.h. */
#include "common/log.h"
#include "common/paths.h"
#include "helperd/configure.h"
#include "helperd/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static int check_config(void)
{
    return configure_check(stdout);
}

static int write_allow_list(void)
{
    return configure_write_allow_list(stdout);
}

static int print_version(void)
{
    puts("accesspkgd " ACCESSPKG_VERSION);
    return 0;
}

static int print_help(void);

static const struct {
    struct option option;
    int (*run)(void); /* NULL: a setting */
    const char *help;
} options[] = {
    {{"check-config", no_argument, NULL, 0},
     check_config,
     "check accesspkg.conf and packages.d, and tell every problem"},
    {{"write-allow-list", no_argument, NULL, 0},
     write_allow_list,
     "as root: allow the groups that packages.d names, and no others (pkg-admin reload does this)"},
    {{"debug", no_argument, NULL, 0}, NULL, "log more"},
    {{"help", no_argument, NULL, 0}, print_help, "show this"},
    {{"version", no_argument, NULL, 0}, print_version, "show the version"},
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static int print_help(void)
{
    puts("Usage: accesspkgd [OPTION]\n"
         "Decides on requests for access packages and gives and takes their groups. Started by systemd or "
         "the bus.\n");
    for (size_t i = 0; i < OPTIONS; i++)
        printf("  --%-18s %s\n", options[i].option.name, options[i].help);
    return 0;
}

static int run_daemon(void)
{
    if (geteuid() == 0) {
        log_error("accesspkgd does not run as root. Start it as its own user: systemctl start accesspkgd");
        return EX_USAGE;
    }
    return daemon_run();
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
        if (options[index].run)
            return options[index].run();
        log_set_debug(true);
    }
    if (optind < argc) {
        log_error("accesspkgd takes options alone. See: accesspkgd --help");
        return EX_USAGE;
    }
    return run_daemon();
}
