/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identifies a person, to tell whether two callers are the same one (rule 5). */
#pragma once

#include <sys/types.h>

#define UID_UNSET ((uid_t)-1)
#define GID_UNSET ((gid_t)-1)

struct identity {
    uid_t uid;
    uid_t loginuid; /* UID_UNSET: none */
};
