# shellcheck shell=bash disable=SC2154,SC2016 # $debs and the like come from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same sources make the same packages. Sourced by tests/packages/run.

# As from a source archive, that somebody unpacked with other modes long ago.
built_elsewhere()
{
    local tree=$all/elsewhere/tree made=$all/elsewhere/out file
    mkdir -p "$tree"
    git ls-files -z | tar -c --null --files-from=- | tar -x -C "$tree"
    find "$tree" -exec touch -d 2001-01-01 {} + -exec chmod go-rwx {} +
    run env TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nonexistent sh -c 'umask 077; exec "$0" "$1"' "$tree/packaging/build-deb" "$made"
    succeeded
    for file in "$debs"/*.deb "$debs"/*.dsc "$debs"/*.tar.xz; do
        cmp "$file" "$made/${file##*/}" || complain "${file##*/} should have the same bytes"
    done
}

it "built later, in another folder, with other modes and another time zone: the same bytes" built_elsewhere
