/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/check.h"

#include "cli/helper.h"
#include "common/cleanup.h"

#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

char *check_read_output(int written)
{
    const off_t size = written >= 0 ? lseek(written, 0, SEEK_END) : -1;
    _cleanup_free_ char *text = size >= 0 ? calloc(1, (size_t)size + 1) : NULL;

    return text && pread(written, text, (size_t)size, 0) == size ? steal_ptr(text) : NULL;
}

/* The lines with this word, without it: it comes first, or behind the place ("DIR/a.conf:2: error: ..."). */
static json_t *lines_of(const char *text, const char *word)
{
    json_t *lines = json_array();

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t length = strcspn(line, "\n"), skip = strlen(word);
        const char *const colon = memmem(line, length, ": ", 2);
        const size_t place = strncmp(line, word, skip) == 0 || !colon ? 0 : (size_t)(colon + 2 - line);

        if (strncmp(line + place, word, skip) == 0 &&
            json_array_append_new(lines, json_sprintf("%.*s%.*s", (int)place, line,
                                                      (int)(length - place - skip), line + place + skip)) < 0)
            output_no_memory();
    }
    return lines;
}

int check_run(const struct invocation *invocation, const char *folder, int out)
{
    char *const argv[] = {(char *)"accesspkgd", (char *)"--check-config", (char *)folder,
                          invocation->no_lookup ? (char *)"no-lookup" : NULL, NULL};

    return helper_run_with(invocation, argv, out);
}

int check_draft(const struct invocation *invocation, const char *package, int out)
{
    char *const argv[] = {(char *)"accesspkgd", (char *)"--check-draft", (char *)package, NULL};

    return helper_run_with(invocation, argv, out);
}

/* With --json splits the output into errors and warnings, without its last line, which sums up. */
int check_config(struct invocation *invocation)
{
    const char *folder = invocation->n_operands > 0 ? invocation->operands[0] : NULL;

    if (invocation->no_lookup && !folder)
        return command_usage(invocation, "--no-lookup needs a DIR: packages.d is this host's own");
    if (!invocation->output.json)
        return check_run(invocation, folder, -1);
    _cleanup_close_ int said = memfd_create("check-config", MFD_CLOEXEC);
    const int code = check_run(invocation, folder, said);
    _cleanup_free_ char *text = check_read_output(said);

    if (!text)
        output_no_memory();
    if (code == EX_UNAVAILABLE)
        return code;
    json_t *problems =
        json_pack("{s:o, s:o}", "errors", lines_of(text, "error: "), "warnings", lines_of(text, "warning: "));
    output_json(&invocation->output, problems);
    json_decref(problems);
    return code;
}

void check_print_output(const struct invocation *invocation, int said)
{
    char text[4096];
    ssize_t got;

    for (off_t at = 0; said >= 0 && (got = pread(said, text, sizeof(text), at)) > 0; at += got)
        fwrite(text, 1, (size_t)got, invocation->output.json ? stderr : stdout);
    fflush(stdout);
}
