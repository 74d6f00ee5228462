# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Asked for a reason, and let in while waiting: people at real prompts. Sourced by tests/host/run.

readonly approves="@runuser -u bob -- pkg-approve approve 1 -m ok"
readonly denies="@runuser -u bob -- pkg-approve deny 1 -m 'no way'"

# wants_a_reason [ARGUMENT...]: the package does, and the gates of the host take these arguments of the module besides.
wants_a_reason()
{
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = bob" "duration = 4h" \
        "justification = asked" >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    sed -i "s/\(pam_accesspkg.so package=$package\).*/\1 $*/" "$root"/etc/pam.d/{sshd,sudo,sudo-i,login,su}
}

# No command runs inside: the expect of root's types as alice would, and runs what bob does meanwhile.
ssh_by() # METHOD [PATTERN ANSWER]...
{
    local method=$1
    shift
    at_terminal root "$@" -- ssh -o PreferredAuthentications="$method" alice@localhost id
}

asked_and_carried()
{
    wants_a_reason
    run ssh_by keyboard-interactive 'assword:' alice 'Reason for access to db-admins: ' 'ticket 4711'
    refused
    says "request $(pending) waits for approval by bob"
    run on_host bob pkg-approve show "$(pending)"
    says 'ticket 4711'
}

asked_once_more()
{
    wants_a_reason
    run ssh_by keyboard-interactive 'assword:' alice 'Reason for access' '' 'Enter again asks without one' ''
    refused
    run on_host bob pkg-approve show "$(pending)"
    says 'no reason given'
}

# AuthenticationMethods publickey,keyboard-interactive: the second asks for the password, and for the reason.
key_and_prompt()
{
    wants_a_reason wait=60
    echo "AuthenticationMethods publickey,keyboard-interactive" >"$root/etc/ssh/sshd_config.d/0-methods.conf"
    host systemctl reload ssh
    run at_terminal root 'assword:' alice 'Reason for access' 'ticket 4711' 'looks again' "$approves" -- \
        ssh -i /home/alice/.ssh/id_ed25519 alice@localhost id
    rm "$root/etc/ssh/sshd_config.d/0-methods.conf"
    host systemctl reload ssh
    succeeded
    says "($group)"
}

let_in_while_waiting()
{
    wants_a_reason wait=60
    run ssh_by keyboard-interactive 'assword:' alice 'Reason for access' 'ticket 4711' \
        'request 1: waiting for approval by bob, who cannot get in by sshd either. Enter looks again, q leaves it' '' \
        'looks again' "$approves"
    succeeded
    says "($group)"
    run host journalctl --no-pager --quiet -b -t sshd -g 'let in after waiting'
    says 'user="alice"'
}

# Locked out, and trusted with emergencies: in at once, and every approver sees it.
let_in_in_an_emergency()
{
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = bob" "emergency = alice" \
        >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    sed -i "s/\(pam_accesspkg.so package=$package\).*/\1 wait=60/" "$root"/etc/pam.d/sshd
    run ssh_by keyboard-interactive 'assword:' alice 'q leaves it filed, e takes it in an emergency' e \
        'Reason for taking db-admins: ' 'disk full'
    succeeded
    says "($group)"
    run on_host bob pkg-approve
    says "disk full"
    run host journalctl --no-pager --quiet -b -u accesspkgd -g EMERGENCY
    says "alice"
}

denied_while_waiting()
{
    wants_a_reason wait=60
    run ssh_by keyboard-interactive 'assword:' alice 'Reason for access' 'ticket 4711' 'looks again' "$denies"
    refused
    says 'request 1 was denied by bob: no way'
    says 'Your next login files a new one.'
}

left_filed()
{
    wants_a_reason wait=60
    run ssh_by keyboard-interactive 'assword:' alice 'Reason for access' 'ticket 4711' 'looks again' q
    refused
    [[ $(pending) == 1 ]] || complain "the request should wait on"
}

# A connection that is lost while it waits gives its place back: more of them than there are places.
hung_up_while_waiting()
{
    local try
    wants_a_reason wait=60
    on_host alice pkg-request submit $package -m 'ticket 4711'
    for try in 1 2 3 4 5 6 7; do
        run ssh_by keyboard-interactive 'assword:' alice 'looks again' "@pkill -KILL -x ssh"
        says 'looks again'
        says_not 'too many logins'
        wait_for 10 nobody_waits
    done
}

# Nothing holds a file where the places are.
nobody_waits()
{
    ! host sh -c 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q /run/accesspkg/waiters'
}

# Nobody is there to be asked: no prompt, no wait, filed as ever.
programs_are_not_asked()
{
    wants_a_reason wait=60
    run on_host alice scp -o BatchMode=yes /etc/hostname alice@localhost:stolen
    refused
    says_not 'Reason for'
    says "request 1 waits for approval by bob"
    run ssh_as alice id
    refused
    says_not 'looks again'
    run ssh_by password 'assword:' alice
    refused
    says_not 'Reason for'
    run on_host bob pkg-approve show 1
    says 'no reason given'
    run host systemd-run --wait --pipe --quiet -p User=alice -p PAMName=su true
    says_not 'Reason for'
}

at_login()
{
    wants_a_reason wait=60
    run at_terminal root 'assword:' alice 'Reason for access' 'ticket 4711' 'looks again' "$approves" \
        '\$ ' 'id; exit' -- login alice
    succeeded
    says "($group)"
}

at_su()
{
    wants_a_reason wait=60
    run at_terminal root 'assword:' bob 'Reason for access' 'ticket 4711' 'looks again' "$approves" -- \
        runuser -u alice -- su bob -c id
    succeeded
    says '(bob)'
    says 'run this again'
    run on_host bob pkg-approve show 1
    says 'Alice Adams'
}

# What a script pipes into su is the command's, not a reason.
su_in_a_pipe()
{
    wants_a_reason wait=60
    run at_terminal root 'waits for approval' '' -- runuser -u alice -- sh -c "printf 'bob\nsecret\n' | su bob -c id"
    refused
    says_not 'Reason for'
    run on_host bob pkg-approve show 1
    says 'no reason given'
    says_not 'secret'
}

# sudo keeps its modules silent, and has looked at its groups before: it is run again.
at_sudo()
{
    wants_a_reason wait=60
    run at_terminal alice 'assword' alice -- sudo id
    refused
    says_not 'Reason for'
    says "waits for approval by bob"
}

it "ssh, keyboard-interactive: asked for a reason, and the approver reads it" asked_and_carried
it "no reason typed: asked once more, then filed without one" asked_once_more
it "a key, then prompts: asked, and let in while waiting" key_and_prompt
it "ssh: let in while waiting, without a second login" let_in_while_waiting
it "ssh: in an emergency, let in at the prompt" let_in_in_an_emergency
it "ssh: denied while waiting" denied_while_waiting
it "ssh: q leaves the request filed" left_filed
it "connections that are lost while waiting take no place" hung_up_while_waiting
it "scp, keys, passwords and services are not asked" programs_are_not_asked
it "login: asked, and let in while waiting" at_login
it "su: asked, and let in while waiting" at_su
it "su in a pipe is not asked" su_in_a_pipe
it "sudo is not asked" at_sudo
sed -i "s/\(pam_accesspkg.so package=$package\).*/\1/" "$root"/etc/pam.d/{sshd,sudo,sudo-i,login,su}
