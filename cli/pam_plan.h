/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be written into one service's file, and whether libpam would make of it what it should. For cli/pam.c. */
#pragma once

#include "cli/runner.h"
#include "common/findings.h"
#include "common/pamedit.h"
#include "common/pamwire.h"

struct pam_plan {
    struct pamwire file;
    char *lines; /* ours, as they are to be */
    char *text;  /* the whole file, as it is to be */
};

/* Options of pam_accesspkg.so as they were given. 0, or 64 after a message. */
int pam_plan_check_options(const struct invocation *invocation);

/* Plans the line. `findings` get what libpam would make of it that it should not. 0, or an exit code after a message. */
int pam_plan_make(const struct invocation *invocation, const char *service, struct findings *findings,
                  struct pam_plan *ret);
void pam_plan_deinit(struct pam_plan *plan);

/* Refuses where a line of people's own counts our lines. 0, or an exit code after a message. */
int pam_plan_check_jumps(const struct invocation *invocation, const struct pamwire *file);

/* Whether this service asks our module by what it includes once the plan is carried out, or by a line written by hand; also
 * where it has no file. */
bool pam_plan_reaches(const struct pam_plan *plan, const char *service);
/* Nothing is to be written. */
bool pam_plan_is_done(const struct pam_plan *plan);
void pam_plan_print(const struct pam_plan *plan, FILE *out);

/* Says why a service's file cannot be read or written (PAMEDIT_E_, PAMWIRE_E_, -errno). Returns the exit code. */
int pam_plan_refuse(const struct invocation *invocation, const char *service, int r);
