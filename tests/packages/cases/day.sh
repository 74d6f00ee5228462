# shellcheck shell=bash disable=SC2154,SC2016 # $out and the like come from tests/host/lib.sh, $root from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# Five tasks of a first day, each as typed, with the packages and `pkg-admin pam enable`: ssh in two stages for forty
# engineers, sudo to postgres for an hour, a contractor by the week, break-glass at night, and what an auditor asks.
# The host has sudo, and expect for who types at a prompt. Sourced by tests/packages/run.

plain_base=$base
base=$("$here/../host/base") || exit 1
exec 7<"$base" && flock -s 7

# a_package NAME LINE...: as an editor writes its file.
a_package()
{
    printf '%s\n' "${@:2}" >"$root/etc/accesspkg/packages.d/$1.conf"
}

reload()
{
    run host pkg-admin check-config
    succeeded
    run host pkg-admin reload
    succeeded
}

# all_engineers COMMAND...: each of the forty types it, eight at a time.
all_engineers()
{
    seq -f eng%02g 40 |
        host xargs -P 8 -I {} sh -c 'runuser "$@" || true' sh -u {} -- env HOME=/home/{} "$@" 2>&1 # xargs ends at ssh's 255
}

by_ssh()
{
    all_engineers ssh -o BatchMode=yes {}@localhost id -nG
}

installed()
{
    install -D -m 644 tests/host/typing.exp "$root/usr/local/lib/typing.exp"
    run apt install /debs/accesspkg_*.deb /debs/lib*.deb
    succeeded
    host sh -ec '
        for group in engineers production approvers leads security on-call pg-admins contractors shop; do groupadd $group; done
        useradd --system --shell /bin/sh postgres
        ssh-keygen -q -t ed25519 -N "" -f /root/key
        for user in $(seq -f eng%02g 40) lea leo sid nina cara; do
            useradd --create-home --shell /bin/bash $user
            install -d -m 700 -o $user /home/$user/.ssh
            install -m 600 -o $user /root/key /home/$user/.ssh/id_ed25519
            install -m 600 -o $user /root/key.pub /home/$user/.ssh/authorized_keys
        done
        gpasswd -M $(seq -s, -f eng%02g 40),nina engineers
        gpasswd -M lea,leo leads && gpasswd -M sid security && gpasswd -M nina on-call && gpasswd -M cara contractors
        echo nina:nina | chpasswd
        install -D -m 600 /root/key.pub /root/.ssh/authorized_keys'
}

# ---- ssh in two stages ------------------------------------------------------------------------------------------

watched()
{
    a_package production '[package]' 'description = Log in to production' 'groups = production' '[policy]' \
        'requestors = %engineers' 'justification = required' 'duration = 8h' 'emergency = %on-call' \
        'emergency_duration = 30m' '[stage 1]' 'approvers = %leads' '[stage 2]' 'approvers = %security'
    reload
    says "^Groups that packages may give: 1, all found.$"
    run host pkg-admin pam enable sshd --package production --enforce --yes
    refused
    says "those who approve it (lea, leo) would themselves need an approval"
    a_package approvers '[package]' 'groups = approvers' '[policy]' 'requestors = %leads %security' 'approval = none' \
        'duration = 8h'
    reload
    run host pkg-admin pam enable sshd --package approvers --package production --report --yes
    succeeded
    run host pkg-admin check-config
    says "production is given for a reason alone.*no login by sshd is asked for one"
    says "sshd has KbdInteractiveAuthentication no"
    run ssh_as eng01 id -nG
    succeeded
    run ssh_as lea id -nG
    says_not approvers
    run host journalctl --no-pager -q -g 'would be refused'
    says 'user="eng01".*package="production"'
    says_not 'user="lea"'
    run host journalctl --no-pager -q -g 'would be given at once'
    says 'user="lea".*package="approvers"'
    says_not 'user="eng01"'
}

forty_engineers()
{
    host sed -i 's/= required/= asked/' /etc/accesspkg/packages.d/production.conf
    reload
    run host pkg-admin check-config
    says_not "pam.d/sshd"
    run host pkg-admin pam enable sshd --package approvers --package production --enforce --yes
    succeeded
    says "Past it for repairs: root over ssh, with a key."
    run by_ssh
    [[ $(grep -c 'waits for approval by a member of leads, stage 1 of 2' <<<"$out") == 40 ]] || complain "forty should wait"
    run at_terminal lea 'Approve these 40.' y -- pkg-approve approve all -m 'release 42'
    succeeded
    run ssh_as leo pkg-approve
    says_not eng01
    run by_ssh
    [[ $(grep -c 'a member of security, stage 2 of 2' <<<"$out") == 40 ]] || complain "forty should wait for the second stage"
    run at_terminal sid 'Approve these 40.' y -- pkg-approve approve all -m seen
    succeeded
    run by_ssh
    [[ $(grep -cw production <<<"$out") == 40 ]] || complain "forty should be in"
}

# ---- sudo for an hour -------------------------------------------------------------------------------------------

as_postgres()
{
    on_host eng01 sudo -n -u postgres id -nu
}

is_no_postgres()
{
    ! as_postgres
}

sudo_to_postgres()
{
    a_package pg-admin '[package]' 'groups = pg-admins' '[policy]' 'requestors = %engineers' 'approvers = %leads' \
        'justification = required' 'duration = 1h'
    echo 'Set group_source dynamic' >>"$root/etc/sudo.conf"
    echo '%pg-admins ALL=(postgres) NOPASSWD: ALL' >"$root/etc/sudoers.d/pg-admin"
    reload
    says "^Groups that packages may give: 3, all found.$"
    run as_postgres
    refused
    run ssh_as eng01 pkg-request submit pg-admin
    refused
    says "pkg-request submit pg-admin -m 'REASON'"
    run ssh_as eng01 pkg-request submit pg-admin -m "'vacuum, ticket 4711'"
    says "It waits for: %leads"
    run ssh_as lea pkg-approve approve eng01/pg-admin --for 12s
    succeeded
    run as_postgres
    says "^postgres$"
    wait_for 40 is_no_postgres || complain "the time is over"
}

# ---- break-glass ------------------------------------------------------------------------------------------------

at_night()
{
    echo 'KbdInteractiveAuthentication yes' >"$root/etc/ssh/sshd_config.d/ask.conf"
    host systemctl reload ssh
    run host pkg-admin pam enable sshd --package approvers --package production --option wait=60 --enforce --yes
    succeeded
    run at_terminal root 'assword:' nina 'Reason for access to production: ' 'the site is down' \
        'q leaves it filed, e takes it in an emergency' e 'Reason for taking production: ' 'incident 12' -- \
        ssh -o PreferredAuthentications=keyboard-interactive nina@localhost id -nG
    succeeded
    says "^nina engineers production"
    run host journalctl --no-pager -q -u accesspkgd -g EMERGENCY
    says nina
    run ssh_as lea pkg-approve
    says "nina.*production"
    run ssh_as lea pkg-approve review nina/production -m "'incident 12, read the journal'"
    succeeded
    run ssh_as lea pkg-approve
    says_not nina
}

# ---- what an auditor asks ---------------------------------------------------------------------------------------

asked_afterwards()
{
    run host pkg-admin holders production
    [[ $(grep -c '^eng' <<<"$out") == 40 ]] || complain "forty hold it"
    says "^nina"
    run host pkg-admin audit --since 30d --request eng07/production
    says "lea.*release 42"
    says "sid.*seen"
    run host pkg-admin audit --since 30d --user nina
    says "lea.*incident 12, read the journal"
    run host pkg-admin report --since 30d
    says "^production"
}

# ---- a contractor -----------------------------------------------------------------------------------------------

by_the_week()
{
    a_package contractors '[package]' 'groups = shop' '[policy]' 'requestors = %contractors' 'approvers = %leads' \
        'duration = 1w' 'max_total = 4w' 'extension = approval'
    reload
    run on_host cara pkg-request submit contractors -m 'contract 88'
    says "It waits for: %leads"
    run ssh_as lea pkg-approve approve cara/contractors -m "'contract 88'"
    says "cara holds contractors (shop) until"
    run on_host cara pkg-request extend contractors -d 1w -m 'week 2'
    succeeded
    run ssh_as leo pkg-approve approve cara/contractors
    succeeded
    run on_host cara pkg-request extend contractors -d 3w -m 'too long'
    refused
}

if begin && host env DEBIAN_FRONTEND=noninteractive pam-auth-update --disable sss; then
    go_on "installed, and forty engineers with a key" installed
    go_on "ssh in two stages: what would lock people out, what is only watched" watched
    go_on "... forty engineers wait, are approved twice, and are in" forty_engineers
    go_on "sudo to postgres for as long as was approved" sudo_to_postgres
    go_on "break-glass at night, at the prompt of ssh, and its review" at_night
    go_on "who had it, who approved, was it used" asked_afterwards
    go_on "a contractor by the week, and not for longer" by_the_week
else
    tail -n 30 "$work/console.log"
    failed=$((failed + 1))
fi
end
base=$plain_base
