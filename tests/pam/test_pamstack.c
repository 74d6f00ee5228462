/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reader of pam.d (common/pamstack.h) against the real libpam, in a private root: files made at random, odd ones
 * included, and what pam_acct_mgmt returns. PAMSTACK_SEED and PAMSTACK_CASES run other ones, or more of them.
 */
#include "common/pamstack.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "/etc/pam.d/"

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), FOLDER "%s", name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
    write_file("other", "account required pam_debug.so acct=cred_err\n");
}

/* ---- libpam --------------------------------------------------------------------------------------------------- */

static int mute(int count, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    (void)count, (void)messages, (void)ret, (void)data;
    return PAM_CONV_ERR;
}

static int ask_libpam(const char *service)
{
    const struct pam_conv conversation = {mute, NULL};
    pam_handle_t *pamh = NULL;
    int code = pam_start(service, "alice", &conversation, &pamh); /* PAM_ABORT: it gave a file up */
    if (code != PAM_SUCCESS)
        return code;
    code = pam_acct_mgmt(pamh, PAM_SILENT);
    pam_end(pamh, code);
    return code;
}

/* ---- the reader ----------------------------------------------------------------------------------------------- */

static const char *const codes[] = {
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
};

enum { CODES = sizeof(codes) / sizeof(*codes) };

/* As the modules of Debian answer in this phase. */
static int answer(const struct pamstack_entry *entry, void *data)
{
    const struct pamd_line *line = entry->line;
    (void)data;
    if (strncmp(line->target, "/nowhere", 8) == 0)
        return PAM_MODULE_UNKNOWN;
    if (strcmp(pamd_module(line), "pam_permit.so") == 0)
        return PAM_SUCCESS;
    if (strcmp(pamd_module(line), "pam_deny.so") == 0)
        return PAM_AUTH_ERR;
    if (strcmp(pamd_module(line), "pam_warn.so") == 0)
        return PAM_IGNORE;
    if (strcmp(pamd_module(line), "pam_debug.so") != 0)
        return PAM_MODULE_UNKNOWN;
    int code = PAM_SUCCESS;
    for (size_t i = 0; i < line->n_arguments; i++)
        for (int c = 0; c < CODES; c++)
            if (strncmp(line->arguments[i], "acct=", 5) == 0 && strcmp(line->arguments[i] + 5, codes[c]) == 0)
                code = c;
    return code;
}

enum { UNCERTAIN = -1 }; /* the reader says that it does not know */

static int ask_reader(const char *service)
{
    struct findings findings = {0};
    struct pamstack stack;
    int r = pamstack_load("", service, PAMD_ACCOUNT, &findings, &stack);
    if (r == 0 && stack.n_entries == 0 && !stack.given_up && !stack.uncertain) {
        pamstack_deinit(&stack);
        r = -ENOENT;
    }
    if (r == -ENOENT)
        r = pamstack_load("", "other", PAMD_ACCOUNT, &findings, &stack);
    ck_assert_int_eq(r, 0);
    const int code = stack.uncertain ? UNCERTAIN : pamstack_run(&stack, answer, NULL);
    pamstack_deinit(&stack);
    findings_deinit(&findings);
    return code;
}

/* ---- files at random ------------------------------------------------------------------------------------------ */

static unsigned long long seed;

static unsigned any(unsigned below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % below;
}

#define ONE_OF(...)                                                                                          \
    one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[any((unsigned)count)];
}

static char text[8192];

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, sizeof(text) - used, format, arguments);
    va_end(arguments);
}

/* Between words: mostly a blank. */
static void add_gap(void)
{
    add("%s",
        any(8) ? " " : ONE_OF("\t", "   ", " \\\n", "\\\n  ", " \\ \t\n# between\n\n ", "\t\\\n\t\\\n"));
}

static void add_bracket(void)
{
    add("[%s", ONE_OF("", "", " "));
    for (unsigned i = any(5) + 1; i > 0; i--) {
        const char *code =
            any(4) ? ONE_OF("success", "default", "ignore", "perm_denied", "new_authtok_reqd", "cred_err")
                   : codes[any(CODES)];
        add("%s%s%s%s", code, any(9) ? "=" : " = ",
            ONE_OF("ok", "ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3", "12"),
            i > 1 ? " " : "");
    }
    add("%s]", any(30) ? ""
                       : ONE_OF(" success", " =ok", " nocode=ok", " success=0", " success=okdefault=bad",
                                " success=\\]"));
}

/* The argument that says what pam_debug answers, written in one of several ways. */
static void add_answer(unsigned way)
{
    static const char *const around[][2] = {{"acct=", ""},
                                            {"acct=", " # acct=success"},
                                            {"[acct=", "]"},
                                            {"[a b\\]] acct=", ""},
                                            {"acct=", " x[y"}};
    const char *answer = any(3)
                             ? ONE_OF("success", "perm_denied", "ignore", "new_authtok_reqd", "acct_expired")
                             : codes[any(CODES)];
    add("%s%s%s", around[way][0], answer, around[way][1]);
}

static void add_module(void)
{
    switch (any(8)) {
    case 0:
        add("%s", ONE_OF("pam_permit.so", "/lib/x86_64-linux-gnu/security/pam_permit.so", "[pam_permit.so]",
                         "pam_deny.so"));
        break;
    case 1:
        add("%s",
            ONE_OF("pam_nosuch.so", "pam_debug", "pam_permit.so\r", "pam_warn.so", "/nowhere/pam_permit.so"));
        break;
    default:
        add("pam_debug.so");
        add_gap();
        add_answer(any(6) ? 0 : any(4) + 1);
    }
}

/* `depth`: what may be included goes up to here. */
static void add_line(unsigned depth)
{
    const bool includes = depth < 4 && any(4) == 0;
    if (any(12) == 0)
        add("%s", ONE_OF("# comment \\\n", "\n", "  \t\n", "#\n", "auth required pam_deny.so\n",
                         "session bad\n", "-session optional pam_x.so\n"));
    if (includes && any(3) == 0) {
        add("@include inc%u\n", depth + 1 + any(2));
        return;
    }
    add("%s",
        any(12) ? "account" : ONE_OF("ACCOUNT", "-account", "[account]", " account", "acount", "Account"));
    add_gap();
    if (includes) {
        add("%s inc%u\n", ONE_OF("include", "substack", "Include"), depth + 1 + any(2));
        return;
    }
    if (any(2))
        add("%s", ONE_OF("required", "requisite", "optional", "sufficient", "REQUIRED", "[required]"));
    else
        add_bracket();
    add_gap();
    if (any(40))
        add_module();
    add("%s", any(20) ? "\n" : ONE_OF(" \n", " # that is it\n", "#\n"));
}

static void write_random(const char *name, unsigned depth)
{
    text[0] = '\0';
    for (unsigned i = any(depth ? 4 : 7); i > 0; i--)
        add_line(depth);
    if (any(40) == 0)
        add("%s",
            ONE_OF("account required \\\n", "account required pam_permit.so", "account include nosuch\n",
                   "@include nosuch\n", "account substack /etc/pam.d/inc5\n"));
    write_file(name, text);
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
    const char *value = getenv(variable);
    return value ? strtoul(value, NULL, 10) : otherwise;
}

static void show_files(void)
{
    if (system("for f in any inc1 inc2 inc3 inc4 inc5; do echo \"== $f\"; cat -A " FOLDER "$f; done") != 0)
        return;
}

/* libpam does not give back what it read of a file that it gives up. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
    return "leak:libpam.so";
}

START_TEST(as_libpam_walks_it)
{
    const unsigned long cases = number_of("PAMSTACK_CASES", 4000);
    unsigned refused = 0, uncertain = 0;
    seed = number_of("PAMSTACK_SEED", 1);
    for (unsigned long i = 0; i < cases; i++) {
        const unsigned long long from = seed;
        for (unsigned depth = 5; depth > 0; depth--) {
            char name[8];
            snprintf(name, sizeof(name), "inc%u", depth);
            write_random(name, depth);
        }
        write_random("any", 0);
        const int right = ask_libpam("any"), got = ask_reader("any");
        if (got != right && got != UNCERTAIN)
            show_files();
        uncertain += got == UNCERTAIN;
        ck_assert_msg(got == right || got == UNCERTAIN, "case %lu (%llu): %d, libpam says %d", i, from, got,
                      right);
        refused += right != PAM_SUCCESS && right != PAM_NEW_AUTHTOK_REQD;
    }
    ck_assert_uint_lt(uncertain, cases / 50);
    ck_assert_uint_gt(refused, cases / 10);
    ck_assert_uint_gt(cases - refused, cases / 10);
}
END_TEST

/* ---- files that are odd --------------------------------------------------------------------------------------- */

#define LONG_WORD "a-word-of-fifty-bytes-a-word-of-fifty-bytes-a-word"
#define LONG      LONG_WORD LONG_WORD LONG_WORD LONG_WORD LONG_WORD
#define DEBUG     "account required pam_debug.so acct="

enum { CRASHES = -2, MODULE_MISSING = PAM_MODULE_UNKNOWN };

/* In a process of its own, which may crash, and may not open many files. */
static int ask_libpam_apart(const char *service)
{
    const pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit few = {64, 64}, none = {0, 0};
        setrlimit(RLIMIT_NOFILE, &few);
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL);
        _exit(ask_libpam(service));
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : CRASHES;
}

static const struct {
    const char *service, *text;
    int libpam, reader;
    const char *finding; /* what is said of it; NULL: nothing */
} odd[] = {
    {"odd", DEBUG "cred_expired\n", PAM_CRED_EXPIRED, PAM_CRED_EXPIRED, NULL},
    {"ODD", DEBUG "cred_expired\n", PAM_CRED_EXPIRED, PAM_CRED_ERR,
     NULL}, /* it is asked for in small letters */
    /* nothing for the phase: "other" is taken */
    {"nosuch", NULL, PAM_CRED_ERR, PAM_CRED_ERR, NULL},
    {"odd", "auth required pam_permit.so\n", PAM_CRED_ERR, PAM_CRED_ERR, NULL},
    {"odd", "", PAM_CRED_ERR, PAM_CRED_ERR, NULL},
    {"folder", NULL, PAM_CRED_ERR, PAM_CRED_ERR, NULL},
    /* a missing module is not skipped, with or without a '-' */
    {"odd", "account required pam_nosuch.so\naccount required pam_permit.so\n", MODULE_MISSING,
     MODULE_MISSING, NULL},
    {"odd", "-account required pam_nosuch.so\naccount required pam_permit.so\n", MODULE_MISSING,
     MODULE_MISSING, NULL},
    {"odd", "-account optional pam_nosuch.so\naccount required pam_permit.so\n", PAM_SUCCESS, PAM_SUCCESS,
     NULL},
    /* one that says nothing, alone */
    {"odd", DEBUG "ignore\n", PAM_PERM_DENIED, PAM_PERM_DENIED, NULL},
    /* lines that libpam cannot use */
    {"odd", "account required\naccount required pam_permit.so\n", PAM_PERM_DENIED, PAM_PERM_DENIED,
     "odd:1: names no module"},
    {"odd", "account\naccount required pam_permit.so\n", PAM_PERM_DENIED, PAM_PERM_DENIED,
     "odd:1: names no module"},
    {"odd", "acount required pam_deny.so\naccount required pam_permit.so\n", PAM_SUCCESS, PAM_SUCCESS, NULL},
    {"odd", "account requird pam_permit.so\n", PAM_PERM_DENIED, PAM_PERM_DENIED,
     "odd:1: has a control that libpam cannot parse"},
    {"odd", "account required pam_permit.so\naccount required \\\n", PAM_ABORT, PAM_ABORT,
     "odd:2: ends in a backslash"},
    /* includes */
    {"odd", "account include nosuch\naccount required pam_permit.so\n", PAM_PERM_DENIED, PAM_PERM_DENIED,
     "odd:1: includes nosuch, and there is no such file"},
    {"odd", "@include nosuch\naccount required pam_permit.so\n", PAM_ABORT, PAM_ABORT,
     "odd:1: includes nosuch"},
    {"odd", "account include odd\naccount required pam_permit.so\n", PAM_PERM_DENIED, PAM_PERM_DENIED,
     "odd:1: includes odd, which includes it again"},
    {"odd", "account substack odd\naccount required pam_permit.so\n", PAM_PERM_DENIED, PAM_PERM_DENIED,
     "odd:1: includes odd, which includes it again"},
    {"odd", "account include folder\naccount required pam_permit.so\n", PAM_SUCCESS, PAM_SUCCESS, NULL},
    {"odd", "account include\n", CRASHES, PAM_ABORT,
     "odd:1: names no file to include, at which libpam crashes"},
    {"odd", "auth include\n" DEBUG "success\n", CRASHES, PAM_ABORT, "odd:1: names no file"},
    {"odd", "@include\n", CRASHES, PAM_ABORT, "odd:1: names no file"},
    /* too long: libpam takes the rest for a line, of a comment too */
    {"odd", "account required pam_permit.so " LONG LONG LONG LONG "\n", PAM_SUCCESS, UNCERTAIN,
     "odd:1: is longer"},
    {"odd", "# " LONG LONG LONG LONG LONG " and so on, \naccount required pam_permit.so\n", PAM_SUCCESS,
     UNCERTAIN, "odd:1: is longer"},
    {"odd", "account required \\\n" LONG LONG " \\\n" LONG LONG LONG "\n", MODULE_MISSING, UNCERTAIN,
     "odd:1: is longer"},
};

START_TEST(odd_files)
{
    struct findings findings = {0};
    struct pamstack stack;
    mkdir(FOLDER "folder", 0755);
    if (odd[_i].text)
        write_file("odd", odd[_i].text);
    ck_assert_int_eq(ask_libpam_apart(odd[_i].service), odd[_i].libpam);
    ck_assert_int_eq(ask_reader(odd[_i].service), odd[_i].reader);
    if (pamstack_load("", odd[_i].service, PAMD_ACCOUNT, &findings, &stack) == 0)
        pamstack_deinit(&stack);
    ck_assert_uint_eq(findings.count, odd[_i].finding != NULL);
    if (odd[_i].finding)
        ck_assert_msg(strncmp(findings.items[0] + strlen(FOLDER), odd[_i].finding, strlen(odd[_i].finding)) ==
                          0,
                      "%s", findings.items[0]);
    findings_deinit(&findings);
}
END_TEST

int main(void)
{
    suite_case("pamstack", setup, NULL);
    suite_timeout(600);
    suite_add(as_libpam_walks_it);
    suite_rows(odd_files, odd);
    return suite_run();
}
