/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts from what accesspkg-lookup says, line by line. */
#pragma once

#include "helperd/host/facts.h"

/* The array of lines is taken over. NULL where one is malformed. */
struct facts *answer_facts(const json_t *question, json_t *lines);
