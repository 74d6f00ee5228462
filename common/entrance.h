/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of the services of PAM that hosts have: what they are for, who is judged there, whether they can ask. */
#pragma once

#include <stdbool.h>

/* Whether a person can be prompted in the account phase. */
enum entrance_prompts {
    ENTRANCE_PROMPTS_UNKNOWN = 0,
    ENTRANCE_PROMPTS_NOBODY,
    ENTRANCE_PROMPTS_PEOPLE,
    ENTRANCE_PROMPTS_BY_SSHD, /* as sshd's settings say (common/sshd.h) */
};

struct entrance {
    const char *service;
    const char *what; /* for people */
    const char *with; /* a service of the same program, which is guarded along; NULL: none */
    bool login;       /* people come to the host by it, approvers too */
    bool caller;      /* set-uid: who runs it is judged, not whom they become */
    bool background;  /* no person is there: a refusal breaks a job */
    enum entrance_prompts prompts;
};

/* Never NULL: of a service that is not known with "" and nothing else set. */
const struct entrance *entrance_find(const char *service);
