/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See the header. No deadline runs meanwhile: it runs only during calls. */
#include "cli/prompt.h"

#include "cli/options.h"
#include "common/cleanup.h"
#include "common/names.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool prompt_possible(const struct invocation *invocation)
{
    return !invocation->output.json && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static char *__attribute__((format(printf, 1, 0))) ask_line(const char *format, va_list arguments)
{
    _cleanup_free_ char *text = NULL;
    char *line = NULL;
    size_t size = 0;

    if (vasprintf(&text, format, arguments) < 0)
        output_no_memory();
    _cleanup_free_ char *shown = output_visible(text);
    fputs(shown, stderr);
    fflush(stderr);
    if (getline(&line, &size, stdin) < 0) {
        fputc('\n', stderr);
        free(line);
        return NULL;
    }
    line[strcspn(line, "\n")] = '\0';
    return line;
}

char *prompt_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *line = ask_line(format, arguments);
    va_end(arguments);
    return line;
}

/* What is typed for yes, and for no: rpmatch(3)'s verdict, the word in English, which always counts, and the locale's. */
struct meaning {
    int verdict;
    const char *word;
    nl_item item;
};

/* rpmatch(3) takes all that begins like yes, so that "Just a moment" is one in German: it judges single characters. */
static bool means(const char *answer, const struct meaning *meaning)
{
    const int bytes = mblen(answer, MB_CUR_MAX);
    const char *word = nl_langinfo(meaning->item);

    if (bytes > 0 && !answer[bytes])
        return rpmatch(answer) == meaning->verdict;
    return strcasecmp(answer, meaning->word) == 0 || (*word && strcasecmp(answer, word) == 0);
}

/* The rest of the process goes on in English. */
static bool means_in_locale(const char *answer, const struct meaning *meaning)
{
    const locale_t theirs = newlocale(LC_CTYPE_MASK | LC_MESSAGES_MASK, "", (locale_t)0);
    const locale_t before = theirs ? uselocale(theirs) : (locale_t)0;
    const bool match = means(answer, meaning);

    if (theirs) {
        uselocale(before);
        freelocale(theirs);
    }
    return match;
}

bool prompt_is_yes(const char *answer)
{
    return means_in_locale(answer, &(struct meaning){1, "yes", YESSTR});
}

bool prompt_is_no(const char *answer)
{
    return means_in_locale(answer, &(struct meaning){0, "no", NOSTR});
}

bool prompt_yes(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    _cleanup_free_ char *line = ask_line(format, arguments);
    va_end(arguments);
    return line && prompt_is_yes(line);
}

int prompt_reason(struct invocation *invocation, const char *question, char **ret_asked)
{
    if (invocation->reason || !prompt_possible(invocation))
        return 0;
    *ret_asked = prompt_line("%s", question);
    if (!*ret_asked) {
        output_message(invocation->program->name, "nothing was changed, for no reason was given");
        return 1;
    }
    const int code = options_check_text(invocation, *ret_asked);
    if (code == 0 && !text_is_blank(*ret_asked))
        invocation->reason = *ret_asked;
    return code;
}
