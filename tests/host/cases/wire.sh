# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# pkg-admin pam on Debian's own files: sshd, sudo and su wired by it, logged in through, and opened again. Sourced by
# tests/host/run.

# Debian's files, a root that may log in with a key, a package for who approves.
plain()
{
    cp -a "$root/etc/pam.d" "$work/pam.d"
    cp "$root/etc/ssh/sshd_config.d/tests.conf" "$work/sshd.conf"
    trap unplain EXIT
    cp "$base"/etc/pam.d/{sshd,su,sudo,sudo-i,login} "$root/etc/pam.d"
    sed -i 's/^PermitRootLogin.*/PermitRootLogin prohibit-password/' "$root/etc/ssh/sshd_config.d/tests.conf"
    host systemctl restart ssh
    install -d -m 700 "$root/root/.ssh"
    cat "$root/home/bob/.ssh/id_ed25519.pub" >"$root/root/.ssh/authorized_keys"
    printf '%s\n' "[package]" "groups = games" "[policy]" "requestors = bob" "approval = none" \
        >"$root/etc/accesspkg/packages.d/approvers.conf"
    host pkg-admin reload
}

unplain()
{
    rm -rf "$root/etc/accesspkg/pam" "$root/etc/accesspkg/packages.d/approvers.conf" "$root/root/.ssh"
    cp -a "$work/pam.d/." "$root/etc/pam.d"
    rm -rf "$work/pam.d"
    cp "$work/sshd.conf" "$root/etc/ssh/sshd_config.d/tests.conf"
    host systemctl restart ssh
}

root_by_ssh()
{
    on_host bob ssh -o BatchMode=yes root@localhost id
}

as_debian_has_it() # FILE...
{
    local file
    for file; do
        cmp "$root/etc/pam.d/$file" "$base/etc/pam.d/$file" || complain "$file should be as Debian has it"
    done
}

from_nothing_to_guarded_and_back()
{
    plain
    run at_terminal root 'refuses nobody' y 'Write this' y -- pkg-admin pam enable sshd --package $package
    succeeded
    says "^+account .*package=$package mode=report"
    says "sshd: no user is refused"
    run ssh_as alice true
    succeeded
    run host journalctl --no-pager -g 'would be refused.*user="alice"'
    succeeded
    run host pkg-admin pam enable sshd --package $package --enforce --yes
    refused
    says "those who approve it (bob) would themselves need an approval to log in at sshd"
    run host pkg-admin pam enable sshd --package approvers --package $package --enforce --yes
    succeeded
    says "root over ssh, with a key"
    run ssh_as alice id
    refused
    says "waits for approval by bob"
    run host pkg-admin pam test alice sshd
    says "waits for a decision"
    run ssh_as bob id
    succeeded
    run root_by_ssh
    succeeded
    approve_pending
    run ssh_as alice id
    succeeded
    says "($group)"
    run host pkg-admin pam status
    says "^sshd  *approvers, $package  *refuses  *pam enable"
    says "^systemd-user  *not guarded"
    run host pkg-admin pam disable sshd
    succeeded
    as_debian_has_it sshd
    run ssh_as carol id
    succeeded
}

# Nobody is left outside: root can log in nowhere.
without_a_way_past_it()
{
    plain
    sed -i 's/^PermitRootLogin.*/PermitRootLogin no/' "$root/etc/ssh/sshd_config.d/tests.conf"
    run host pkg-admin pam enable sshd --package approvers --package $package --enforce --yes
    refused
    says "sshd has PermitRootLogin no"
    says "root at the console: it has no password"
    as_debian_has_it sshd
    run host pkg-admin pam enable sshd --package $package --exempt-group bob --enforce --yes
    succeeded
    run ssh_as bob id
    succeeded
    run ssh_as carol id
    refused
    host pkg-admin pam disable --all
    as_debian_has_it sshd
}

sudo_and_su()
{
    plain
    run host pkg-admin pam enable sudo --package $package --enforce --yes
    says "sudo and sudo-i: users who hold none"
    run host pkg-admin pam enable su --package $package --enforce --yes
    says "^su: users who hold none"
    run at_terminal alice 'assword:' bob -- su bob -c id
    refused
    says "$package"
    run at_terminal alice 'assword:' bob -- su -l bob -c id
    refused
    run host su alice -c id
    succeeded
    run host su -l alice -c id
    succeeded
    approve_pending
    run at_terminal alice 'assword:' bob -- su bob -c id
    succeeded
    run on_host alice sudo -n id
    succeeded
    run host pkg-admin check-config
    says_not "pam.d"
    host pkg-admin pam disable --all
    as_debian_has_it sudo sudo-i su
}

is_told() # IN THE JOURNAL
{
    host journalctl --no-pager --quiet -u accesspkgd --since "@$1" -g 'pam.d/sshd: THE LINE OF ACCESSPKG IS GONE'
}

# As dpkg does where the administrator takes the maintainer's file.
upgraded()
{
    plain
    local since
    host pkg-admin pam enable sshd --package approvers --package $package --enforce --yes
    since=$(date +%s)
    cp "$base/etc/pam.d/sshd" "$root/etc/pam.d/sshd.dpkg-new"
    mv "$root/etc/pam.d/sshd.dpkg-new" "$root/etc/pam.d/sshd"
    wait_for 20 is_told "$since" || complain "the journal should tell"
    run host pkg-admin
    says "^NOT GUARDED: *sshd: THE LINE OF ACCESSPKG IS GONE"
    run host pkg-admin pam status
    says "IS GONE"
    since=$(date +%s)
    host systemctl restart accesspkgd
    wait_for 20 is_told "$since" || complain "the journal should tell at a start, too"
    run host sh -c "$(sed -n 's/.*Put it back: \(pkg-admin pam enable [^.]*\)\..*/\1 --yes/p' <<<"$err")"
    succeeded
    run host pkg-admin
    says_not "IS GONE"
    run ssh_as alice id
    refused
}

it "ssh: watched, refused to who would be locked out, guarded, opened" from_nothing_to_guarded_and_back
it "no line without a way past it for repairs" without_a_way_past_it
it "sudo and su with sudo -i and su -l; root's own su goes on" sudo_and_su
it "a line that an upgrade takes is told, and put back" upgraded
