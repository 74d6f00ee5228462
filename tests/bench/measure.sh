# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is measured, a function for each state that the host has to be in. Sourced by tests/bench/run, which sets $small,
# $middle, $large (sizes), $ending, $rounds (percent), $results, and has the functions of tests/host.

: "${root:?}" "${build:?}" "${small:?}" "${middle:?}" "${large:?}" "${ending:?}" "${rounds:?}" "${results:?}" "${package:?}" "${group:?}"

readonly library=/usr/local/lib/bench state=/var/lib/accesspkg
# A function, and the rows that it measures.
readonly parts=("measure_files 1 2 3" "measure_storm 4" "measure_submit 5" "measure_refusal 6" "measure_ends 7"
    "measure_store 8 9" "measure_floods 10 11 12" "measure_door 13")

# ---- the host -------------------------------------------------------------------------------------------------

# people PREFIX COUNT FIRST-UID: users s1, s2, ... who can log in, if only by ssh.
people()
{
    seq "$2" | awk -v prefix="$1" -v uid="$3" '{ print prefix $1 ":x:" uid + $1 ":100::/nonexistent:/bin/sh" }' >>"$root/etc/passwd"
    seq "$2" | sed "s/.*/$1&:*:19000:0:99999:7:::/" >>"$root/etc/shadow"
}

# The cached root does without it, and this machine's nsswitch.conf is not to change: only the module, from its package.
add_nss_systemd()
{
    local kept=$build/bench-peers
    mkdir -p "$kept" && (cd "$kept" && { ls libnss-systemd_*.deb || apt-get -q download libnss-systemd; }) >/dev/null 2>&1 &&
        dpkg-deb -x "$kept"/libnss-systemd_*.deb "$kept/root" &&
        cp "$kept"/root/usr/lib/*/libnss_systemd.so.2 "$root/usr/lib/$(cd "$kept/root/usr/lib" && ls -d -- *-linux-*)/"
}

bench_set_up()
{
    local module
    install -D -t "$root$library" "$build"/tests/bench/bench_* "$build/tests/bench/slow_sync.so" || return 1
    mkdir "$root$library/modules"
    for module in permit accesspkg listfile succeed_if access sss; do
        cp "$root"/usr/lib/*/security/pam_$module.so "$root$library/modules/" || return 1
    done
    add_nss_systemd || echo "systemd's NSS module could not be fetched, and is left out" >&2
    people c 100 3000
    printf '[limits]\npending_per_user = 1000\n' >"$root/etc/accesspkg/accesspkg.conf"
    cat >"$root/etc/dbus-1/system.d/stub.conf" <<'EOF'
<busconfig>
  <policy user="root"><allow own="org.accesspkg.Stub"/></policy>
  <policy context="default"><allow send_destination="org.accesspkg.Stub"/></policy>
</busconfig>
EOF
    host systemctl reload dbus
    printf '%s\n' '[sssd]' 'services = nss, pam' 'domains = local' '[domain/local]' 'id_provider = files' \
        'access_provider = permit' | install -D -m 600 /dev/stdin "$root/etc/sssd/sssd.conf"
    host systemctl start sssd && wait_for 20 host getent -s sss passwd alice
}

# packages COUNT: db-admins, which gives two groups, and bench0, bench1, ...
packages()
{
    local folder=$root/etc/accesspkg/packages.d i
    rm -f "$folder"/*.conf
    printf '[package]\ngroups = %s backup\n[policy]\napprovers = bob\nduration = 4h\n' $group >"$folder/$package.conf"
    for ((i = 0; i < $1; i++)); do
        printf '[package]\ngroups = %s\n[policy]\napprovers = bob\nduration = 4h\n' $group >"$folder/bench$i.conf"
    done
}

# Calls that are left over from a flood may start it at the same moment.
stop_daemon()
{
    wait_for 30 host systemctl stop 'accesspkgd*' 'accesspkg-notify*'
}

start_daemon()
{
    host systemctl reset-failed
    wait_for 30 host systemctl start accesspkgd
}

# Until accesspkgd rests: after a start it compares files and looks users up.
settle()
{
    local before now=-1 tries
    for ((tries = 0; tries < 120; tries++)); do
        before=$now
        now=$(host sh -c 'awk "{ print \$14 + \$15 }" /proc/$(systemctl show -P MainPID accesspkgd)/stat')
        ((before < 0 || now - before > 2)) || return 0
        sleep 1
    done
    step "accesspkgd works without an end"
}

# empty_state PACKAGES [disk|files]: the state folder is a new tmpfs, or a folder on the disk where BUILD is, or in the ext4 in
# memory, with an allow-list; accesspkgd is stopped.
empty_state()
{
    stop_daemon
    ! host mountpoint -q $state || host umount $state
    if (($# > 1)); then
        host find "/srv/$2" -mindepth 1 -delete && host mount --bind "/srv/$2" $state || return
    else
        host mount -t tmpfs -o mode=755,nr_inodes=0,size=90% tmpfs $state || return
    fi
    host systemd-tmpfiles --create accesspkg.conf
    host rm -f /etc/accesspkg/store
    packages "$1"
    host accesspkgd --write-allow-list >/dev/null
}

fresh_state() # PACKAGES [disk|files]
{
    empty_state "$@" && start_daemon
}

# ---- figures --------------------------------------------------------------------------------------------------

# tell NAME UNIT VALUE
tell()
{
    printf 'side\t%s\t%s\t%s\t%s\t1\t%s\t%s\n' "$1" "$2" "$3" "$3" "$EPOCHREALTIME" "$EPOCHREALTIME" >>"$results"
}

# bench PROGRAM ARGUMENT...: its lines are kept. It has no terminal, as sshd has none: libpam looks for its name in each
# transaction.
bench()
{
    (set -o pipefail; host "$library/bench_$1" "${@:2}" 2>&1 >>"$results" </dev/null | cat >&2)
}

seed()
{
    local since=$SECONDS
    host "$library/bench_seed" "$@" >/dev/null && step "    filled in $((SECONDS - since)) s"
}

# many COUNT: so many rounds, fewer in a trial.
many()
{
    echo $(($1 * rounds / 100 > 0 ? $1 * rounds / 100 : 1))
}

# memory_of UNIT FIELD: VmRSS or VmHWM of its main process, in MiB.
memory_of()
{
    host awk -v field="$2:" '$1 == field { print $2 / 1024 }' "/proc/$(host systemctl show -P MainPID "$1")/status"
}

# How many requests wait.
pending_now()
{
    host pkg-admin status --json | sed -n 's/.*"pending": *\([0-9]*\).*/\1/p' | head -n 1
}

# ---- rows 1 to 3: grant files ---------------------------------------------------------------------------------

measure_files()
{
    local from=0 size
    # A page and an inode each.
    if (($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) < large * 6 + 1048576)); then
        step "rows 1 to 3 need $((large * 6 / 1048576 + 1)) GiB of free memory"
        return 1
    fi
    empty_state 0 files || return
    for size in small middle large; do
        step "grant files: ${!size}"
        seed files $from "${!size}" || return
        from=${!size}
        ! wants 1 || bench gate $size "$(many 2000)" || return
        ! wants 2 3 || bench groups $size "$(many 100)" || return
    done
    host umount $state && host umount /srv/files && umount "$root/srv/files" # its memory
}

# ---- row 4: refusals at once ----------------------------------------------------------------------------------

ssh_storm() # NAME LINE
{
    sed -i "1s/.*/account required $2/" "$root/etc/pam.d/sshd"
    bench storm "$1" 100 -- ssh -i /root/bench.key -o BatchMode=yes s@@localhost true
}

measure_storm()
{
    local before gate="pam_accesspkg.so package=bench0 timeout=10"
    fresh_state 1
    cp "$root/etc/passwd" "$root/root/passwd" && cp "$root/etc/shadow" "$root/root/shadow" && people s 1000 4000
    step "1,000 account phases at once"
    bench storm storm.deny 1000 "account required pam_deny.so"
    bench storm storm 1000 "account required pam_accesspkg.so package=$package timeout=10"
    before=$(pending_now)
    tell storm.filed "" "$before"
    tell storm.missing "" $((1000 - before))
    step "100 logins at once"
    cp "$root/home/bob/.ssh/id_ed25519" "$root/root/bench.key" && cp "$root/home/bob/.ssh/id_ed25519.pub" "$root/etc/ssh/bench.keys"
    printf 'AuthorizedKeysFile /etc/ssh/bench.keys\nMaxStartups 200\nKbdInteractiveAuthentication yes\n' \
        >"$root/etc/ssh/sshd_config.d/tests.conf"
    host systemctl restart ssh
    ssh_storm ssh.deny pam_deny.so
    ssh_storm ssh "$gate"
    tell ssh.filed "" $(($(pending_now) - before))
    tell ssh.missing "" $((100 + before - $(pending_now)))
    mv "$root/root/passwd" "$root/root/shadow" "$root/etc/"
}

# ---- row 5: commits -------------------------------------------------------------------------------------------

submit_slowly() # NAME DELAY FIRST COUNT
{
    step "Submit of 64 callers: $1"
    host env LD_PRELOAD=$library/slow_sync.so $library/bench_submit "$@" >>"$results"
}

measure_submit()
{
    local delay first=0 drop=/run/systemd/system/accesspkgd.service.d count each
    count=$(many 6)
    each=$((count * 32 + 32)) # packages that bench_submit uses
    empty_state $((3 * each))
    host mkdir -p $drop
    printf '[Service]\nEnvironment=LD_PRELOAD=%s/slow_sync.so\n' $library | host tee $drop/slow.conf >/dev/null
    head -c 4 /dev/zero | host tee /run/bench-delay >/dev/null
    host systemctl daemon-reload
    start_daemon
    for delay in 150 1000 3000; do
        submit_slowly $delay $delay $first "$count" || return
        first=$((first + each))
    done
    fresh_state $each disk
    submit_slowly disk 0 0 "$count" || return
    host rm -r $drop
    host systemctl daemon-reload
}

# ---- row 6: one refusal ---------------------------------------------------------------------------------------

measure_refusal()
{
    fresh_state 2 disk
    step "refusals beside a bare call"
    host systemd-run --quiet --unit=bench-stub $library/bench_stub serve
    wait_for 10 host busctl status org.accesspkg.Stub
    bench refusal 0 "$(many 200)"
    host systemctl stop bench-stub
}

# ---- row 7: ends ----------------------------------------------------------------------------------------------

measure_ends()
{
    local at
    fresh_state 1
    stop_daemon
    # Time for the seeding, the start, and what follows a start.
    at=$(($(date +%s) + 15 + ending / 500))
    step "$ending assignments that end in one second"
    seed ends "$ending" $at && start_daemon && bench ends "$ending" $at
}

# ---- rows 8 and 9: the store ----------------------------------------------------------------------------------

measure_store()
{
    local from=0 size index=0
    fresh_state 4
    bench approve empty bench0 "$(many 100)" || return
    tell memory@empty MiB "$(memory_of accesspkgd VmRSS)"
    for size in small middle large; do
        step "requests: ${!size}, a tenth of them live"
        stop_daemon
        { seed store $from "${!size}" && start_daemon && settle; } || return
        from=${!size}
        index=$((index + 1))
        bench approve $size bench$index "$(many 100)" || return
        tell memory@$size MiB "$(memory_of accesspkgd VmRSS)"
        tell peak@$size MiB "$(memory_of accesspkgd VmHWM)"
        bench call first start@$size accesspkgd accesspkgd 5 || return
    done
    bench call first hostnamed systemd-hostnamed hostnamed 5
}

# ---- rows 10 to 12: floods ------------------------------------------------------------------------------------

flood() # TARGET CONNECTIONS SHAPE COMMAND...
{
    host $library/bench_flood alice "$1" "$2" "$3" "${@:4}" >>"$results"
}

# The backlog of a flood may outlive it.
restart_daemon()
{
    host systemctl kill -s KILL accesspkgd
    stop_daemon
    start_daemon
}

measure_revoke()
{
    local round kept=0
    for ((round = 0; round < $(many 3); round++)); do
        step "root's revoke in a flood"
        host pkg-admin assign $package alice -m bench >/dev/null || return
        flood accesspkgd 200 calls $library/bench_call once revoke pkg-admin revoke $package alice -m bench
        ! host test -e $state/grants/user/alice || kept=$((kept + 1))
        restart_daemon
        ! host test -e $state/grants/user/alice || host pkg-admin revoke $package alice -m bench >/dev/null
        flood logind 200 calls $library/bench_call once loginctl loginctl --no-pager list-sessions
    done
    tell revoke.kept "" $kept
}

measure_honest()
{
    local connections round seconds
    for connections in 1 15 64; do
        step "honest callers beside $connections flooding connections"
        seconds=$((connections < 64 ? 6 : 12)) # a call takes long there, and a p99 needs many
        for ((round = 0; round < $(many 2); round++)); do
            flood accesspkgd $connections calls $library/bench_call loop honest@$connections carol accesspkgd $seconds
            flood logind $connections calls $library/bench_call loop logind@$connections carol logind $seconds
        done
        restart_daemon
    done
}

measure_strings()
{
    local seconds
    seconds=$(many 20)
    step "many strings a call"
    restart_daemon
    host systemctl restart systemd-logind
    flood accesspkgd 250 strings $library/bench_call loop strings.call root accesspkgd "$seconds"
    tell strings.peak MiB "$(memory_of accesspkgd VmHWM)"
    restart_daemon
    flood introspection 250 calls $library/bench_call loop strings.introspection.call root accesspkgd "$seconds"
    tell strings.introspection MiB "$(memory_of accesspkgd VmHWM)"
    restart_daemon
    flood logind 250 strings $library/bench_call loop strings.logind.call root logind "$seconds"
    tell strings.logind MiB "$(memory_of systemd-logind VmHWM)"
}

measure_floods()
{
    fresh_state 0
    ! wants 10 || measure_revoke || return
    ! wants 11 || measure_honest || return
    ! wants 12 || measure_strings
}

# ---- row 13: root's own socket ----------------------------------------------------------------------------------

measure_door()
{
    local round
    fresh_state 0
    settle
    step "1,000 processes of root's at once"
    for ((round = 0; round < $(many 5); round++)); do
        bench call storm door 1000 accesspkgd && bench call storm door.logind 1000 logind || return
    done
}
