# shellcheck shell=bash disable=SC2154,SC2016 # $out and the like come from tests/host/lib.sh, $root from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# The packages' whole way on a host: installed, used, upgraded, removed, purged. Sourced by cases with $bus_package set
# (empty: the host's dbus-daemon).

# pam_and_nss: what they are made of, as bytes.
pam_and_nss()
{
    (cd "$root/etc" && cat nsswitch.conf && grep -r '' pam.d | sort)
}

# logs_in USER, is_refused USER: by ssh.
logs_in()
{
    run ssh_as "$1" id -nG
    succeeded
}

is_refused()
{
    run ssh_as "$1" id -nG
    refused
}

installed()
{
    [[ -z $bus_package ]] || host systemctl is-active --quiet "$bus_package"
    pam_and_nss >"$all/before"
    run apt install /debs/accesspkg_*.deb /debs/lib*.deb /debs/accesspkg-doc_*.deb
    succeeded
    says_not "error\|warning: \|failed"
    run host systemctl is-system-running
    says running
    (cd "$root/etc" && diff -r "$base/etc/pam.d" pam.d) || complain "pam.d should be as it was"
    run diff "$base/etc/nsswitch.conf" "$root/etc/nsswitch.conf"
    [[ $(grep -c '^[<>]' <<<"$out") == 2 ]] || complain "one line of nsswitch.conf should have changed"
}

walked()
{
    run host /root/walk
    succeeded
    says "walk: done"
}

# Somebody holds the package, somebody waits, an administrator has taken accesspkg out of nsswitch.conf.
upgraded()
{
    local pid
    host pkg-admin assign db-admins alice -d 1h -m "across the upgrade"
    host useradd --create-home dave
    run on_host dave pkg-request submit db-admins -m "across the upgrade"
    succeeded
    echo "# edited" | tee -a "$root/etc/accesspkg/accesspkg.conf"
    host sed -i '/^group:/ s/ accesspkg//' /etc/nsswitch.conf
    host systemctl start accesspkg-privileged
    pid=$(host systemctl show -P MainPID accesspkgd)
    run apt install /next/accesspkg_*.deb /next/lib*.deb /next/accesspkg-doc_*.deb
    succeeded
    run host dpkg-query -W accesspkg libpam-accesspkg libnss-accesspkg
    says "accesspkg.*+1"
    [[ $(host systemctl show -P MainPID accesspkgd) != "$pid" ]] || complain "accesspkgd should have been restarted"
    ! host grep -q '^group:.*accesspkg' /etc/nsswitch.conf || complain "an administrator took it out of nsswitch.conf"
    host grep -qx '# edited' /etc/accesspkg/accesspkg.conf
    host sed -i '/^group:/ s/$/ accesspkg/' /etc/nsswitch.conf
    logs_in alice
    says dbadmins
    run on_host bob pkg-approve list
    says dave
    is_refused bob
}

# A line of somebody's own would lock everybody out without the module.
not_removed()
{
    run apt remove libpam-accesspkg
    refused
    says "^/etc/pam.d/sshd:[0-9]*:account required pam_accesspkg.so package=db-admins$"
    # apt takes libnss-accesspkg first.
    run apt purge accesspkg
    refused
    run host dpkg-query -W -f '${db:Status-Status}' libpam-accesspkg
    says "^installed$"
    logs_in alice
    is_refused bob
    run host pkg-admin status
    succeeded
    run apt install /next/libnss*.deb
    succeeded
    logs_in alice
    says dbadmins
}

# By force and in the wrong order: who holds a package gets in all the same.
forced()
{
    run host dpkg --force-depends --remove accesspkg
    succeeded
    logs_in alice
    says dbadmins
    is_refused bob
    run host dpkg --force-depends --remove libnss-accesspkg
    succeeded
    logs_in alice
    says_not dbadmins
    run host id -nG alice
    succeeded
    run host sh -c 'dpkg --install /next/accesspkg_*.deb /next/libnss*.deb'
    succeeded
    logs_in alice
    says dbadmins
}

# Members of /etc/group would stay members.
members_first()
{
    host systemctl stop accesspkg-privileged
    printf 'gid 1\n' >"$root/var/lib/accesspkg-privileged/2001.1001.alice"
    run host dpkg --force-depends --remove accesspkg
    refused
    says "^2001.1001.alice$"
    host rm -f /var/lib/accesspkg-privileged/2001.1001.alice
    host systemctl is-active --quiet accesspkgd
}

# The line as `pkg-admin pam enable` writes it, and the profile switched on.
removed()
{
    host sed -i 's/^account required pam_accesspkg.*/&  # accesspkg: pam enable/' /etc/pam.d/sshd
    host env DEBIAN_FRONTEND=noninteractive pam-auth-update --enable accesspkg
    host grep -q '^session.*pam_accesspkg' /etc/pam.d/common-session
    is_refused bob
    run apt remove accesspkg
    succeeded
    says "took out of /etc/pam.d/sshd"
    says_not "warning"
    logs_in bob
    logs_in alice
    says_not dbadmins
    diff "$all/before" <(pam_and_nss) || complain "pam.d and nsswitch.conf should be as before the installation"
    host test -e /var/lib/accesspkg/state.db
    run host systemctl list-units --state=active,activating,failed --no-legend 'accesspkg*'
    [[ -z $out ]] || complain "a unit is still there: $out"
}

# What was kept is found again.
again()
{
    run apt install /next/accesspkg_*.deb /next/lib*.deb
    succeeded
    run host pkg-admin holders
    says alice
    host grep -q '^group:.* accesspkg$' /etc/nsswitch.conf
    host grep -qx '# edited' /etc/accesspkg/accesspkg.conf
    run apt remove libnss-accesspkg
    succeeded
    run apt remove libpam-accesspkg
    succeeded
}

purged()
{
    run apt purge accesspkg accesspkg-doc libpam-accesspkg libnss-accesspkg
    succeeded
    logs_in bob
    diff "$all/before" <(pam_and_nss) || complain "pam.d and nsswitch.conf should be as before the installation"
    run host find / -xdev '(' -path /proc -o -path /debs -o -path /next -o -path /sys ')' -prune -o -name '*accesspkg*' -print
    [[ -z $out ]] || complain "this is left: $out"
    run host grep -rl accesspkg /etc
    ! grep -vE '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' <<<"$out" || complain "/etc should name it no more"
    host getent passwd accesspkg # as README.Debian says
    run host systemctl is-system-running
    says running
}

next_version || tail -n 20 "$all/$next.log"
# shellcheck disable=SC2086 # no package is no argument
if begin $bus_package; then
    go_on "installed: no gate is guarded, one line of nsswitch.conf is another" installed
    go_on "refused, approved, in, over" walked
    go_on "upgraded: who holds and who waits go on, what was edited stays" upgraded
    go_on "not removed while a line of somebody's own names the module" not_removed
    go_on "removed by force, in the wrong order: holders get in" forced
    go_on "not removed while members of /etc/group have to end" members_first
    go_on "removed: the lines of our own command and the profile go, logins go on" removed
    go_on "installed again: what was kept is there" again
    go_on "purged: nothing is left but what README.Debian says" purged
else
    tail -n 30 "$work/console.log"
    failed=$((failed + 1))
fi
end
