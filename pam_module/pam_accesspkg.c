/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libpam loads at each login: lets in who holds a package now, and uid 0 past. Everything else (a refusal, a request,
 * a session, an argument that is not understood) it leaves to the gate, which it loads for that and unloads again: see
 * docs/decisions/019-modules-load-quickly.md. Must refuse where the gate cannot be loaded (rule 1). Kept small, as it is loaded
 * again and again.
 */
#include "common/gate_options.h"
#include "common/paths.h"
#include "common/usage.h"
#include "pam_module/check.h"
#include "pam_module/converse.h"
#include "pam_module/gate.h"
#include "pam_module/journal.h"
#include "pam_module/judge.h"
#include "pam_module/verdict.h"

#include <dlfcn.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* ---- the gate ----------------------------------------------------------------------------------------------- */

/* NULL, after it was logged why, where the gate cannot be loaded. */
static const struct gate_phases *load_gate(pam_handle_t *pamh, void **ret_object)
{
    *ret_object = dlopen(PATH_GATE, RTLD_NOW | RTLD_LOCAL);
    const struct gate_phases *gate = *ret_object ? dlsym(*ret_object, GATE_SYMBOL) : NULL;
    if (!gate)
        journal_line(pamh, LOG_ERR, "the gate cannot be loaded: %s. Install accesspkg again.", dlerror());
    return gate;
}

static void unload_gate(void *object)
{
    if (object)
        dlclose(object);
}

static int refuse_without_gate(pam_handle_t *pamh, const struct gate_options *options)
{
    if (options->report)
        return VERDICT_CODE_REPORTED;
    if (!options->quiet)
        converse_say(pamh, VERDICT_TEXT_UNAVAILABLE);
    return VERDICT_CODE_NO_ANSWER;
}

/* ---- who is let in without it -------------------------------------------------------------------------------- */

static void note_argument(const char *argument, const char *why, void *data)
{
    bool *clear = data;
    (void)argument, (void)why;
    *clear = false;
}

/* VERDICT_HELD, VERDICT_EXEMPT; anything else is the gate's to find out. */
static enum verdict judge_login(pam_handle_t *pamh, const struct gate_options *options)
{
    struct timespec now;
    struct judged judged;
    struct check check = {0};
    if (judge_find(pamh, options->judge_user, &judged) != 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
        return VERDICT_NO_ANSWER;
    const struct check_context context = {.pamh = pamh, .state = PATH_STATE, .now = now.tv_sec};
    check_grant(&context, &judged, options, &check);
    const enum verdict verdict = check_verdict(&check, options);
    if (verdict == VERDICT_HELD && geteuid() == 0)
        usage_note(PATH_STATE, &check.use, context.now);
    return verdict;
}

/* ---- the phases ---------------------------------------------------------------------------------------------- */

EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct gate_options options;
    bool clear = true;
    gate_options_parse(argc, argv, &options, note_argument, &clear);
    if (clear && !options.debug) {
        const enum verdict verdict = judge_login(pamh, &options);
        if (verdict == VERDICT_HELD)
            return VERDICT_CODE_HELD;
        if (verdict == VERDICT_EXEMPT)
            return VERDICT_CODE_EXEMPT;
    }
    void *object;
    const struct gate_phases *gate = load_gate(pamh, &object);
    const int code = gate ? gate->account(pamh, flags, argc, argv) : refuse_without_gate(pamh, &options);
    unload_gate(object);
    return code;
}

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    void *object;
    const struct gate_phases *gate = load_gate(pamh, &object);
    if (gate)
        gate->session(pamh, flags, argc, argv);
    unload_gate(object);
    return PAM_SUCCESS;
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void)pamh, (void)flags, (void)argc, (void)argv;
    return PAM_SUCCESS;
}
