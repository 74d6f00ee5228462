# shellcheck shell=bash disable=SC2154,SC2016 # $out and the like come from tests/host/lib.sh, $root from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# dpkg puts an older version in the place of a newer one where it reads the store, and refuses where it does not. Sourced by
# tests/packages/run.

# one_step_more FILE: in schema.c, the last one, as a newer version has it.
one_step_more()
{
    sed -i -z 's/\n};\n#pragma GCC diagnostic pop/\n    "CREATE TABLE later (a INTEGER) STRICT;",&/' "$1"
}

put() # FOLDER
{
    host env DEBIAN_FRONTEND=noninteractive sh -c 'dpkg --install "$0"/accesspkg_*.deb "$0"/lib*.deb' "$1"
}

newest()
{
    host accesspkgd --version | sed 's/.* store format //'
}

# Somebody holds a package, and figures are written.
is_in_use()
{
    host useradd --create-home alice
    host groupadd dbadmins
    run apt install '/debs/accesspkg_*.deb' '/debs/lib*.deb'
    succeeded
    printf '%s\n' '[package]' 'groups = dbadmins' '[policy]' 'approvers = root' 'duration = 1h' \
        >"$root/etc/accesspkg/packages.d/db-admins.conf"
    host pkg-admin reload
    host pkg-admin assign db-admins alice -d 1h -m "across the versions"
    host systemctl enable --now accesspkg-metrics.timer
}

serves() # VERSION
{
    run host dpkg-query -W -f '${Version} ${db:Status-Status}\n' accesspkg libpam-accesspkg libnss-accesspkg
    [[ $out == "$1 installed"$'\n'"$1 installed"$'\n'"$1 installed" ]] || complain "all should be of version $1"
    run host pkg-admin holders
    says alice
    run host id -nG alice
    says dbadmins
    run host sh -c 'readlink /proc/$(systemctl show -P MainPID accesspkgd)/exe'
    says_not deleted
}

goes_back()
{
    run apt install '/next/accesspkg_*.deb' '/next/lib*.deb'
    succeeded
    serves "$version+1"
    run put /debs
    succeeded
    serves "$version"
    host systemctl is-active --quiet accesspkg-metrics.timer
    host pkg-admin backup /root/older.db
}

is_refused()
{
    local format
    format=$(newest)
    run put /newer
    succeeded
    serves "$version+2"
    [[ $(newest) == $((format + 1)) ]] || complain "it should know one format more"
    # The number is in the file, not in its log, which a crash would leave behind.
    host systemctl kill -s KILL accesspkgd
    wait_for 30 host pkg-admin status
    run put /debs
    refused
    says "^accesspkg: state.db was brought to format $((format + 1)), and accesspkgd of accesspkg $version knows formats up to $format.$"
    says "accesspkg $version+2 reads it"
    serves "$version+2"
    run host pkg-admin status
    succeeded
}

# Removed, its store kept: the older one does not come in its place either.
not_installed()
{
    run apt remove accesspkg
    succeeded
    run put /debs
    refused
    says "^accesspkg: state.db was brought to format"
}

# As the message says.
goes_back_by_backup()
{
    host sh -c 'mkdir /root/newer && mv /var/lib/accesspkg/state.db* /root/newer'
    run put /debs
    succeeded
    run host sh -c 'systemctl stop accesspkgd.socket accesspkgd && pkg-admin restore /root/older.db; systemctl start accesspkgd'
    succeeded
    serves "$version"
}

next_version || tail -n 20 "$all/next.log"
next_version newer 2 one_step_more helperd/store/schema.c || tail -n 20 "$all/newer.log"
if begin; then
    mkdir "$root/newer" && cp "$all"/newer/*.deb "$root/newer"
    it "in use" is_in_use
    go_on "an older version that reads the store is put back" goes_back
    go_on "one that does not is refused, and the newer one goes on" is_refused
    go_on "nor is it installed where the newer one was removed" not_installed
    go_on "it is, after what its message says" goes_back_by_backup
else
    tail -n 30 "$work/console.log"
    failed=$((failed + 1))
fi
end
