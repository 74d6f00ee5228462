# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# sudo and sudo -i, through a sudoers rule that names the package's group. Sourced by tests/host/run.

# sudo asks who is in no rule for a password first.
with_password() # SUDO-ARGUMENT...
{
    at_terminal alice 'assword' alice -- sudo -k "$@"
}

before_the_grant()
{
    run with_password id
    refused
    says "$package"
    run with_password -i id
    refused
    says "$package"
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait, not: '$(pending)'"
}

during_the_grant()
{
    grant alice
    run on_host alice sudo -n id
    succeeded
    says "uid=0"
    run on_host alice sudo -n -i id
    succeeded
    says "uid=0"
}

after_the_grant()
{
    run package_lasts 6s
    grant alice
    run on_host alice sudo -n id
    succeeded
    wait_for 15 holds_no_group alice
    run with_password id
    refused
    run with_password -i id
    refused
}

# A session that began during the grant keeps the group of its processes; sudo must not go by that.
an_old_session_gains_nothing()
{
    run package_lasts 6s
    grant alice
    run ssh_as alice "sudo -n id -u; while id -nG alice | grep -qw $group; do :; done; sudo -n id"
    refused
    says "^0$"
    says_not "uid=0"
}

it "before: refused by sudo and sudo -i, one request" before_the_grant
it "during: sudo and sudo -i become root" during_the_grant
it "after: refused by both" after_the_grant
it "after, from a session opened during the grant: refused" an_old_session_gains_nothing
