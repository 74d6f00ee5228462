/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of groups in /etc/group. What must hold:
 * MUST 1  only groups whose gid, as /etc/group has it, is on the allow-list by their name; never gid 0;
 * MUST 2  only gpasswd writes, one member at a time;
 * MUST 3  who was added is noted before, and only who is noted is taken out (rule 6, notes.h);
 * MUST 4  a success is one that /etc/group shows.
 */
#include "helperd/privileged/members.h"

#include "common/cleanup.h"
#include "common/grantdir.h"
#include "common/groupfile.h"
#include "common/log.h"
#include "common/names.h"
#include "common/paths.h"
#include "common/strv.h"
#include "helperd/privileged/gpasswd.h"
#include "helperd/privileged/holder.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

enum { NAME_LENGTH_MAX = 255 };

static const char *text_argument(const json_t *arguments, size_t index)
{
    const char *text = json_string_value(json_array_get(arguments, index));
    return text ? text : "";
}

bool members_is_name(const char *name)
{
    char visible[NAME_LENGTH_MAX + 8];
    const size_t length = strlen(name);
    return length > 0 && length <= NAME_LENGTH_MAX && *name != '-' && *name != '+' &&
           strcspn(name, ":,") == length && strcmp(text_visible(name, visible, sizeof(visible)), name) == 0;
}

/* MUST 1, the part that root wrote down: the gid's entry, which says the name. */
static bool is_allowed(const char *group, gid_t gid)
{
    char name[NAME_ENCODED_MAX + 1];
    return grantdir_allowed_name(PATH_STATE, gid, name, sizeof(name)) == 0 && strcmp(name, group) == 0;
}

/* MUST 1 as a whole. ret_members: new. */
static int find_members(const char *group, gid_t *ret_gid, strv *ret_members, struct answer *answer)
{
    gid_t gid = 0;
    strv members = NULL;
    if (!members_is_name(group))
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "no group can have this name: %s", group);
    const int r = groupfile_find(PATH_ETC "/group", group, &gid, &members);
    if (r == GROUPFILE_E_NONE)
        return answer_refuse(answer, BUS_ERROR_NO_SUCH_GROUP, "the group %s does not stand in /etc/group",
                             group);
    if (r == -ENOTUNIQ)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE,
                             "/etc/group has two lines for the group %s; take one out", group);
    if (r < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "/etc/group cannot be read: %s", strerror(-r));
    if (!is_allowed(group, gid)) {
        strv_free(members);
        return answer_refuse(
            answer, BUS_ERROR_NOT_AUTHORIZED,
            "the group %s with the gid %u is not on the allow-list; if a package names it, run "
            "as root: pkg-admin reload",
            group, gid);
    }
    *ret_gid = gid;
    *ret_members = members;
    return 0;
}

/* What groupfile_find says. */
static int look(const char *group, const char *user, bool *ret_is_member)
{
    strv members = NULL;
    gid_t gid = 0;
    const int r = groupfile_find(PATH_ETC "/group", group, &gid, &members);
    *ret_is_member = r == 0 && strv_contains(members, user);
    strv_free(members);
    return r;
}

static int check_user(const char *user, uid_t *ret_uid, struct answer *answer)
{
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry && errno != 0 && errno != ENOENT && errno != ESRCH)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the user %s could not be looked up: %s", user,
                             strerror(errno));
    /* A directory may find "Alice" where /etc/group must say "alice". */
    if (!entry || strcmp(entry->pw_name, user) != 0)
        return answer_refuse(answer, BUS_ERROR_NO_SUCH_USER, "there is no user %s on this host", user);
    *ret_uid = entry->pw_uid;
    return 0;
}

/* ---- notes ---- */

/* The notes' folder, locked; *ret_folder is to be closed. */
static int open_notes(int *ret_folder, struct answer *answer)
{
    const int fd = notes_open(PATH_NOTES);
    if (fd == -ENOENT)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE,
                             PATH_NOTES
                             " is missing, where members of /etc/group are noted; make it, as root: "
                             "systemd-tmpfiles --create accesspkg.conf");
    if (fd == -EPERM)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE,
                             PATH_NOTES " must be a folder of root's that nobody else can open (mode 0700)");
    if (fd < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, PATH_NOTES " cannot be opened: %s",
                             strerror(-fd));
    *ret_folder = fd;
    return 0;
}

static int refuse_note(const struct note *note, int r, struct answer *answer)
{
    answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the note of %s in %s, in " PATH_NOTES ", failed: %s",
                  note->user, note->group, strerror(-r));
    log_error("%s", answer->message);
    return (int)answer->error;
}

/* The user's note, made or changed. ret_noted: whether there was one. */
static int find_note(int folder, const struct note *wanted, struct note *ret, bool *ret_noted,
                     struct answer *answer)
{
    const int r = notes_find(folder, wanted, ret);
    *ret_noted = r == 0;
    return r < 0 ? refuse_note(wanted, r, answer) : 0;
}

static int put_note(int folder, const struct note *wanted, struct answer *answer)
{
    struct note noted = {0};
    bool is_noted = false;
    if (find_note(folder, wanted, &noted, &is_noted, answer) != 0)
        return (int)answer->error;
    const bool whole = is_noted && !noted.damaged && strcmp(noted.group, wanted->group) == 0;
    const int r = whole ? notes_set_until(folder, &noted, wanted->until) : notes_write(folder, wanted);
    note_deinit(&noted);
    return r < 0 ? refuse_note(wanted, r, answer) : 0;
}

/* ---- changes ---- */

/* MUST 2 and 4. What /etc/group says in the end counts: a gpasswd that failed after its work has done it. */
static int change(const char *option, const char *group, const char *user, int lock, struct answer *answer)
{
    const bool wanted = strcmp(option, "-a") == 0;
    bool is_member = false;
    char said[GPASSWD_SAID_MAX];
    const int outcome = gpasswd_run(option, user, group, lock, said);
    const int r = look(group, user, &is_member);
    if (r != 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE,
                             "/etc/group cannot be read, and it may be done or not: %s",
                             r < 0 ? strerror(-r) : "the group is gone");
    if (is_member == wanted) {
        if (outcome != 0)
            log_warning("%s failed after its work was done: %s", GPASSWD_PROGRAM, said);
        log_notice("%s the group %s in /etc/group: %s", wanted ? "Added to" : "Removed from", group, user);
        return 0;
    }
    answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "%s %s %s %s %s%s%s", GPASSWD_PROGRAM, option, user, group,
                  outcome == -ETIME ? "did not end in time and was ended"
                  : outcome == 0    ? "changed nothing"
                                    : "failed",
                  *said ? ": " : "", said);
    log_error("%s", answer->message);
    return (int)answer->error;
}

/* MUST 3. An addition that failed is ours no more: whoever is found there at the next try was put there by others. */
static int add_noted(int folder, const struct note *note, struct answer *answer)
{
    bool is_member = false;
    int r = put_note(folder, note, answer);
    if (r != 0)
        return r;
    r = change("-a", note->group, note->user, folder, answer);
    if (r == 0)
        return answer_give(answer, json_true());
    if (look(note->group, note->user, &is_member) != 0 || is_member)
        return r;
    const int removed = notes_remove(folder, note);
    if (removed < 0)
        log_error("The note of %s in %s, who was not added, cannot be removed: %s", note->user, note->group,
                  strerror(-removed));
    return r;
}

int members_end(int folder, const struct note *note, bool *ret_removed, struct answer *answer)
{
    struct holder holder = {0};
    int r = holder_find(PATH_ETC, note, &holder);
    if (r < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "/etc/passwd or /etc/group cannot be read: %s",
                             strerror(-r));
    for (char *const *user = holder.users; r == 0 && user && *user; user++) {
        r = change("-d", holder.group, *user, folder, answer);
        *ret_removed |= r == 0;
    }
    holder_deinit(&holder);
    if (r != 0) {
        const int marked =
            notes_set_until(folder, note, NOTE_ENDED); /* tried again, whatever the clock says */
        if (marked < 0)
            log_error("The end of %s in %s cannot be noted: %s", note->user, note->group, strerror(-marked));
        return r;
    }
    r = notes_remove(folder, note);
    return r < 0 ? refuse_note(note, r, answer) : 0;
}

/* ---- methods ---- */

static int check_arguments(const char *user, struct answer *answer)
{
    return members_is_name(user)
               ? 0
               : answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "no user can have this name: %s", user);
}

/* What AddMember and NoteMember are about: names of the arguments, numbers of this host. */
static int read_member(const json_t *arguments, struct note *ret, bool *ret_is_member, struct answer *answer)
{
    strv members = NULL;
    *ret = (struct note){
        .group = (char *)text_argument(arguments, 0),
        .user = (char *)text_argument(arguments, 1),
        .until = json_integer_value(json_array_get(arguments, 2)),
    };
    if (check_arguments(ret->user, answer) != 0 || find_members(ret->group, &ret->gid, &members, answer) != 0)
        return (int)answer->error;
    *ret_is_member = strv_contains(members, ret->user);
    strv_free(members);
    if (ret->until <= 0)
        return answer_refuse(answer, BUS_ERROR_INVALID_ARGUMENT, "a membership ends after the year 1970");
    return check_user(ret->user, &ret->uid, answer);
}

int members_add(const json_t *arguments, struct answer *answer)
{
    _cleanup_close_ int folder = -1;
    struct note note, noted = {0};
    bool is_member = false, is_noted = false;
    int r = open_notes(&folder, answer);
    if (r != 0 || (r = read_member(arguments, &note, &is_member, answer)) != 0)
        return r;
    if (!is_member)
        return add_noted(folder, &note, answer);
    if ((r = find_note(folder, &note, &noted, &is_noted, answer)) != 0)
        return r;
    note_deinit(&noted);
    if (is_noted && (r = put_note(folder, &note, answer)) != 0)
        return r;
    return answer_give(answer, json_boolean(is_noted));
}

int members_note(const json_t *arguments, struct answer *answer)
{
    _cleanup_close_ int folder = -1;
    struct note note;
    bool is_member = false;
    int r = open_notes(&folder, answer);
    if (r != 0 || (r = read_member(arguments, &note, &is_member, answer)) != 0 ||
        (is_member && (r = put_note(folder, &note, answer)) != 0))
        return r;
    return answer_give(answer, json_boolean(is_member));
}

static bool is_of(const struct note *note, const char *group, const char *user)
{
    return strcmp(note->user, user) == 0 && (note->damaged || strcmp(note->group, group) == 0);
}

int members_remove(const json_t *arguments, struct answer *answer)
{
    const char *group = text_argument(arguments, 0);
    const char *user = text_argument(arguments, 1);
    _cleanup_close_ int folder = -1;
    _cleanup_(notes_deinit) struct note_list notes = {0};
    bool found = false, removed = false;
    int r;
    if ((r = check_arguments(user, answer)) != 0 || (r = open_notes(&folder, answer)) != 0)
        return r;
    if ((r = notes_load(folder, &(struct note){.user = (char *)user}, &notes)) < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, PATH_NOTES " cannot be read: %s", strerror(-r));
    for (size_t i = 0; r == 0 && i < notes.count; i++) {
        if (!is_of(&notes.items[i], group, user))
            continue;
        found = true;
        r = members_end(folder, &notes.items[i], &removed, answer);
    }
    if (r != 0)
        return r;
    strv members = NULL;
    if (!found && (r = find_members(group, &(gid_t){0}, &members, answer)) != 0)
        return r;
    if (strv_contains(members, user)) /* MUST 3 */
        log_notice("%s stays in the group %s in /etc/group: no note says that accesspkg added them.", user,
                   group);
    strv_free(members);
    return answer_give(answer, json_boolean(removed));
}

/* Whether the note explains a member. One whom others took out is not ours when put there again: its note goes. */
static int review_note(int folder, const struct note *note, char *const *members, bool *ret_explains)
{
    struct holder holder = {0};
    *ret_explains = strv_contains(members, note->user);
    int r = *ret_explains ? 0 : holder_find(PATH_ETC, note, &holder);
    if (r == 0 && !*ret_explains && !holder.users)
        r = notes_remove(folder, note);
    holder_deinit(&holder);
    return r;
}

/* Adds to `noted` which of the members are. */
static int review_notes(int folder, gid_t gid, char *const *members, json_t *noted)
{
    _cleanup_(notes_deinit) struct note_list notes = {0};
    char visible[1024];
    int r = notes_load(folder, &(struct note){.gid = gid}, &notes);
    for (size_t i = 0; r == 0 && i < notes.count; i++) {
        bool explains = false;
        r = review_note(folder, &notes.items[i], members, &explains);
        if (explains)
            json_array_append_new(noted,
                                  json_string(text_visible(notes.items[i].user, visible, sizeof(visible))));
    }
    return r;
}

int members_list(const json_t *arguments, struct answer *answer)
{
    _cleanup_close_ int folder = -1;
    strv members = NULL;
    gid_t gid = 0;
    int r = open_notes(&folder, answer);
    if (r != 0 || (r = find_members(text_argument(arguments, 0), &gid, &members, answer)) != 0)
        return r;
    json_t *list = json_array(), *noted = json_array();
    char visible[1024];
    /* Not UTF-8: no name that this service would have put there, but one that it shows. */
    for (size_t i = 0; members[i]; i++)
        json_array_append_new(list, json_string(text_visible(members[i], visible, sizeof(visible))));
    r = review_notes(folder, gid, members, noted);
    strv_free(members);
    if (r == 0)
        return answer_give(answer, list) | answer_give(answer, noted);
    json_decref(list);
    json_decref(noted);
    return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, "the notes in " PATH_NOTES " cannot be read: %s",
                         strerror(-r));
}

int members_list_notes(const json_t *arguments, struct answer *answer)
{
    (void)arguments;
    _cleanup_close_ int folder = -1;
    _cleanup_(notes_deinit) struct note_list notes = {0};
    int r = open_notes(&folder, answer);
    if (r != 0)
        return r;
    if ((r = notes_load(folder, &(struct note){0}, &notes)) < 0)
        return answer_refuse(answer, BUS_ERROR_UNAVAILABLE, PATH_NOTES " cannot be read: %s", strerror(-r));
    json_t *users = json_array(), *groups = json_array();
    char visible[1024];
    for (size_t i = 0; i < notes.count; i++) {
        json_array_append_new(users,
                              json_string(text_visible(notes.items[i].user, visible, sizeof(visible))));
        json_array_append_new(groups,
                              json_string(text_visible(notes.items[i].group, visible, sizeof(visible))));
    }
    return answer_give(answer, users) | answer_give(answer, groups);
}
