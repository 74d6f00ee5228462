/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fills the state folder through the store's own code and the writers of grant files, as the user accesspkg, while
 * accesspkgd is stopped. Of each ten requests one was approved and is live, the others are over. Users that no directory
 * knows; alice gets a grant file with `files`. Says on stderr how far it is. Usage:
 *   bench_seed files FROM TO       grant files with numbers above FROM, up to TO
 *   bench_seed store FROM TO       requests, assignments and their files
 *   bench_seed ends COUNT AT       assignments that all end at AT; every second user also holds something that lasts
 */
#include "common/grantdir.h"
#include "common/paths.h"
#include "helperd/grants/grant.h"
#include "helperd/store/store.h"
#include "tests/bench/bench.h"

#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BATCH = 20000, LIVE_EACH = 10, DAY = 86400, UID_FIRST = 100000 };

#define PACKAGE "db-admins"
#define LASTING "bench0"

static const char *const group_names[] = {"backup", "dbadmins"};
enum { GROUPS = 2 };
static gid_t gids[GROUPS];
static struct store *store;
static int64_t now;

static void become_daemon(void)
{
    for (int i = 0; i < GROUPS; i++) {
        const struct group *group = getgrnam(group_names[i]);
        if (!group)
            bench_fail("there is no group %s", group_names[i]);
        gids[i] = group->gr_gid;
    }
    bench_become("accesspkg");
}

static void tell_progress(const char *what, int64_t done, int64_t from, int64_t to)
{
    const int64_t step = (to - from) / 10;
    if (step >= 1000 && (done - from) % step == 0)
        fprintf(stderr, "        %s: %" PRId64 " of %" PRId64 "\n", what, done, to);
}

static void write_file(const char *user, uid_t uid, const struct grant_span *span, int64_t assignment)
{
    struct grant_package package = {.name = PACKAGE, .span = *span, .assignment = assignment};
    struct grant_group groups[GROUPS];
    for (int i = 0; i < GROUPS; i++)
        groups[i] = (struct grant_group){.gid = gids[i], .name = group_names[i], .span = *span};
    const struct grant_user file = {.user = user,
                                    .uid = uid,
                                    .written = now,
                                    .packages = &package,
                                    .n_packages = 1,
                                    .groups = groups,
                                    .n_groups = GROUPS};
    const int r = grantdir_write_user(PATH_STATE, &file, false);
    if (r < 0)
        bench_fail("the grant file of %s: %s", user, strerror(-r));
}

static void seed_files(int64_t from, int64_t to)
{
    const struct grant_span span = {now - DAY, now + DAY};
    char user[32];
    write_file("alice", bench_uid("alice"), &span, 1);
    for (int64_t i = from + 1; i <= to; i++) {
        snprintf(user, sizeof(user), "f%" PRId64, i);
        write_file(user, (uid_t)(UID_FIRST + i), &span, i + 1);
        tell_progress("grant files", i, from, to);
    }
}

/* ---- the store ---- */

static void add_request(struct request *request)
{
    static char *approvers[] = {(char *)"bob", NULL};
    const struct stage stage = {
        .number = 1, .quorum = 1, .timeout = DAY, .entered = request->submitted, .approvers = approvers};
    if (store_add_request(store, request, &stage) < 0 ||
        store_add_audit(store, &(struct audit){.at = request->submitted,
                                               .actor = request->user,
                                               .identity = {request->requestor.uid, UID_UNSET},
                                               .event = "submit",
                                               .request = request->id}) < 0)
        bench_fail("a request cannot be added");
}

static void add_live(const struct request *request, const struct grant_span *span, int count)
{
    struct assignment assignment = {.request = request->id,
                                    .package = request->package,
                                    .user = request->user,
                                    .uid = request->requestor.uid,
                                    .state = STATE_FULFILLED,
                                    .span = *span,
                                    .duration = span->end - span->start,
                                    .begun = true};
    struct grant grants[GROUPS];
    for (int i = 0; i < count; i++)
        grants[i] = (struct grant){.group = (char *)group_names[i], .gid = gids[i], .local = true};
    if (store_add_assignment(store, &assignment) < 0 ||
        store_set_grants(store, assignment.id, grants, (size_t)count, true) < 0)
        bench_fail("an assignment cannot be added");
}

static void publish(const char *user)
{
    struct grantdir_mark mark;
    const struct grant_source source = {.store = store, .state = PATH_STATE, .now = now};
    if (grant_publish_user(&source, user, false, &mark) < 0)
        bench_fail("the grant file of %s cannot be written", user);
}

/* A past request of one of 50,000 users, or what one of as many others as are live holds. */
static void add_numbered(int64_t i)
{
    static const enum state over[] = {STATE_DENIED, STATE_EXPIRED, STATE_CANCELLED};
    const bool live = i % LIVE_EACH == 0;
    const int64_t number = live ? i : i % 50000;
    const struct grant_span span = {now - DAY, now + DAY + i};
    char user[32], package[32];
    snprintf(user, sizeof(user), "%c%" PRId64, live ? 'v' : 'u', number);
    snprintf(package, sizeof(package), live ? PACKAGE : "past%" PRId64, i % 50);
    struct request request = {.package = package,
                              .user = user,
                              .requestor = {(uid_t)(UID_FIRST + number), UID_UNSET},
                              .full_name = (char *)"Somebody of the past",
                              .state = live ? STATE_APPROVED : over[i % 3],
                              .justification = (char *)"ticket 4711",
                              .origin_verified = true,
                              .duration = DAY,
                              .submitted = now - DAY - 1000000 + i / 10,
                              .ended = now - DAY,
                              .stage = 1,
                              .n_stages = 1,
                              .deadline = now - DAY};
    add_request(&request);
    if (live) {
        add_live(&request, &span, GROUPS);
        publish(user);
    }
}

static void add_held(char *user, uid_t uid, const char *package, int64_t end)
{
    const struct grant_span span = {now - DAY, end};
    struct request request = {.package = (char *)package,
                              .user = user,
                              .requestor = {uid, UID_UNSET},
                              .state = STATE_APPROVED,
                              .duration = end - span.start,
                              .submitted = span.start,
                              .stage = 1,
                              .n_stages = 1,
                              .deadline = now};
    add_request(&request);
    add_live(&request, &span, GROUPS);
}

static void add_ending(int64_t i, int64_t at)
{
    char user[32];
    snprintf(user, sizeof(user), "e%" PRId64, i);
    add_held(user, (uid_t)(UID_FIRST + i), PACKAGE, at);
    if (i % 2 == 0)
        add_held(user, (uid_t)(UID_FIRST + i), LASTING, now + DAY);
    publish(user);
}

static void seed_store(int64_t from, int64_t to, int64_t ends_at)
{
    bool newborn;
    if (store_open(PATH_STORE, &store, &newborn) < 0)
        bench_fail(PATH_STORE " cannot be opened");
    for (int64_t i = from + 1; i <= to; i++) {
        if ((i - from - 1) % BATCH == 0 && store_begin(store) < 0)
            bench_fail("no transaction can be begun");
        if (ends_at)
            add_ending(i, ends_at);
        else
            add_numbered(i);
        if (((i - from) % BATCH == 0 || i == to) && store_commit(store) < 0)
            bench_fail("a transaction cannot be committed");
        tell_progress(ends_at ? "assignments" : "requests", i, from, to);
    }
    store_close(store);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        bench_fail("usage: bench_seed files FROM TO | store FROM TO | ends COUNT AT");
    const int64_t first = bench_number(argv[2]), second = bench_number(argv[3]);
    now = time(NULL);
    become_daemon();
    if (strcmp(argv[1], "files") == 0)
        seed_files(first, second);
    else if (strcmp(argv[1], "store") == 0)
        seed_store(first, second, 0);
    else
        seed_store(0, first, second);
    return 0;
}
