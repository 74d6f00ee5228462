# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# pkg-admin lock and unlock on a booted host: real logins, with accesspkgd and without it. Sourced by tests/host/run.

# shellcheck source=tests/host/sessions.sh
. "$here/sessions.sh"

# A pair of these surrounds what happens while accesspkgd is away for good.
daemon_away()
{
    host systemctl mask --runtime --quiet accesspkgd
    host systemctl stop accesspkgd
}

daemon_back()
{
    host systemctl unmask --runtime --quiet accesspkgd
    host systemctl start accesspkgd
}

locked_login()
{
    run ssh_as alice id
    refused
    says "your access to this host is locked"
}

locked_while_stopped()
{
    trap daemon_back EXIT
    grant alice
    run ssh_as alice id
    succeeded
    says "($group)"
    daemon_away
    run host pkg-admin lock alice -m "laptop stolen"
    succeeded
    says "accesspkgd does not run"
    locked_login
    says_not "laptop"
    holds_no_group alice
    run host pkg-admin status
    refused
    says "alice, since .*laptop stolen"
    run host journalctl --no-pager -b -t pkg-admin
    says "alice is locked.*laptop stolen"
    daemon_back
    locked_login
    run host pkg-admin status
    succeeded
    says "alice, since .*laptop stolen"
    run host pkg-admin audit --user alice
    says "laptop stolen"
    run on_host alice pkg-request submit $package
    refused
    says "alice is locked"
    run host pkg-admin unlock alice
    succeeded
    run ssh_as alice id
    refused
    says_not "locked"
    approve_pending
    run ssh_as alice id
    succeeded
}

# Nothing comes back, though accesspkgd saw neither.
lifted_while_stopped()
{
    trap daemon_back EXIT
    grant alice
    daemon_away
    host pkg-admin lock alice
    host pkg-admin unlock alice
    daemon_back
    holds_no_group alice
    run ssh_as alice id
    refused
    run host pkg-admin holders
    says_not "alice"
}

# Whoever is logged in loses the session, as by a revocation.
ends_sessions()
{
    trap 'host pkg-admin unlock alice || true; clean_up' EXIT
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = bob" "duration = 1h" "at_end = terminate" \
        "services = sshd login" >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    grant alice
    logged_in alice
    run host pkg-admin lock alice
    succeeded
    wait_for 20 has_no_session alice
    wait_for 20 none_carries alice
}

# The daemon and the root service are dead; /etc/group is root's own to mend.
out_of_etc_group()
{
    trap 'daemon_back; host pkg-admin unlock alice || true; clean_up
        sed -i "/^membership = files$/d" "$root/etc/accesspkg/accesspkg.conf"; host systemctl restart accesspkgd' EXIT
    sed -i 's/^\[grants\]$/&\nmembership = files/' "$root/etc/accesspkg/accesspkg.conf"
    host systemctl restart accesspkgd
    grant alice
    stands alice $group || complain "alice should stand in the group"
    host gpasswd -a bob $group
    daemon_away
    host systemctl stop accesspkg-privileged
    run host pkg-admin lock alice
    succeeded
    is_out alice $group || complain "alice stands in the group still"
    stands bob $group || complain "bob was taken out"
    locked_login
}

# The folder that it stands in is the daemon's: it can be moved away, and a start of the daemon's unit puts it back.
put_back_at_a_start()
{
    trap 'host pkg-admin unlock alice || true' EXIT
    run host pkg-admin lock alice
    succeeded
    run on_host accesspkg mv /var/lib/accesspkg/locks/alice /tmp/x
    refused
    host mv /var/lib/accesspkg/grants/user/alice /var/lib/accesspkg/grants/user/.aside
    host systemctl restart accesspkgd
    run host test -d /var/lib/accesspkg/grants/user/alice
    succeeded
    locked_login
    host rm -r /var/lib/accesspkg/grants/user/.aside
    run host stat -c '%U:%G %a' /var/lib/accesspkg/locks /var/lib/accesspkg/locks/alice
    says "^root:accesspkg 750"
    says "^root:accesspkg 640"
}

it "a locked user is refused, and has no group, while accesspkgd is stopped, and when it is back" locked_while_stopped
it "locked and unlocked while it is stopped: nothing comes back" lifted_while_stopped
it "at_end = terminate: a lock ends sessions" ends_sessions
it "membership = files: out of /etc/group without any service of ours" out_of_etc_group
it "a lock whose folder was moved away: put back at a start" put_back_at_a_start
