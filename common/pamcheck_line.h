/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks one line of ours in a phase, for pamcheck.c: refused users, exempt users, the line itself. */
#pragma once

#include "common/gate_options.h"
#include "common/pamcheck.h"
#include "common/pamstack.h"

#define PAMCHECK_MODULE   "pam_accesspkg.so"
#define PAMCHECK_LINE     "account required pam_accesspkg.so package=NAME"
#define PAMCHECK_HOST     "/etc/pam.d"
#define PAMCHECK_PACKAGES "/usr/lib/pam.d" /* for services that have no file in PAMCHECK_HOST */

/* The state of a check; see pamcheck() for the first members. */
struct pamcheck_judging {
    const char *root;
    const struct pamstack_place *at; /* the same root */
    const char *service;
    pamcheck_is_package *is_package;
    void *data;
    struct findings *findings;
    struct findings *guarded;
    const struct pamstack *stack;
    bool stumbles;    /* another line of the phase is broken, and refuses every user */
    size_t ours;      /* index of the entry that is checked */
    uint32_t answers; /* its possible answers, as bits */
};

bool pamcheck_is_ours(const struct pamstack_entry *entry);
/* True for a line meant as ours: the module's name is misspelt, or ends in a carriage return. */
bool pamcheck_is_misspelt(const struct pamstack_entry *entry);

/* Add a finding, once: several services may include the same line. */
void pamcheck_tell(const struct pamcheck_judging *judging, const struct pamstack_entry *entry,
                   const char *what);
void pamcheck_tell_once(const struct pamcheck_judging *judging, const char *text);
void pamcheck_tell_misspelt(struct pamcheck_judging *judging, const struct pamstack_entry *entry,
                            const char *write);

/* Parses the line's arguments as the module does, and reports those that it ignores. */
struct gate_options pamcheck_options(struct pamcheck_judging *judging);
/* True when the account line refuses whom it should. Clears *reports then, unless the line has mode=report. */
bool pamcheck_line(struct pamcheck_judging *judging, bool *reports);

/* A pamstack_answer: our module answers PAM_IGNORE, every other one lets in. */
int pamcheck_ignored_answer(const struct pamstack_entry *entry, void *data);
