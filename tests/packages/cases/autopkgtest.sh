# shellcheck shell=bash disable=SC2154,SC2016 # $out and the like come from tests/host/lib.sh, $root from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# debian/tests as autopkgtest runs it, which installs the packages, on a host of its own. Sourced by tests/packages/run.

# The host is nobody's: what breaks the test bed breaks nothing. autopkgtest calls it isolation-machine.
autopkgtest_passes()
{
    local host_limit=300
    (cd "$root/root" && dpkg-source --extract "$debs/accesspkg_$version.dsc" tree)
    run host sh -c 'exec autopkgtest --ignore-restrictions=breaks-testbed --no-built-binaries /debs/*.deb /root/tree -- null'
    sed -n '/summary/,$p' "$work/out" "$work/err"
    succeeded
    says "^walk: done$"
    says "^walk *PASS$"
    says_not "SKIP"
}

if begin autopkgtest; then
    it "autopkgtest passes" autopkgtest_passes
else
    tail -n 30 "$work/console.log"
    failed=1
fi
end
