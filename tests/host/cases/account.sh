# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rule 9: an approver's account is locked or expires while a real login of theirs is open; the root service in its sandbox,
# started by the bus, reads the real shadow. Sourced by tests/host/run.

# log_in: bob comes in by ssh, and stays. What is typed there is read from a pipe.
log_in()
{
    host pkg-admin assign $package bob
    mkfifo "$work/typed"
    ssh_as bob sh <"$work/typed" >"$work/session" 2>&1 &
    exec 8>"$work/typed"
    rm "$work/typed"
    typed=0
    echo "echo '[end 0 0]'" >&8
    run in_session id -un
    says "^bob$"
}

# in_session COMMAND...: bob types it in that login. What it printed, and how it ended.
in_session()
{
    typed=$((typed + 1))
    echo "$* 2>&1; echo \"[end $typed \$?]\"" >&8
    wait_for 40 grep -q "^\[end $typed " "$work/session" || return 99
    sed -n "/^\[end $((typed - 1)) /,/^\[end $typed /p" "$work/session" | grep -v '^\[end'
    return "$(sed -n "s/^\[end $typed \([0-9]*\)\]$/\1/p" "$work/session")"
}

restore()
{
    set +e # some of it there is to do
    host usermod -U bob
    host chage -E -1 -I -1 -M 99999 -d "$(date +%F)" bob
    host chmod 640 /etc/shadow
    host userdel frank
    sed -i '/^account_state/d' "$root/etc/accesspkg/accesspkg.conf"
    exec 8>&-
}

number_waits()
{
    host pkg-admin revoke $package alice -m "once more" || true
    on_host alice pkg-request submit $package
    number=$(pending)
}

# refused_by WORDS: in the open login, by each way to decide.
refused_by()
{
    local how
    for how in "approve $number" "deny $number -m no" "delegate --to dave --until +2h" "revoke carol/$package -m enough"; do
        run in_session pkg-approve "$how"
        refused
        says "You may not decide: the account bob $1"
    done
    run on_host alice pkg-request status "$number"
    says "Pending approval"
    holds_group carol
}

locked()
{
    trap restore EXIT
    log_in
    grant carol
    number_waits
    host usermod -L bob
    refused_by "is locked"
    host usermod -U bob
    run in_session pkg-approve approve "$number"
    succeeded
    holds_group alice
}

expired()
{
    trap restore EXIT
    log_in
    grant carol
    number_waits
    host chage -E 0 bob
    refused_by "expired on 1970-01-01"
    host usermod -e "$(date +%F)" bob
    refused_by "expired on $(date -u +%F)"
    host usermod -e "$(date -d '2 days' +%F)" bob
    host chage -d 2020-01-01 -M 30 -I 5 bob
    refused_by "is inactive since 2020-02-06"
    host chage -I -1 bob # the password alone has expired
    run in_session pkg-approve approve "$number"
    succeeded
}

# dave decides for bob, whose account has expired.
in_his_name()
{
    trap restore EXIT
    number_waits
    on_host bob pkg-approve delegate --to dave --until +1h
    host chage -E 0 bob
    run on_host dave pkg-approve approve "$number"
    refused
    says "bob, in whose name you would decide"
    host chage -E -1 bob
    run on_host dave pkg-approve approve "$number"
    succeeded
}

# Plain useradd leaves "!", which is no lock.
never_had_a_password()
{
    trap restore EXIT
    host useradd --shell /bin/bash frank
    run host grep ^frank: /etc/shadow
    says "^frank:!:"
    sed -i 's/^approvers = bob$/approvers = bob frank/' "$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    number_waits
    run on_host frank pkg-approve approve "$number"
    succeeded
    holds_group alice
}

# As Red Hat has it: nobody's to read but for a capability.
unreadable()
{
    trap restore EXIT
    number_waits
    host chmod 0 /etc/shadow
    run on_host bob pkg-approve approve "$number"
    succeeded
    number_waits
    host mv /etc/shadow /etc/shadow.away
    run on_host bob pkg-approve approve "$number"
    host mv /etc/shadow.away /etc/shadow
    refused
    says "it is not known whether the account has expired or is locked"
    run on_host bob pkg-approve approve "$number"
    succeeded
}

without_the_root_service()
{
    trap 'host systemctl unmask --runtime accesspkg-privileged; restore' EXIT
    number_waits
    host systemctl stop accesspkg-privileged
    host systemctl mask --runtime accesspkg-privileged
    run on_host bob pkg-approve approve "$number"
    [[ $status == 69 ]] || complain "it should be unavailable"
    says "it is not known whether the account has expired or is locked"
    says "Nothing was changed"
    sed -i 's/^\[decisions\]$/&\naccount_state = no/' "$root/etc/accesspkg/accesspkg.conf"
    host pkg-admin reload
    run on_host bob pkg-approve approve "$number"
    succeeded
}

it "locked while logged in" locked
it "expired while logged in" expired
it "a delegate of an approver whose account has expired" in_his_name
it "an account that never had a password" never_had_a_password
it "shadow that only a capability reads, and none" unreadable
it "no root service" without_the_root_service
