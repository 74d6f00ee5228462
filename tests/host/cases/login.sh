# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# login(1) on a terminal. Sourced by tests/host/run.

refused_on_a_terminal()
{
    run at_terminal root 'assword:' alice '\$ ' 'id' -- login alice
    says "$package"
    says_not "uid="
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait for bob"
}

let_in_on_a_terminal()
{
    grant alice
    run at_terminal root 'assword:' alice '\$ ' 'id; exit' -- login alice
    succeeded
    says "($group)"
}

it "refused, told why, and a request is filed" refused_on_a_terminal
it "let in with a grant" let_in_on_a_terminal
