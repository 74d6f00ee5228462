/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* accesspkg.conf, and that the samples we ship say what they claim. Runs from the top of the source tree. */
#include "common/cleanup.h"
#include "common/config.h"
#include "helperd/config/packages.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static char path[64];
static struct problems problems;
static struct config config;

static void set_up(void)
{
    snprintf(path, sizeof(path), "/tmp/accesspkg-config-XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fchmod(fd, 0644), 0);
    close(fd);
    problems = (struct problems){0};
    config = (struct config){0};
}

static void tear_down(void)
{
    unlink(path);
    problems_deinit(&problems);
}

static int load(const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    return config_load(path, getuid(), &config, &problems);
}

static bool told(const char *fragment)
{
    for (size_t i = 0; i < problems.count; i++)
        if (problems.items[i].error && strstr(problems.items[i].text, fragment))
            return true;
    return false;
}

static void assert_defaults(void)
{
    ck_assert_int_eq(config.pending_per_user, 20);
    ck_assert_int_eq(config.calls_per_user, 8);
    ck_assert_int_eq(config.lookup_timeout, 2);
    ck_assert_int_eq(config.retry_first, 1);
    ck_assert_int_eq(config.keep, (int64_t)400 * 24 * 3600);
    ck_assert_int_eq(config.retry_longest, 3600);
    ck_assert_int_eq(config.membership, CONFIG_MEMBERSHIP_NSS);
    ck_assert_int_eq(config.require_login_id, CONFIG_NO);
    ck_assert_int_eq(config.account_state, CONFIG_YES);
}

START_TEST(a_missing_file_means_the_defaults)
{
    ck_assert_int_eq(config_load("/nonexistent/accesspkg.conf", 0, &config, &problems), 0);
    assert_defaults();
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

START_TEST(an_empty_file_means_the_defaults)
{
    ck_assert_int_eq(load(""), 0);
    assert_defaults();
}
END_TEST

START_TEST(every_setting)
{
    ck_assert_int_eq(load("[limits]\npending_per_user = 3\ncalls_per_user = 4 ; a comment\n"
                          "[lookup]\ntimeout = 5s\n[retry]\nfirst = 6s\nlongest = 7m\n"
                          "[grants]\nmembership = files\n[store]\nkeep = 90d\n"),
                     0);
    ck_assert_int_eq(config.keep, (int64_t)90 * 24 * 3600);
    ck_assert_int_eq(config.pending_per_user, 3);
    ck_assert_int_eq(config.calls_per_user, 4);
    ck_assert_int_eq(config.lookup_timeout, 5);
    ck_assert_int_eq(config.retry_first, 6);
    ck_assert_int_eq(config.retry_longest, 420);
    ck_assert_int_eq(config.membership, CONFIG_MEMBERSHIP_FILES);
}
END_TEST

static const struct {
    const char *text;
    const char *domain; /* NULL: none */
    int gecos;
} mails[] = {
    {"", NULL, CONFIG_YES},
    {"[mail]\n", NULL, CONFIG_YES},
    {"[mail]\ngecos = yes\n", NULL, CONFIG_YES},
    {"[mail]\ngecos = no\n", NULL, CONFIG_NO},
    {"[mail]\ndomain = example.org\n", "example.org", CONFIG_YES},
    {"[limits]\npending_per_user = 3\n[mail]\ndomain = example.org\ngecos = no\n", "example.org", CONFIG_NO},
};

START_TEST(where_mail_goes)
{
    struct config_notices mail = {0};
    ck_assert_int_eq(load(mails[_i].text), 0);
    ck_assert_int_eq(config_load_notices(path, getuid(), &mail, &problems), 0);
    ck_assert_pstr_eq(mail.domain, mails[_i].domain);
    ck_assert_int_eq(mail.gecos, mails[_i].gecos);
    config_notices_deinit(&mail);
}
END_TEST

static const struct {
    const char *url;
    bool is_one;
} urls[] = {
    {"https://db1.example.org:9090/accesspkg", true},
    {"https://cockpit.example.org/@db1/accesspkg", true},
    {"https://[2001:db8::1]:9090/cockpit/=db1/accesspkg", true},
    {"http://db1.example.org:9090/accesspkg", false},
    {"https://", false},
    {"db1.example.org", false},
    {"javascript:alert(1)", false},
    {"https://db1/accesspkg#/waiting", false},
    {"https://db1/accesspkg?x", false},
    {"https://db1/a b", false},
    {"https://db1/<a>", false},
    {"https://d\xc3\xa9/accesspkg", false},
};

START_TEST(where_the_page_is)
{
    char text[256];
    struct config_notices notices = {0};
    snprintf(text, sizeof(text), "[web]\nurl = %s\n", urls[_i].url);
    ck_assert_int_eq(load(text), urls[_i].is_one ? 0 : -EINVAL);
    ck_assert_int_eq(config_load_notices(path, getuid(), &notices, &problems), urls[_i].is_one ? 0 : -EINVAL);
    ck_assert_pstr_eq(notices.url, urls[_i].is_one ? urls[_i].url : NULL);
    config_notices_deinit(&notices);
}
END_TEST

START_TEST(where_mail_goes_without_a_file)
{
    struct config_notices mail = {0};
    ck_assert_int_eq(config_load_notices("/nonexistent/accesspkg.conf", 0, &mail, &problems), 0);
    ck_assert_ptr_null(mail.domain);
    ck_assert_int_eq(mail.gecos, CONFIG_YES);
}
END_TEST

static const struct {
    const char *text;
    const char *error;
} bad[] = {
    {"[limit]\n", ":1: there is no section [limit]"},
    {"[limits]\npending = 3\n", ":2: [limits] has no key pending"},
    {"[lookup]\ncalls_per_user = 3\n", ":2: calls_per_user does not belong in [lookup] but in [limits]"},
    {"[limits]\npending_per_user = 0\n", ":2: pending_per_user = 0: write a whole number from 1 to 10000"},
    {"[limits]\npending_per_user = many\n", ":2: pending_per_user = many: write a whole number"},
    {"[lookup]\ntimeout = 61s\n", ":2: timeout = 61s: longer than allowed here; at most 1m"},
    {"[lookup]\ntimeout = 0s\n", ":2: timeout = 0s: write a duration above zero"},
    {"[retry]\nfirst = 10m\nlongest = 1m\n", ":2: [retry] first is longer than longest"},
    {"[mail]\ngecos = maybe\n", ":2: gecos = maybe: "},
    {"[mail]\ngecos = 1\n", ":2: gecos = 1: "},
    {"[mail]\ndomain = a b\n", ":2: [mail] domain is what stands behind the '@'"},
    {"[store]\nkeep = 29d\n", ":2: keep = 29d: shorter than allowed here; at least 30d"},
    {"[store]\nkeep = 0\n", ":2: keep = 0: write a duration above zero"},
    {"[store]\nkeep = always\n", ":2: keep = always: write a duration above zero"},
    {"pending_per_user = 3\n", ":1: a key before the first section"},
};
enum { N_BAD = sizeof(bad) / sizeof(*bad) };

START_TEST(each_error_has_its_line)
{
    ck_assert_int_eq(load(bad[_i].text), -EINVAL);
    ck_assert_msg(told(bad[_i].error), "wanted %s, got %s", bad[_i].error, problems.items[0].text);
    ck_assert_int_eq(config.pending_per_user, 0); /* untouched */
}
END_TEST

/* Rule 1. */
START_TEST(a_file_that_others_may_write_is_refused)
{
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert_int_eq(config_load(path, getuid(), &config, &problems), -EINVAL);
    ck_assert(told("others than its owner may write to it"));
}
END_TEST

START_TEST(somebody_else_s_file_is_refused)
{
    ck_assert_int_eq(config_load(path, getuid() + 1, &config, &problems), -EINVAL);
    ck_assert(told("belongs to uid"));
}
END_TEST

START_TEST(a_folder_is_refused)
{
    ck_assert_int_lt(config_load("/tmp", 0, &config, &problems), 0);
    ck_assert(told("tmp: is a folder"));
}
END_TEST

/* ---- the samples ------------------------------------------------------------------------------------------------ */

static char *read_text(const char *sample)
{
    char *text = NULL;
    size_t size = 0;
    _cleanup_fclose_ FILE *in = fopen(sample, "re");
    ck_assert_msg(in != NULL, "%s is not there; this suite runs from the top of the tree", sample);
    ck_assert_int_gt(getdelim(&text, &size, 0, in), 0);
    return text;
}

/* The shipped file as it is, and again with every setting's '#' taken away. */
START_TEST(the_shipped_settings_are_the_defaults)
{
    _cleanup_free_ char *text = read_text("conf/accesspkg.conf");
    ck_assert_int_eq(load(text), 0);
    assert_defaults();

    int settings = 0;
    for (char *line = strstr(text, "\n#"); line; line = strstr(line + 1, "\n#"))
        if (line[2] >= 'a' && line[2] <= 'z') {
            memmove(line + 1, line + 2, strlen(line + 2) + 1);
            settings++;
        }
    ck_assert_int_eq(settings, 10);
    ck_assert_int_eq(load(text), 0);
    assert_defaults();
    struct config_notices mail = {0};
    ck_assert_int_eq(config_load_notices(path, getuid(), &mail, &problems), 0);
    ck_assert_ptr_null(mail.domain);
    ck_assert_int_eq(mail.gecos, CONFIG_YES);
}
END_TEST

static const struct {
    const char *name;
    size_t stages;
    const char *groups;
} samples[] = {
    {"db-admins", 1, "dbadmins"},
    {"log-reader", 0, "systemd-journal"},
    {"payments-root", 2, "payments-root"},
};
enum { N_SAMPLES = sizeof(samples) / sizeof(*samples) };

/* Copies the samples to where packages are read. */
static void put_samples(const char *folder)
{
    for (int i = 0; i < N_SAMPLES; i++) {
        char copy[128];
        char source[128];
        snprintf(source, sizeof(source), "conf/packages.d/%s.conf.sample", samples[i].name);
        snprintf(copy, sizeof(copy), "%s/%s.conf", folder, samples[i].name);
        _cleanup_free_ char *text = read_text(source);
        folder_write(copy, text);
    }
}

/* As an administrator installs them: all at once, for they may name each other. */
START_TEST(the_samples_are_packages_without_a_warning)
{
    char folder[FOLDER_MAX];
    struct packages *packages = NULL;
    folder_make(folder);
    put_samples(folder);
    const int rc = packages_load(folder, getuid(), &packages, &problems);
    folder_remove(folder);
    ck_assert_msg(rc == 0 && problems.count == 0, "%s",
                  problems.count ? problems.items[0].text : strerror(-rc));
    ck_assert_uint_eq(packages->count, N_SAMPLES);
    for (int i = 0; i < N_SAMPLES; i++) {
        const struct package *package = packages_find(packages, samples[i].name);
        ck_assert_ptr_nonnull(package);
        ck_assert_uint_eq(package->n_stages, samples[i].stages);
        ck_assert_str_eq(package->groups[0], samples[i].groups);
    }
    packages_free(packages);
}
END_TEST

enum { N_RECIPES = 8 };

/* A block of the cookbook, from its first line "# /etc/accesspkg/packages.d/NAME.conf" on, as a file of the folder. */
static void put_recipe(const char *folder, char *block)
{
    char file[128];
    static const char head[] = "# /etc/accesspkg/packages.d/";
    char *end = strstr(block, "\n```");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    ck_assert_msg(strncmp(block, head, strlen(head)) == 0, "%s", block);
    const char *name = block + strlen(head);
    snprintf(file, sizeof(file), "%s/%.*s", folder, (int)strcspn(name, "\n"), name);
    ck_assert_int_lt(access(file, F_OK), 0);
    folder_write(file, block);
    *end = '\n';
}

START_TEST(the_cookbook_s_packages_are_packages_without_a_warning)
{
    static const char fence[] = "\n```ini\n";
    char folder[FOLDER_MAX];
    size_t count = 0;
    struct packages *packages = NULL;
    _cleanup_free_ char *text = read_text("docs/COOKBOOK.md");
    folder_make(folder);
    for (char *block = strstr(text, fence); block; block = strstr(block + 1, fence)) {
        ck_assert_uint_lt(count, N_RECIPES);
        put_recipe(folder, block + strlen(fence));
        count++;
    }
    const int rc = packages_load(folder, getuid(), &packages, &problems);
    folder_remove(folder);
    ck_assert_msg(rc == 0 && problems.count == 0, "%s",
                  problems.count ? problems.items[0].text : strerror(-rc));
    ck_assert_uint_eq(packages->count, N_RECIPES);
    packages_free(packages);
}
END_TEST

static const char *const pam_samples[] = {"conf/pam.d/sshd.sample", "conf/pam.d/login.sample",
                                          "conf/pam.d/su.sample", "conf/pam.d/sudo.sample",
                                          "conf/pam.d/polkit-1.sample"};
enum { N_PAM_SAMPLES = sizeof(pam_samples) / sizeof(*pam_samples) };

/* Rule 1: nothing above our line may end the phase, and something that says yes or no stands below it. */
START_TEST(each_pam_sample_asks_before_anything_can_end_the_phase)
{
    static const char *const harmless[] = {"account required pam_nologin.so",
                                           "account [success=1 default=ignore] pam_rootok.so"};
    static const char ours[] = "account required pam_accesspkg.so package=db-admins";
    _cleanup_free_ char *text = read_text(pam_samples[_i]);
    bool asked = false;
    bool below = false;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == '#')
            continue;
        strv words = strv_split(line);
        _cleanup_free_ char *plain = strv_join(words, " ");
        strv_free(words);
        if (!asked && strcmp(plain, ours) == 0)
            asked = true;
        else if (!asked)
            ck_assert_msg(strcmp(plain, harmless[0]) == 0 || strcmp(plain, harmless[1]) == 0, "%s", plain);
        else
            below = below || strcmp(plain, "@include common-account") == 0;
    }
    ck_assert(asked && below);
}
END_TEST

int main(void)
{
    suite_case("accesspkg.conf", set_up, tear_down);
    suite_add(a_missing_file_means_the_defaults, an_empty_file_means_the_defaults, every_setting);
    suite_rows(where_mail_goes, mails);
    suite_rows(where_the_page_is, urls);
    suite_add(where_mail_goes_without_a_file);
    suite_loop(each_error_has_its_line, 0, N_BAD);
    suite_add(a_file_that_others_may_write_is_refused, somebody_else_s_file_is_refused, a_folder_is_refused);
    suite_case("samples", set_up, tear_down);
    suite_add(the_shipped_settings_are_the_defaults, the_samples_are_packages_without_a_warning,
              the_cookbook_s_packages_are_packages_without_a_warning);
    suite_loop(each_pam_sample_asks_before_anything_can_end_the_phase, 0, N_PAM_SAMPLES);
    return suite_run();
}
