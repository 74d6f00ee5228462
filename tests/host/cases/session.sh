# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the session phase tells who logs in: ssh, login, su. Sourced by tests/host/run.

# The line stands where the samples have it.
tells_sessions()
{
    local service
    for service in sshd login su; do
        grep -q '^session.*pam_accesspkg' "$root/etc/pam.d/$service" ||
            echo 'session optional pam_accesspkg.so' >>"$root/etc/pam.d/$service"
    done
}

# bob's way through the gates, for half an hour.
bob_gets_in()
{
    host pkg-admin assign $package bob -d 30m -m "on call"
}

# bob_at_ssh ANSWER: a login of bob's on a terminal, with a key.
bob_at_ssh()
{
    at_terminal root '\$ ' "$1; exit" -- ssh -tt -i /home/bob/.ssh/id_ed25519 bob@localhost
}

told_at_ssh()
{
    tells_sessions
    bob_gets_in
    on_host alice pkg-request submit $package
    run bob_at_ssh id
    succeeded
    says "$package on demohost: your access ends in 30 min. To ask for more time: pkg-request extend $package"
    says "demohost: a request of alice ($package, request 2) waits for your decision, until .*: pkg-approve show 2"
    on_host carol pkg-request submit $package
    run bob_at_ssh id
    says "demohost: 2 requests wait for you: pkg-approve"
    # Who has nothing to decide, and whose end is far, hears nothing.
    host pkg-admin assign $package dave -d 4h -m "on call"
    run at_terminal root '\$ ' "exit" -- ssh -tt -i /home/dave/.ssh/id_ed25519 dave@localhost
    succeeded
    says_not "demohost: "
}

# What a program reads over ssh is left as it is.
program_over_ssh()
{
    tells_sessions
    bob_gets_in
    on_host alice pkg-request submit $package
    run ssh_as bob echo data
    succeeded
    [[ $out == data ]] || complain "stdout is the command's alone"
}

told_at_login()
{
    tells_sessions
    bob_gets_in
    run at_terminal root 'assword:' bob '\$ ' 'exit' -- login bob
    succeeded
    says "$package on demohost: your access ends in"
}

# alice's session is older than what she is given meanwhile: su is where she hears of it.
older_session()
{
    tells_sessions
    printf '%s\n' "[package]" "groups = audio" "[policy]" "approvers = bob" "duration = 4h" \
        >"$root/etc/accesspkg/packages.d/other.conf"
    grant alice
    host pkg-admin reload
    run at_terminal root '\$ ' '@pkg-admin assign other alice -m meanwhile' '\$ ' 'su bob -c id' 'assword:' bob \
        '\$ ' exit -- ssh -tt -i /home/alice/.ssh/id_ed25519 alice@localhost
    says "(bob)"
    says "demohost: you have the group audio now; your session began before that. Log in again to use it."
    # A session that has it says nothing.
    run at_terminal root '\$ ' 'su bob -c id' 'assword:' bob '\$ ' exit -- \
        ssh -tt -i /home/alice/.ssh/id_ed25519 alice@localhost
    says "(bob)"
    says_not "your session began before"
    rm "$root/etc/accesspkg/packages.d/other.conf"
}

# What is used, and what is not, as the report has it.
never_used()
{
    tells_sessions
    bob_gets_in
    host pkg-admin assign $package dave -d 4h -m "on call"
    run host pkg-admin report --json
    says '"begun": 2'
    says '"unused": 2'
    ssh_as bob true
    run host pkg-admin report --json
    says '"unused": 1'
    run host pkg-admin report
    says "NEVER USED"
}

# accesspkgd is away, or mute: what the file says is said, and the login goes on.
without_the_daemon()
{
    tells_sessions
    bob_gets_in
    host systemctl stop accesspkgd
    run bob_at_ssh id
    succeeded
    says "your access ends in"
    [[ $(host systemctl is-active accesspkgd) == inactive ]] || complain "a login started what was stopped"
    host systemctl mask --runtime --quiet accesspkgd
    host systemctl stop accesspkgd
    run bob_at_ssh id
    succeeded
    says "your access ends in"
    host systemctl unmask --runtime --quiet accesspkgd
    host systemctl start accesspkgd
    host systemctl kill --kill-whom=main -s STOP accesspkgd
    local began=$SECONDS
    run bob_at_ssh id
    host systemctl kill --kill-whom=main -s CONT accesspkgd
    succeeded
    says "your access ends in"
    ((SECONDS - began < 6)) || complain "a mute daemon held the login up"
}

it "an approver hears at the login what waits, and what ends soon" told_at_ssh
it "a program's output over ssh is left alone" program_over_ssh
it "the same at login" told_at_login
it "su says that the session is older than the grant" older_session
it "the report counts what was never used" never_used
it "without accesspkgd, or with a mute one, the login goes on" without_the_daemon
for service in sshd login su; do
    sed -i '/^session optional pam_accesspkg.so$/d' "$root/etc/pam.d/$service"
done
