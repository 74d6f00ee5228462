/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks rule 4 beforehand: can different people complete all stages of a request? Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stage: who may decide in it, as numbers from 0 on, without duplicates. */
struct distinct_stage {
    size_t *people; /* owned by the caller */
    size_t count;
    int64_t quorum;
};

/*
 * How many stages, from the first on, can be completed if no one takes part in two. n_people is one more than the
 * largest number. Returns n_stages without memory, as it only serves a warning.
 */
size_t distinct_reach(const struct distinct_stage *stages, size_t n_stages, size_t n_people);
