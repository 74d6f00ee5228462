/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine against the model; a suite for each mode, so that they run side by side. */
#pragma once

#include "common/config.h"

/* Runs it with Check. An exit code. */
int model_run(enum config_membership mode);
