/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process would show of having been disturbed: its descriptors, signal dispositions and mask, environment,
 * threads, children, umask and working folder. For showing rule 11; checks with Check's macros.
 */
#pragma once

/* What there is now, as text. Release with free(). */
char *trace_take(void);

/* Fails the test, showing both, unless there is the same now. Frees `before`. */
void trace_compare(char *before);

/* Kibibytes of memory that the process holds: resident, without what files back. */
long trace_memory(void);
