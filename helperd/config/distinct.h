/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule 4 looked at beforehand: whether different people can complete every stage of a request. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One stage: the numbers of the people who may decide in it, from 0, each once. */
struct distinct_stage {
    size_t *people; /* owned by the caller */
    size_t count;
    int64_t quorum;
};

/*
 * How many of the stages, from the first on, can be completed by people none of whom takes part in two. n_people: one more
 * than the largest number. Without memory: all of them, since nothing is known against it.
 */
size_t distinct_reach(const struct distinct_stage *stages, size_t n_stages, size_t n_people);
