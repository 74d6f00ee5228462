# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is kept when things stop: the service, the host, the daemon's answers. Sourced by tests/host/run.

# Rule 2: what was acknowledged is never lost.
restart_between()
{
    run ssh_as alice id
    refused
    host systemctl restart accesspkgd
    approve_pending
    host systemctl restart accesspkgd
    run ssh_as alice id
    succeeded
    says "($group)"
}

reboot_between()
{
    grant alice
    reboot_host
    run ssh_as alice id
    succeeded
    says "($group)"
}

killed_and_back()
{
    grant alice
    local old
    old=$(host systemctl show -P MainPID accesspkgd)
    host kill -KILL "$old"
    run ssh_as alice id
    succeeded
    wait_for 20 host sh -c "[ \$(systemctl show -P MainPID accesspkgd) != $old ] && systemctl is-active accesspkgd"
    run on_host bob pkg-approve history
    says alice
}

# Activation brings a stopped daemon back for the next request.
stopped_and_activated()
{
    host systemctl stop accesspkgd
    run ssh_as alice id
    refused
    wait_for 15 host systemctl is-active --quiet accesspkgd # it answers before all of its unit is done
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait for bob"
}

# Rule 1, and rule 3 without the daemon: holders get in, others hear that nothing could be found out.
away()
{
    grant alice
    host systemctl mask --runtime --quiet --now accesspkgd
    run ssh_as alice id
    succeeded
    says "($group)"
    run ssh_as carol id
    refused
    says_not "waits for"
    [[ -n $err ]] || complain "carol should be told something"
    local unavailable=$err
    run at_terminal carol 'assword' carol -- sudo id
    refused
    # sudo's word for PAM_AUTHINFO_UNAVAIL; a plain refusal is "Permission denied".
    says "authentication info"
    host systemctl unmask --runtime --quiet accesspkgd
    host systemctl start accesspkgd
    run ssh_as carol id
    refused
    [[ $err != "$unavailable" ]] || complain "the two refusals should read differently"
    says bob
}

# One deadline covers everything: a daemon that does not answer holds nobody for long.
mute()
{
    grant alice
    local pid begun
    pid=$(host systemctl show -P MainPID accesspkgd)
    # shellcheck disable=SC2064 # this process, now
    trap "host kill -CONT $pid" EXIT
    host kill -STOP "$pid"
    run ssh_as alice id
    succeeded
    begun=$SECONDS
    run ssh_as carol id
    refused
    ((SECONDS - begun <= 8)) || complain "the refusal took $((SECONDS - begun)) s"
}

# Rules 13 and 15: neither root nor the gate waits for a bus that does not answer.
bus_mute()
{
    grant alice
    local pid
    pid=$(host systemctl show -P MainPID dbus)
    # shellcheck disable=SC2064 # this process, now
    trap "host kill -CONT $pid" EXIT
    host kill -STOP "$pid"
    serves_root
    host kill -CONT "$pid"
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "carol's request should wait for bob"
}

# The first call brings accesspkgd up, by the socket alone.
bus_gone()
{
    grant alice
    trap 'host systemctl unmask --runtime --quiet dbus.socket dbus.service; reboot_host' EXIT
    host systemctl mask --runtime --quiet dbus.socket dbus.service
    host systemctl stop dbus.socket dbus.service
    serves_root
    host systemctl stop accesspkgd
    run ssh_as dave id
    refused
    says bob
    wait_for 20 host systemctl is-active --quiet accesspkgd # the first answer may come before it has said that it is ready
    run host pkg-admin status
    says "system bus"
    host systemctl unmask --runtime --quiet dbus.socket dbus.service
    host systemctl start dbus.socket dbus.service
    wait_for 20 on_host bob pkg-approve list
    run numbers on_host bob pkg-approve list
    [[ $(wc -l <<<"$out") == 2 ]] || complain "two requests should wait for bob"
}

serves_root()
{
    run ssh_as carol id
    refused
    says bob
    run host pkg-admin revoke $package alice -m enough
    succeeded
    holds_no_group alice || complain "alice was revoked"
    run host pkg-admin lock alice -m gone
    succeeded
    run host pkg-admin unlock alice
    succeeded
    run host pkg-admin status
    succeeded
}

# Nobody but root comes in by the socket, and a stopped accesspkgd leaves it there.
door()
{
    [[ $(host stat -c '%a %U:%G' /run/accesspkg/bus) == "600 root:root" ]] || complain "the socket is root's alone"
    host systemctl stop accesspkgd
    run host pkg-admin status
    succeeded
    says_not "system bus"
    host systemctl stop accesspkgd.socket accesspkgd
    host test ! -e /run/accesspkg/bus
    run host pkg-admin status # by the bus, which starts it, and its socket with it
    succeeded
    wait_for 15 host systemctl is-active --quiet accesspkgd
    host test -S /run/accesspkg/bus
}

# Rule 13: with membership = files, and without the daemon.
ends_after_boot()
{
    trap 'host systemctl enable --now --quiet accesspkgd; host gpasswd -d alice $group || true' EXIT
    host systemctl disable --now --quiet accesspkgd
    host systemctl enable --quiet accesspkg-notes
    run call AddMember ssx $group alice "$(until_in 30)"
    says "^b true"
    reboot_host
    stands alice $group || complain "alice's time is not over"
    run host systemctl show -P ConditionResult accesspkg-notes
    says "^yes"
    wait_for 15 host systemctl is-active --quiet accesspkg-privileged
    run host systemctl is-active accesspkgd
    refused
    wait_for 60 is_out alice $group
}

it "the service restarts before the approval and before the login" restart_between
it "the host reboots between approval and login" reboot_between
it "a membership in /etc/group ends at its time after a boot, without the daemon" ends_after_boot
it "the daemon is killed: holders get in, and it comes back" killed_and_back
it "the daemon is stopped: a login brings it back" stopped_and_activated
it "the daemon is away: holders get in, others get the other message and code" away
it "the daemon is mute: refused within the deadline" mute
it "root's own socket: its mode, what starts by it, and the bus in its place" door
it "the bus is mute: root revokes, the gate files" bus_mute
it "the bus is gone: root revokes, the gate files, accesspkgd starts" bus_gone
