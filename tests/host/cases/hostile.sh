# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rule 1 against a user of the host who tries: what they bring along to su, whom they stop, how often they come, and a
# state folder in trouble. Sourced by tests/host/run.

su_with() # COMMAND...: alice runs su to bob through this command
{
    at_terminal alice 'assword:' bob -- "$@" su bob -c id
}

environment()
{
    run su_with env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/tmp/no-bus LD_PRELOAD=/tmp/evil.so TZ=:/etc/shadow \
        DBUS_FATAL_WARNINGS=1 LC_ALL=../../tmp NOTIFY_SOCKET=/tmp/evil
    refused
    says "waits for approval by bob"
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait for bob"
}

limits()
{
    local limit
    for limit in nofile=7 nofile=8 nofile=12 nproc=1 fsize=0 as=8000000 as=12000000 stack=65536 core=0; do
        run su_with prlimit --"$limit" --
        says_not "uid="
    done
    grant alice
    for limit in nofile=8 fsize=0 core=0; do
        run su_with prlimit --"$limit" --
        succeeded
    done
}

# The message must not land in whatever file is opened next.
closed_descriptors()
{
    run on_host alice sh -c 'exec 2>&- >&-; echo bob | su bob -c "id >/tmp/let-in"'
    refused
    ! host test -e /tmp/let-in || complain "the command ran"
    [[ $(pending) =~ ^[0-9]+$ ]] || complain "one request should wait for bob"
}

# accesspkg-submit carries alice's real uid for a moment: what she does to it, she does to her own login.
stopped() # SIGNAL
{
    local pid begun=$SECONDS
    pid=$(host systemctl show -P MainPID accesspkgd)
    host kill -STOP "$pid"
    # shellcheck disable=SC2016 # the inner shell expands
    on_host alice sh -c 'while ! [ -e /tmp/enough ]; do pkill "-$0" accesspkg-submi; done; true' "$1" \
        2>/dev/null &
    # shellcheck disable=SC2064 # these processes, now
    trap "host kill -CONT $pid; host touch /tmp/enough; wait $!; host rm /tmp/enough" EXIT
    run su_with env
    refused
    says "could not be found out"
    ((SECONDS - begun <= 10)) || complain "it took $((SECONDS - begun)) s"
}

stop_submit()
{
    stopped STOP
}

kill_submit()
{
    stopped KILL
}

# Rule 7: however many logins at once, each user has one request.
all_at_once()
{
    local i user logins=()
    for i in {1..20}; do
        for user in alice carol dave; do
            ssh_as $user id >"$work/login-$user-$i" 2>&1 &
            logins+=($!)
        done
    done
    wait "${logins[@]}" || true
    ! grep -l uid= "$work"/login-* || complain "somebody got in"
    run cat "$work"/login-*
    rm "$work"/login-*
    says_not "could not be found out"
    [[ $(grep -c "waits for approval by bob" <<<"$out") == 60 ]] || complain "each should be told"
    [[ $(pending | wc -l) == 3 ]] || complain "three requests should wait, not: $(pending)"
}

# The state folder becomes a small file system of its own until the case ends.
small_disk()
{
    host systemctl stop accesspkgd
    host cp -a /var/lib/accesspkg /root/state
    host mount -t tmpfs -o size=64m,mode=1775 none /var/lib/accesspkg
    trap 'host systemctl stop accesspkgd; host umount /var/lib/accesspkg; host rm -r /root/state' EXIT
    host cp -a /root/state/. /var/lib/accesspkg
    host systemctl start accesspkgd
}

# The store has room within itself for a while.
use_up_store()
{
    local reason
    reason=$(printf '%04000d' 0)
    on_host dave sh -c "while id=\$(pkg-request submit $package -m $reason) && id=\${id#Request } &&
        pkg-request cancel \${id%% *}; do :; done" >"$work/used-up" 2>&1 || true
    run tail -n 5 "$work/used-up"
    says "disk of /var/lib/accesspkg is full"
}

full_disk()
{
    small_disk
    grant alice
    host sh -c 'cat /dev/zero >/var/lib/accesspkg/filler' || true
    use_up_store
    run ssh_as alice id
    succeeded
    says "($group)"
    run ssh_as carol id
    refused
    says "could not be found out"
    host rm /var/lib/accesspkg/filler
    run ssh_as carol id
    refused
    says "waits for approval by bob"
}

damaged_store()
{
    grant alice
    host systemctl stop accesspkgd
    host sh -c 'rm -f /var/lib/accesspkg/state.db-*; head -c 20000 /dev/urandom >/var/lib/accesspkg/state.db'
    run host systemctl start accesspkgd
    refused
    run ssh_as alice id
    succeeded
    says "($group)"
    run ssh_as carol id
    refused
    says "could not be found out"
}

# What systemd thinks of these units (tenths; 100 is no confinement): a line that is lost in them is noticed.
sandboxes()
{
    run host systemd-analyze security --no-pager --threshold=25 accesspkgd.service
    succeeded
    run host systemd-analyze security --no-pager --threshold=45 accesspkg-privileged.service
    succeeded
    run host systemd-analyze security --no-pager --threshold=30 accesspkg-metrics.service
    succeeded
}

# A careless administrator looks for a fault.
second_daemon()
{
    local pid
    pid=$(host systemctl show -P MainPID accesspkgd)
    grant alice
    run host runuser -u accesspkg -- /usr/sbin/accesspkgd --debug
    refused
    says "another accesspkgd is running"
    [[ $(host systemctl show -P MainPID accesspkgd) == "$pid" ]] || complain "the service's daemon ended"
    run ssh_as alice id
    succeeded
    says "($group)"
}

it "su with an environment of one's own: asked all the same" environment
it "su with tiny limits: refused, or let in with a grant" limits
it "su with closed descriptors: refused" closed_descriptors
it "who stops accesspkg-submit is refused in time" stop_submit
it "who kills accesspkg-submit is refused" kill_submit
it "sixty logins at once: one request each" all_at_once
it "a full disk: holders get in, others are told, nothing is stuck after" full_disk
it "a damaged store: holders get in, others are told" damaged_store
it "both units stay confined" sandboxes
it "a second daemon by hand: refused, the first goes on" second_daemon
