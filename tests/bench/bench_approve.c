/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Row 8: Submit and Approve, from the call to the answer, with the store as it is. After each answer to Approve the
 * requestor's account phase, at once: it has to let them in (rule 3). Usage: bench_approve SIZE PACKAGE ROUNDS; SIZE is
 * the number of requests in the store, for the names of the sides; the users c1, c2, ... ask for PACKAGE.
 */
#include "tests/bench/bench.h"

#include <security/pam_appl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USERS = 100 };

/* Shared with the requestors' processes. */
struct filed {
    int64_t id;
    double took;
};

static void submit(const char *user, const char *package, struct filed *filed)
{
    struct client client;
    json_t *request = NULL;
    bench_become(user);
    bench_open(&client);
    filed->took = bench_call(
        &client, client_message("Submit", "sasa{sv}", json_pack("[s, [s], {}]", "", package)), &request);
    filed->id = json_integer_value(json_object_get(request, "id"));
    _exit(0);
}

static void submit_all(const char *package, int rounds, struct filed *filed, struct side *side)
{
    char user[16];
    for (int i = 0; i < rounds; i++) {
        snprintf(user, sizeof(user), "c%d", i + 1);
        const pid_t pid = fork();
        if (pid == 0)
            submit(user, package, &filed[i]);
        waitpid(pid, NULL, 0);
        if (filed[i].id == 0)
            bench_fail("%s could not submit", user);
        side_add(side, filed[i].took / 1e3);
    }
}

static void approve(struct client *approver, int64_t id, struct side *side)
{
    json_t *shown = NULL;
    bench_call(approver, client_message("GetRequest", "x", json_pack("[I]", (json_int_t)id)), &shown);
    json_t *decision = json_pack("[I, {s:O}]", (json_int_t)id, "digest", json_object_get(shown, "digest"));
    side_add(side, bench_call(approver, client_message("Approve", "xa{sv}", decision), NULL) / 1e3);
    json_decref(shown);
}

/* How many of the requestors were refused right after their approval. */
static int approve_all(int rounds, const struct filed *filed, struct side *side)
{
    char user[16];
    struct client approver;
    int stale = 0;
    bench_become("bob");
    bench_open(&approver);
    for (int i = 0; i < rounds; i++) {
        int code;
        snprintf(user, sizeof(user), "c%d", i + 1);
        approve(&approver, filed[i].id, side);
        bench_account("approved", user, &code);
        stale += code != PAM_SUCCESS;
    }
    client_close(&approver);
    return stale;
}

int main(int argc, char **argv)
{
    struct side submits, approvals;
    char line[128];
    if (argc != 4)
        bench_fail("usage: bench_approve SIZE PACKAGE ROUNDS");
    const int rounds = (int)bench_number(argv[3]);
    struct filed *filed =
        mmap(NULL, USERS * sizeof(*filed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (rounds > USERS || filed == MAP_FAILED)
        bench_fail("there are %d users", USERS);
    snprintf(line, sizeof(line), "account required pam_accesspkg.so package=%s\n", argv[2]);
    bench_service("approved", line);
    side_name(&submits, "ms", "submit@%s", argv[1]);
    side_name(&approvals, "ms", "approve@%s", argv[1]);
    submit_all(argv[2], rounds, filed, &submits);
    const int stale = approve_all(rounds, filed, &approvals);
    side_print(&submits);
    side_print(&approvals);
    bench_tell("", stale, "stale@%s", argv[1]);
    return 0;
}
