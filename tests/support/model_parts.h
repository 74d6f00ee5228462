/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the halves of the model have in common: model.c does things, model_rules.c knows who may. */
#pragma once

#include "tests/support/model.h"

static inline int64_t model_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline const struct model_package *model_policy_of(const struct model *model,
                                                          const struct model_cell *cell)
{
    return &model->packages[model->records[cell->request].package];
}

static inline bool model_is_held_request(const struct model *model, int64_t id)
{
    return model->unaccepted && id <= model->held_request;
}

void model_enter_stage(struct model *model, struct model_cell *cell, int stage);
void model_complete(struct model *model, int person, int package);
bool model_asks_nobody(const struct model *model, int person, int package);
