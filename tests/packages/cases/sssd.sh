# shellcheck shell=bash disable=SC2154 # $out and the like come from tests/host/lib.sh, $root from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# Beside other packages that write into nsswitch.conf, installed before ours and after. Sourced by tests/packages/run.

ours=('/debs/accesspkg_*.deb' '/debs/lib*.deb')

# removes_traceless: without ours nsswitch.conf is as theirs made it.
removes_traceless()
{
    run apt purge accesspkg
    succeeded
    run diff "$all/theirs" "$root/etc/nsswitch.conf"
    succeeded
}

gives_groups()
{
    run host id -nG alice
    says dbadmins
}

ours_last()
{
    run apt install libnss-systemd libnss-sss libpam-sss sssd-ldap
    succeeded
    cp "$root/etc/nsswitch.conf" "$all/theirs"
    run apt install "${ours[@]}"
    succeeded
    host grep -q '^group:.* accesspkg$' /etc/nsswitch.conf
    run host /root/walk
    succeeded
    host pkg-admin assign db-admins alice -d 1h -m directory
    gives_groups
    host sed -i /pam_accesspkg/d /etc/pam.d/sshd
    removes_traceless
}

# From the nsswitch.conf that they would make by themselves.
ours_first()
{
    run apt purge libnss-systemd libnss-sss libpam-sss sssd-ldap
    succeeded
    host cp /usr/share/libc-bin/nsswitch.conf /etc/nsswitch.conf
    run apt install "${ours[@]}"
    succeeded
    run apt install libnss-systemd libnss-sss libpam-sss sssd-ldap
    succeeded
    host grep -q '^group:.*systemd.*sss' /etc/nsswitch.conf
    printf '%s\n' '[package]' 'groups = dbadmins' '[policy]' 'approvers = bob' 'duration = 1h' \
        >"$root/etc/accesspkg/packages.d/db-admins.conf"
    host pkg-admin reload
    host pkg-admin assign db-admins alice -d 1h -m directory
    gives_groups
    removes_traceless
}

if begin; then
    it "sssd and libnss-systemd are there before" ours_last
    go_on "sssd and libnss-systemd come after" ours_first
else
    tail -n 30 "$work/console.log"
    failed=1
fi
end
