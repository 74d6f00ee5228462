/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The two state machines as docs/ARCHITECTURE.md shows them, drawn from the tables that the daemon runs on. */
#pragma once

#include <stdio.h>

void diagram_request(FILE *out);
void diagram_assignment(FILE *out);
