/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/fixture.h"

#include "helperd/lifecycle/lifecycle.h"

#include "common/grantdir.h"
#include "tests/support/blank_store.h"
#include "tests/support/folder.h"
#include "tests/support/unmarked.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char fixture_message[1024];

static const struct account {
    const char *name;
    uid_t uid;
    const char *full_name;
    const char *organisation;
    bool may_log_in;
    const char *groups;
} everybody[] = {
    {"root", 0, "root", NULL, true, "root"},
    {"alice", ALICE, "Alice Adams", "Payments", true, "alice staff"},
    {"bob", BOB, "Bob Brown", "Databases", true, "bob dba-leads"},
    {"carol", CAROL, "Carol Clark", NULL, true, "carol staff dba-leads"},
    {"dave", DAVE, NULL, NULL, true, "dave staff"},
    {"erin", ERIN, NULL, NULL, false, "erin dba-leads"},
};

/* As they are now: a test may change them, each begins with them as above. */
static struct account accounts[sizeof(everybody) / sizeof(everybody[0])];
/* What the root service says of them. UNKNOWN without a `why`: OPEN. */
static struct account_facts judged[sizeof(everybody) / sizeof(everybody[0])];

static struct fixture *current;
static bool local_groups;

void fixture_set_local_groups(bool local)
{
    local_groups = local;
}

static struct account *find_account(const char *name)
{
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
        if (strcmp(accounts[i].name, name) == 0)
            return &accounts[i];
    return NULL;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static struct account_facts make_account(const struct account *account)
{
    const struct account_facts *facts = &judged[account - accounts];
    return (struct account_facts){.state = facts->state || facts->why ? facts->state : ACCOUNT_OPEN,
                                  .day = facts->day,
                                  .name = copy(account->name),
                                  .why = copy(facts->why)};
}

static struct subject *make_subject(const char *name)
{
    const struct account *account = name ? find_account(name) : NULL;
    struct subject *subject = account ? calloc(1, sizeof(*subject)) : NULL;
    if (subject)
        *subject = (struct subject){.name = strdup(account->name),
                                    .uid = account->uid,
                                    .full_name = copy(account->full_name),
                                    .organisation = copy(account->organisation),
                                    .may_log_in = account->may_log_in,
                                    .groups = strv_split(account->groups),
                                    .all_groups = true};
    if (subject)
        subject->account = make_account(account);
    return subject;
}

struct facts *fixture_facts(const char *caller, const char *user)
{
    struct facts *facts = calloc(1, sizeof(*facts));
    ck_assert_ptr_nonnull(facts);
    facts->caller = make_subject(caller);
    facts->user = make_subject(user);
    facts->caller_known = facts->user_known = true;
    facts->groups = calloc(2, sizeof(*facts->groups));
    facts->n_groups = 2;
    facts->groups[0] = (struct fact_group){.name = strdup("dbadmins"), .known = true, .gid = 2001};
    facts->groups[1] = (struct fact_group){.name = strdup("backup"), .known = true, .gid = 34};
    facts->groups[0].local = facts->groups[1].local = local_groups;
    return facts;
}

void fixture_add_others(struct facts *facts, char *const *names)
{
    const size_t count = strv_length(names);
    facts->others = reallocarray(facts->others, facts->n_others + count + 1, sizeof(*facts->others));
    ck_assert_ptr_nonnull(facts->others);
    for (size_t i = 0; i < count; i++)
        facts->others[facts->n_others++] =
            (struct fact_other){.name = strdup(names[i]), .known = true, .subject = make_subject(names[i])};
}

void fixture_set_login(const char *name, bool may_log_in)
{
    find_account(name)->may_log_in = may_log_in;
}

void fixture_set_account(const char *name, enum account_state state, int64_t day, const char *why)
{
    judged[find_account(name) - accounts] = (struct account_facts){state, day, NULL, (char *)why};
}

void fixture_set_uid(const char *name, uid_t uid)
{
    find_account(name)->uid = uid;
}

struct caller fixture_caller(const char *name)
{
    return (struct caller){.identity = {find_account(name)->uid, UID_UNSET}};
}

static int64_t read_clock(void *data)
{
    const struct fixture *fixture = data;
    return fixture->now;
}

static void on_changed(int64_t request, void *data)
{
    struct fixture *fixture = data;
    fixture->changed = request;
}

static void on_deadline(int64_t at, void *data)
{
    struct fixture *fixture = data;
    fixture->deadline = at;
}

static void make_folder(const char *parent, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", parent, name);
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

void fixture_write_package(struct fixture *fixture, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/packages.d/%s.conf", fixture->folder, name);
    folder_write(path, text);
}

void fixture_reload(struct fixture *fixture)
{
    char path[256];
    struct problems problems = {0};
    struct packages *packages = NULL;
    snprintf(path, sizeof(path), "%s/packages.d", fixture->folder);
    const int r = packages_load(path, geteuid(), &packages, &problems);
    ck_assert_msg(r == 0, "%s", problems.count ? problems.items[0].text : "cannot load the packages");
    problems_deinit(&problems);
    packages_free(fixture->packages);
    fixture->packages = packages;
    fixture->engine.packages = packages;
}

void fixture_init(struct fixture *fixture, const char *first_name, ...)
{
    bool newborn = false;
    current = fixture;
    memcpy(accounts, everybody, sizeof(accounts));
    memset(judged, 0, sizeof(judged));
    local_groups = false;
    *fixture = (struct fixture){.now = FIXTURE_NOW};
    folder_make(fixture->folder);
    snprintf(fixture->state, sizeof(fixture->state), "%s/state", fixture->folder);
    make_folder(fixture->folder, "packages.d");
    make_folder(fixture->folder, "state");
    make_folder(fixture->state, "grants");
    make_folder(fixture->state, "grants/user");
    const struct allow_entry allowed[] = {{2001, "dbadmins"}, {34, "backup"}};
    ck_assert_int_eq(grantdir_write_allow(fixture->state, allowed, 2), 0);

    va_list rest;
    va_start(rest, first_name);
    for (const char *name = first_name; name; name = va_arg(rest, const char *))
        fixture_write_package(fixture, name, va_arg(rest, const char *));
    va_end(rest);

    fixture->config = (struct config){.pending_per_user = 3,
                                      .calls_per_user = 8,
                                      .lookup_timeout = 2,
                                      .keep = (int64_t)400 * 24 * 3600,
                                      .retry_first = 1,
                                      .retry_longest = 3600,
                                      .account_state = CONFIG_YES};
    fixture->engine = (struct engine){
        .config = &fixture->config,
        .clock = {read_clock, fixture},
        .state = fixture->state,
        .login_ids_count = true,
        .hooks = {.changed = on_changed, .deadline = on_deadline, .data = fixture},
    };
    fixture_reload(fixture);
    ck_assert_int_eq(blank_store_open(&fixture->engine.store, &newborn), 0);
    ck_assert(newborn);
    ck_assert_int_eq(engine_start(&fixture->engine, newborn), 0);
    while (engine_verify(&fixture->engine) == 1)
        ;
}

void fixture_teardown(void)
{
    fixture_deinit(current);
}

void fixture_deinit(struct fixture *fixture)
{
    engine_deinit(&fixture->engine);
    store_close(fixture->engine.store);
    packages_free(fixture->packages);
    folder_remove(fixture->folder);
}

static struct caller calling;
static struct facts *asked_facts;
static struct reply answer;
static struct call open_call;

/* Logins of uids that nobody of the fixture has are a directory's. */
static struct account_facts make_login(uid_t loginuid)
{
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
        if (accounts[i].uid == loginuid)
            return make_account(&accounts[i]);
    return (struct account_facts){.state = ACCOUNT_ABSENT};
}

const struct call *fixture_call_with(struct fixture *fixture, struct caller caller, struct facts *facts)
{
    ck_assert_ptr_null(asked_facts);
    account_deinit(&facts->login);
    facts->login = make_login(caller.identity.loginuid);
    calling = caller;
    asked_facts = facts;
    answer = (struct reply){0};
    open_call = (struct call){&fixture->engine, &calling, facts, &answer};
    return &open_call;
}

const struct call *fixture_call(struct fixture *fixture, const char *caller, const char *user)
{
    return fixture_call_with(fixture, fixture_caller(caller), fixture_facts(caller, user));
}

int fixture_again(int result, json_t **ret_value)
{
    result = engine_finish(&open_call, result);
    snprintf(fixture_message, sizeof(fixture_message), "%s", answer.message);
    if (ret_value && result == 0)
        *ret_value = answer.value;
    else
        json_decref(answer.value);
    answer = (struct reply){0};
    return result;
}

void fixture_drop(void)
{
    json_decref(answer.value);
    facts_free(asked_facts);
    asked_facts = NULL;
}

int fixture_answer(int result, json_t **ret_value)
{
    result = fixture_again(result, ret_value);
    fixture_drop();
    return result;
}

int fixture_submit(struct fixture *fixture, const char *user, const char *package, const char *why,
                   json_t **ret_value)
{
    char *names[] = {(char *)package, NULL};
    const struct submission submission = {.packages = names, .justification = why};
    return fixture_answer(engine_submit(fixture_call(fixture, user, NULL), &submission), ret_value);
}

int fixture_decide(struct fixture *fixture, const char *decider, int64_t id, bool approve, const char *reason,
                   json_t **ret_value)
{
    struct inquiry inquiry = INQUIRY_EMPTY;
    engine_inquire_request(&fixture->engine, id, &inquiry);
    struct facts *facts = fixture_facts(decider, inquiry.user);
    const struct caller caller = fixture_caller(decider);
    engine_inquire_delegators(&fixture->engine, caller.identity.uid, &inquiry);
    fixture_add_others(facts, inquiry.others);
    inquiry_deinit(&inquiry);
    const struct decision_terms terms = {.reason = reason, .digest = fixture_digest(&fixture->engine, id)};
    return fixture_answer(engine_decide(fixture_call_with(fixture, caller, facts), id, approve, &terms),
                          ret_value);
}

const char *fixture_digest(struct engine *engine, int64_t id)
{
    static char digest[CANONICAL_DIGEST_MAX];
    struct record record = {0};
    digest[0] = '\0';
    if (record_load(engine->store, id, &record) == 0)
        ck_assert_int_eq(record_digest(engine, &record, digest), 0);
    record_deinit(&record);
    return digest;
}

const char *fixture_state(struct fixture *fixture, int64_t id)
{
    static char state[64];
    json_t *value = NULL;
    ck_assert_int_eq(fixture_answer(engine_get_request(fixture_call(fixture, "root", NULL), id), &value), 0);
    snprintf(state, sizeof(state), "%s", json_string_value(json_object_get(value, "state")));
    json_decref(value);
    return state;
}

int64_t fixture_id(json_t *value)
{
    const int64_t id = json_integer_value(json_object_get(value, "id"));
    json_decref(value);
    return id;
}

bool fixture_gate_opens(const struct fixture *fixture, const char *user, const char *package)
{
    struct grant_user file = {0};
    bool opens = false;
    if (grantdir_read_user(fixture->state, user, fixture->now, &file) < 0)
        return false;
    for (size_t i = 0; i < file.n_packages; i++)
        if (strcmp(file.packages[i].name, package) == 0)
            opens |= grant_span_holds(&file.packages[i].span, fixture->now);
    grant_user_deinit(&file);
    return opens;
}

bool fixture_in_group(const struct fixture *fixture, const char *user, gid_t gid)
{
    struct grant_user file = {0};
    bool in = false;
    if (grantdir_read_user(fixture->state, user, fixture->now, &file) < 0)
        return false;
    for (size_t i = 0; i < file.n_groups; i++)
        if (file.groups[i].gid == gid)
            in |= grant_span_holds(&file.groups[i].span, fixture->now);
    grant_user_deinit(&file);
    return in && grantdir_allows(fixture->state, gid);
}
