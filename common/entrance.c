/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/entrance.h"

#include <stddef.h>
#include <string.h>

/* sudo and cron always pass PAM_SILENT; desktops, web and file servers have no terminal. */
#define UNKNOWN ENTRANCE_PROMPTS_UNKNOWN
#define NOBODY  ENTRANCE_PROMPTS_NOBODY
#define PEOPLE  ENTRANCE_PROMPTS_PEOPLE
#define BY_SSHD ENTRANCE_PROMPTS_BY_SSHD

static const struct entrance entrances[] = {
    {"sshd", "ssh", NULL, true, false, false, BY_SSHD},
    {"login", "the console", NULL, true, false, false, PEOPLE},
    {"remote", "telnet", NULL, true, false, false, PEOPLE},
    {"cockpit", "the web console", NULL, true, false, false, NOBODY},
    {"gdm-password", "the desktop", NULL, true, false, false, NOBODY},
    {"lightdm", "the desktop", NULL, true, false, false, NOBODY},
    {"sddm", "the desktop", NULL, true, false, false, NOBODY},
    {"xrdp-sesman", "remote desktops", NULL, true, false, false, NOBODY},
    {"vsftpd", "ftp", NULL, true, false, false, NOBODY},
    {"samba", "file shares", NULL, false, false, false, NOBODY},
    {"sudo", "sudo", "sudo-i", false, true, false, NOBODY},
    {"sudo-i", "sudo -i", NULL, false, true, false, NOBODY},
    {"su", "su", "su-l", false, true, false, PEOPLE},
    {"su-l", "su -l", NULL, false, true, false, PEOPLE},
    {"runuser", "root's own runuser", NULL, false, false, true, NOBODY},
    {"runuser-l", "root's own runuser -l", NULL, false, false, true, NOBODY},
    {"polkit-1", "pkexec, and what a desktop asks a password for", NULL, false, true, false, NOBODY},
    {"cron", "jobs of cron", NULL, false, false, true, NOBODY},
    {"crond", "jobs of cron", NULL, false, false, true, NOBODY},
    {"atd", "jobs of at", NULL, false, false, true, NOBODY},
    {"systemd-user", "users' own services", NULL, false, false, true, NOBODY},
    {"chfn", "chfn", NULL, false, true, false, UNKNOWN},
    {"chsh", "chsh", NULL, false, true, false, UNKNOWN},
    {"passwd", "passwd", NULL, false, true, false, UNKNOWN},
    {"chpasswd", "root's own chpasswd", NULL, false, false, true, NOBODY},
    {"other", "services without a file of their own", NULL, false, false, false, UNKNOWN},
    {"newusers", "root's own newusers", NULL, false, false, true, NOBODY},
};

const struct entrance *entrance_find(const char *service)
{
    static const struct entrance unknown = {"", "", NULL, false, false, false, UNKNOWN};
    for (size_t i = 0; i < sizeof(entrances) / sizeof(*entrances); i++)
        if (strcmp(entrances[i].service, service) == 0)
            return &entrances[i];
    return &unknown;
}
