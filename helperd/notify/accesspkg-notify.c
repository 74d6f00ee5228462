/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-notify: runs the programs of notify.d with each notice, one JSON object on stdin. Runs as a user of its
 * own, so that no such program can write grants. Decides nothing, keeps state in memory only.
 */
#include "common/log.h"
#include "helperd/notify/notify.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* Seconds above zero. */
static bool read_seconds(const char *text, double *ret)
{
    char *end = NULL;
    *ret = strtod(text, &end);
    return end != text && !*end && *ret > 0 && *ret <= 86400;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"deadline", required_argument, NULL, 'd'},
                                          {"pause", required_argument, NULL, 'p'},
                                          {NULL, 0, NULL, 0}};
    struct queue_settings settings = queue_defaults;
    bool good = true;
    for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        good = good && ((c == 'd' && read_seconds(optarg, &settings.deadline)) ||
                        (c == 'p' && read_seconds(optarg, &settings.first)));
    if (!good || optind != argc) {
        log_error("Usage: accesspkg-notify [--deadline=SECONDS] [--pause=SECONDS]. Started by "
                  "accesspkg-notify.service.");
        return EX_USAGE;
    }
    umask(0077);
    if (chdir("/") < 0)
        return EX_OSERR;
    return notify_run(&settings);
}
