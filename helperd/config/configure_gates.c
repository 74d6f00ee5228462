/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. For the administrator's short-lived process: asks directories, runs sshd -T, reads systemd's units. What
 * is not known for sure is not warned of.
 */
#include "helperd/config/configure_gates.h"

#include "common/cleanup.h"
#include "common/entrance.h"
#include "common/gates.h"
#include "common/passage.h"
#include "common/sshd.h"
#include "helperd/config/configure_approvers.h"
#include "helperd/config/configure_units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WHY_MAX = 640 };

struct checking {
    const struct configure_place *place;
    const struct packages *packages;
    struct findings *findings;
    struct configure_approvers *approvers; /* NULL: not looked up yet */
    char *sshd;                            /* NULL: not asked yet */
    char complaint[SSHD_COMPLAINT_MAX];
    int rc;
};

static void tell_once(struct checking *checking, const char *text)
{
    for (size_t i = 0; i < checking->findings->count; i++)
        if (strcmp(checking->findings->items[i], text) == 0)
            return;
    findings_add(checking->findings, "%s", text);
}

static void tell(struct checking *checking, const struct gate_line *line, const char *what)
{
    const struct pamstack_entry *entry = &line->stack->entries[line->at];
    char text[2048];
    snprintf(text, sizeof(text), "%s:%u: %s", entry->file->path, entry->line->number, what);
    tell_once(checking, text);
}

/* ---- sshd ------------------------------------------------------------------------------------------------------- */

/* What it says for a user without settings of their own; "": nothing. */
static const char *sshd_settings(struct checking *checking)
{
    if (checking->place->sshd)
        return checking->place->sshd;
    if (!checking->sshd && !(checking->sshd = sshd_ask("nobody", checking->complaint)))
        checking->rc = -ENOMEM;
    return checking->sshd ? checking->sshd : "";
}

static const struct {
    const char *setting, *shown;
} methods[] = {
    {"pubkeyauthentication", "a key"},
    {"passwordauthentication", "a password"},
    {"gssapiauthentication", "Kerberos"},
    {"hostbasedauthentication", "a key of their host"},
};

/* Those of which one is enough to log in, and that are not keyboard-interactive: "a key or a password"; "": none. */
static void list_unasked(const char *settings, char *ret, size_t size)
{
    _cleanup_free_ char *wanted = sshd_setting(settings, "authenticationmethods");
    char *rest = wanted;
    size_t used = 0;
    *ret = '\0';
    if (!wanted || strcmp(wanted, "any") == 0) {
        for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
            if (sshd_is(settings, methods[i].setting, "yes"))
                used +=
                    (size_t)snprintf(ret + used, size - used, "%s%s", used ? " or " : "", methods[i].shown);
        return;
    }
    for (const char *list; (list = strsep(&rest, " "));)
        if (*list && !strstr(list, "keyboard-interactive") && used < size)
            used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? " or " : "", list);
}

static bool sshd_asks_nobody(struct checking *checking, const char *package, char why[WHY_MAX])
{
    const char *settings = sshd_settings(checking);
    char unasked[256];
    if (!*settings && geteuid() != 0) /* it needs the host's keys, which root alone reads */
        return false;
    list_unasked(settings, unasked, sizeof(unasked));
    if (!*settings)
        snprintf(why, WHY_MAX, "whether logins by sshd are asked for one is not known: sshd -T %s%s",
                 *checking->complaint ? "says: " : "says nothing", checking->complaint);
    else if (!sshd_is(settings, "kbdinteractiveauthentication", "yes"))
        snprintf(
            why, WHY_MAX,
            "no login by sshd is asked for one: sshd has KbdInteractiveAuthentication no. Set it to yes, and "
            "AuthenticationMethods publickey,keyboard-interactive where people have keys (ADMINISTRATION.md, "
            "\"ssh with a prompt\"); or have them ask before: pkg-request submit %s -m REASON",
            package);
    else if (*unasked)
        snprintf(
            why, WHY_MAX,
            "logins by sshd with %s are not asked for one. Set AuthenticationMethods "
            "publickey,keyboard-interactive (ADMINISTRATION.md, \"ssh with a prompt\"), or have people ask "
            "before: pkg-request submit %s -m REASON",
            unasked, package);
    else
        return false;
    return true;
}

/* The line is there, and does nothing. */
static void check_use_pam(struct checking *checking, const struct gate_line *line)
{
    const char *settings = sshd_settings(checking);
    if (*settings && !sshd_is(settings, "usepam", "yes"))
        tell(checking, line, "sshd has UsePAM no, and so never asks this line. Set it to yes");
}

/* ---- who can be asked for a reason ------------------------------------------------------------------------------ */

/* Why some are not asked for a reason at this line, and what to do; false: all are, or it is not known. */
static bool asks_nobody(struct checking *checking, const struct gate_line *line, const char *package,
                        char why[WHY_MAX])
{
    const struct entrance *entrance = entrance_find(line->service);
    if (line->options.quiet)
        snprintf(why, WHY_MAX, "with `quiet` this line asks nobody for one. Take that word out");
    else if (entrance->prompts == ENTRANCE_PROMPTS_BY_SSHD)
        return sshd_asks_nobody(checking, package, why);
    else if (entrance->background)
        snprintf(
            why, WHY_MAX,
            "%s (%s) has nobody to ask for one: what runs for a user who does not hold it fails, and nothing "
            "is filed. Take the line out there, or let these users past (pkg-admin pam enable "
            "--exempt-group)",
            line->service, entrance->what);
    else if (entrance->prompts == ENTRANCE_PROMPTS_NOBODY)
        snprintf(why, WHY_MAX,
                 "%s asks nobody for one. Have people ask before: pkg-request submit %s -m REASON; or write "
                 "`justification = asked` in the package",
                 line->service, package);
    else
        return false;
    return true;
}

static void check_reasons(struct checking *checking, const struct gate_line *line, const char *package)
{
    char why[WHY_MAX], what[WHY_MAX + 128];
    _cleanup_free_ char *unit = NULL;
    static const char wants[] = "is given for a reason alone (justification = required), and";
    if (asks_nobody(checking, line, package, why)) {
        snprintf(what, sizeof(what), "%s %s %s", package, wants, why);
        tell(checking, line, what);
    } else if (!entrance_find(line->service)->background &&
               (unit = configure_units_find(checking->place->root, line->service))) {
        snprintf(
            what, sizeof(what),
            "%s %s %s (PAMName=%s) has nobody to ask for one: it does not start for a user who does not hold "
            "it. Give the unit a service without this line",
            package, wants, unit, line->service);
        tell(checking, line, what);
    }
}

/* ---- whether approvers get in ----------------------------------------------------------------------------------- */

static void check_approvers(struct checking *checking, const struct gate_line *line)
{
    strv people = NULL;
    char told[PASSAGE_TOLD_MAX];
    if (!checking->approvers)
        checking->rc = configure_approvers_find(checking->place, checking->packages, &checking->approvers);
    if (checking->rc == 0)
        checking->rc = configure_approvers_outside(checking->approvers, line, &people);
    if (checking->rc == 0 && strv_length(people) > 0) {
        passage_tell(line, people, told);
        tell_once(checking, told);
    }
    strv_free(people);
}

/* ---- a line ----------------------------------------------------------------------------------------------------- */

static void check_line(const struct gate_line *line, void *data)
{
    struct checking *checking = data;
    const struct entrance *entrance = entrance_find(line->service);
    if (checking->rc < 0)
        return;
    for (size_t i = 0; line->options.submit && i < line->options.n_packages; i++) {
        const struct package *package = packages_find(checking->packages, line->options.packages[i]);
        if (package && package->justification_at_gate)
            check_reasons(checking, line, package->name);
    }
    if (entrance->prompts == ENTRANCE_PROMPTS_BY_SSHD)
        check_use_pam(checking, line);
    if (entrance->login && !line->options.report)
        check_approvers(checking, line);
}

void configure_gates_check(const struct configure_place *place, const struct packages *packages,
                           struct findings *findings)
{
    struct checking checking = {.place = place, .packages = packages, .findings = findings};
    gates_each(place->root, check_line, &checking);
    configure_approvers_free(checking.approvers);
    free(checking.sshd);
}
