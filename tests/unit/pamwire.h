/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host's files of pam.d, wired and taken back as the commands do it. For test_pamwire.c and test_pamwire_broken.c. */
#pragma once

#include "common/pamedit.h"
#include "common/pamwire.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OURS "account    required     pam_accesspkg.so package=db  " PAMEDIT_MARK "\n"

static char root[FOLDER_MAX];

static inline const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static inline void put(const char *service, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/etc/pam.d/%s", root, service);
    folder_write(path, text);
}

/* NULL: there is no such file. */
static inline char *get(const char *name)
{
    static char text[65536];
    FILE *file = fopen(path_of(name), "re");
    if (!file)
        return NULL;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static inline void setup(void)
{
    folder_make(root);
    folder_shell(root, "mkdir -p etc/pam.d etc/accesspkg usr/lib/pam.d");
    put("other", "account required pam_deny.so\n");
    put("common-account", "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                          "account requisite pam_deny.so\naccount required pam_permit.so\n");
    put("common-auth", "auth required pam_unix.so\n");
}

static inline void teardown(void)
{
    folder_remove(root);
}

static const char *const db[] = {"db"};
static const struct pamedit_gate plain_gate = {.packages = db, .n_packages = 1};

/* As cli/pam_plan.c does it. 0; PAMEDIT_E_; PAMWIRE_E_; -errno. */
static inline int enable(const char *service, const struct pamedit_gate *gate)
{
    struct pamwire file;
    struct pamstack stack;
    struct findings stumbles = {0};
    char *lines = NULL, *text = NULL;
    size_t at = 0;
    int r = pamwire_is_authselects(root) ? PAMWIRE_E_AUTHSELECT : pamwire_read(root, service, &file);
    if (r != 0)
        return r;
    const struct pamstack_place place = {root, file.path, file.plain, file.plain_size};
    r = pamstack_load_at(&place, service, PAMD_ACCOUNT, &stumbles, &stack);
    if (r == 0) {
        r = pamedit_place(&stack, &stumbles, &at);
        pamstack_deinit(&stack);
    }
    if (r == 0)
        r = pamedit_render(gate, &lines);
    if (r == 0) {
        text = pamwire_compose(&file, at, lines);
        r = pamwire_replace(root, &file, text, lines);
    }
    free(text);
    free(lines);
    findings_deinit(&stumbles);
    pamwire_deinit(&file);
    return r;
}

static inline bool disable(const char *service)
{
    struct pamwire file;
    bool removed = false;
    ck_assert_int_eq(pamwire_read(root, service, &file), 0);
    ck_assert_int_eq(pamwire_remove(root, &file, &removed), 0);
    pamwire_deinit(&file);
    return removed;
}

static inline size_t count_vanished(void)
{
    struct findings findings = {0};
    ck_assert_int_eq(pamwire_check(root, &findings), 0);
    const size_t count = findings.count;
    findings_deinit(&findings);
    return count;
}
