# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An expired password must not skip the gate: libpam may jump over what stands below an include. Sourced by tests/host/run.

expire() # USER
{
    # shellcheck disable=SC2064 # this user, now
    trap "host chage -d \$(date +%F) $1" EXIT
    host chage -d 0 "$1"
}

ssh_is_refused()
{
    expire alice
    run ssh_as alice id
    refused
    says "$package"
}

sudo_is_refused()
{
    expire alice
    run at_terminal alice 'assword' alice -- sudo id
    refused
    says "$package"
}

su_is_refused()
{
    expire bob
    run at_terminal alice 'assword:' bob -- su bob -c id
    refused
    says "$package"
}

it "ssh" ssh_is_refused
it "sudo" sudo_is_refused
it "su to a user whose password expired" su_is_refused
