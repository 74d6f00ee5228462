/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pam_entrance.h"

#include <stddef.h>
#include <string.h>

static const struct entrance entrances[] = {
    {"sshd", "ssh", NULL, true, false, false},
    {"login", "the console", NULL, true, false, false},
    {"remote", "telnet", NULL, true, false, false},
    {"cockpit", "the web console", NULL, true, false, false},
    {"gdm-password", "the desktop", NULL, true, false, false},
    {"lightdm", "the desktop", NULL, true, false, false},
    {"sddm", "the desktop", NULL, true, false, false},
    {"xrdp-sesman", "remote desktops", NULL, true, false, false},
    {"vsftpd", "ftp", NULL, true, false, false},
    {"samba", "file shares", NULL, false, false, false},
    {"sudo", "sudo", "sudo-i", false, true, false},
    {"sudo-i", "sudo -i", NULL, false, true, false},
    {"su", "su", "su-l", false, true, false},
    {"su-l", "su -l", NULL, false, true, false},
    {"runuser", "root's own runuser", NULL, false, false, true},
    {"runuser-l", "root's own runuser -l", NULL, false, false, true},
    {"polkit-1", "pkexec, and what a desktop asks a password for", NULL, false, true, false},
    {"cron", "jobs of cron", NULL, false, false, true},
    {"crond", "jobs of cron", NULL, false, false, true},
    {"atd", "jobs of at", NULL, false, false, true},
    {"systemd-user", "users' own services", NULL, false, false, true},
    {"chfn", "chfn", NULL, false, true, false},
    {"chsh", "chsh", NULL, false, true, false},
    {"passwd", "passwd", NULL, false, true, false},
    {"chpasswd", "root's own chpasswd", NULL, false, false, true},
    {"other", "services without a file of their own", NULL, false, false, false},
    {"newusers", "root's own newusers", NULL, false, false, true},
};

const struct entrance *entrance_find(const char *service)
{
    static const struct entrance unknown = {"", "", NULL, false, false, false};
    for (size_t i = 0; i < sizeof(entrances) / sizeof(*entrances); i++)
        if (strcmp(entrances[i].service, service) == 0)
            return &entrances[i];
    return &unknown;
}
