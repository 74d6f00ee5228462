# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Logging in over ssh: each way to authenticate, people and programs. Sourced by tests/host/run.

# Rule 1: nobody is let in without a valid grant.
refused_with_a_request()
{
    run ssh_as alice id
    refused
    says "$package"
    says bob
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait for bob"
    says "$(pending)"
    run host journalctl --no-pager --quiet -b -t sshd -g "$package"
    says alice
}

# Rule 3: the very next login gets in.
approved_and_let_in()
{
    run ssh_as alice id
    refused
    run approve_pending
    succeeded
    run ssh_as alice id
    succeeded
    says "($group)"
    run host pkg-admin holders "%$group"
    says "^alice *$package *$group *Fulfilled"
    run host getent group "$group"
    says_not alice # which some tool would write back as a member
}

ended_by_the_clock()
{
    run package_lasts 6s
    grant alice
    run ssh_as alice id
    succeeded
    wait_for 15 holds_no_group alice
    run ssh_as alice id
    refused
    says_not "($group)"
}

others_stay_outside()
{
    grant alice
    run ssh_as carol id
    refused
    holds_no_group carol
}

# Nobody is sent to approvers whom the same line keeps out, while one gets in.
sent_to_who_gets_in()
{
    local gates="$root/etc/pam.d/sshd" other="$root/etc/accesspkg/packages.d/approvers.conf"
    # shellcheck disable=SC2064 # these, now
    trap "rm -f '$other'; sed -i 's/ package=approvers//' '$gates'; host pkg-admin reload" EXIT
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = bob carol" \
        >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    run ssh_as alice id
    refused
    says "waits for approval by bob or carol, none of whom can get in by sshd either (until"
    says "Please tell an administrator"
    printf '%s\n' "[package]" "groups = $group" "[policy]" "requestors = carol" "approval = none" >"$other"
    host pkg-admin reload
    sed -i "s/\(pam_accesspkg.so package=$package\).*/\1 package=approvers/" "$gates"
    run ssh_as alice id
    refused
    says "waits for approval by carol (until"
    says_not bob
    run ssh_as carol id
    succeeded
    run on_host bob pkg-approve approve "$(pending)" -m "by whom it is, all the same"
    run ssh_as alice id
    succeeded
}

by() # METHOD: alice logs in with her password in this way
{
    at_terminal alice 'assword:' alice -- ssh -o PubkeyAuthentication=no -o PreferredAuthentications="$1" \
        alice@localhost id
}

by_password()
{
    run by password
    refused
    says "$package"
    approve_pending
    run by password
    succeeded
    says "($group)"
}

by_keyboard_interactive()
{
    run by keyboard-interactive
    refused
    says "$package"
    approve_pending
    run by keyboard-interactive
    succeeded
    says "($group)"
}

scp_refused()
{
    run on_host alice scp -o BatchMode=yes /etc/hostname alice@localhost:stolen
    refused
    grep -q "$package" <<<"$err" || complain "the message should stand on stderr"
    ! host test -e /home/alice/stolen || complain "the file was copied"
}

# A program that tries again and again: nothing on its stdout, a message on stderr, one request (rule 7).
programs_file_one_request()
{
    local try first
    for try in 1 2 3; do
        run ssh_as alice git-upload-pack /srv/repository.git
        refused
        [[ -z $out ]] || complain "try $try: stdout belongs to the program's protocol"
        grep -q "$package" <<<"$err" || complain "the message should stand on stderr"
        [[ $try == 1 ]] && first=$(pending)
    done
    [[ $(pending) == "$first" ]] || complain "a new request was filed: $(pending) after $first"
}

it "public key: refused, told why, and a request is filed" refused_with_a_request
it "public key: let in right after the approval" approved_and_let_in
it "the end of the time takes the group away and shuts the door" ended_by_the_clock
it "a grant lets in its holder alone" others_stay_outside
it "refused, and sent to those approvers who get in" sent_to_who_gets_in
it "password: refused, approved, let in" by_password
it "keyboard-interactive: refused, approved, let in" by_keyboard_interactive
it "scp: refused with a message on stderr, nothing copied" scp_refused
it "a program that retries: a message on stderr, one request" programs_file_one_request
