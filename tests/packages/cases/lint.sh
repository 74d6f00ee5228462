# shellcheck shell=bash disable=SC2154 # $debs and the like come from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# What lintian says. Sourced by tests/packages/run.

lintian_is_silent()
{
    run lintian --allow-root --pedantic --display-info --fail-on error,warning,info,pedantic "$debs"/*.changes
    succeeded
}

it "lintian finds nothing" lintian_is_silent
