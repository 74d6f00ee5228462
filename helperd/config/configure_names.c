/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/config/configure_names.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/local.h"
#include "helperd/config/configure_chain.h"
#include "helperd/config/distinct.h"
#include "helperd/config/packages_allow.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* Groups whose members can become root, by the defaults of distributions. No such list is complete. */
static const struct {
    const char *group;
    const char *power;
} powerful[] = {
    {"sudo", "may run everything as root through sudo"},
    {"wheel", "may run everything as root through sudo"},
    {"admin", "may run everything as root through sudo"},
    {"docker", "can start a container that owns the host"},
    {"lxd", "can start a container that owns the host"},
    {"incus-admin", "can start a container that owns the host"},
    {"libvirt", "can start a machine that owns the host's disks"},
    {"disk", "can read and write every disk, and so become root"},
    {"kmem", "can read the kernel's memory, and so become root"},
    {"shadow", "can read the password hashes, root's too"},
};

/* ---- the host ------------------------------------------------------------------------------------------------- */

static int answer_code(enum directory_answer answer)
{
    return answer == DIRECTORY_FOUND ? 0 : answer == DIRECTORY_ABSENT ? -ENOENT : -EAGAIN;
}

static int host_group(const char *name, void *data, gid_t *ret_gid, strv *ret_members)
{
    (void)data;
    const struct group *found = NULL;
    const int r = answer_code(directory_group(name, &found));
    if (r < 0)
        return r;
    strv members = strv_copy(found->gr_mem);
    if (!members)
        return -ENOMEM;
    *ret_gid = found->gr_gid;
    *ret_members = members;
    return 0;
}

static int host_user(const char *name, void *data, struct configure_user *ret)
{
    (void)data;
    const struct passwd *found = NULL;
    const int r = answer_code(directory_user(name, &found));
    if (r < 0)
        return r;
    const char *slash = strrchr(found->pw_shell, '/');
    const char *shell = slash ? slash + 1 : found->pw_shell;
    *ret = (struct configure_user){
        .uid = found->pw_uid,
        .gid = found->pw_gid,
        .may_log_in = strcmp(shell, "nologin") != 0 && strcmp(shell, "false") != 0,
    };
    return 0;
}

static int host_name_of(gid_t gid, void *data, char **ret)
{
    (void)data;
    const struct group *found = NULL;
    const int r = answer_code(directory_group_by_gid(gid, &found));
    if (r < 0)
        return r;
    *ret = strdup(found->gr_name);
    return *ret ? 0 : -ENOMEM;
}

static int host_local(const char *group, void *data)
{
    (void)data;
    bool local = false;
    const int error = local_has_group(group, (gid_t)-1, &local);
    return error ? -error : local ? 0 : -ENOENT;
}

const struct configure_lookup configure_lookup_host = {
    .group = host_group, .user = host_user, .name_of = host_name_of, .local = host_local};

/* ---- each name is looked up once -------------------------------------------------------------------------------- */

/* The result of a look-up, also of a failed one. In a tree by name. */
struct known {
    char *name;
    int rc; /* 1: not looked up yet */
    gid_t gid;
    strv members;
    char *canonical; /* of a group: what its gid is called; NULL: not asked for yet */
    struct configure_user user;
};

struct directory {
    const struct configure_lookup *lookup;
    struct problems *problems;
    bool files;
    const struct packages_allowed *allowed;
    void *groups;
    void *users;
};

static int compare_known(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->name, ((const struct known *)b)->name);
}

static void known_free(void *item)
{
    struct known *known = item;
    strv_free(known->members);
    free(known->canonical);
    free(known->name);
    free(known);
}

/* The entry of a name, or a new one with rc 1. NULL: no memory. */
static struct known *known_get(void **tree, const char *name)
{
    const struct known wanted = {.name = (char *)name};
    struct known **found = tfind(&wanted, tree, compare_known);
    if (found)
        return *found;
    struct known *known = calloc(1, sizeof(*known));
    if (!known || !(known->name = strdup(name)) || !tsearch(known, tree, compare_known)) {
        if (known)
            known_free(known);
        return NULL;
    }
    known->rc = 1;
    return known;
}

static const struct known *ask_group(struct directory *directory, const char *name)
{
    struct known *group = known_get(&directory->groups, name);
    if (group && group->rc == 1)
        group->rc = directory->lookup->group(name, directory->lookup->data, &group->gid, &group->members);
    return group;
}

static const struct known *ask_user(struct directory *directory, const char *name)
{
    struct known *user = known_get(&directory->users, name);
    if (user && user->rc == 1)
        user->rc = directory->lookup->user(name, directory->lookup->data, &user->user);
    return user;
}

/* The name of the group to the directory; as it is written, if that is not known. Borrowed from the tree. */
static const char *find_canonical(const char *name, void *data)
{
    struct directory *directory = data;
    struct known *group = (struct known *)ask_group(directory, name);
    if (group && group->rc == 0 && !group->canonical &&
        directory->lookup->name_of(group->gid, directory->lookup->data, &group->canonical) < 0)
        group->canonical = strdup(name);
    return group && group->canonical ? group->canonical : name;
}

/* ---- checks --------------------------------------------------------------------------------------------------- */

#define warn(directory, package, format, ...)                                                                \
    problems_add((directory)->problems, false, "%s.conf: " format, (package)->name, __VA_ARGS__)

static void warn_unknown(struct directory *directory, const struct package *package, const char *what,
                         const struct known *known, const char *meanwhile)
{
    if (known->rc == -ENOENT)
        warn(directory, package, "the %s %s does not exist on this host; %s", what, known->name, meanwhile);
    else
        warn(directory, package,
             "the %s %s could not be looked up, for a directory does not answer, so whether it is there is "
             "not "
             "known; run this again when it does",
             what, known->name);
}

static int check_resource(struct directory *directory, const struct package *package, const char *name)
{
    const struct known *group = ask_group(directory, name);
    if (!group)
        return -ENOMEM;
    const bool was_there = directory->allowed && packages_allowed_group(directory->allowed, name);
    if (group->rc == -ENOENT && was_there)
        warn(
            directory, package,
            "the group %s, which is on the allow-list, is not found on this host now: it was deleted, or the "
            "server of its directory is away; until it is found, access stays Partially fulfilled",
            name);
    else if (group->rc < 0)
        warn_unknown(
            directory, package, "group", group,
            "until it does, access stays Partially fulfilled. Create it, then run `pkg-admin reload`");
    else if (group->gid == 0)
        problems_add(
            directory->problems, true,
            "%s.conf: the group %s has the gid 0, root's own, which no package can give; name another one",
            package->name, name);
    else if (directory->files && directory->lookup->local(name, directory->lookup->data) == -ENOENT)
        problems_add(
            directory->problems, true,
            "%s.conf: the group %s is a directory's: with `membership = files` packages give groups of "
            "/etc/group alone. Name another one, or set `membership = nss` in accesspkg.conf",
            package->name, name);
    const char *canonical = find_canonical(name, directory);
    for (size_t i = 0; i < sizeof(powerful) / sizeof(*powerful); i++)
        if (strcmp(powerful[i].group, name) == 0 || strcmp(powerful[i].group, canonical) == 0)
            warn(directory, package, "who is in the group %s %s; make sure that this is meant", name,
                 powerful[i].power);
    return 0;
}

static int check_principal(struct directory *directory, const struct package *package, const char *name,
                           bool approves)
{
    const bool is_group = name[0] == '%';
    const struct known *known = is_group ? ask_group(directory, name + 1) : ask_user(directory, name);
    if (!known)
        return -ENOMEM;
    if (known->rc < 0)
        warn_unknown(directory, package, is_group ? "group" : "user", known,
                     approves ? "nobody can approve in that name until it does. Check its spelling"
                              : "nobody can request in that name until it does. Check its spelling");
    else if (approves && !is_group && !known->user.may_log_in)
        warn(directory, package, "%s has no login shell and so cannot approve; name somebody else", name);
    return 0;
}

static int check_principals(struct directory *directory, const struct package *package, char *const *names,
                            bool approves)
{
    int rc = 0;
    for (; *names && rc == 0; names++)
        rc = check_principal(directory, package, *names, approves);
    return rc;
}

/* Users who can approve a stage, counted up to its quorum: by uid, for one may have several names. */
struct count {
    uid_t uids[PACKAGE_PRINCIPALS_MAX];
    int64_t n;
    int64_t quorum;
    bool unsure; /* a look-up failed */
};

static int count_user(struct directory *directory, const char *name, struct count *count)
{
    const struct known *user = ask_user(directory, name);
    if (!user)
        return -ENOMEM;
    for (int64_t i = 0; user->rc == 0 && i < count->n; i++)
        if (count->uids[i] == user->user.uid)
            return 0;
    if (user->rc == 0 && user->user.may_log_in)
        count->uids[count->n++] = user->user.uid;
    else if (user->rc < 0 && user->rc != -ENOENT)
        count->unsure = true;
    return 0;
}

static int count_members(struct directory *directory, const char *name, struct count *count)
{
    const struct known *group = ask_group(directory, name);
    if (!group)
        return -ENOMEM;
    if (group->rc < 0 && group->rc != -ENOENT)
        count->unsure = true;
    int rc = 0;
    for (char *const *member = group->members; member && *member && count->n < count->quorum && rc == 0;
         member++)
        rc = count_user(directory, *member, count);
    return rc;
}

static int count_approvers(struct directory *directory, char *const *names, struct count *count)
{
    int rc = 0;
    for (; *names && count->n < count->quorum && rc == 0; names++)
        rc = (*names)[0] == '%' ? count_members(directory, *names + 1, count)
                                : count_user(directory, *names, count);
    return rc;
}

static int check_quorum(struct directory *directory, const struct package *package, size_t number)
{
    const struct package_stage *stage = &package->stages[number - 1];
    struct count count = {.quorum = stage->quorum};
    int rc = count_approvers(directory, stage->approvers, &count);
    if (rc == 0)
        rc = count_approvers(directory, stage->fallback_approvers, &count);
    if (rc == 0 && !count.unsure && count.n < count.quorum)
        warn(directory, package,
             "stage %zu needs %lld approval%s, and %lld %s approve today (members by primary group, or for a "
             "time by a package, are not counted); requests would wait in vain until more can",
             number, (long long)count.quorum, count.quorum == 1 ? "" : "s", (long long)count.n,
             count.n == 1 ? "person can" : "people can");
    return rc;
}

/* The people of all stages of a package; each has the index of their uid as their number. */
struct crowd {
    uid_t *uids;
    size_t count;
    bool unsure;
};

static int add_person(struct directory *directory, const char *name, struct crowd *crowd,
                      struct distinct_stage *stage)
{
    const struct known *user = ask_user(directory, name);
    if (!user)
        return -ENOMEM;
    crowd->unsure |= user->rc < 0 && user->rc != -ENOENT;
    if (user->rc < 0 || !user->user.may_log_in)
        return 0;
    size_t number = 0;
    while (number < crowd->count && crowd->uids[number] != user->user.uid)
        number++;
    for (size_t i = 0; i < stage->count; i++)
        if (stage->people[i] == number)
            return 0;
    uid_t *uids = reallocarray(crowd->uids, crowd->count + 1, sizeof(*uids));
    if (uids)
        crowd->uids = uids;
    size_t *people = reallocarray(stage->people, stage->count + 1, sizeof(*people));
    if (people)
        stage->people = people;
    if (!uids || !people)
        return -ENOMEM;
    if (number == crowd->count)
        uids[crowd->count++] = user->user.uid;
    people[stage->count++] = number;
    return 0;
}

/* Up to `most` people, as many as all stages need together: more make no difference. */
static int add_people(struct directory *directory, char *const *principals, size_t most, struct crowd *crowd,
                      struct distinct_stage *stage)
{
    int rc = 0;
    for (; *principals && stage->count < most && rc == 0; principals++) {
        if ((*principals)[0] != '%') {
            rc = add_person(directory, *principals, crowd, stage);
            continue;
        }
        const struct known *group = ask_group(directory, *principals + 1);
        if (!group)
            return -ENOMEM;
        crowd->unsure |= group->rc < 0 && group->rc != -ENOENT;
        for (char *const *member = group->members; member && *member && stage->count < most && rc == 0;
             member++)
            rc = add_person(directory, *member, crowd, stage);
    }
    return rc;
}

/* Rule 4: different people complete the stages. check_quorum() has checked each stage by itself. */
static int check_distinct(struct directory *directory, const struct package *package)
{
    struct distinct_stage stages[PACKAGE_STAGES_MAX] = {0};
    struct crowd crowd = {0};
    int64_t most = 0;
    int rc = 0;
    if (package->same_approver || package->n_stages < 2)
        return 0;
    for (size_t i = 0; i < package->n_stages; i++)
        most += stages[i].quorum = package->stages[i].quorum;
    for (size_t i = 0; i < package->n_stages && rc == 0; i++) {
        rc = add_people(directory, package->stages[i].approvers, (size_t)most, &crowd, &stages[i]);
        if (rc == 0)
            rc = add_people(directory, package->stages[i].fallback_approvers, (size_t)most, &crowd,
                            &stages[i]);
        if ((int64_t)stages[i].count < stages[i].quorum)
            crowd.unsure = true; /* check_quorum() has warned */
    }
    const size_t reach = distinct_reach(stages, package->n_stages, crowd.count);
    if (rc == 0 && !crowd.unsure && reach < package->n_stages)
        warn(directory, package,
             "stage %zu cannot be completed today after the stages before it: one person takes part in one "
             "stage of a request alone, and too few people can approve. Name more of them, or write "
             "`same_approver = yes`",
             reach + 1);
    for (size_t i = 0; i < package->n_stages; i++)
        free(stages[i].people);
    free(crowd.uids);
    return rc;
}

static int check_package(struct directory *directory, const struct package *package)
{
    int rc = 0;
    for (char *const *group = package->groups; *group && rc == 0; group++)
        rc = check_resource(directory, package, *group);
    if (rc == 0)
        rc = check_principals(directory, package, package->requestors, false);
    if (rc == 0)
        rc = check_principals(directory, package, package->emergency, false);
    for (size_t i = 0; i < package->n_stages && rc == 0; i++) {
        rc = check_principals(directory, package, package->stages[i].approvers, true);
        if (rc == 0)
            rc = check_principals(directory, package, package->stages[i].fallback_approvers, true);
        if (rc == 0)
            rc = check_quorum(directory, package, i + 1);
    }
    return rc < 0 ? rc : check_distinct(directory, package);
}

static int compare_gids(const void *a, const void *b)
{
    const struct known *of_a = *(const struct known *const *)a;
    const struct known *of_b = *(const struct known *const *)b;
    return (of_a->gid > of_b->gid) - (of_a->gid < of_b->gid);
}

/* Reports two groups with one gid: the allow-list has one name for each gid. */
static int check_aliases(struct directory *directory, const struct packages *packages)
{
    strv groups = packages_groups(packages);
    const size_t count = strv_length(groups);
    _cleanup_free_ const struct known **found = calloc(count + 1, sizeof(*found));
    size_t n = 0;
    if (!groups || !found) {
        strv_free(groups);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        const struct known *group = ask_group(directory, groups[i]);
        if (group && group->rc == 0)
            found[n++] = group;
    }
    strv_free(groups);
    qsort(found, n, sizeof(const struct known *), compare_gids);
    for (size_t i = 1; i < n; i++)
        if (found[i - 1]->gid == found[i]->gid && found[i]->gid != 0)
            problems_add(directory->problems, true,
                         "the groups %s and %s are one on this host (gid %u); name it by one of the two in "
                         "all packages",
                         found[i - 1]->name, found[i]->name, (unsigned)found[i]->gid);
    return 0;
}

int configure_names_check(const struct packages *packages, bool files, const struct packages_allowed *allowed,
                          const struct configure_lookup *lookup, struct problems *problems)
{
    struct directory directory = {.lookup = lookup, .problems = problems, .files = files, .allowed = allowed};
    int rc = configure_chain_check(packages, &(struct configure_chain_names){find_canonical, &directory},
                                   problems);
    for (size_t i = 0; i < packages->count && rc == 0; i++)
        rc = check_package(&directory, &packages->items[i]);
    if (rc == 0)
        rc = check_aliases(&directory, packages);
    tdestroy(directory.groups, known_free);
    tdestroy(directory.users, known_free);
    return rc;
}
