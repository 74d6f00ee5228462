# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# README.md, from "Install" to the end, on a host whose /etc is Debian's: each command as it stands there, in its order.
# Sourced by tests/host/run.

document=README.md
# shellcheck source=tests/host/document.sh
. "$here/document.sh"

readonly readme_touches=(pam.d nsswitch.conf sudoers.d sudo.conf ssh/sshd_config.d accesspkg/packages.d accesspkg/notify.d
    passwd group shadow gshadow)

put_back()
{
    (cd "$root/etc" && find "${readme_touches[@]}" -mindepth 1 ! -type d -delete && tar -xpf "$work/readme.tar")
    host systemctl start accesspkgd accesspkg-notify
    host pkg-admin reload
}

# Debian's own files, without a package, a gate or a group of ours.
begin()
{
    : >"$work/taken"
    tar -C "$root/etc" -cpf "$work/readme.tar" "${readme_touches[@]}"
    trap put_back EXIT
    cp "$base"/etc/pam.d/{sshd,su,sudo,sudo-i,login,other} "$root/etc/pam.d"
    cp "$base"/etc/{nsswitch.conf,sudo.conf} "$root/etc"
    rm -f "$root/etc/accesspkg/packages.d"/* "$root/etc/accesspkg/notify.d"/* "$root/etc/sudoers.d/$group"
    host groupdel "$group"
    # "Before you begin": root can log in without accesspkg.
    echo root:root | host chpasswd
    host systemctl stop accesspkgd accesspkg-notify
}

# types_all WORDS...: root types the section's command with each of these, and each does what it should.
types_all()
{
    local words
    for words; do
        run types sudo "$words"
        succeeded
    done
}

# ssh_is USER VERDICT: a login of this user is let in or refused.
ssh_is()
{
    run ssh_as "$1" id
    if [[ $2 == in ]]; then succeeded; else refused; fi
}

installs()
{
    section=Install
    types_all sysusers daemon-reload 'restart accesspkgd' nsswitch nsswitch
    [[ $(grep -c '^group:.* accesspkg$' "$root/etc/nsswitch.conf") == 1 ]] || complain "nsswitch.conf should name it once"
    ! grep -q 'accesspkg.*accesspkg' "$root/etc/nsswitch.conf" || complain "twice should be harmless"
    types_all accesspkg-terminal accesspkg-mail
    section=Check
    types_all status
    for row in Daemon Store Policy Pending "Live assignments"; do says "^$row:"; done
    says "^Guarded services: *none"
    says_not warning
}

first_package()
{
    section="First package"
    types_all 'groupadd dbadmins' 'groupadd --users'
    write_files
    types_all check-config
    says "$(typed sudo check-config 's/.*# //')"
    types_all reload
    says "$(typed sudo reload 's/.*# //')"
    section="First request"
    run types alice submit
    succeeded
    says "^Request 1 for db-admins is filed. It waits for: %dba-leads.$"
    run types bob approve
    says "^Request 1 is approved: alice holds db-admins (dbadmins) until .* (in 30 min).$"
    run types alice id
    says "(dbadmins)"
    host pkg-admin revoke db-admins alice -m "on to the gate"
}

guards()
{
    local file=$root/etc/pam.d/sshd other=$root/etc/pam.d/other
    section="Guard ssh: watch"
    run types sudo 'pam enable' 's/$/ --yes/'
    succeeded
    says "^+account .* package=db-admins mode=report "
    says "^ @include common-account"
    grep -B 1 '^@include common-account' "$file" | grep -q pam_accesspkg || complain "the line should stand above it"
    ssh_is alice in
    types_all journalctl
    says 'user="alice".*db-admins'
    section="Guard ssh: approvers first"
    types_all 'groupadd approvers'
    write_files
    types_all check-config
    ssh_is bob in
    section="Guard ssh: switch on"
    run types sudo 'pam enable' 's/ *#.*/ --yes/'
    succeeded
    says "Past it for repairs: root at the console"
    types_all pam_deny status
    says "^$(typed sudo status 's/.*# //; s/: /: */')$" # the blanks depend on the longest label
    says_not warning
    head -n 1 "$other" | grep -q pam_deny || complain "other should deny first"
    ssh_is bob in
    says "(approvers)"
    ssh_is carol in
    ssh_is alice out
    says "waits for approval by a member of dba-leads"
    run on_host bob pkg-approve approve alice/db-admins
    ssh_is alice in
    ssh_is dave out
    section="Open and close all gates"
    cp "$file" "$work/closed"
    types_all '# open' '# open'
    ssh_is dave in
    types_all '# close'
    cmp "$file" "$work/closed" || complain "closed should be as before"
    ssh_is dave out
}

# uses PATTERN WHO [SED]: the one command of the section like that, typed by this user.
uses()
{
    local line
    line=$(section_lines | cut -f2- | grep -e "^    $1")
    [[ -n $line && $line != *$'\n'* ]] || complain "$document should have one line with: $1"
    line=$(sed "${3-}" <<<"$line")
    if [[ $2 == root ]]; then run host sh -c "$line"; else run on_host "$2" sh -c "$line"; fi
}

everyday()
{
    local number
    section="Who asks, approves, administers"
    number=$(pending)
    uses 'pkg-request  ' alice
    says "You hold:"
    uses 'pkg-request status' dave "s/ 3 / $number /"
    succeeded
    uses 'pkg-request extend' alice
    refused
    says "allows no extension"
    uses 'pkg-request return' alice
    succeeded
    uses 'pkg-approve  ' bob
    says dave
    uses 'pkg-approve show' bob "s/ 3$/ $number/"
    succeeded
    uses 'pkg-approve approve' bob "s/ 3 / $number /"
    succeeded
    says "in \(1 h\|59 min\)"
    run on_host alice pkg-request submit db-admins
    uses 'pkg-approve deny' bob "s/ 3 / $(pending) /"
    succeeded
    uses 'sudo pkg-admin  ' root
    succeeded
    says "^Guarded services: *sshd$"
    uses 'sudo pkg-admin assign' root
    succeeded
    uses 'sudo pkg-admin revoke' root
    succeeded
    uses 'sudo pkg-admin lock' root
    says "alice is locked"
    run on_host alice pkg-request submit db-admins
    refused
    run host pkg-admin unlock alice
    succeeded
    uses 'sudo pkg-admin explain' root
    says "May ask"
    section="For auditors"
    types_all 'holders --json' 'holders db-admins' audit report
}

removes()
{
    section="Upgrade, remove"
    run host sh -c "$(quoted 'pam disable --all')"
    succeeded
    cmp "$root/etc/pam.d/sshd" "$base/etc/pam.d/sshd" || complain "the file should be as Debian has it"
    run host sh -c "$(section_lines | cut -f2- | sed -n 's/^ *\(sudo sed .*nsswitch.*\)/\1/p')"
    succeeded
    ! grep -q '^group:.*accesspkg' "$root/etc/nsswitch.conf" || complain "nsswitch.conf should name it no more"
    run host sh -c "$(section_lines | cut -f2- | sed -n 's/^ *\(sudo systemctl disable .*\)/\1/p')"
    succeeded
    ! host systemctl is-active --quiet accesspkgd accesspkg-notify || complain "both should be stopped"
}

from_top_to_bottom()
{
    begin
    installs
    first_package
    guards
    everyday
    removes
}

it "README.md, from the installation to the end" from_top_to_bottom
