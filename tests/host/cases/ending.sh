# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live sessions at the end of an assignment, and memberships in /etc/group, with the units as they are installed.
# Sourced by tests/host/run.

# shellcheck source=tests/host/sessions.sh
. "$here/sessions.sh"

# ends_so NAME LINE...: a package that bob approves, with these lines in its policy.
ends_so()
{
    local name=$1
    shift
    printf '%s\n' "[package]" "groups = ${groups-$group}" "[policy]" "approvers = bob" "$@" \
        >"$root/etc/accesspkg/packages.d/$name.conf"
    host pkg-admin reload
}

tidy()
{
    rm -f "$root/etc/accesspkg/packages.d/other.conf"
    clean_up
}

told()
{
    grep -q "$2" "$work/terminal-$1"
}

warned_and_ended()
{
    trap tidy EXIT
    ends_so $package "duration = 63s" "at_end = terminate" "services = sshd login"
    grant alice
    logged_in alice
    leftover alice tail -f /dev/null
    wait_for 20 told alice "Your access to $package on demohost ends in"
    told alice "pkg-request submit $package" || complain "it should say how to ask for it anew"
    run host pkg-admin revoke $package alice -m "incident 12"
    succeeded
    wait_for 20 has_no_session alice
    wait_for 20 none_carries alice
    run host journalctl --no-pager -b -u accesspkg-privileged
    says "Ended sessions of alice"
}

by_the_clock()
{
    trap tidy EXIT
    ends_so $package "duration = 4s" "at_end = terminate" "services = sshd"
    grant alice
    logged_in alice
    wait_for 30 has_no_session alice
    wait_for 20 none_carries alice
}

kept_by_default()
{
    trap tidy EXIT
    ends_so $package "duration = 4s"
    grant alice
    logged_in alice
    wait_for 15 holds_no_group alice
    has_session alice || complain "the session was ended"
}

# Another valid package names the service: the session stays, and what remains of the group in it is told.
spared()
{
    trap tidy EXIT
    printf '%s\n' "[package]" "groups = audio" "[policy]" "approval = none" "duration = 1h" "at_end = terminate" \
        "services = sshd" >"$root/etc/accesspkg/packages.d/other.conf"
    ends_so $package "duration = 1h" "at_end = terminate" "services = sshd"
    grant alice
    run on_host alice pkg-request submit other
    succeeded
    logged_in alice
    run host pkg-admin revoke $package alice -m "incident 12"
    succeeded
    wait_for 20 remains 1
    has_session alice || complain "the session was ended"
    run host pkg-request status 1
    says "Session [0-9]* (sshd.*) was not to be ended"
    says "goes on with the group $group"
}

remains()
{
    host pkg-request status "$1" | grep -q "^Remains:"
}

# The unit of the root service, the sandboxed daemon, gpasswd: into /etc/group and out again.
membership_in_files()
{
    trap 'rm -f "$root/etc/accesspkg/packages.d/other.conf"; sed -i "/^membership/d" "$root/etc/accesspkg/accesspkg.conf";
        host pkg-admin reload; clean_up' EXIT
    sed -i 's/^\[grants\]$/&\nmembership = files/' "$root/etc/accesspkg/accesspkg.conf"
    host pkg-admin reload
    grant alice
    run host grep "^$group:" /etc/group
    says ":alice$"
    run ssh_as alice id
    succeeded
    says "($group)"
    run host pkg-admin revoke $package alice -m "incident 12"
    succeeded
    run host grep "^$group:" /etc/group
    says_not alice
    host gpasswd -a alice $group
    grant alice
    run host pkg-admin revoke $package alice -m "incident 13"
    succeeded
    run host grep "^$group:" /etc/group
    says ":alice$"
    host gpasswd -d alice $group
}

it "a warning on the terminal; a revocation ends the session and what carries the group" warned_and_ended
it "the clock ends it, too" by_the_clock
it "nothing is ended where the package does not say so" kept_by_default
it "what another valid package names is spared, and told of" spared
it "membership = files: into /etc/group, and out again unless it stood there before" membership_in_files
