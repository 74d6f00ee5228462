/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who somebody is, for the question whether two are the same person (rule 5). */
#pragma once

#include <sys/types.h>

#define UID_UNSET ((uid_t)-1)

struct identity {
    uid_t uid;
    uid_t loginuid; /* UID_UNSET: nothing set it, counts as none */
};
