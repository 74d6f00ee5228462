/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/watch.h"

#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define PAUSE .1 /* seconds in which changes of users, groups and the allow-list count as one */

/* Events that change an entry of a folder. A write is reported when the writer closes the file. */
#define ENTRIES                                                                                              \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB | IN_EXCL_UNLINK)
/* Events for a folder of folders. Fewer, as the store's files are beside them. */
#define STRUCTURE (IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)
#define ITSELF    (IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW)

enum { FOLDERS = 7, NONE = -1, GONE = -2 };

/* Parents before their children. */
static const struct {
    const char *path; /* below `etc` or `state` */
    bool in_etc;
    uint32_t mask;
    enum watch_set set; /* of all its entries; WATCH_SETS: no set, or see `files` */
} folders[FOLDERS] = {
    {"", true, ENTRIES, WATCH_SETS},           {"", false, STRUCTURE, WATCH_SETS},
    {"/grants", false, STRUCTURE, WATCH_SETS}, {"/grants/user", false, ENTRIES, WATCH_GRANT_USER},
    {"/allow", false, ENTRIES, WATCH_ALLOW},   {"/locks", false, ENTRIES, WATCH_LOCKS},
    {"/pam.d", true, ENTRIES, WATCH_PAM},
};

static const struct {
    const char *name;
    enum watch_set set;
} files[] = {{"shadow", WATCH_SHADOW},
             {"passwd", WATCH_PASSWD},
             {"group", WATCH_GROUP},
             {"nsswitch.conf", WATCH_NSSWITCH}};
enum { FILES = sizeof(files) / sizeof(files[0]) };

struct watch {
    struct ev_loop *loop;
    char *etc;
    char *state;
    watch_changed changed;
    void *data;
    int fd;
    int descriptors[FOLDERS]; /* NONE: not watched; GONE: the watch ended, the folder is to be looked at */
    int errors[FOLDERS];      /* the last one logged */
    bool pending[WATCH_SETS]; /* to be reported after the pause */
    ev_io io;
    ev_timer pause;
};

/* The folder of the files below, not one in it. */
static bool has_files(int folder)
{
    return folders[folder].in_etc && !*folders[folder].path;
}

static void report_set(struct watch *watch, enum watch_set set, const char *name)
{
    if (set == WATCH_GRANT_USER || set == WATCH_SHADOW || set == WATCH_LOCKS) {
        watch->changed(set, name, watch->data);
        return;
    }
    watch->pending[set] = true;
    if (!ev_is_active(&watch->pause)) {
        ev_timer_set(&watch->pause, PAUSE, 0.);
        ev_timer_start(watch->loop, &watch->pause);
    }
}

static void on_pause(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct watch *watch = timer->data;
    for (int set = 0; set < WATCH_SETS; set++) {
        const bool pending = watch->pending[set];
        watch->pending[set] = false;
        if (pending)
            watch->changed((enum watch_set)set, NULL, watch->data);
    }
}

/* Reports everything in a folder as changed. */
static void report_folder(struct watch *watch, int folder)
{
    if (folders[folder].set != WATCH_SETS)
        report_set(watch, folders[folder].set, NULL);
    for (size_t i = 0; has_files(folder) && i < FILES; i++)
        report_set(watch, files[i].set, NULL);
}

static int add_inotify_watch(const struct watch *watch, int folder)
{
    char path[4096];
    const char *top = folders[folder].in_etc ? watch->etc : watch->state;
    if (snprintf(path, sizeof(path), "%s%s", top, folders[folder].path) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    const int descriptor = inotify_add_watch(watch->fd, path, folders[folder].mask | ITSELF);
    return descriptor < 0 ? -errno : descriptor;
}

/* For limits of inotify, strerror() speaks of disks and files. */
static const char *say_error(int error)
{
    if (error == -ENOSPC)
        return "the watches that this user may have are used up (sysctl fs.inotify.max_user_watches)";
    if (error == -EMFILE)
        return "what this user may watch at a time is used up (sysctl fs.inotify.max_user_instances)";
    return strerror(-error);
}

/* Not for a missing folder: its parent's watch will report it. */
static void log_unwatched(struct watch *watch, int folder, int error)
{
    if (error != watch->errors[folder] && error != -ENOENT)
        log_warning(
            "%s%s cannot be watched: %s. What changes there is noticed within the hour, or at the next "
            "start.",
            folders[folder].in_etc ? watch->etc : watch->state, folders[folder].path, say_error(error));
    watch->errors[folder] = error;
}

/* Watches each folder that exists now. A folder that replaced another has changed as a whole. */
static void watch_all(struct watch *watch, bool first)
{
    for (int folder = 0; folder < FOLDERS; folder++) {
        const int before = watch->descriptors[folder];
        const int now = add_inotify_watch(watch, folder);
        if (now < 0)
            log_unwatched(watch, folder, now);
        watch->descriptors[folder] = now < 0 ? NONE : now;
        if (watch->descriptors[folder] == before)
            continue;
        if (before >= 0)
            inotify_rm_watch(watch->fd, before); /* fails if the folder is gone, and its watch with it */
        if (!first)
            report_folder(watch, folder);
    }
}

static bool is_watched_name(const char *name)
{
    return strcmp(name, "grants") == 0 || strcmp(name, "user") == 0 || strcmp(name, "allow") == 0 ||
           strcmp(name, "locks") == 0;
}

/* True when folders appeared or disappeared, so that watch_all() has to run. */
static bool on_event(struct watch *watch, const struct inotify_event *event)
{
    int folder = 0;
    while (folder < FOLDERS && watch->descriptors[folder] != event->wd)
        folder++;
    if (folder == FOLDERS)
        return false; /* of a folder that was replaced */
    if (event->mask & IN_IGNORED)
        watch->descriptors[folder] = GONE; /* the kernel may use the number again */
    if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT))
        return true;
    if (event->len == 0)
        return false;
    if (folders[folder].mask == STRUCTURE)
        return is_watched_name(event->name);
    if (has_files(folder) && strcmp(event->name, "pam.d") == 0)
        return true;
    if (folders[folder].set != WATCH_SETS && event->name[0] != '.')
        report_set(watch, folders[folder].set, event->name); /* a leading dot: a temporary file */
    for (size_t i = 0; has_files(folder) && i < FILES; i++)
        if (strcmp(event->name, files[i].name) == 0)
            report_set(watch, files[i].set, NULL);
    return false;
}

static void report_all(struct watch *watch)
{
    log_warning("Changes of files came faster than they could be told: everything is looked at.");
    for (int folder = 0; folder < FOLDERS; folder++)
        report_folder(watch, folder);
}

static void on_inotify(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    struct watch *watch = io->data;
    char buffer[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t size;
    bool again = false, overflow = false;
    while ((size = read(watch->fd, buffer, sizeof(buffer))) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(buffer + at);
            if (event->mask & IN_Q_OVERFLOW)
                overflow = true;
            else
                again |= on_event(watch, event);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
    if (again)
        watch_all(watch, false);
    if (overflow)
        report_all(watch);
}

int watch_new(struct ev_loop *loop, const struct watch_folders *top, watch_changed changed, void *data,
              struct watch **ret)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return -ENOMEM;
    *watch = (struct watch){.loop = loop, .changed = changed, .data = data, .fd = -1};
    watch->etc = strdup(top->etc);
    watch->state = strdup(top->state);
    ev_timer_init(&watch->pause, on_pause, PAUSE, 0.);
    watch->pause.data = watch;
    ev_io_init(&watch->io, on_inotify, -1, EV_READ);
    watch->fd = watch->etc && watch->state ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1;
    if (watch->fd < 0) {
        const int r = watch->etc && watch->state ? -errno : -ENOMEM;
        log_warning("Changes of files cannot be watched: %s. They are noticed within the hour, or at the "
                    "next start.",
                    say_error(r));
        watch_free(watch);
        return r;
    }
    ev_io_set(&watch->io, watch->fd, EV_READ);
    watch->io.data = watch;
    /* A change of a grant file is handled before a call that came after it. */
    ev_set_priority(&watch->io, EV_MAXPRI);
    ev_io_start(loop, &watch->io);
    for (int folder = 0; folder < FOLDERS; folder++)
        watch->descriptors[folder] = NONE;
    watch_all(watch, true);
    *ret = watch;
    return 0;
}

bool watch_renew(struct watch *watch)
{
    bool whole = true;
    watch_all(watch, false);
    for (int folder = 0; folder < FOLDERS; folder++)
        whole &= watch->descriptors[folder] >= 0;
    return whole;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    ev_io_stop(watch->loop, &watch->io);
    ev_timer_stop(watch->loop, &watch->pause);
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->etc);
    free(watch->state);
    free(watch);
}
