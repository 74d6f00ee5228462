/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine against the model, with membership = files (tests/support/model_run.c). */
#include "tests/support/model_run.h"

int main(void)
{
    return model_run(CONFIG_MEMBERSHIP_FILES);
}
