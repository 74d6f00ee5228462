# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Notices as lines on the terminals of live ssh sessions, with the units as they are installed. Sourced by tests/host/run.

# shellcheck source=tests/host/sessions.sh
. "$here/sessions.sh"

# Who approves is logged in: bob as he comes, carol after the command that she types first.
approvers_are_there()
{
    ln -sf /usr/libexec/accesspkg/accesspkg-terminal "$root/etc/accesspkg/notify.d/terminal"
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = bob carol" "duration = 1h" \
        >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    host pkg-admin assign $package bob -m "approver"
    host pkg-admin assign $package carol -m "approver"
    wait_for 20 delivered # nobody is there to hear of that
    logged_in bob
    logged_in carol "${1-:}"
    wait_for 15 has_terminal bob
    wait_for 15 has_terminal carol
}

tidy()
{
    rm -f "$root/etc/accesspkg/notify.d/terminal"
    host rm -f /run/systemd/system/accesspkg-notify.service.d/group.conf
    host systemctl daemon-reload
    host systemctl restart accesspkg-notify
    local user
    for user in alice bob carol dave; do
        host loginctl kill-user --signal=KILL $user || true # a session that is closing is not terminated again
        wait_for 20 has_no_session $user
    done
}

delivered()
{
    [[ $(host pkg-admin status --json | sed -n 's/.*"notices": \([0-9]*\).*/\1/p') == 0 ]]
}

told()
{
    grep -q -- "$2" "$work/terminal-$1"
}

asked="Access packages on demohost: alice asks for $package. To approve: pkg-approve approve [0-9]"

# The whole way: refused at the gate, told, decided by what the line says, told.
on_terminals()
{
    trap tidy EXIT
    approvers_are_there
    run ssh_as alice id
    refused
    wait_for 20 told bob "$asked"
    wait_for 20 told carol "$asked"
    grep -q $'\a' "$work/terminal-bob" || complain "no bell"
    local command
    command=$(sed -n 's/.*To approve: \(pkg-approve approve [0-9]*\).*/\1/p' "$work/terminal-bob")
    # shellcheck disable=SC2086 # as somebody who pastes it
    run on_host bob $command
    succeeded
    wait_for 20 delivered
    logged_in alice
    wait_for 15 has_terminal alice
    run host pkg-admin revoke $package alice -m "incident 12"
    succeeded
    wait_for 20 told alice "Your access to $package was revoked. Why: pkg-request status [0-9]"
    [[ $(grep -c "$asked" "$work/terminal-bob") == 1 ]] || complain "once"
}

# Who said `mesg n`, or has hung up with something left behind, is passed over; the others are told.
passed_over()
{
    trap tidy EXIT
    approvers_are_there "mesg n"
    leaves_behind dave
    run on_host alice pkg-request submit $package
    succeeded
    wait_for 20 told bob "$asked"
    wait_for 20 delivered
    ! told carol "alice asks" || complain "carol wanted no lines"
}

# A session of an approver's that has lost its terminal, and is there still.
leaves_behind()
{
    sed -i "s/^approvers = .*/& $1/" "$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    host pkg-admin assign $package "$1" -m "approver"
    # shellcheck disable=SC2016 # the other side expands
    run ssh_from_elsewhere "$1" -tt 'setsid sleep 600 </dev/null >/dev/null 2>&1 &
        until pgrep -s "$!" >/dev/null; do :; done'
    succeeded
    has_session "$1" || complain "the session of $1 is to be there still"
}

# A unit that an administrator wrote without the group: shown with what to do; then the line comes.
without_the_group()
{
    trap tidy EXIT
    approvers_are_there
    host sh -c 'mkdir -p /run/systemd/system/accesspkg-notify.service.d &&
        printf "[Service]\nSupplementaryGroups=\n" >/run/systemd/system/accesspkg-notify.service.d/group.conf'
    host systemctl daemon-reload
    host systemctl restart accesspkg-notify
    run on_host alice pkg-request submit $package
    succeeded
    shows_failure()
    {
        host pkg-admin status | grep -q "exit status 78: This program runs without the group tty"
    }
    wait_for 20 shows_failure
    ! told bob "alice asks" || complain "how?"
    host rm /run/systemd/system/accesspkg-notify.service.d/group.conf
    host systemctl daemon-reload
    host systemctl restart accesspkg-notify
    wait_for 20 told bob "$asked"
}

it "refused at the gate, told on a terminal, approved by what the line says; a revocation is told" on_terminals
it "mesg n, and a terminal that is gone, are passed over" passed_over
it "without the group tty it says what to do, and comes once that is done" without_the_group
