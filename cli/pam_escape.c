/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pam_escape.h"

#include "cli/pam_judge.h"
#include "common/cleanup.h"
#include "common/local.h"
#include "common/pamcheck_line.h"
#include "common/paths.h"
#include "common/sshd.h"
#include "common/textfile.h"

#include <fnmatch.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <security/_pam_types.h>
#include <shadow.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- what sshd says --------------------------------------------------------------------------------------------- */

static char complaint[SSHD_COMPLAINT_MAX]; /* what it says instead of settings */

/* For root. Asks once. */
static const char *sshd_settings(void)
{
    static char *settings;

    if (!settings && !(settings = sshd_ask("root", complaint)))
        output_no_memory();
    return settings;
}

char *pam_escape_sshd(const char *setting)
{
    return sshd_setting(sshd_settings(), setting);
}

static bool root_has_setting(const char *setting, const char *wanted)
{
    return sshd_is(sshd_settings(), setting, wanted);
}

bool pam_escape_sshd_names(const char *setting, const char *name)
{
    const size_t length = strlen(name);

    for (const char *at = sshd_settings(); (at = sshd_next(at, setting));)
        if (strncmp(at, name, length) == 0 && (!at[length] || at[length] == '\n' || at[length] == ' '))
            return true;
    return false;
}

/* A pattern counts, and so does root from some hosts. */
static bool sshd_denies_root(const char *setting)
{
    for (const char *at = sshd_settings(); (at = sshd_next(at, setting));) {
        _cleanup_free_ char *pattern = strndup(at, strcspn(at, "@ \n"));
        if (!pattern || fnmatch(pattern, "root", 0) == 0)
            return true;
    }
    return false;
}

/* Patterns of those that it lets in, such as "ro*", are not looked into: they count as others'. */
static bool sshd_lets_root_by(void)
{
    static const char *const allows[] = {"allowusers", "allowgroups"}, *const denies[] = {"denyusers",
                                                                                          "denygroups"};

    for (size_t i = 0; i < 2; i++)
        if (sshd_denies_root(denies[i]) ||
            (sshd_next(sshd_settings(), allows[i]) && !pam_escape_sshd_names(allows[i], "root")))
            return false;
    return true;
}

/* ---- root's keys and password ----------------------------------------------------------------------------------- */

static bool has_word(const char *line, size_t length, const char *word)
{
    return memmem(line, length, word, strlen(word));
}

/* A key with a command of its own is no shell: images of clouds have root's say "log in as another user". One that ends
 * may have ended. All begin with the length of their kind. */
static bool is_key(const char *line, size_t length)
{
    static const char *const restrictions[] = {"command=", "expiry-time=", "cert-authority"};
    const char *word = line + strspn(line, " \t");

    for (size_t i = 0; i < sizeof(restrictions) / sizeof(*restrictions); i++)
        if (has_word(line, length, restrictions[i]))
            return false;
    return *word != '#' && has_word(line, length, "AAAA");
}

static bool has_key(const char *path)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    if (textfile_read(path, &text, &size) < 0)
        return false;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (is_key(line, strcspn(line, "\n")))
            return true;
    return false;
}

/* In one of the files that sshd reads for root. */
static bool root_has_key(void)
{
    _cleanup_free_ char *files = pam_escape_sshd("authorizedkeysfile");
    const struct passwd *root = getpwuid(0);
    const char *home = root ? root->pw_dir : "/root";
    char *rest = files, path[PATH_MAX];

    for (const char *file; rest && (file = strsep(&rest, " "));) {
        if (strncmp(file, "%h/", 3) == 0)
            file += 3;
        if (strchr(file, '%'))
            continue;
        snprintf(path, sizeof(path), "%s%s%s", *file == '/' ? "" : home, *file == '/' ? "" : "/", file);
        if (has_key(path))
            return true;
    }
    return false;
}

static bool root_has_password(void)
{
    const struct spwd *shadow = getspnam("root");
    return shadow && shadow->sp_pwdp[0] && !strchr("!*", shadow->sp_pwdp[0]);
}

/* Why root gets no shell, whatever it comes with; NULL: nothing is known against it. */
static const char *root_obstacle(void)
{
    const struct passwd *root = getpwuid(0);
    const char *shell = root && strrchr(root->pw_shell, '/') ? strrchr(root->pw_shell, '/') + 1 : "";
    const struct spwd *shadow = getspnam("root");

    if (strcmp(shell, "nologin") == 0 || strcmp(shell, "false") == 0)
        return "its shell is none";
    return shadow && shadow->sp_expire >= 0 && shadow->sp_expire <= time(NULL) / 86400
               ? "its account has expired"
               : NULL;
}

/* ---- the account phase ------------------------------------------------------------------------------------------ */

/* No line of ours there judges root, either. */
static bool stack_enforces_for_root(const struct pamstack *stack)
{
    for (size_t i = 0; i < stack->n_entries; i++)
        for (size_t j = 0; pamcheck_is_ours(&stack->entries[i]) && j < stack->entries[i].line->n_arguments;
             j++)
            if (strcmp(stack->entries[i].line->arguments[j], "enforce_for_root") == 0)
                return true;
    return false;
}

enum { DOUBTS_MAX = 6 };

struct verdict {
    struct pam_person root;
    bool refuses;
    const struct pamstack_entry *doubts[DOUBTS_MAX]; /* of which cannot be told what they say of root */
    unsigned n_doubts;
    unsigned denying; /* a bit for each of them: it refuses */
    char *doubt;      /* what cannot be told, and decides; owned */
};

/* Tables of their own say whom these let in. */
static bool has_table(const struct pamd_line *line)
{
    static const char *const modules[] = {"pam_access.so", "pam_listfile.so", "pam_time.so"};
    for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
        if (strcmp(pamd_module(line), modules[i]) == 0)
            return true;
    return false;
}

static bool is_doubtful(const struct verdict *verdict, const struct pamstack_entry *entry)
{
    return entry->kind == PAMSTACK_MODULE && entry->line->target &&
           (has_table(entry->line) || (strcmp(pamd_module(entry->line), "pam_succeed_if.so") == 0 &&
                                       pam_judge_applies(&verdict->root, entry->line) < 0));
}

static int answer_for_root(const struct pamstack_entry *entry, void *data)
{
    const struct verdict *verdict = data;

    for (unsigned i = 0; i < verdict->n_doubts; i++)
        if (verdict->doubts[i] == entry)
            return verdict->denying & (1U << i) ? PAM_PERM_DENIED : PAM_SUCCESS;
    return pam_judge_applies(&verdict->root, entry->line) == 0 ? PAM_AUTH_ERR
                                                               : pamcheck_ignored_answer(entry, NULL);
}

static char *name_doubt(const struct pamstack_entry *entry)
{
    return output_format("%s:%u (%s)", entry->file->path, entry->line->number, pamd_module(entry->line));
}

/* Whether each answer of the doubtful ones lets root in; of too many nothing can be told. */
static void judge_root(const struct pamstack *stack, struct verdict *verdict)
{
    for (size_t i = 0; i < stack->n_entries && !verdict->doubt; i++)
        if (is_doubtful(verdict, &stack->entries[i])) {
            if (verdict->n_doubts < DOUBTS_MAX)
                verdict->doubts[verdict->n_doubts++] = &stack->entries[i];
            else
                verdict->doubt = name_doubt(&stack->entries[i]);
        }
    verdict->refuses = !verdict->doubt;
    if (verdict->doubt)
        return;
    const unsigned ways = 1U << verdict->n_doubts;
    unsigned good = 0;
    const struct pamstack_entry *first = NULL;
    for (verdict->denying = 0; verdict->denying < ways; verdict->denying++) {
        if (pamstack_run(stack, answer_for_root, verdict) == PAM_SUCCESS)
            good++;
        else if (!first && verdict->n_doubts > 0)
            first = verdict->doubts[verdict->denying ? ffs((int)verdict->denying) - 1 : 0];
    }
    verdict->refuses = good == 0;
    if (good > 0 && good < ways)
        verdict->doubt = name_doubt(first);
}

/* What the phase says of root once the plan is carried out. */
static struct verdict judge_phase(const struct pam_plan *plan, const char *service)
{
    const struct pamstack_place place = {"", plan->file.path, plan->text, strlen(plan->text)};
    struct verdict verdict = {.root = {"root", service, 0, 0}, .refuses = true};
    struct findings stumbles = {0};
    struct pamstack stack = {0};

    if (pamstack_load_at(&place, service, PAMD_ACCOUNT, &stumbles, &stack) == 0 && !stack.uncertain &&
        !stack_enforces_for_root(&stack))
        judge_root(&stack, &verdict);
    pamstack_deinit(&stack);
    findings_deinit(&stumbles);
    return verdict;
}

/* Adds to `missing` what the phase of this service has against root. */
static bool phase_lets_root_in(const struct pam_plan *plan, const char *service, const char *way,
                               struct findings *missing)
{
    struct verdict verdict = judge_phase(plan, service);
    const bool lets_in = !verdict.refuses && !verdict.doubt;

    if (verdict.refuses)
        findings_add(missing, "%s: the account phase of /etc/pam.d/%s refuses it", way, service);
    else if (verdict.doubt)
        findings_add(missing, "%s: this could not be judged, for %s may refuse it", way, verdict.doubt);
    free(verdict.doubt);
    return lets_in;
}

/* ---- the ways --------------------------------------------------------------------------------------------------- */

/* Whether these methods, and no others, are enough; "any" is. */
static bool methods_allow(const char *methods)
{
    _cleanup_free_ char *wanted = pam_escape_sshd("authenticationmethods");
    char *rest = wanted;

    for (const char *list; rest && (list = strsep(&rest, " "));)
        if (strcmp(list, methods) == 0 || strcmp(list, "any") == 0)
            return true;
    return !wanted;
}

static bool root_comes_with_key(void)
{
    return root_has_setting("pubkeyauthentication", "yes") && root_has_key() && methods_allow("publickey");
}

static bool root_comes_with_password(const char *permit)
{
    return strcmp(permit, "yes") == 0 && root_has_password() &&
           ((root_has_setting("passwordauthentication", "yes") && methods_allow("password")) ||
            (root_has_setting("kbdinteractiveauthentication", "yes") &&
             methods_allow("keyboard-interactive")));
}

static void find_ssh(const struct pam_plan *plan, struct findings *ways, struct findings *missing)
{
    _cleanup_free_ char *permit = pam_escape_sshd("permitrootlogin");

    if (!permit)
        findings_add(missing, "root over ssh: " PATH_SSHD " -T does not say whether it may log in%s%s",
                     *complaint ? ": " : "", complaint);
    else if (root_obstacle())
        findings_add(missing, "root over ssh: %s", root_obstacle());
    else if (strcmp(permit, "no") == 0 || strcmp(permit, "forced-commands-only") == 0)
        findings_add(missing, "root over ssh: sshd has PermitRootLogin %s", permit);
    else if (!sshd_lets_root_by())
        findings_add(missing, "root over ssh: AllowUsers, AllowGroups, DenyUsers or DenyGroups keep it out");
    else if (!phase_lets_root_in(plan, "sshd", "root over ssh", missing))
        return;
    else if (root_comes_with_key())
        findings_add(ways, "root over ssh, with a key");
    else if (root_comes_with_password(permit))
        findings_add(ways, "root over ssh, with its password");
    else
        findings_add(
            missing,
            "root over ssh: it has no key, in a file that sshd reads, with which sshd gives a shell%s",
            strcmp(permit, "yes") == 0 ? ", and no password that would do" : "");
}

static void find_console(const struct pam_plan *plan, struct findings *ways, struct findings *missing)
{
    if (!root_has_password())
        findings_add(missing, "root at the console: it has no password");
    else if (root_obstacle())
        findings_add(missing, "root at the console: %s", root_obstacle());
    else if (phase_lets_root_in(plan, "login", "root at the console", missing))
        findings_add(ways, "root at the console, with its password");
}

/* A member by the group's line who has an account, or by a user's own line in /etc/passwd. */
static bool has_member(const struct group *group)
{
    bool has = false;
    for (char *const *member = group->gr_mem; !has && member && *member; member++)
        has = getpwnam(*member);
    _cleanup_fclose_ FILE *file = has ? NULL : local_open(PATH_ETC "/passwd");
    for (const struct passwd *user; file && !has && (user = fgetpwent(file));)
        has = user->pw_gid == group->gr_gid;
    return has;
}

static void find_group(const char *name, struct findings *ways, struct findings *missing)
{
    const struct group *group = name ? getgrnam(name) : NULL;

    if (!name)
        findings_add(missing, "a group that needs no package: none was named (--exempt-group)");
    else if (!group)
        findings_add(missing, "a group that needs no package: there is no group %s", name);
    else if (!has_member(group))
        findings_add(missing, "a group that needs no package: nobody is in %s", name);
    else
        findings_add(ways, "the members of %s", name);
}

void pam_escape_find(const struct invocation *invocation, const struct pam_plan *plan, struct findings *ways,
                     struct findings *missing)
{
    find_ssh(plan, ways, missing);
    find_console(plan, ways, missing);
    find_group(invocation->exempt_group, ways, missing);
}
