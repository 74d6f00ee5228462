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
        for user in $(seq -f eng%02g 40) lea leo sid nina cara cleo curt; do
            useradd --create-home --shell /bin/bash $user
            install -d -m 700 -o $user /home/$user/.ssh
            install -m 600 -o $user /root/key /home/$user/.ssh/id_ed25519
            install -m 600 -o $user /root/key.pub /home/$user/.ssh/authorized_keys
        done
        gpasswd -M $(seq -s, -f eng%02g 40),nina engineers
        gpasswd -M lea,leo leads && gpasswd -M sid security && gpasswd -M nina on-call && gpasswd -M cara,cleo,curt contractors
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
    ssh_as eng01 sudo -n -u postgres id -nu
}

is_no_postgres()
{
    ! as_postgres
}

sudo_to_postgres()
{
    a_package db-admins '[package]' 'groups = pg-admins' '[policy]' 'requestors = %engineers' 'approvers = %leads' \
        'justification = required' 'duration = 1h'
    echo 'Set group_source dynamic' >>"$root/etc/sudo.conf"
    echo '%pg-admins ALL=(postgres) NOPASSWD: ALL' >"$root/etc/sudoers.d/db-admins"
    echo 'session optional pam_accesspkg.so' >>"$root/etc/pam.d/sshd" # whose sessions tell what is used
    reload
    says "^Groups that packages may give: 3, all found.$"
    run as_postgres
    refused
    run ssh_as eng01 pkg-request submit db-admins
    refused
    says "pkg-request submit db-admins -m 'REASON'"
    run ssh_as eng01 pkg-request submit db-admins -m "'vacuum, ticket 4711'"
    says "It waits for: %leads"
    run ssh_as lea pkg-approve approve eng01/db-admins --for 15s
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

# ---- a contractor -----------------------------------------------------------------------------------------------

# The day that comes so many days from now, as typed, and the midnight it begins with, as read.
day()
{
    host date -d "+$1 days" +%F
}

midnight()
{
    host date -d "+$1 days" '+%a %F 00:00'
}

# gets_until USER DAYS: at the shop's terminal, before there is a way in by ssh.
gets_until()
{
    run on_host "$1" pkg-request submit contractors --until "$(day "$2")" -m 'contract 88'
    says "It waits for: %leads"
    says "It is asked for until $(midnight $(($2 + 1)))"
    run ssh_as lea pkg-approve approve "$1/contractors" -m "'contract 88'"
    says "$1 holds contractors (shop) until $(midnight $(($2 + 1)))"
    run ssh_as "$1" id -nG
    says " shop"
}

by_the_week()
{
    a_package contractors '[package]' 'groups = shop' '[policy]' 'requestors = %contractors' 'approvers = %leads' \
        'duration = 1w' 'extension = approval' 'extend_window = 48h' "not_after = $(day 7)"
    reload
    run host pkg-admin pam enable sshd --package approvers --package production --package contractors --enforce --yes
    succeeded
    gets_until cara 6
    run ssh_as cara pkg-request extend contractors -d 1d -m "'week 2'"
    refused
    says "may be asked for in the last 2 d before the end: from $(midnight 5) [A-Z]* on. Nothing was filed."
    gets_until cleo 1
    run ssh_as cleo pkg-request extend contractors --until "$(day 6)" -m "'week 2'"
    succeeded
    says "Your access ends $(midnight 2) .*, and would end $(midnight 7) "
    says_not "the package is not given after that"
    run ssh_as leo pkg-approve show cleo/contractors
    says "^Ends now: *$(midnight 2) "
    says "^Would end: *$(midnight 7) "
    run at_terminal leo 'Your reason, which cleo may read' '' 'Approve\?' y -- pkg-approve approve cleo/contractors
    succeeded
    says "cleo keeps contractors (shop) until $(midnight 7) .*, instead of until $(midnight 2) "
    says "cleo holds contractors (shop) until $(midnight 7) "
}

not_beyond_the_contract()
{
    gets_until curt 1
    run ssh_as curt pkg-request extend contractors -d 1w -m "'week 2'"
    succeeded
    says "Your access ends $(midnight 2) .*, and would end $(midnight 8) "
    says "It ends $(midnight 8) .* at the latest: the package is not given after that."
    run at_terminal leo 'Your reason, which curt may read' '' 'Approve\?' y -- pkg-approve approve curt/contractors
    succeeded
    says "curt keeps contractors (shop) until $(midnight 8) .*, instead of until $(midnight 2) "
    says "curt holds contractors (shop) until $(midnight 8) "
    run ssh_as curt pkg-request extend contractors -d 1d -m "'week 3'"
    refused
    says "contractors is given until $(midnight 8) .* so it cannot be extended"
}

# ---- what an auditor asks ---------------------------------------------------------------------------------------

# Fails unless the CSV on stdin says so of each.
read_by_python()
{
    python3 -c '
import csv, datetime, sys
rows = {row["user"]: row for row in csv.DictReader(sys.stdin)}
assert sorted(rows) == ["eng01", "eng02"], rows
one, two = rows["eng01"], rows["eng02"]
assert one["package"] == "db-admins" and one["groups"] == "pg-admins" and one["now"] == "expired", one
assert one["asked"] == "eng01: vacuum, ticket 4711" and one["decided"] == "approved by lea", one
times = [datetime.datetime.fromisoformat(one[name]) for name in ("from", "first_use", "last_use", "until")]
assert times == sorted(times), one
assert two["now"] == "held" and two["decided"] == "approved by leo: if need be", two
assert two["first_use"] == two["last_use"] == "none noted", two'
}

asked_afterwards()
{
    run on_host eng02 pkg-request submit db-admins -m 'in case eng01 is ill'
    run ssh_as leo pkg-approve approve eng02/db-admins -m "'if need be'"
    succeeded
    run host pkg-admin holders db-admins --since 30d
    succeeded
    says "^eng01 .* expired *eng01: vacuum, ticket 4711 *approved by lea *20[^ ]* *20"
    says "^eng02 .* held *eng02: in case eng01 is ill *approved by leo: if need be *none noted *none noted"
    [[ $(wc -l <<<"$out") == 3 ]] || complain "two had it, and nobody else"
    run host pkg-admin holders db-admins --since 30d --csv
    succeeded
    read_by_python <<<"$out"
    run host pkg-admin audit --package db-admins --since 30d
    succeeded
    says "lea *approve .*eng01/db-admins"
    says "leo *approve .*eng02/db-admins *if need be"
    says "eng01/db-admins.*vacuum, ticket 4711"
    says_not production
    run host pkg-admin holders production
    [[ $(grep -c '^eng' <<<"$out") == 40 ]] || complain "forty hold it"
    run host pkg-admin audit --since 30d --request eng07/production
    says "lea.*release 42"
    says "sid.*seen"
    run host pkg-admin audit --since 30d --user nina
    says "lea.*incident 12, read the journal"
    run host pkg-admin report --since 30d
    says "^production"
}

if begin && host env DEBIAN_FRONTEND=noninteractive pam-auth-update --disable sss; then
    go_on "installed, and forty engineers with a key" installed
    go_on "ssh in two stages: what would lock people out, what is only watched" watched
    go_on "... forty engineers wait, are approved twice, and are in" forty_engineers
    go_on "sudo to postgres for as long as was approved" sudo_to_postgres
    go_on "break-glass at night, at the prompt of ssh, and its review" at_night
    go_on "a contractor until a date, a week more in its last days" by_the_week
    go_on "... and not beyond the contract" not_beyond_the_contract
    go_on "who had db-admins in the last 30 days, who approved, was it used" asked_afterwards
else
    tail -n 30 "$work/console.log"
    failed=$((failed + 1))
fi
end
base=$plain_base
