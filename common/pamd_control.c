/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the control of a line: a word, or "code=action ..." with the names of pam.conf(5). */
#include "common/pamd.h"

#include <security/pam_appl.h>
#include <string.h>
#include <strings.h>

/* The C locale's. */
#define BLANKS " \t\n\v\f\r"
#define DIGITS "0123456789"

enum { UNSET = -6 };

/* By code. */
static const char *const codes[PAMD_CODES] = {
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
};

static const struct {
    const char *word;
    int success, ignore, rest; /* for PAM_SUCCESS and PAM_NEW_AUTHTOK_REQD; for PAM_IGNORE; for all others */
} words[] = {
    {"required", PAMD_OK, PAMD_IGNORE, PAMD_BAD},
    {"requisite", PAMD_OK, PAMD_IGNORE, PAMD_DIE},
    {"optional", PAMD_OK, PAMD_IGNORE, PAMD_IGNORE},
    {"sufficient", PAMD_DONE, PAMD_IGNORE, PAMD_IGNORE},
};

static bool set_word(const char *control, int actions[PAMD_CODES])
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strcasecmp(words[i].word, control) != 0)
            continue;
        for (int code = 0; code < PAMD_CODES; code++)
            actions[code] = words[i].rest;
        actions[PAM_SUCCESS] = actions[PAM_NEW_AUTHTOK_REQD] = words[i].success;
        actions[PAM_IGNORE] = words[i].ignore;
        return true;
    }
    return false;
}

/* Skips `name` if the text starts with it, whatever follows, as libpam does. */
static bool skip_name(const char **at, const char *name)
{
    const size_t length = strlen(name);
    if (strncmp(*at, name, length) != 0)
        return false;
    *at += length;
    return true;
}

/* PAMD_CODES for "default"; -1 for an unknown code. */
static int read_code(const char **at)
{
    for (int code = 0; code < PAMD_CODES; code++)
        if (skip_name(at, codes[code]))
            return code;
    return skip_name(at, "default") ? PAMD_CODES : -1;
}

static bool read_control_action(const char **at, int *ret)
{
    static const char *const actions[] = {"ignore", "ok", "done", "bad", "die", "reset"};
    for (int i = 0; i < 6; i++)
        if (skip_name(at, actions[i])) {
            *ret = -i;
            return true;
        }
    int number = 0;
    for (; **at && strchr(DIGITS, **at); ++*at)
        number = number < PAMD_LINE_MAX * 100 ? number * 10 + (**at - '0')
                                              : number; /* more lines than any file has */
    *ret = number;
    return number > 0;
}

static void set_unset(int actions[PAMD_CODES], int action)
{
    for (int code = 0; code < PAMD_CODES; code++)
        if (actions[code] == UNSET)
            actions[code] = action;
}

/* Reads one "code=action". Blanks are optional everywhere, also between two. */
static bool read_pair(const char **at, int actions[PAMD_CODES])
{
    int action;
    const int code = read_code(at);
    *at += strspn(*at, BLANKS);
    if (code < 0 || **at != '=')
        return false;
    ++*at;
    *at += strspn(*at, BLANKS);
    if (!read_control_action(at, &action))
        return false;
    if (code < PAMD_CODES)
        actions[code] = action;
    else
        set_unset(actions, action);
    *at += strspn(*at, BLANKS);
    return true;
}

bool pamd_parse_control(const char *control, int actions[PAMD_CODES])
{
    if (set_word(control, actions))
        return true;
    for (int code = 0; code < PAMD_CODES; code++)
        actions[code] = UNSET;
    bool good = true;
    for (const char *at = control + strspn(control, BLANKS); *at && good;)
        good = read_pair(&at, actions);
    for (int code = 0; code < PAMD_CODES && !good; code++)
        actions[code] = PAMD_BAD;
    set_unset(actions, PAMD_BAD);
    return good;
}
