/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads accesspkg.conf. One table lists the settings and the values that each takes. */
#include "common/config.h"

#include "common/inifile.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY ((int64_t)24 * 3600)

enum { URL_MAX = 512 };

const struct config config_defaults = {
    .pending_per_user = 20,
    .calls_per_user = 8,
    .lookup_timeout = 2,
    .retry_first = 1,
    .retry_longest = 3600,
    .keep = 400 * DAY,
    .account_state = CONFIG_YES,
};

static const char *const membership_words[] = {
    [CONFIG_MEMBERSHIP_NSS] = "nss",
    [CONFIG_MEMBERSHIP_FILES] = "files",
    NULL,
};

static const char *const answer_words[] = {
    [CONFIG_YES] = "yes",
    [CONFIG_NO] = "no",
    [CONFIG_YES + 1] = NULL,
};

#define IN_CONFIG(member)  offsetof(struct config, member)
#define IN_NOTICES(member) offsetof(struct config_notices, member)

static const struct inifile_key keys[] = {
    {"limits", "pending_per_user", INIFILE_NUMBER, IN_CONFIG(pending_per_user), NULL, 1, 10000},
    {"limits", "calls_per_user", INIFILE_NUMBER, IN_CONFIG(calls_per_user), NULL, 1, 1000},
    {"lookup", "timeout", INIFILE_DURATION, IN_CONFIG(lookup_timeout), NULL, 1, 60},
    {"retry", "first", INIFILE_DURATION, IN_CONFIG(retry_first), NULL, 1, 3600},
    {"retry", "longest", INIFILE_DURATION, IN_CONFIG(retry_longest), NULL, 1, 24 * 3600},
    {"store", "keep", INIFILE_TERM, IN_CONFIG(keep), NULL, 30 * DAY, 0},
    {"grants", "membership", INIFILE_WORD, IN_CONFIG(membership), membership_words, 0, 0},
    {"decisions", "require_login_id", INIFILE_WORD, IN_CONFIG(require_login_id), answer_words, 0, 0},
    {"decisions", "account_state", INIFILE_WORD, IN_CONFIG(account_state), answer_words, 0, 0},
};
static const struct inifile_table table = {keys, sizeof(keys) / sizeof(*keys)};

static const struct config_notices notices_defaults = {.gecos = CONFIG_YES};

static bool is_same(const struct inifile_key *key, const struct config *a, const struct config *b)
{
    const char *const left = (const char *)a + key->offset;
    const char *const right = (const char *)b + key->offset;
    return memcmp(left, right, key->kind == INIFILE_WORD ? sizeof(int) : sizeof(int64_t)) == 0;
}

char *config_list_changes(const struct config *before, const struct config *after)
{
    char *text = NULL;
    for (size_t i = 0; i < table.count; i++) {
        char *longer = NULL;
        if (is_same(&keys[i], before, after))
            continue;
        if (asprintf(&longer, "%s%s[%s] %s", text ? text : "", text ? ", " : "", keys[i].section,
                     keys[i].key) < 0)
            longer = NULL;
        free(text);
        text = longer;
    }
    return text;
}

static const struct inifile_key notices_keys[] = {
    {"mail", "domain", INIFILE_TEXT, IN_NOTICES(domain), NULL, 0, 0},
    {"mail", "gecos", INIFILE_WORD, IN_NOTICES(gecos), answer_words, 0, 0},
    {"web", "url", INIFILE_TEXT, IN_NOTICES(url), NULL, 0, 0},
};
static const struct inifile_table notices_table = {notices_keys,
                                                   sizeof(notices_keys) / sizeof(*notices_keys)};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Encrypted, since people log in there; a link adds "#/request/14", so nothing may follow the path. */
static bool is_page_url(const char *url)
{
    static const char scheme[] = "https://";
    const size_t length = strlen(url), begin = sizeof(scheme) - 1;
    return strncmp(url, scheme, begin) == 0 && length > begin && length <= URL_MAX &&
           strspn(url + begin, LETTERS ".-_~:/@[]=+%") == length - begin;
}

static int read_notices(struct inifile *file, size_t section, const char *name,
                        struct config_notices *notices)
{
    const int rc = inifile_apply(file, section, name, &notices_table, notices);
    if (notices->domain && *notices->domain &&
        strspn(notices->domain, LETTERS ".-") != strlen(notices->domain))
        inifile_complain(file, inifile_line(file, "mail", "domain"),
                         "[mail] domain is what stands behind the '@', as in: domain = example.org");
    if (notices->url && *notices->url && !is_page_url(notices->url))
        inifile_complain(file, inifile_line(file, "web", "url"),
                         "[web] url is where the page is in Cockpit, as in: url = "
                         "https://db1.example.org:9090/accesspkg");
    return rc;
}

static bool is_known_section(const char *name)
{
    for (size_t i = 0; i < table.count; i++)
        if (strcmp(keys[i].section, name) == 0)
            return true;
    return false;
}

static int read_sections(struct inifile *file, struct config *config, struct config_notices *notices)
{
    int rc = 0;
    for (size_t i = 0; i < file->n_sections && rc == 0; i++) {
        const struct inifile_section *section = &file->sections[i];
        if (strcmp(section->name, "mail") == 0 || strcmp(section->name, "web") == 0)
            rc = read_notices(file, i, section->name, notices);
        else if (is_known_section(section->name))
            rc = inifile_apply(file, i, section->name, &table, config);
        else
            inifile_complain(file, section->line,
                             "there is no section [%s]; check its spelling, or take it out", section->name);
    }
    if (config->retry_first > config->retry_longest)
        inifile_complain(file, inifile_line(file, "retry", "first"),
                         "[retry] first is longer than longest; shorten the one or lengthen the other");
    return rc;
}

static int load_sections(const char *path, uid_t owner, struct config *ret, struct config_notices *notices,
                         struct problems *problems)
{
    const char *slash = strrchr(path, '/');
    const char *label = slash ? slash + 1 : path;
    const size_t before = problems->errors;
    struct config config = config_defaults;
    struct inifile *file = NULL;
    const struct inifile_source source = {.folder = AT_FDCWD, .path = path, .label = label, .owner = owner};
    int rc = inifile_load(&source, problems, &file);
    if (rc == -ENOENT) {
        *ret = config_defaults;
        return 0;
    }
    if (rc == -EISDIR)
        problems_add(problems, true, "%s: is a folder; put a file there, or take it away", label);
    if (rc == 0)
        rc = read_sections(file, &config, notices);
    inifile_free(file);
    if (rc == -ENOMEM)
        problems_add(problems, true, "%s: not enough memory to read it; try again", label);
    if (rc < 0)
        return rc;
    if (problems->errors > before)
        return -EINVAL;
    *ret = config;
    return 0;
}

int config_load(const char *path, uid_t owner, struct config *ret, struct problems *problems)
{
    struct config_notices notices = notices_defaults;
    const int rc = load_sections(path, owner, ret, &notices, problems);
    config_notices_deinit(&notices);
    return rc;
}

int config_load_notices(const char *path, uid_t owner, struct config_notices *ret, struct problems *problems)
{
    struct config config;
    struct config_notices notices = notices_defaults;
    const int rc = load_sections(path, owner, &config, &notices, problems);
    if (rc < 0)
        config_notices_deinit(&notices);
    else
        *ret = notices;
    return rc;
}

void config_notices_deinit(struct config_notices *notices)
{
    free(notices->domain);
    free(notices->url);
    *notices = notices_defaults;
}
