# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What somebody changes by hand, noticed by the service in its sandbox. Sourced by tests/host/run.

readonly grants=$root/var/lib/accesspkg/grants

shows()
{
    host pkg-admin status | grep -q -- "$1"
}

everything_is_watched()
{
    run host journalctl --no-pager -u accesspkgd
    says "is ready"
    says_not "be watched"
}

# Rule 6. The very next login is refused, and no login puts it back.
removed()
{
    grant alice
    run ssh_as alice id
    succeeded
    host rm /var/lib/accesspkg/grants/user/alice
    run ssh_as alice id
    refused
    says "$group: removed by hand"
    says "Trying again does not help"
    run ssh_as alice id
    refused
    run on_host alice pkg-request
    says "Partially fulfilled"
    run host pkg-admin status
    says "to put it back: pkg-admin retry $package alice"
    run host pkg-admin retry $package alice
    says Fulfilled
    run ssh_as alice id
    succeeded
    says "($group)"
}

edited()
{
    grant alice
    host sed -i "/^group /d" /var/lib/accesspkg/grants/user/alice
    holds_no_group alice
    run ssh_as alice id
    refused
    says "removed by hand"
    host systemctl restart accesspkgd
    run ssh_as alice id
    refused
}

repaired()
{
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = bob" "drift = repair" \
        >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    grant alice
    host rm /var/lib/accesspkg/grants/user/alice
    wait_for 20 test -e "$grants/user/alice"
    run ssh_as alice id
    succeeded
    run host journalctl --no-pager -u accesspkgd
    says "$package of alice is Partially fulfilled now"
}

group_changed()
{
    grant alice
    local gid
    gid=$(host getent group $group | cut -d: -f3)
    # shellcheck disable=SC2064 # this number, now
    trap "host groupmod -g $gid $group" EXIT
    host gpasswd -a carol $group
    host gpasswd -d carol $group
    host groupmod -g 4321 $group
    wait_for 20 shows "$group has the number 4321 now, not $gid"
    run ssh_as alice id
    refused
    host pkg-admin reload
    host pkg-admin retry $package alice
    run ssh_as alice id
    succeeded
    says "4321($group)"
}

group_deleted()
{
    grant alice
    local gid
    gid=$(host getent group $group | cut -d: -f3)
    # shellcheck disable=SC2064 # this number, now
    trap "host groupadd -f -g $gid $group" EXIT
    host groupdel $group
    wait_for 20 shows "the group $group was deleted"
    run ssh_as alice id
    refused
    says "was deleted"
    host groupadd -g "$gid" $group
    run host pkg-admin retry $package alice
    says Fulfilled
    run ssh_as alice id
    succeeded
}

is_revoked() # REQUEST
{
    host pkg-request status "$1" | grep -q Revoked
}

# Deleted and made anew, with the same name and number: inherits nothing.
user_deleted()
{
    host useradd --create-home --uid 3333 frank
    trap 'host userdel -r frank 2>/dev/null || true' EXIT
    on_host frank pkg-request submit $package
    approve_pending
    holds_group frank
    # userdel refuses while a process of theirs is left: the last one may not be gone yet.
    wait_for 20 host userdel frank || { host ps -f -U frank -u frank; return 1; }
    wait_for 20 test ! -e "$grants/user/frank"
    wait_for 20 is_revoked 1
    host useradd --uid 3333 frank
    holds_no_group frank
    run on_host frank pkg-request submit $package
    succeeded
    says "is filed"
}

# gpasswd -M replaces the list: a script keeps whoever NSS says is in the group, but carol.
takes_carol_out()
{
    host sh -c "gpasswd -M \$(getent group $group | cut -d: -f4 | tr , '\n' | grep -vx carol | paste -sd,) $group"
}

# in_file USER: whether /etc/group has the user in the group.
in_file()
{
    grep -qE "^$group:.*[:,]$1(,|\$)" "$root/etc/group"
}

# Rule 6, by a tool that knows nothing of packages: who is in for an hour is not listed, and so not written back.
written_back()
{
    host gpasswd -M carol,dave $group
    trap "host gpasswd -M '' $group" EXIT
    grant alice
    holds_group alice
    takes_carol_out
    in_file dave || complain "dave stands in it"
    ! in_file carol || complain "carol was taken out"
    ! in_file alice || complain "alice was written back"
    holds_group alice
    run ssh_as alice id
    succeeded
    says "($group)"
    run host pkg-admin revoke $package alice -m over
    says Revoked
    says_not gpasswd
    ! in_file alice || complain "alice is left behind"
    holds_no_group alice
}

# The same with the line that earlier versions wanted, which merges what each service lists.
written_back_with_merges()
{
    local file=$root/etc/nsswitch.conf
    cp "$file" "$work/nsswitch"
    sed -i 's/^group:.*/group: files [SUCCESS=merge] systemd [SUCCESS=merge] accesspkg/' "$file"
    set +e
    (
        set -e
        written_back
    )
    status=$?
    set -e
    cp "$work/nsswitch" "$file"
    [[ $status == 0 ]]
}

# Somebody makes a standing member of a holder: each end says who stays, and with what command they go.
standing()
{
    grant alice
    host gpasswd -a alice $group
    trap "host gpasswd -d alice $group || true" EXIT
    run host pkg-admin status
    says "alice, by other means: gpasswd -d alice $group"
    run host pkg-admin revoke $package alice -m over
    says "Revoked"
    says "alice is also in the group $group in /etc/group.* gpasswd -d alice $group$"
    holds_group alice
    run host journalctl --no-pager -u accesspkgd
    says "to remove them: gpasswd -d alice $group"
    host gpasswd -d alice $group
    holds_no_group alice
    run host pkg-admin status
    says_not "by other means"
}

it "every folder is watched from inside the sandbox" everything_is_watched
it "a grant file is removed: the next login is refused, until an administrator puts it back" removed
it "a grant file is edited: it stays so over a restart" edited
it "drift = repair puts it back by itself" repaired
it "a tool writes the members back that NSS names: nobody who is in for an hour" written_back
it "... also where nsswitch.conf has the merges of earlier versions" written_back_with_merges
it "a holder is made a standing member: an end says who stays" standing
it "a group gets another number" group_changed
it "a group is deleted" group_deleted
it "a user is deleted and made anew" user_deleted
