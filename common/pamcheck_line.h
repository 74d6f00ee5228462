/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of ours in a phase, for pamcheck.c: what becomes of whom it refuses, of whom it has no say about, of itself. */
#pragma once

#include "common/gate_options.h"
#include "common/pamcheck.h"
#include "common/pamstack.h"

#define PAMCHECK_MODULE   "pam_accesspkg.so"
#define PAMCHECK_LINE     "account required pam_accesspkg.so package=NAME"
#define PAMCHECK_HOST     "/etc/pam.d"
#define PAMCHECK_PACKAGES "/usr/lib/pam.d" /* libpam looks here for what the host's own folder has not */

struct pamcheck_judging {
    const char *root;
    const char *service;
    pamcheck_is_package *is_package;
    void *data;
    struct findings *findings;
    struct findings *guarded;
    const struct pamstack *stack;
    bool stumbles;    /* libpam does, over something else: that refuses everybody already */
    size_t ours;      /* the entry that is judged */
    uint32_t answers; /* what it answers, as bits */
};

bool pamcheck_is_ours(const struct pamstack_entry *entry);
/* Meant for ours: misspelt, or with the carriage return of another system behind it. */
bool pamcheck_is_misspelt(const struct pamstack_entry *entry);

/* Adds a finding. A file that several services include has its line told of once. */
void pamcheck_tell(const struct pamcheck_judging *judging, const struct pamstack_entry *entry,
                   const char *what);
void pamcheck_tell_once(const struct pamcheck_judging *judging, const char *text);

void pamcheck_misspelt(struct pamcheck_judging *judging, const struct pamstack_entry *entry,
                       const char *write);
/* Tells of arguments that mean nothing. Read as the module reads them. */
struct gate_options pamcheck_options(struct pamcheck_judging *judging);
/* Whether the line of the account phase refuses whom it should; it clears *reports unless it only tells. */
bool pamcheck_line(struct pamcheck_judging *judging, bool *reports);

/* A pamstack_answer: every other module lets in, and ours has no say. */
int pamcheck_ignored_answer(const struct pamstack_entry *entry, void *data);
