/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every way in which a check can end, in one table: the word in accesspkg-submit's answer ("": only the module reaches
 * this verdict), the PAM code, the priority and the words of the journal line, and what the person is told when
 * accesspkg-submit sent no text. That text follows "PACKAGE on HOST: ", is one line, and says what to do; PACKAGE in it
 * is replaced by the packages to ask for. Zero refuses. PAM_IGNORE stands here exactly twice, PAM_SUCCESS once.
 */
#pragma once

#include <security/pam_modules.h>
#include <syslog.h>

#define VERDICT_TABLE(X)                                                                                     \
    X(NO_ANSWER, "", PAM_AUTHINFO_UNAVAIL, LOG_ERR, "accesspkg-submit gave no answer",                       \
      VERDICT_TEXT_UNAVAILABLE)                                                                              \
    X(UNAVAILABLE, "unavailable", PAM_AUTHINFO_UNAVAIL, LOG_ERR, "accesspkgd does not answer",               \
      VERDICT_TEXT_UNAVAILABLE)                                                                              \
    X(NO_SUCH_PACKAGE, "no-such-package", PAM_AUTHINFO_UNAVAIL, LOG_ERR,                                     \
      "no file in packages.d defines this package",                                                          \
      "there is no access package of this name. Please tell an administrator; trying again will not help.")  \
    X(NO_PACKAGE, "", PAM_AUTHINFO_UNAVAIL, LOG_ERR, "the service file names no package that could exist",   \
      "no access package is named for this way in. Please tell an administrator; trying again will not "     \
      "help.")                                                                                               \
    X(NO_DIRECTORY, "", PAM_AUTHINFO_UNAVAIL, LOG_ERR, "the user could not be looked up",                    \
      VERDICT_TEXT_UNAVAILABLE)                                                                              \
    X(INVALID_USER, "invalid-user", PAM_PERM_DENIED, LOG_NOTICE, "no such user",                             \
      "this account is not known here. Please tell an administrator.")                                       \
    X(INVALID_NAME, "invalid-name", PAM_PERM_DENIED, LOG_NOTICE,                                             \
      "the user's name is too long or is not UTF-8",                                                         \
      "the name of this account is too long or not UTF-8, so it cannot have access. Please tell an "         \
      "administrator.")                                                                                      \
    X(NO_GRANT, "no-grant", PAM_PERM_DENIED, LOG_NOTICE, "no valid grant",                                   \
      "you do not hold this access package. Please ask for it: pkg-request submit PACKAGE. Or ask an "       \
      "administrator.")                                                                                      \
    X(AT_ONCE, "at-once", PAM_PERM_DENIED, LOG_NOTICE, "no valid grant; the package needs no approval",      \
      "you do not hold this access package. Please ask for it: pkg-request submit PACKAGE")                  \
    X(LOCKED, "", PAM_PERM_DENIED, LOG_NOTICE, "the user is locked",                                         \
      "your access to this host is locked. Please ask its administrators.")                                  \
    X(REFUSED, "refused", PAM_PERM_DENIED, LOG_NOTICE, "no request was accepted",                            \
      "you may not ask for this access package. Please ask an administrator who may.")                       \
    X(FILED, "filed", PAM_PERM_DENIED, LOG_NOTICE, "a request was filed",                                    \
      "your request waits for approval. Please try again once it is approved.")                              \
    X(EXISTING, "existing", PAM_PERM_DENIED, LOG_NOTICE, "the request is open already",                      \
      "your request waits for approval. Please try again once it is approved.")                              \
    X(REASON_WANTED, "reason-wanted", PAM_PERM_DENIED, LOG_NOTICE, "a reason is wanted, and was not taken",  \
      "a reason is wanted for this. Please give one: pkg-request submit PACKAGE -m 'REASON'")                \
    X(CROWDED, "", PAM_PERM_DENIED, LOG_NOTICE,                                                              \
      "a request is open; too many logins wait, or one of the user's",                                       \
      "too many logins wait here already, or another one of yours, so this one does not. The request is "    \
      "filed.")                                                                                              \
    X(DENIED, "denied", PAM_PERM_DENIED, LOG_NOTICE, "the request was denied",                               \
      "your request was denied. To see why: pkg-request list")                                               \
    X(FULFILLING, "fulfilling", PAM_PERM_DENIED, LOG_NOTICE, "the access is not in place yet",               \
      "your access is being set up. Please try again in a moment.")                                          \
    X(GRANTED, "granted", PAM_PERM_DENIED, LOG_NOTICE, "accesspkgd says granted, the grant file does not",   \
      "your access is being set up. Please try again in a moment.")                                          \
    X(HELD, "", PAM_SUCCESS, LOG_DEBUG, "a valid grant", "")                                                 \
    X(EXEMPT, "", PAM_IGNORE, LOG_DEBUG, "uid 0 is exempt", "")                                              \
    X(REPORTED, "", PAM_IGNORE, LOG_NOTICE, "mode=report", "")

#define VERDICT_TEXT_UNAVAILABLE                                                                             \
    "whether you may enter could not be found out. Please try again in a minute, or tell an administrator."

enum verdict {
#define X(symbol, word, code, priority, why, text) VERDICT_##symbol,
    VERDICT_TABLE(X)
#undef X
        VERDICT_COUNT
};

/* The PAM codes alone, for pam_accesspkg.c, which does without the table. */
enum verdict_code {
#define X(symbol, word, code, priority, why, text) VERDICT_CODE_##symbol = (code),
    VERDICT_TABLE(X)
#undef X
};

struct verdict_row {
    const char *word;
    int code;
    int priority;
    const char *why;
    const char *text;
};

const struct verdict_row *verdict_row(enum verdict verdict);

/* VERDICT_NO_ANSWER for an unknown word. */
enum verdict verdict_from_word(const char *word);
