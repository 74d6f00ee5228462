# shellcheck shell=bash disable=SC2154 # $here and the like come from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# The whole way on Debian 13: with the packages of Debian 12, as on a host that was one, which those take the place of that are
# built there. Sourced by tests/packages/run.

# build_there: the packages, of the next version, as $all/13/*.deb.
build_there()
{
    local there=$all/build13
    mkdir "$there" && mount -t tmpfs -o mode=755 tmpfs "$there" && mkdir "$there/upper" "$there/work" "$there/root" &&
        mount -t overlay overlay -o "lowerdir=$builder,upperdir=$there/upper,workdir=$there/work" "$there/root" &&
        mount -t proc proc "$there/root/proc" && mkdir "$there/root/tree" &&
        git ls-files -z | tar -c --null --files-from=- | tar -x -C "$there/root/tree" &&
        (cd "$there/root/tree" && add_version 1 packaging/debian/changelog) &&
        chroot "$there/root" /tree/packaging/build-deb /out && mkdir "$all/13" && cp "$there"/root/out/*.deb "$all/13"
}

# depends_there PATTERN: the packages that were built there need this.
depends_there()
{
    run dpkg-deb --field "$all"/13/accesspkg_*.deb Depends
    succeeded
    says "libev4t64"
}

if ! base=$("$here/../host/base" plain trixie) || ! builder=$("$here/../host/base" build trixie); then
    echo "FAILED  a root of Debian 13 could not be made: the lines above say why"
    failed=$((failed + 1))
elif exec 7<"$base" 8<"$builder" && flock -s 7 && flock -s 8 && ! build_there >"$all/13.log" 2>&1; then
    tail -n 30 "$all/13.log"
    echo "FAILED  the packages build there"
    failed=$((failed + 1))
else
    bus_package='' next=13
    # Its systemd knows control groups of version 2 alone, whatever this machine has.
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    it "built there: with its libraries" depends_there
    # shellcheck source=tests/packages/walk.sh
    . "$here/walk.sh"
fi
base=$plain next=next
unset SYSTEMD_NSPAWN_UNIFIED_HIERARCHY
umount -R -l "$all/build13" 2>/dev/null
