/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a question takes for yes and for no (cli/prompt.c), in the language of who is asked. */
#include "cli/prompt.h"
#include "tests/support/suite.h"

#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

struct answer {
    const char *text;
    bool yes, no;
};

static void check(const struct answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(prompt_is_yes(answers[i].text) == answers[i].yes &&
                          prompt_is_no(answers[i].text) == answers[i].no,
                      "'%s' in %s", answers[i].text, getenv("LC_ALL"));
}

static const struct answer anywhere[] = {
    {"y", true, false},       {"Y", true, false},   {"yes", true, false},          {"YES", true, false},
    {"", false, false},       {"n", false, true},   {"no", false, true},           {"yess", false, false},
    {" y", false, false},     {"y ", false, false}, {"yet another", false, false}, {"\xff", false, false},
    {"\u6f22", false, false},
};

START_TEST(yes_is_yes_in_each_locale)
{
    static const char *const locales[] = {"C", "C.UTF-8", "POSIX", "xx_XX"};

    setenv("LC_ALL", locales[_i], 1);
    check(anywhere, sizeof(anywhere) / sizeof(*anywhere));
}
END_TEST

/* Compiles a locale into a folder of the test's own: hosts have few. False: there are no sources. */
static bool make_locale(const char *folder, const char *source, const char *name)
{
    char command[512];

    if (access("/usr/share/i18n/locales/de_DE", R_OK) != 0)
        return false;
    snprintf(command, sizeof(command), "localedef -i %s -f UTF-8 %s/%s >/dev/null 2>&1", source, folder,
             name);
    ck_assert_int_eq(system(command), 0);
    setenv("LOCPATH", folder, 1);
#ifdef __SANITIZE_ADDRESS__
    __lsan_disable(); /* newlocale(3) loses a list at each look along LOCPATH */
#endif
    setenv("LC_ALL", name, 1);
    return true;
}

static const struct {
    const char *source, *name;
    struct answer answers[8];
} languages[] = {
    {"de_DE",
     "de_DE.UTF-8",
     {{"j", true, false},
      {"J", true, false},
      {"ja", true, false},
      {"JA", true, false},
      {"jein", false, false},
      {"Just a moment", false, false},
      {"nein", false, true}}},
    {"fr_FR",
     "fr_FR.UTF-8",
     {{"o", true, false}, {"Oui", true, false}, {"ouille", false, false}, {"non", false, true}}},
};

/* One language for each process: rpmatch(3) keeps what it compiled. */
START_TEST(yes_is_also_the_users_word)
{
    char folder[] = "/tmp/locales-XXXXXX", command[64];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (make_locale(folder, languages[_i].source, languages[_i].name)) {
        check(anywhere, sizeof(anywhere) / sizeof(*anywhere));
        for (const struct answer *answer = languages[_i].answers; answer->text; answer++)
            check(answer, 1);
    }
    /* Nothing else of the process speaks it. */
    ck_assert_str_eq(setlocale(LC_MESSAGES, NULL), "C");
    snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
    suite_case("yes", NULL, NULL);
    suite_loop(yes_is_yes_in_each_locale, 0, 4);
    suite_loop(yes_is_also_the_users_word, 0, 2);
    return suite_run();
}
