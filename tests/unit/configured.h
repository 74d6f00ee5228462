/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suites of the configuration share: a host that is made up, beside a packages.d of a test's own. */
#pragma once

#include "helperd/config/configure.h"
#include "tests/unit/packagesd.h"

#include <errno.h>

struct host_group {
    const char *name;
    int rc;
    gid_t gid;
    const char *members;
};

static const struct host_group usual_groups[] = {
    {"staff", 0, 2000, "alice carol dave"},
    {"dbadmins", 0, 2001, ""},
    {"dba-leads", 0, 2002, "bob carol"},
    {"empty", 0, 2003, ""},
    {"daemons", 0, 2004, "erin bob"},
    {"ghosts", 0, 2005, "nobody-knows bob"},
    {"docker", 0, 120, ""},
    {"toor", 0, 0, ""},
    {"dbadmins-too", 0, 2001, ""},
    {"DBA-Leads", 0, 2002, "bob carol"}, /* the same by another spelling */
    {"Docker", 0, 120, ""},
    {"away", -EAGAIN, 0, ""},
    {NULL, 0, 0, NULL},
};
static const struct host_group *groups;
static int asked;

static int fake_group(const char *name, void *data, gid_t *ret_gid, strv *ret_members)
{
    (void)data;
    asked++;
    for (const struct host_group *group = groups; group->name; group++)
        if (strcmp(group->name, name) == 0) {
            if (group->rc == 0) {
                *ret_gid = group->gid;
                *ret_members = strv_split(group->members);
            }
            return group->rc;
        }
    return -ENOENT;
}

static int fake_user(const char *name, void *data, struct configure_user *ret)
{
    (void)data;
    asked++;
    static const char *const users[] = {"alice", "bob", "carol", "dave", "erin"};
    for (size_t i = 0; i < 5; i++)
        if (strcmp(users[i], name) == 0) {
            *ret = (struct configure_user){
                .uid = 1001 + (uid_t)i, .gid = 1001 + (gid_t)i, .may_log_in = strcmp(name, "erin") != 0};
            return 0;
        }
    if (strcmp(name, "Bob@corp.test") == 0) {
        *ret = (struct configure_user){.uid = 1002, .may_log_in = true}; /* bob */
        return 0;
    }
    return strcmp(name, "away") == 0 ? -EAGAIN : -ENOENT;
}

static int fake_name_of(gid_t gid, void *data, char **ret)
{
    (void)data;
    for (const struct host_group *group = groups; group->name; group++)
        if (group->rc == 0 && group->gid == gid)
            return (*ret = strdup(group->name)) ? 0 : -ENOMEM;
    return -ENOENT;
}

/* "empty" is a directory's. */
static int fake_local(const char *name, void *data)
{
    (void)data;
    return strcmp(name, "empty") == 0 ? -ENOENT : 0;
}

static const struct configure_lookup lookup = {
    .group = fake_group, .user = fake_user, .name_of = fake_name_of, .local = fake_local};
