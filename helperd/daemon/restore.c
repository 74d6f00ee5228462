/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* accesspkgd --restore: root opens the backup; what is in it is read as accesspkgd's user, as the daemon would. */
#include "helperd/daemon/daemon.h"

#include "common/cleanup.h"
#include "common/paths.h"
#include "helperd/host/hostkey.h"
#include "helperd/store/restore.h"
#include "helperd/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { REFUSED = 1 };

static int refuse(FILE *out, int code, const char *what, const char *why)
{
    fprintf(out, "error: %s%s%s. Nothing was changed.\n", what, *why ? ": " : "", why);
    return code;
}

/* The owner of grants/ is accesspkgd's user, whatever its name. */
static int become_daemon(FILE *out)
{
    struct stat st;
    if (lstat(PATH_STATE "/grants", &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0)
        return refuse(out, EX_IOERR,
                      PATH_STATE
                      "/grants has to be a folder of the user accesspkg (systemd-tmpfiles --create "
                      "accesspkg.conf makes it)",
                      "");
    if (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 || setuid(st.st_uid) < 0)
        return refuse(out, EX_IOERR, "The rights of root could not be given up", strerrordesc_np(errno));
    umask(0077);
    return 0;
}

static int restore_file(int file, bool any_host, FILE *out)
{
    _cleanup_close_ int lock = -1;
    const int r = store_lock(PATH_LOCK, &lock);
    if (r < 0 && r != -EBUSY)
        return refuse(out, EX_IOERR, PATH_LOCK " cannot be locked", strerrordesc_np(-r));
    if (r < 0)
        return refuse(
            out, EX_UNAVAILABLE,
            "accesspkgd runs. Stop it, and keep the bus from starting it: systemctl mask --now accesspkgd",
            "");
    _cleanup_free_ char *key = hostkey_load(PATH_STATE);
    return store_restore(
        &(struct restoring){
            .folder = PATH_STATE, .file = file, .host_key = key, .any_host = any_host, .now = time(NULL)},
        out);
}

int daemon_restore(const char *path, bool any_host, FILE *out)
{
    struct stat st;
    if (geteuid() != 0)
        return refuse(out, EX_NOPERM, "Only root may restore the store; run this with sudo, or as root", "");
    _cleanup_close_ int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0 || fstat(file, &st) < 0)
        return refuse(out, REFUSED, path, strerrordesc_np(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(out, REFUSED, path, "it is no regular file");
    const int code = become_daemon(out);
    return code ? code : restore_file(file, any_host, out);
}
