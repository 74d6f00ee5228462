/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accesspkg-lookup: answers accesspkgd's questions about users and groups, in a process of its own, because a look-up
 * may leave the host and hang. accesspkgd runs several, each with one question at a time, and kills one that does not
 * answer in time. It decides nothing and must never write anywhere but to stdout.
 *
 * On stdin one JSON object a line, the question: {"caller": UID, "user": NAME, "groups": [NAME, ...], "gids": [GID,
 * ...], "others": [NAME, ...], "names": [NAME or %GROUP, ...], "principals": [NAME or %GROUP, ...], "holders": {%GROUP:
 * [{"name", "uid", "gid"}, ...]}, "names_only": BOOL, "addresses": BOOL, "patience": MILLISECONDS}, each member optional. "holders" have the group by a
 * package, which no look-up of the group shows; they count as its members. On stdout the answer, one JSON object a
 * line, those that are known before each look-up that may take long, so that one that hangs costs nothing that was found before. What local files
 * can answer comes first, the groups of users later:
 *
 *     {"caller": SUBJECT}
 *     {"user": SUBJECT, "user_gone": whether /etc/passwd does not have it either}
 *     {"other": INDEX, "subject": SUBJECT}
 *     {"group": INDEX, "gid": GID, "local": whether /etc/group has it, "alias": another name that the gid has}
 *     {"number": INDEX, "name": NAME}                          of "gids"
 *     {"groups_of": "caller", "user" or the INDEX of another, "names": [NAME, ...], "gids": [GID, ...], "all": whether
 *      every directory answered}                               not with "names_only"
 *     {"named": INDEX, "as": NAME, "id": the uid or gid, "local": whether the files of this host have it}  of "names"
 *     {"principals": true}                                     only principals follow:
 *     {"principal": INDEX, "local": BOOL, "exists": BOOL, "people": [{"name", "uid", "gecos"}],
 *      "whole": BOOL, "unanswered": BOOL}
 *     {"end": true}
 *
 * SUBJECT, GID and NAME are null for what does not exist, and false when the look-up failed, which is no absence (rule
 * 1). The lines of a principal add up; "whole" says that all of its people were listed: those who may log in; with
 * "addresses" all, with their GECOS field. The look-ups of principals have a time limit ("patience"), so that a large
 * group in a slow directory does not delay the end of the answer.
 */
#include "helperd/lookup/answer.h"
#include "helperd/lookup/find.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    IDLE_SECONDS = 60 /* then an idle process ends; accesspkgd starts another when it needs one */
};

int main(void)
{
    const struct timeval idle = {.tv_sec = IDLE_SECONDS};
    setsockopt(STDIN_FILENO, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
    for (;;) {
        json_t *question = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL);
        if (!question)
            return 0;
        find_begin();
        answer_question(question);
        json_decref(question);
    }
}
