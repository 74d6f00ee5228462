# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The root service where logind, systemd and gpasswd are real: called as accesspkgd calls it. Sourced by tests/host/run.

for_long=9223372036854775807 # no end

# shellcheck source=tests/host/sessions.sh
. "$here/sessions.sh"

members_of_a_local_group()
{
    trap clean_up EXIT
    run call AddMember ssx $group alice $for_long
    succeeded
    says "^b true"
    run host stat -c '%U:%G %a' /var/lib/accesspkg-privileged
    says "^root:root 700"
    run host grep "^$group:" /etc/group
    says ":alice$"
    run host grep "^$group:" /etc/gshadow
    says ":alice$"
    host gpasswd -a bob $group
    run call AddMember ssx $group bob $for_long
    says "^b false"
    run call RemoveMember ss $group bob
    says "^b false"
    host gpasswd -d bob $group
    run call RemoveMember ss $group alice
    says "^b true"
    run call RemoveMember ss $group alice
    says "^b false"
    run host stat -c '%U:%G %a' /etc/group /etc/gshadow
    says "^root:root 644"
    says "^root:shadow 640"
    run host journalctl --no-pager -b -u accesspkg-privileged
    says "$group in /etc/group: alice"
}

# A directory's names, here as a local group: from packages.d over sudo's rule to gpasswd.
names_with_blanks()
{
    # shellcheck disable=SC2154 # $root comes from tests/host/run
    local file=$root/etc/accesspkg/packages.d/blanks.conf rule=$root/etc/sudoers.d/blanks
    # shellcheck disable=SC2064 # expands now
    trap "rm -f '$file' '$rule'; host sed -i '/^domain ops:/d; /^the approvers:/d' /etc/group /etc/gshadow
        host pkg-admin reload; clean_up" EXIT
    printf '%s\n' 'domain ops:x:60123:' 'the approvers:x:60124:bob' >>"$root/etc/group"
    printf '%s\n' 'domain ops:!::' 'the approvers:!::bob' >>"$root/etc/gshadow"
    printf '%s\n' '[package]' 'groups = "domain ops"' '[policy]' 'approvers = "%the approvers"' >"$file"
    printf '%s\n' '%domain\ ops ALL=(root) NOPASSWD: /usr/bin/true' >"$rule"
    run host pkg-admin check-config
    says_not "domain ops"
    run host pkg-admin reload
    succeeded
    run host pkg-admin explain blanks alice
    says "bob"
    says "domain ops"
    run on_host alice pkg-request submit blanks
    succeeded
    says "%the approvers"
    run on_host bob pkg-approve approve alice/blanks
    succeeded
    run host id -nG alice
    says "domain ops"
    run host cat /var/lib/accesspkg/grants/user/alice
    says "^group 60123 domain%20ops "
    run host pkg-admin holders "domain ops"
    says "alice"
    run host sudo -l -U alice
    says "/usr/bin/true"
    run call AddMember ssx "domain ops" alice $for_long
    succeeded
    says "^b true"
    run host grep "^domain ops:" /etc/group
    says ":alice$"
    run host pkg-admin holders "domain ops"
    says "gpasswd -d alice 'domain ops'"
    run call RemoveMember ss "domain ops" alice
    says "^b true"
    run host grep "^domain ops:" /etc/group /etc/gshadow
    says_not "alice"
}

nobody_else()
{
    trap clean_up EXIT
    run on_host alice busctl --system call org.accesspkg1.Privileged /org/accesspkg1/Privileged \
        org.accesspkg1.Privileged AddMember ssx $group alice $for_long
    refused
    run host busctl --system call org.accesspkg1.Privileged /org/accesspkg1/Privileged \
        org.accesspkg1.Privileged AddMember ssx $group alice $for_long
    refused
    run call AddMember ssx sudo alice $for_long
    refused
    says "allow-list"
    run call AddMember ssx root alice $for_long
    refused
    ! host grep -E '^(sudo|root|'$group'):.*alice' /etc/group || complain "alice was added"
}

# What its unit leaves it, while it works.
confined()
{
    trap clean_up EXIT
    run call GetMembers s $group
    succeeded
    run host cat "/proc/$(host systemctl show -P MainPID accesspkg-privileged)/status"
    says "^NoNewPrivs:[[:space:]]*1$"
    says "^Seccomp:[[:space:]]*2$"
    # CHOWN, DAC_OVERRIDE, KILL, AUDIT_WRITE and nothing else.
    says "^CapEff:[[:space:]]*0000000020000023$"
}

warned()
{
    trap clean_up EXIT
    grant alice
    logged_in alice
    wait_for 15 has_terminal alice
    run call Warn us "$(number_of passwd alice)" "Your access to $package ends in 15 minutes."
    succeeded
    wait_for 10 grep -q "Access packages on demohost: Your access to $package ends in 15 minutes." "$work/terminal-alice"
    grep -q $'\a' "$work/terminal-alice" || complain "no bell"
}

# The session of the named service ends, its processes, the manager that holds the group, and what was left behind.
ended()
{
    trap clean_up EXIT
    grant alice
    host loginctl enable-linger alice
    logged_in alice
    wait_for 15 carries alice
    on_host alice env XDG_RUNTIME_DIR="/run/user/$(number_of passwd alice)" \
        systemd-run --user --quiet --unit=own tail -f /dev/null
    leftover alice sh -c "trap '' TERM; while :; do tail -f /dev/null; done"
    run host systemctl is-active "user@$(number_of passwd alice).service"
    succeeded
    # What is held still is spared.
    run call EndSessions usasau "$(number_of passwd alice)" alice 0 1 "$(number_of group $group)"
    succeeded
    carries alice || complain "what alice holds was taken for over"
    host pkg-admin revoke $package alice -m "the end"
    run call EndSessions usasau "$(number_of passwd alice)" alice 1 sshd 1 "$(number_of group $group)"
    succeeded
    says "^as 0$"
    has_no_session alice || complain "the session goes on"
    none_carries alice || complain "these go on with the group: $(carriers alice)"
    run host systemctl is-active "user@$(number_of passwd alice).service"
    refused
    host loginctl disable-linger alice
}

# Sessions of other services stay, with all that is in them, and are told of; so do other users.
others_stay()
{
    trap clean_up EXIT
    grant alice
    grant carol
    logged_in alice
    logged_in carol
    wait_for 15 carries carol
    host pkg-admin revoke $package alice -m "the end"
    run call EndSessions usasau "$(number_of passwd alice)" alice 2 login cron 1 "$(number_of group $group)"
    succeeded
    says "Session [0-9]* (sshd.*) was not to be ended"
    says "goes on with the group $group"
    has_session alice || complain "the session was ended"
    carries alice || complain "its processes were ended"
    run call EndSessions usasau "$(number_of passwd alice)" alice 1 sshd 1 "$(number_of group $group)"
    succeeded
    says "^as 0$"
    has_no_session alice || complain "the session goes on"
    has_session carol || complain "carol's session was ended"
    carries carol || complain "carol's processes were ended"
}

# What does not heed SIGTERM, nor SIGHUP, and does not carry the group at all: it belongs to the session that ends.
stubborn_session()
{
    trap clean_up EXIT
    grant alice
    logged_in alice
    # shellcheck disable=SC2016 # the inner shell expands
    ssh_from_elsewhere alice 'trap "" TERM HUP; echo $$ >/tmp/stubborn; exec tail -f /dev/null' >/dev/null 2>&1 </dev/null &
    wait_for 10 host test -s /tmp/stubborn
    run call EndSessions usasau "$(number_of passwd alice)" alice 1 sshd 0
    succeeded
    says "^as 0$"
    has_no_session alice || complain "a session goes on"
    ! host test -e "/proc/$(host cat /tmp/stubborn)" || complain "the process goes on"
    host rm /tmp/stubborn
}

# Rule 13: accesspkgd and its store are gone, the root service was killed, user and group are called otherwise.
ends_without_daemon()
{
    trap 'host sh -c "usermod -l alice alicia; groupmod -n $group renamed"
        host systemctl unmask --runtime --quiet accesspkgd; host systemctl start accesspkgd; clean_up' EXIT
    run call AddMember ssx $group alice "$(until_in 8)"
    says "^b true"
    run call AddMember ssx $group bob "$(until_in 600)"
    says "^b true"
    host systemctl mask --runtime --quiet accesspkgd
    host systemctl stop accesspkgd
    host sh -c 'rm -f /var/lib/accesspkg/state.db* /var/lib/accesspkg/grants/user/*'
    host systemctl kill -s KILL accesspkg-privileged
    host pkill -KILL -u alice || true
    host usermod -l alicia alice
    host groupmod -n renamed $group
    stands alicia renamed || complain "alicia should be in the group"
    wait_for 30 is_out alicia renamed
    stands bob renamed || complain "bob was taken out"
    run host systemctl is-active accesspkg-privileged
    succeeded
}

goes_when_idle()
{
    trap clean_up EXIT
    run call GetMembers s $group
    succeeded
    host systemctl is-active --quiet accesspkg-privileged || complain "it should run"
    wait_for 45 idle
    run host systemctl is-failed accesspkg-privileged
    refused
    run call GetMembers s $group
    succeeded
}

idle()
{
    ! host systemctl is-active --quiet accesspkg-privileged
}

# An upgrade stops it while gpasswd waits for another tool: what was called for is done, and answered.
stop_waits()
{
    trap 'host pkill -f held.lock || true; clean_up' EXIT
    host python3 -c 'import fcntl, os, signal
lock = open("/etc/.pwd.lock", "a")
fcntl.lockf(lock, fcntl.LOCK_EX) # as lckpwdf(3) does
os.mkdir("/run/held.lock")
signal.pause()' &
    wait_for 5 host rmdir /run/held.lock
    call AddMember ssx $group alice $for_long >"$work/called" 2>&1 &
    local called=$!
    wait_for 5 host pgrep -x gpasswd
    host systemctl stop --no-block accesspkg-privileged
    wait_for 5 stops
    host pkill -f held.lock
    wait $called || complain "the call failed: $(<"$work/called")"
    [[ $(<"$work/called") == "b true" ]] || complain "it should be done: $(<"$work/called")"
    stands alice $group || complain "alice should stand in it"
    wait_for 5 idle
}

stops()
{
    [[ $(host systemctl show -P ActiveState accesspkg-privileged) == deactivating ]]
}

it "names with blanks, from packages.d to gpasswd" names_with_blanks
it "members come and go in /etc/group and /etc/gshadow, through the service as it is confined" members_of_a_local_group
it "nobody but accesspkgd may call it, for no group but the allowed" nobody_else
it "it has the four capabilities that it needs" confined
it "a warning stands on the terminal of an ssh session" warned
it "ssh session, user manager and leftovers end with the access" ended
it "sessions of other services and of others stay, and are told of" others_stay
it "what ignores SIGTERM ends with its session" stubborn_session
it "a membership ends at its time: no daemon, no store, killed, user and group renamed" ends_without_daemon
it "a stop waits for gpasswd" stop_waits
it "it goes when idle, and comes back when called" goes_when_idle
