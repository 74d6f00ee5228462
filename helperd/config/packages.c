/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads the folder of package files as one set. Must give no set after an error in any file: a half-read policy must
 * never decide (rule 1). packages_file.c has the rules for one file.
 */
#include "helperd/config/packages.h"

#include "common/cleanup.h"
#include "common/duration.h"
#include "common/inifile.h"
#include "common/names.h"
#include "common/pathlink.h"
#include "common/paths.h"
#include "common/timetext.h"
#include "helperd/config/package_text.h"
#include "helperd/config/packages_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

static const char suffix[] = ".conf";

/* What is read. */
struct reading {
    int folder;
    const char *path; /* its name in messages */
    uid_t owner;
    const char *draft; /* the package whose draft counts in the place of its file; NULL: none */
    struct problems *problems;
};

static bool is_package_file(const char *file)
{
    const size_t length = strlen(file);
    return file[0] != '.' && length >= strlen(suffix) && strcmp(file + length - strlen(suffix), suffix) == 0;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_packages(const void *a, const void *b)
{
    const struct package *of_a = a;
    const struct package *of_b = b;
    return strcmp(of_a->name, of_b->name);
}

static int open_packages(const char *path, uid_t owner, struct problems *problems)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        const int error = errno;
        char link[PATH_MAX];
        if (error == ENOTDIR && path_find_link(path, link, sizeof(link)))
            problems_add(
                problems, true,
                "%s: %s is a symbolic link, and whoever can change where it leads would say who gets in; put "
                "the folder itself there",
                path, link);
        else if (error == ENOENT)
            problems_add(problems, true, "%s: there is no such folder; create it and put package files in it",
                         path);
        else
            problems_add(
                problems, true, "%s: cannot be opened as a folder: %s%s", path, strerrordesc_np(error),
                error == EACCES ? "; accesspkgd reads it as the user accesspkg: `chmod go+rX` it" : "");
        return -error;
    }
    const int rc = inifile_check_owner(fd, path, owner, problems);
    return rc < 0 ? rc : steal_fd(&fd);
}

static int collect_names(DIR *folder, strv *names)
{
    size_t count = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry)
            return -errno;
        if (!is_package_file(entry->d_name))
            continue;
        strv grown = reallocarray(*names, count + 2, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        *names = grown;
        grown[count] = strdup(entry->d_name);
        if (!grown[count++])
            return -ENOMEM;
        grown[count] = NULL;
        if (count > PACKAGES_MAX)
            return -E2BIG;
    }
}

/* A package that has no file yet is among them by its draft. 0 or -errno. */
static int add_draft(const char *draft, strv *names)
{
    _cleanup_free_ char *file = NULL;
    if (asprintf(&file, "%s%s", draft, suffix) < 0) {
        file = NULL;
        return -ENOMEM;
    }
    if (strv_contains(*names, file))
        return 0;
    return strv_length(*names) < PACKAGES_MAX ? strv_add(names, file) : -E2BIG;
}

/* The names of the files, sorted so that problems come in the same order each time. */
static int list_files(const struct reading *reading, strv *ret)
{
    struct problems *const problems = reading->problems;
    const char *const path = reading->path;
    const int copy = fcntl(reading->folder, F_DUPFD_CLOEXEC, 0);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (!folder) {
        const int error = errno;
        if (copy >= 0)
            close(copy);
        problems_add(problems, true, "%s: cannot be read: %s", path, strerrordesc_np(error));
        return -error;
    }
    strv names = NULL;
    int rc = collect_names(folder, &names);
    closedir(folder);
    if (rc == 0 && reading->draft)
        rc = add_draft(reading->draft, &names);
    if (rc == -E2BIG) {
        problems_add(problems, true, "%s: more than %d packages, which are the most; take some away", path,
                     PACKAGES_MAX);
        rc = -EINVAL;
    } else if (rc < 0)
        problems_add(problems, true, "%s: cannot be read: %s", path, strerrordesc_np(-rc));
    if (rc < 0) {
        strv_free(names);
        return rc;
    }
    if (names)
        qsort(names, strv_length(names), sizeof(*names), compare_texts);
    *ret = names;
    return 0;
}

/* Adds the package of one file; a file with errors adds its errors instead. 0 or -ENOMEM. */
static int load_package(const struct reading *reading, const char *file_name, struct packages *set)
{
    struct problems *const problems = reading->problems;
    const size_t before = problems->errors, first = problems->count;
    struct inifile *file = NULL;
    char draft[NAME_MAX + 1] = "";
    if (reading->draft)
        snprintf(draft, sizeof(draft), PATH_DRAFT, reading->draft);
    const size_t stem = strlen(file_name) - strlen(suffix);
    const bool drafted =
        reading->draft && strlen(reading->draft) == stem && strncmp(reading->draft, file_name, stem) == 0;
    const struct inifile_source source = {.folder = reading->folder,
                                          .path = drafted ? draft : file_name,
                                          .label = file_name,
                                          .owner = reading->owner};
    int rc = inifile_load(&source, problems, &file);
    if (rc == -EISDIR)
        return 0;
    if (rc == -ENOENT)
        problems_add(problems, true, "%s: went away while it was read; try again", file_name);
    if (rc < 0)
        return rc == -ENOMEM ? rc : 0;

    struct package package = {0};
    _cleanup_free_ char *name = strndup(file_name, stem);
    if (name && !name_is_package(name))
        inifile_complain(
            file, 0,
            "the file's name is the package's: lower-case letters, digits, '.', '_' and '-', a letter "
            "or digit first, at most %d; rename it",
            NAME_PACKAGE_MAX);
    rc = name ? packages_file_check(file, name, &package) : -ENOMEM;
    inifile_free(file);
    problems_order(problems, first, file_name);
    if (rc == 0 && problems->errors == before)
        rc = package_digest(&package, package.digest);
    if (rc == 0 && problems->errors == before)
        set->items[set->count++] = package;
    else
        package_deinit(&package);
    return rc;
}

static int load_set(const struct reading *reading, strv names, struct packages **ret)
{
    const size_t before = reading->problems->errors;
    struct packages *set = calloc(1, sizeof(*set));
    if (!set)
        return -ENOMEM;
    set->items = calloc(strv_length(names) + 1, sizeof(*set->items));
    int rc = set->items ? 0 : -ENOMEM;
    for (size_t i = 0; names && names[i] && rc == 0; i++)
        rc = load_package(reading, names[i], set);
    if (rc == 0 && reading->problems->errors > before)
        rc = -EINVAL;
    if (rc < 0) {
        packages_free(set);
        return rc;
    }
    /* "a-b.conf" sorts before "a.conf", "a" before "a-b". */
    qsort(set->items, set->count, sizeof(*set->items), compare_packages);
    *ret = set;
    return 0;
}

/* Most hosts separate no duties: then no call looks for any. */
static void note_incompatible(struct packages *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->any_incompatible |= set->items[i].incompatible[0] != NULL;
}

/* A misspelt name would silently allow what it should forbid. */
static void warn_unknown_incompatible(const struct packages *set, struct problems *problems)
{
    for (size_t i = 0; i < set->count; i++)
        for (char *const *name = set->items[i].incompatible; *name; name++)
            if (!packages_find(set, *name))
                problems_add(
                    problems, false,
                    "%s.conf: incompatible names %s, but there is no such package; check its spelling",
                    set->items[i].name, *name);
}

/* Without approval, an extension needs none either; and what nobody approves is bounded (policy_longest). */
static void warn_of_extension(const struct package *package, struct problems *problems)
{
    char longest[DURATION_TEXT_MAX];
    if (package->extension == PACKAGE_EXTENSION_APPROVAL && !package->approval_required)
        problems_add(problems, false,
                     "%s.conf: extension = approval asks nobody where approval = none, so more time is given "
                     "at once; write extension = allowed, or no",
                     package->name);
    else if (package->extension == PACKAGE_EXTENSION_ALLOWED && !package->max_total &&
             package->max_duration != DURATION_FOREVER)
        problems_add(
            problems, false,
            "%s.conf: extension = allowed without max_total: with all its extensions access lasts %s "
            "(max_duration) at most, for no approver is asked; write max_total for another bound",
            package->name, duration_format(package->max_duration, longest));
}

/* By the clock of now: what passes later is said when it is asked for. */
static void warn_of_end(const struct package *package, struct problems *problems)
{
    char end[TIME_TEXT_MAX];
    if (package->not_after && package->not_after <= time(NULL))
        problems_add(
            problems, false,
            "%s.conf: not_after has passed (%s), so nobody can ask for it any more; write a later one, "
            "or take the file away",
            package->name, time_people(package->not_after, end));
}

static int load_packages(const struct reading *reading, struct packages **ret)
{
    struct problems *const problems = reading->problems;
    strv names = NULL;
    struct packages *set = NULL;
    int rc = list_files(reading, &names);
    if (rc == 0)
        rc = load_set(reading, names, &set);
    strv_free(names);
    if (rc == -ENOMEM)
        problems_add(problems, true, "%s: not enough memory to read the packages; try again", reading->path);
    if (rc < 0)
        return rc;
    if (set->count == 0)
        problems_add(problems, false,
                     "%s: no package is defined, so nobody can get access; put a NAME.conf there",
                     reading->path);
    note_incompatible(set);
    warn_unknown_incompatible(set, problems);
    for (size_t i = 0; i < set->count; i++)
        warn_of_extension(&set->items[i], problems);
    for (size_t i = 0; i < set->count; i++)
        warn_of_end(&set->items[i], problems);
    *ret = set;
    return 0;
}

int packages_load_at(int folder, const char *path, uid_t owner, struct packages **ret,
                     struct problems *problems)
{
    const struct reading reading = {folder, path, owner, NULL, problems};
    return load_packages(&reading, ret);
}

int packages_load_draft(const char *folder, uid_t owner, const char *draft, struct packages **ret,
                        struct problems *problems)
{
    _cleanup_close_ int fd = open_packages(folder, owner, problems);
    const struct reading reading = {fd, folder, owner, draft, problems};
    return fd < 0 ? fd : load_packages(&reading, ret);
}

int packages_load(const char *folder, uid_t owner, struct packages **ret, struct problems *problems)
{
    return packages_load_draft(folder, owner, NULL, ret, problems);
}

void packages_free(struct packages *packages)
{
    if (!packages)
        return;
    for (size_t i = 0; i < packages->count; i++)
        package_deinit(&packages->items[i]);
    free(packages->items);
    free(packages);
}

const struct package *packages_find(const struct packages *packages, const char *name)
{
    const struct package wanted = {.name = (char *)name};
    return packages && packages->items
               ? bsearch(&wanted, packages->items, packages->count, sizeof(wanted), compare_packages)
               : NULL;
}
