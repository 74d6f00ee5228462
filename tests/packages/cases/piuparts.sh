# shellcheck shell=bash disable=SC2154 # $debs and the like come from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# What piuparts says of installing, removing and purging in a root that is not booted. Sourced by tests/packages/run.

piuparts_passes()
{
    run packaging/deps install piuparts
    succeeded
    run piuparts --existing-chroot="$base" --keep-sources-list --no-eatmydata --no-adequate \
        "$debs"/accesspkg*.deb "$debs"/lib*.deb
    succeeded
    says "PASS: All tests"
}

it "piuparts finds nothing" piuparts_passes
