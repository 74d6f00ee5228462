# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# docs/COOKBOOK.md: each recipe is set up from its text, on a host whose /etc is Debian's, and used as its people do.
# Sourced by tests/host/run.

document=docs/COOKBOOK.md
# shellcheck source=tests/host/document.sh
. "$here/document.sh"
# shellcheck source=tests/host/sessions.sh
. "$here/sessions.sh"

readonly touched=(pam.d sudoers.d ssh/sshd_config.d accesspkg/packages.d accesspkg/notify.d sudo.conf passwd group shadow
    gshadow subuid subgid)

# keep NAME: how /etc is now, for put_back.
keep()
{
    tar -C "$root/etc" -cpf "$work/$1.tar" "${touched[@]}"
}

put_back()
{
    (cd "$root/etc" && find "${touched[@]}" -mindepth 1 -type f -delete && tar -xpf "$work/$1.tar")
    rm -rf "$root/etc/accesspkg/pam" "$root/home/deploy" "$root/etc/systemd/system/web.service" "$root/root/.ssh/authorized_keys"
    host systemctl reload ssh
}

# No gate and no rule: Debian's own files, and eve besides the people of all themes.
begin()
{
    : >"$work/taken"
    keep before
    cp "$base"/etc/pam.d/{sshd,su,sudo,sudo-i,login} "$root/etc/pam.d"
    cp "$base/etc/sudo.conf" "$root/etc"
    rm -f "$root/etc/sudoers.d/$group" "$root"/etc/ssh/sshd_config.d/*
    host useradd --create-home --shell /bin/bash eve
    cp -a "$root/home/alice/.ssh" "$root/home/eve/"
    host chown -R eve: /home/eve
    keep plain
}

finish_theme()
{
    host systemctl stop "user-$(number_of passwd eve).slice"
    put_back before
    rm -rf "$root/home/eve"
}

# recipe TITLE [GROUP=USER,...]...: the section's packages, the groups that they give, and these.
recipe()
{
    local team people
    put_back plain
    section=$1
    shift
    write_files
    run host pkg-admin check-config
    for team in "$@" $(section_lines | sed -n 's/^[0-9]*\tgroups = //p'); do
        IFS='=' read -r team people <<<"$team"
        says "the group $team does not exist"
        host groupadd --users "$people" "$team"
    done
    section="" run types sudo check-config
    succeeded
    says "Policy reloaded"
}

# waits APPROVER USER/PACKAGE
waits()
{
    on_host "$1" pkg-approve | grep -Eq " ${2%/*} +${2#*/} "
}

# asks USER PACKAGE: with the section's own words, and stays until the section's bob has approved.
asks()
{
    local request
    types "$1" "submit $2 .*--wait" >"$work/asked" 2>&1 &
    request=$!
    wait_for 15 waits bob "$1/$2"
    run types bob "approve $1/$2"
    succeeded
    wait "$request" || complain "$1 should have $2: $(<"$work/asked")"
}

is_in() # GROUP USER
{
    host id -nG "$2" | grep -qw -- "$1"
}

is_not_in()
{
    ! is_in "$@"
}

# above FILE LINE: puts what stands on stdin above this line of it.
above()
{
    grep -qxF -- "$2" "$root$1" || complain "$1 should have the line: $2"
    awk -v line="$2" 'NR == FNR { new = new $0 "\n"; next } $0 == line { printf "%s", new } { print }' - "$root$1" \
        >"$work/above" && cat "$work/above" >"$root$1"
}

sudo_for_an_hour()
{
    local sudo session
    recipe "sudo for an hour" webteam=alice web-leads=bob
    says " 0 warnings"
    write_lines /etc/sudoers.d/web-root '%web-root'
    write_lines /etc/sudo.conf group_source
    sudo=$(typed alice 'sudo -i')
    run at_terminal alice assword alice -- sh -c "$sudo"
    refused
    says "not in the sudoers file"
    run on_host alice pkg-request submit web-root
    refused
    run on_host carol pkg-request submit web-root -m "me too"
    refused
    # A session from before: gains it, is root beyond the end, and does not become root anew.
    at_terminal alice assword alice '# ' 'pkg-admin revoke web-root alice -m over; id; exit' -- \
        sh -c "until id -nG alice | grep -qw web-root; do :; done; $sudo; $sudo" >"$work/session" 2>&1 &
    session=$!
    asks alice web-root
    says "in \(1 h\|59 min\)"
    run wait "$session"
    run cat "$work/session"
    says "web-root of alice: Revoked"
    says "uid=0"
    says "not in the sudoers file"
}

ssh_to_production()
{
    local ssh approval to=s/production-host/localhost/
    recipe "ssh to production" developers=alice,dave production-leads=bob
    host groupadd --users dave robots
    says " 0 warnings"
    run types sudo 'pam enable.*--report' 's/$/ --yes/'
    succeeded
    says "^+account .* package=production mode=report wait=60 "
    run ssh_as alice id
    succeeded
    run host sh -c "$(quoted 'would be refused')"
    says 'user="alice".*production'
    write_lines /etc/ssh/sshd_config.d/production.conf UsePAM
    run types sudo 'sshd -t'
    succeeded
    install -D -m 600 "$root/home/alice/.ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
    run types sudo 'pam enable.*--enforce' 's/$/ --yes/'
    succeeded
    says "Past it for repairs: root over ssh, with a key"
    ssh=$(typed bob 'ssh production-host' $to)
    run at_terminal bob 'assword:' bob '\$ ' 'id; exit' -- sh -c "$ssh"
    succeeded
    says "(approvers)"
    ssh=$(typed alice 'ssh production-host' $to)
    approval="$(typed bob 'pkg-approve$'); $(typed bob 'approve alice/production')"
    run at_terminal root 'assword:' alice 'Reason for access to production: ' 'ticket 4711' \
        'waiting for approval by a member of production-leads. Enter looks again' "@runuser -u bob -- sh -c '$approval'" \
        'alice@demohost' id 'uid=' '@pkg-admin revoke production alice -m over' -- runuser -u alice -- sh -c "$ssh"
    [[ $status != 0 && $status != 124 ]] || complain "the session should have been ended"
    says " alice production "
    says "(production)"
    # Who has no prompt: root gets in by a key, and so do robots.
    run host ssh -o BatchMode=yes -i /home/alice/.ssh/id_ed25519 root@localhost id
    says "(root)"
    run ssh_as dave id
    succeeded
    says_not "(production)"
    # After a denial she cannot ask for a while.
    run on_host alice pkg-request submit production -m again
    run on_host bob pkg-approve deny alice/production -m "not now"
    run on_host alice pkg-request submit production -m again
    refused
    says "was denied by bob: not now. A new one can be filed after"
}

su_to_a_service_account()
{
    local su
    recipe "su to a service account" developers=alice release-managers=bob
    says " 0 warnings"
    run types sudo useradd
    succeeded
    block pam_succeed_if | above /etc/pam.d/su '@include common-auth'
    grep -q '^account.*include.*su$' "$root/etc/pam.d/su-l" || complain "su-l should include su"
    su=$(typed alice 'su - deploy')
    run at_terminal alice 'assword:' $'\003' -- sh -c "$su -c id"
    refused
    says_not become-deploy
    ! waits bob alice/become-deploy || complain "nothing should be asked for by trying"
    asks alice become-deploy
    run at_terminal alice -- sh -c "$su -c id"
    succeeded
    says "(deploy)"
    says_not "assword"
    local other
    for other in bob root; do
        run at_terminal alice 'assword:' $'\003' -- su - $other -c id
        refused
    done
    run at_terminal carol 'assword:' $'\003' -- sh -c "$su -c id"
    refused
    run host pkg-admin revoke become-deploy alice -m over
    run at_terminal alice 'assword:' $'\003' -- sh -c "$su -c id"
    refused
}

on_call_rotation()
{
    local sudo
    recipe "An on-call rotation" operations-leads=dave
    says "who holds on-call is in on-call and may request restart-services"
    says " 1 warning"
    write_lines /etc/sudoers.d/restart-services '%restart-services'
    quoted group_source >>"$root/etc/sudo.conf"
    printf '%s\n' "[Service]" "Type=oneshot" "ExecStart=touch /run/web" >"$root/etc/systemd/system/web.service"
    run types sudo 'assign on-call alice'
    says "on-call of alice: Fulfilled, until .* (in [67] d"
    run host pkg-admin assign on-call alice -d 7d --start +8d -m "week 50"
    refused
    run types sudo revoke
    says "on-call of alice: Revoked"
    run on_host alice pkg-request submit restart-services
    refused
    run types sudo 'assign on-call carol'
    succeeded
    run types sudo holders
    says "^carol *on-call *on-call *Fulfilled"
    says_not alice
    run types sudo explain
    says "May ask: *yes"
    run types carol 'pkg-request submit'
    succeeded
    sudo=$(typed carol 'sudo systemctl')
    run at_terminal carol assword carol -- sh -c "$sudo"
    succeeded
    host rm /run/web
    # By the clock: alice's week is over, bob's begins.
    run types sudo 'assign on-call alice' s/7d/3s/
    run types sudo 'assign on-call bob' "s/--start '[^']*'/--start +8d/"
    says "on-call of bob: Approved, from"
    run types sudo 'assign on-call bob' "s/--start '[^']*'/--start +3s/"
    says "on-call of bob: Approved, from"
    run on_host bob pkg-request list
    says "on-call *Cancelled"
    wait_for 15 is_in on-call bob
    wait_for 15 is_not_in on-call alice
    run on_host bob pkg-request submit restart-services
    succeeded
    run host pkg-admin revoke on-call carol -m over
    is_in restart-services carol || complain "it should last to its own end"
    run on_host carol pkg-request status carol/restart-services
    says "in \(1 h\|[0-9]* min\)"
}

# The day that comes so many days from now.
day()
{
    host date -d "+$1 days" +%F
}

contract_runs()
{
    sed -i "s/^not_after = .*/not_after = $(day 30)/" "$root/etc/accesspkg/packages.d/shop-contractors.conf"
    run host pkg-admin reload
    succeeded
}

contractor()
{
    recipe "A contractor with an end date" contractors=eve shop-leads=bob
    contract_runs
    run host pkg-admin check-config
    says " 0 warnings"
    echo root:root | host chpasswd
    run types sudo 'pam enable' 's/$/ --yes/'
    succeeded
    run ssh_as eve id
    refused
    says "shop-contractors on demohost: request 1 waits"
    run types sudo 'assign shop-contractors eve' "s/--start '[^']*'/--start +1h/; s/--until [^ ]*/--until $(day 1)/"
    says "Approved, from"
    run ssh_as eve id
    refused
    says "is approved, from"
    run types sudo revoke
    succeeded
    run types sudo 'assign shop-contractors eve' "s/--start '[^']*'/--start +1s/; s/--until [^ ]*/--until $(day 1)/"
    wait_for 15 is_in shop eve
    run ssh_as eve id
    succeeded
    says "(shop)"
    # Five days more in the last two, and no more before the last two of those.
    run types eve 'pkg-request extend' "s/--until [^ ]*/--until $(day 6)/"
    succeeded
    says "would end ... $(day 7) 00:00"
    run types bob 'pkg-approve approve eve'
    succeeded
    says "until ... $(day 7) 00:00"
    run on_host eve pkg-request extend shop-contractors -d 1h -m "more to do"
    refused
    says "in the last 2 d before the end: from ... $(day 5) 00:00"
    logged_in eve
    run types sudo revoke
    succeeded
    wait_for 20 has_no_session eve
    run types sudo report
    says shop-contractors
    run on_host eve pkg-request submit shop-contractors -m again
    succeeded
    run on_host bob pkg-approve approve eve/shop-contractors
    says "in \(7\|6\) d"
    # The file is taken away.
    rm "$root/etc/accesspkg/packages.d/shop-contractors.conf"
    run host pkg-admin reload
    succeeded
    wait_for 15 is_not_in shop eve
    write_files
    contract_runs
    run host pkg-admin assign shop-contractors eve
    run ssh_as eve id
    succeeded
    run host sh -c "$(quoted usermod)"
    succeeded
    run ssh_as eve id
    refused
    says expired
    run host pkg-admin revoke shop-contractors eve -m over
    run ssh_as eve id
    refused
    says "waits for approval"
}

told()
{
    host journalctl --output=cat -t told -g '"event":"emergency"' | grep -q "\"to\":.*\"name\":\"$1\".*\"commands\""
}

break_glass()
{
    recipe "Break-glass" payments=alice,dave payments-on-call=alice payments-leads=bob security=carol,dave managers=eve
    says " 0 warnings"
    write_lines /etc/sudoers.d/payments-root '%payments-root'
    quoted group_source >>"$root/etc/sudo.conf"
    printf '%s\n' '#!/bin/sh' 'exec logger --size 8KiB -t told' |
        install -m 755 /dev/stdin "$root/etc/accesspkg/notify.d/told"
    run on_host dave pkg-request submit payments-root -m "ticket 4711"
    run types alice emergency
    succeeded
    says "in \(30\|29\) min"
    run at_terminal alice assword alice '# ' 'id; exit' -- sh -c "$(typed alice 'sudo -i')"
    says "uid=0"
    run types bob 'pkg-approve$'
    succeeded
    says "alice *payments-root *Fulfilled (needs review)"
    [[ $out == *alice*dave* ]] || complain "it should stand above what waits"
    local approver
    for approver in bob carol dave eve; do
        wait_for 15 told $approver
    done
    run on_host alice pkg-approve review alice/payments-root -m "it was me"
    refused
    logged_in alice
    run types sudo revoke
    succeeded
    wait_for 20 has_no_session alice
    run types alice emergency
    refused
    says "has not been reviewed"
    run types bob review
    succeeded
    run types sudo journalctl
    says "EMERGENCY: alice (uid [0-9]*) took payments-root without approval"
    run types alice emergency
    succeeded
    run types sudo revoke
    # Every day it takes two stages.
    run on_host alice pkg-request submit payments-root -m "ticket 4711"
    succeeded
    for approver in bob carol dave; do
        is_not_in payments-root alice || complain "not before $approver"
        run on_host $approver pkg-approve approve alice/payments-root
        succeeded
    done
    is_in payments-root alice || complain "three have approved"
}

nothing_is_left()
{
    run not_taken
    [[ -z $out ]] || complain "nobody tried these lines of $document"
}

begin
it "sudo for an hour" sudo_for_an_hour
it "ssh to production" ssh_to_production
it "su to a service account" su_to_a_service_account
it "an on-call rotation" on_call_rotation
it "a contractor with an end date" contractor
it "break-glass" break_glass
it "nothing stands there that was not tried" nothing_is_left
finish_theme
