# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What administrators write into pam.d and packages.d, on purpose and by mistake. Sourced by tests/host/run.

# Until the case ends, sshd's gate has these arguments instead.
gate() # ARGUMENT...
{
    local file=$root/etc/pam.d/sshd
    [[ -e $work/sshd ]] || cp "$file" "$work/sshd"
    # shellcheck disable=SC2064 # this file, now
    trap "mv '$work/sshd' '$file'" EXIT
    { echo "account required pam_accesspkg.so $*" && grep -v pam_accesspkg "$work/sshd"; } >"$file"
    mark
}

# Where the journal ends now.
mark()
{
    host journalctl --sync
    cursor=$(host journalctl --lines=0 --show-cursor | sed -n 's/^-- cursor: //p')
}

# What the module wrote into the journal since mark.
journal()
{
    host journalctl --sync
    run host journalctl --no-pager --quiet --output=cat --after-cursor "$cursor" -g 'pam_accesspkg\('
}

lines()
{
    grep -c . <<<"$out" || true
}

only_watches()
{
    gate "package=$package" mode=report
    run ssh_as alice id
    succeeded
    [[ -z $err ]] || complain "alice should be told nothing"
    [[ -z $(pending) ]] || complain "nothing should be filed"
    journal
    says "would be refused (mode=report): user=\"alice\" service=\"sshd\""
    [[ $(lines) == 1 ]] || complain "one line should be written"
}

misspelled_package()
{
    grant alice
    gate package=db-admin
    run ssh_as alice id
    refused
    says "db-admin on demohost: there is no access package of this name"
    says_not "could not be found out"
    [[ -z $(pending) ]] || complain "nothing should be filed"
    journal
    says "no file in packages.d defines this package"
    [[ $(lines) == 1 ]] || complain "one line should be written"
}

# Rule 1: what is not understood lets nobody in, and is named.
misspelled_options()
{
    gate packages=x timeout=abc timeout=61 mode=Report submit=maybe quiet=yes nullok "package=$package"
    run ssh_as alice id
    refused
    says "waits for approval by bob"
    journal
    local argument
    for argument in packages=x timeout=abc timeout=61 mode=Report submit=maybe quiet=yes nullok; do
        says "the argument \"$argument\" is ignored"
    done
    [[ $(lines) == 8 ]] || complain "each should be named once, the refusal too"
}

no_package()
{
    gate
    run ssh_as alice id
    refused
    says "no access package is named"
}

says_nothing()
{
    gate "package=$package" quiet
    run ssh_as alice id
    refused
    says_not "$package"
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait for bob"
}

files_nothing()
{
    gate "package=$package" submit=no
    run ssh_as alice id
    refused
    says "you do not hold this access package"
    [[ -z $(pending) ]] || complain "nothing should be filed"
}

any_of_several()
{
    gate package=no-such "package=$package"
    run ssh_as alice id
    refused
    says "^$package on demohost"
    approve_pending
    run ssh_as alice id
    succeeded
}

# A group that comes late: what was approved is put in place by itself.
group_comes_late()
{
    local file=$root/etc/accesspkg/packages.d/late.conf
    # shellcheck disable=SC2064 # this file, now
    trap "rm -f '$file'; host groupdel latecomers" EXIT
    printf '%s\n' "[package]" "groups = latecomers" "[policy]" "approvers = bob" >"$file"
    run host pkg-admin reload
    succeeded
    says "the group latecomers does not exist"
    run on_host alice pkg-request submit late
    run approve_pending
    succeeded
    says "latecomers: there is no such group"
    host groupadd latecomers
    run host pkg-admin reload
    succeeded
    wait_for 20 host sh -c 'id -nG alice | grep -qw latecomers'
}

# The gate does without look-ups, so that logins tell nobody what is missing.
no_line_in_nsswitch()
{
    local file=$root/etc/nsswitch.conf
    cp "$file" "$work/nsswitch"
    # shellcheck disable=SC2064 # this file, now
    trap "mv '$work/nsswitch' '$file'" EXIT
    sed -i 's/^group:.*/group: files/' "$file"
    run host pkg-admin status
    succeeded
    says "/etc/nsswitch.conf:[0-9]*: accesspkg is not in this line, so nobody has the groups of a package"
    cp "$work/nsswitch" "$file"
    run host pkg-admin status
    says_not nsswitch
}

# A unit that logs in through PAM shows nobody anything; the journal says it, once.
unit_with_pam()
{
    mark
    run host systemd-run --quiet --wait --pipe -p PAMName=login -p User=alice id
    refused
    journal
    says "refused: user=\"alice\" service=\"login\""
    [[ $(lines) == 1 ]] || complain "one line should be written"
    approve_pending
    run host systemd-run --quiet --wait --pipe -p PAMName=login -p User=alice id
    succeeded
    says "($group)"
}

# What an auditor asks on the last day: of the journal, and of pkg-admin, after a real login.
proven()
{
    on_host alice pkg-request submit $package -m "ticket 4711"
    on_host bob pkg-approve approve alice/$package -m "go on"
    run ssh_as alice id
    succeeded
    host journalctl --sync
    run host journalctl --no-pager --quiet --output=cat ACCESSPKG_USER=alice ACCESSPKG_EVENT=approve
    says "^alice/$package: approved by bob (request [0-9]*): go on$"
    run host journalctl --no-pager --quiet --output=cat MESSAGE_ID=f92f5bc114934cfa8812750f787b0e1a ACCESSPKG_PACKAGE=$package
    says "^alice/$package: given (request [0-9]*, assignment [0-9]*): "
    run host journalctl --no-pager --quiet --output=cat -u accesspkgd -g "^alice/$package: requested"
    says "^alice/$package: requested by alice (request [0-9]*): ticket 4711$"
    run host pkg-admin holders $package --since 1h
    says " held *alice: ticket 4711 *approved by bob: go on *20"
    says_not "none noted"
    run host pkg-admin holders $package --since 1h --csv
    says "^\"alice\",.*\"held\",\"alice: ticket 4711\",\"approved by bob: go on\",\"20"
}

it "mode=report: everybody gets in, the journal says who would not" only_watches
it "a package that no file defines: refused, and told so" misspelled_package
it "misspelled options: named in the journal, and nobody gets in by them" misspelled_options
it "no package at all: refused, and told so" no_package
it "quiet: refused, and told nothing" says_nothing
it "submit=no: refused, and nothing filed" files_nothing
it "several packages: any of them lets in" any_of_several
it "a group that does not exist yet: given once it does" group_comes_late
it "the line in nsswitch.conf forgotten: pkg-admin says so" no_line_in_nsswitch
it "a unit with PAMName=: one line in the journal, let in with a grant" unit_with_pam
it "who had it, who decided, was it used: the journal and pkg-admin tell" proven
