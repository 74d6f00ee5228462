/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of commands, one for each program, and a parsed command line. */
#pragma once

#include "cli/output.h"
#include "dbus/client.h"

#include <stdint.h>

/* What a command accepts besides --json: bits of a uint64_t. */
#define TAKES(bit)         (UINT64_C(1) << (bit))
#define TAKES_REASON       TAKES(0)  /* -m, --reason, --justification */
#define TAKES_DURATION     TAKES(1)  /* -d, --duration */
#define TAKES_LIMIT        TAKES(2)  /* -n, --limit */
#define TAKES_START        TAKES(3)  /* --start */
#define TAKES_FOR          TAKES(4)  /* --for */
#define TAKES_OVERRIDE     TAKES(5)  /* --override */
#define TAKES_PACKAGE      TAKES(6)  /* --package */
#define TAKES_DRY_RUN      TAKES(7)  /* --dry-run */
#define TAKES_IDS          TAKES(8)  /* operands are request numbers, or USER/PACKAGE; cli/find.h */
#define TAKES_TO           TAKES(9)  /* --to */
#define TAKES_UNTIL        TAKES(10) /* --until */
#define TAKES_REVOKE       TAKES(11) /* --revoke */
#define TAKES_YES          TAKES(12) /* -y, --yes */
#define TAKES_WAIT         TAKES(13) /* --wait */
#define TAKES_PAGER        TAKES(14) /* its output may be long: --no-pager */
#define TAKES_SINCE        TAKES(15) /* --since */
#define TAKES_USER         TAKES(16) /* --user */
#define TAKES_REQUEST      TAKES(17) /* --request */
#define TAKES_DIGEST       TAKES(18) /* --digest */
#define TAKES_REPORT       TAKES(19) /* --report */
#define TAKES_ENFORCE      TAKES(20) /* --enforce */
#define TAKES_EXEMPT       TAKES(21) /* --exempt-group */
#define TAKES_OPTION       TAKES(22) /* --option */
#define TAKES_ALL          TAKES(23) /* --all */
#define TAKES_DESCRIPTION  TAKES(24) /* --description */
#define TAKES_GROUPS       TAKES(25) /* --groups */
#define TAKES_APPROVERS    TAKES(26) /* --approvers */
#define TAKES_REQUESTORS   TAKES(27) /* --requestors */
#define TAKES_MAX_DURATION TAKES(28) /* --max-duration */
#define TAKES_REPLACE      TAKES(29) /* --replace */
#define TAKES_FORMAT       TAKES(30) /* --format */
#define TAKES_NO_LOOKUP    TAKES(31) /* --no-lookup */
#define TAKES_USERS        TAKES(32) /* with TAKES_IDS: or a user's name, of whom one request waits */
#define TAKES_OWN          TAKES(33) /* with TAKES_IDS: or a package's name, for the caller's request */
#define TAKES_SEVERAL      TAKES(34) /* with TAKES_IDS: or 3-7, or all */
#define TAKES_BARE         TAKES(35) /* what a bare request number runs */
#define TAKES_CSV          TAKES(36) /* --csv */

enum { GIVEN_MAX = 16 }; /* how often an option that may be repeated is taken */

struct program;
struct command;

/* Times are seconds since the epoch. */
struct invocation {
    const struct program *program;
    const struct command *command;
    char **operands;
    size_t n_operands;
    char **found;       /* the operands in the place of 3-7 or all; NULL: none was given */
    int64_t *ids;       /* with TAKES_IDS: the operands as numbers; 0: a name, see cli/find.h */
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
    const char *to;         /* NULL: not given */
    const char *revoke;     /* NULL: not given */
    const char *until_text; /* as it was typed: whether it looks back the command says; NULL: not given */
    int64_t until;          /* 0: not given */
    bool csv;
    int64_t limit; /* 0: not given */
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
    uint64_t takes;
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
