/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of commands, one for each program, and a parsed command line. */
#pragma once

#include "cli/output.h"
#include "dbus/client.h"

/* What a command accepts besides --json. */
enum {
    TAKES_REASON = 1 << 0,   /* -m, --reason, --justification */
    TAKES_DURATION = 1 << 1, /* -d, --duration */
    TAKES_LIMIT = 1 << 2,    /* -n, --limit */
    TAKES_START = 1 << 4,    /* --start */
    TAKES_FOR = 1 << 5,      /* --for */
    TAKES_OVERRIDE = 1 << 6, /* --override */
    TAKES_PACKAGE = 1 << 16, /* --package */
    TAKES_DRY_RUN = 1 << 17, /* --dry-run */
    TAKES_IDS = 1 << 3,      /* operands are request numbers, or USER/PACKAGE */
    TAKES_TO = 1 << 7,       /* --to */
    TAKES_UNTIL = 1 << 8,    /* --until */
    TAKES_REVOKE = 1 << 9,   /* --revoke */
    TAKES_YES = 1 << 18,     /* -y, --yes */
    TAKES_WAIT = 1 << 19,    /* --wait */
    TAKES_PAGER = 1 << 20,   /* its output may be long: --no-pager */
    TAKES_SINCE = 1 << 21,   /* --since */
    TAKES_USER = 1 << 22,    /* --user */
    TAKES_REQUEST = 1 << 23, /* --request */
    TAKES_DIGEST = 1 << 24,  /* --digest */
    TAKES_REPORT = 1 << 10,  /* --report */
    TAKES_ENFORCE = 1 << 11, /* --enforce */
    TAKES_EXEMPT = 1 << 12,  /* --exempt-group */
    TAKES_OPTION = 1 << 13,  /* --option */
    TAKES_ALL = 1 << 14,     /* --all */

    TAKES_DESCRIPTION = 1 << 25,    /* --description */
    TAKES_GROUPS = 1 << 26,         /* --groups */
    TAKES_APPROVERS = 1 << 27,      /* --approvers */
    TAKES_REQUESTORS = 1 << 28,     /* --requestors */
    TAKES_MAX_DURATION = 1 << 29,   /* --max-duration */
    TAKES_REPLACE = 1 << 15,        /* --replace */
    TAKES_FORMAT = -0x7fffffff - 1, /* bit 31: --format */
    TAKES_NO_LOOKUP = 1 << 30,      /* --no-lookup */
};

enum { GIVEN_MAX = 16 }; /* how often an option that may be repeated is taken */

struct program;
struct command;

/* Times are seconds since the epoch. */
struct invocation {
    const struct program *program;
    const struct command *command;
    char **operands;
    size_t n_operands;
    int64_t *ids;       /* with TAKES_IDS: the operands as numbers; 0: USER/PACKAGE, see cli/find.h */
    json_t *shown;      /* for each operand the request that the caller was shown, or null; NULL: none was */
    const char *digest; /* NULL: not given */
    const char *reason; /* NULL: not given */
    int64_t duration;   /* seconds, or DURATION_FOREVER; 0: not given */
    int64_t start;      /* 0: not given */
    bool override;
    const char *package; /* NULL: not given; the last one */
    const char *packages[GIVEN_MAX];
    size_t n_packages;
    const char *options[GIVEN_MAX]; /* of pam_accesspkg.so */
    size_t n_options;
    const char *exempt_group; /* NULL: not given */
    bool report, enforce;     /* not both */
    bool all;
    bool dry_run;
    const char *to;     /* NULL: not given */
    const char *revoke; /* NULL: not given */
    int64_t until;      /* 0: not given */
    int64_t limit;      /* 0: not given */
    bool yes;
    bool wait;
    bool no_pager;
    bool no_lookup;
    const char *format;  /* NULL: not given */
    int64_t since;       /* 0: not given */
    const char *user;    /* NULL: not given */
    const char *request; /* NULL: not given; a number or USER/PACKAGE */
    unsigned deadline;   /* seconds for each call; 0: the program's */

    /* Of a package to be set up. NULL, 0: not given. */
    const char *description;
    const char *groups;
    const char *approvers;
    const char *requestors;
    int64_t max_duration; /* as duration */
    bool replace;

    struct output output;
    struct client client; /* cli/calls.h opens it at the first call */
};

struct command {
    const char *name;      /* one word, or two: the first is a family's */
    const char *arguments; /* as --help shows them */
    int min, max;          /* operands; max -1: any number */
    unsigned takes;
    int (*run)(struct invocation *invocation); /* returns the exit code */
    const char *help;
};

/* Commands of two words whose first is the same: one row in the help of the program, and a help of its own. */
struct command_family {
    const char *name, *help;
};

struct program {
    const char *name;
    const char *help;
    const struct command *commands;        /* the first is what a bare call runs; ends with a NULL name */
    unsigned deadline;                     /* seconds for each call of accesspkgd */
    const struct command_family *families; /* NULL: none; ends with a NULL name */
};

/* The family of a command or of a word; NULL: none. */
const struct command_family *command_family(const struct program *program, const char *name);

/* Prints what is wrong with the command line, and where help is. Returns 64. */
int command_usage(const struct invocation *invocation, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
