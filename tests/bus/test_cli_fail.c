/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the real commands end when the bus, the daemon or their own descriptors fail them. */
#include "cli/calls.h"
#include "cli/runner.h"
#include "tests/support/fake_script.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/* ---- a bus that fails ------------------------------------------------------------------------------------- */

START_TEST(every_error_has_its_exit_code)
{
    struct script line = {"GetRequest", NULL, NULL, NULL, (enum bus_error)_i, "It did not work.", 0};

    run_somewhere(FAKE_PIPES, NULL, &line, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, bus_error_exit_code((enum bus_error)_i));
    ck_assert_str_eq(result.err, "pkg-approve: It did not work.\n");
    ck_assert_str_eq(result.out, "");
}
END_TEST

static struct fake_reply fail_with(const char *method, const json_t *arguments, void *data)
{
    (void)method;
    (void)arguments;
    return (struct fake_reply){.error = data, .message = "detail \x1b[2J"};
}

START_TEST(failures_of_the_bus_say_what_to_do)
{
    static const struct {
        const char *name, *says;
        int code;
    } failures[] = {
        {DBUS_ERROR_ACCESS_DENIED, "systemd-sysusers accesspkg.conf; systemctl reload dbus", EX_NOPERM},
        {DBUS_ERROR_NO_REPLY, "whether it was done is not known", EX_UNAVAILABLE},
        {DBUS_ERROR_UNKNOWN_METHOD, "is another version", EX_UNAVAILABLE},
        {DBUS_ERROR_SPAWN_EXEC_FAILED, "systemctl status accesspkgd", EX_UNAVAILABLE},
        {"org.accesspkg1.Error.Unheard", "systemctl status accesspkgd", EX_UNAVAILABLE},
    };

    fake.answer = fail_with;
    fake.data = (char *)failures[_i].name;
    fake_manager_run(&fake, WORDS("pkg-approve", "list"), FAKE_PIPES, NULL, &result);
    ck_assert_int_eq(result.code, failures[_i].code);
    SHOWS(result.err, failures[_i].says);
    SHOWS(result.err, "(detail \\x1b[2J)");
}
END_TEST

START_TEST(answers_of_other_types_are_refused)
{
    static const struct script lines[] = {ANSWERS("GetRequest", NULL, "s", "[\"text\"]")};
    static const struct script list[] = {ANSWERS("ListRequests", NULL, "", "[]")};

    RUN(lines, "pkg-approve", "show", "1");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "is another version");
    RUN(list, "pkg-approve", "list");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
}
END_TEST

START_TEST(no_daemon)
{
    RUN_UNASKED("pkg-approve", "approve", "1", "2");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "request 1: accesspkgd does not run");
    SHOWS(result.err, "systemctl status accesspkgd");
    SHOWS(result.err, "request 2 was not tried");
}
END_TEST

START_TEST(no_bus)
{
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    RUN_UNASKED("pkg-request");
    ck_assert_int_eq(result.code, EX_UNAVAILABLE);
    SHOWS(result.err, "pkg-request: the system bus cannot be reached");
}
END_TEST

static int call_once(struct invocation *invocation)
{
    struct client_error error;
    json_t *value = NULL;

    if (calls_call(invocation, client_message("GetStatus", "", NULL), JSON_OBJECT, &value, &error) < 0)
        return calls_report(invocation, &error);
    return 0;
}

/* Runs the program above, whose deadline is short, and returns its wait status and what it said. */
static int run_with_deadline(char *ret_said, size_t size)
{
    static const struct command commands[] = {{"call", "", 0, 0, 0, call_once, "calls"}, {0}};
    static const struct program program = {"prog", "waits", commands, 1, NULL};
    char *argv[] = {(char *)"prog", NULL};
    int ends[2], status;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        sigset_t all;

        dup2(ends[1], STDERR_FILENO);
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        _exit(runner_main(&program, 1, argv));
    }
    close(ends[1]);
    ssize_t length = read(ends[0], ret_said, size - 1);
    ret_said[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* FIELD: a bus that accepts and never answers held libdbus for over a minute. */
START_TEST(a_mute_bus_meets_the_deadline)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char variable[128], said[512];
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), status;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/mute", fake.folder);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    snprintf(variable, sizeof(variable), "unix:path=%s", address.sun_path);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, 1);
    status = run_with_deadline(said, sizeof(said));
    unlink(address.sun_path);
    close(listener);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EX_UNAVAILABLE);
    SHOWS(said, "no answer came over the system bus within 1 s");
}
END_TEST

/* The name is owned, but nobody serves it here. */
START_TEST(a_mute_daemon_meets_the_deadline)
{
    char said[512];
    int status = run_with_deadline(said, sizeof(said));

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EX_UNAVAILABLE);
    SHOWS(said, "Whether it was done is not known");
}
END_TEST

/* ---- descriptors ------------------------------------------------------------------------------------------ */

START_TEST(an_output_that_is_lost_is_an_error)
{
    static const struct script lines[] = {ANSWERS("GetRequest", NULL, "a{sv}", SAMPLE_WHOLE)};

    run_somewhere(FAKE_FULL_STDOUT, NULL, lines, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, EX_IOERR);
    SHOWS(result.err, "No space left");
    run_somewhere(FAKE_FULL_STDOUT, NULL, lines, 1, WORDS("pkg-approve", "show", "1", "--json"));
    ck_assert_int_eq(result.code, EX_IOERR);
    run_somewhere(FAKE_FULL_STDOUT, NULL, NULL, 0, WORDS("pkg-approve", "--help"));
    ck_assert_int_eq(result.code, EX_IOERR);
    run_somewhere(FAKE_CLOSED_STDOUT, NULL, lines, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, EX_IOERR);
}
END_TEST

START_TEST(a_reader_that_has_seen_enough_is_no_error)
{
    static const struct script lines[] = {ANSWERS("GetRequest", NULL, "a{sv}", SAMPLE_WHOLE)};

    run_somewhere(FAKE_BROKEN_PIPE, NULL, lines, 1, WORDS("pkg-approve", "show", "1"));
    ck_assert_int_eq(result.code, 0);
    ck_assert_str_eq(result.err, "");
}
END_TEST

START_TEST(bad_text_never_reaches_the_bus)
{
    RUN_UNASKED("pkg-request", "submit", "db", "-m", "\xff");
    ck_assert_int_eq(result.code, EX_USAGE);
    RUN_UNASKED("pkg-request", "submit", "\xc0\x80");
    ck_assert_int_eq(result.code, EX_USAGE);
    RUN_UNASKED("pkg-approve", "show", "/x");
    ck_assert_int_eq(result.code, EX_USAGE);
}
END_TEST

int main(void)
{
    script_case("what fails", script_setup);
    suite_loop(every_error_has_its_exit_code, 1, BUS_ERROR_COUNT);
    suite_loop(failures_of_the_bus_say_what_to_do, 0, 5);
    suite_add(answers_of_other_types_are_refused, no_bus, a_mute_bus_meets_the_deadline,
              a_mute_daemon_meets_the_deadline, an_output_that_is_lost_is_an_error,
              a_reader_that_has_seen_enough_is_no_error, bad_text_never_reaches_the_bus);
    script_case("no daemon", script_setup_empty);
    suite_add(no_daemon);
    return suite_run();
}
