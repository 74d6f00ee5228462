/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One package file's text: whatever it holds, it is a package that keeps its promises or has errors. */
#include "common/names.h"
#include "helperd/config/packages_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool promise)
{
    if (!promise)
        abort();
}

static void check_package(const struct package *package)
{
    expect(package->groups && package->groups[0] && !strv_contains(package->groups, "root"));
    expect(package->requestors && package->description && text_is_utf8(package->description));
    expect(package->duration > 0 && package->duration <= package->max_duration);
    expect(package->approval_required == (package->n_stages > 0));
    expect(package->emergency && package->emergency_duration > 0);
    expect(!package->emergency[0] || package->approval_required);
    for (size_t i = 0; i < package->n_stages; i++) {
        const struct package_stage *stage = &package->stages[i];
        expect(stage->approvers && stage->approvers[0] && stage->fallback_approvers);
        expect(stage->quorum >= 1 && stage->timeout > 0);
        expect(!stage->escalate_after ||
               (stage->escalate_after < stage->timeout && stage->fallback_approvers[0]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems problems = {0};
    struct package package = {0};
    struct inifile *file = inifile_parse("fuzz.conf", (const char *)data, size, &problems);
    expect(file != NULL);
    expect(packages_file_check(file, "fuzz", &package) == 0);
    if (problems.errors == 0)
        check_package(&package);
    for (size_t i = 0; i < problems.count; i++)
        expect(text_is_utf8(problems.items[i].text));
    package_deinit(&package);
    inifile_free(file);
    problems_deinit(&problems);
    return 0;
}
