# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases of tests/host are made of: a booted host to act on, assertions, a count. Sourced by tests/host/run,
# which sets $work (scratch) and $root (the host's root folder). A case is a function that ends at its first failed
# assertion; each starts from a host without requests and grants.

: "${work:?}" "${root:?}"
readonly package=db-admins group=dbadmins
passed=0 failed=0

# ---- the host -------------------------------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: asks again and again until COMMAND succeeds.
wait_for()
{
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || { echo "waited in vain for: $*"; return 1; }
        sleep 0.05
    done
}

# host COMMAND...: runs it as root on the host, within $host_limit seconds.
host_limit=60
host()
{
    timeout -k 5 $host_limit nsenter -t "$(<"$work/pid")" -a -r -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        TERM=dumb HOME=/root USER=root "$@"
}

# on_host USER COMMAND...: runs it as this user, as a process that belongs to no login session.
on_host()
{
    local user=$1
    shift
    host runuser -u "$user" -- env HOME="/home/$user" USER="$user" LOGNAME="$user" "$@"
}

# boot [LOGIN-ID]: starts the host, and returns when its services are up. Every process has the login id, as in a container
# that was started out of a login: without CAP_AUDIT_CONTROL nobody can change it.
boot()
{
    local as=()
    [[ -z ${1-} ]] || {
        echo "$1" >/proc/self/loginuid
        as=(setpriv --bounding-set -audit_control --inh-caps -audit_control)
    } || return 1
    "${as[@]}" systemd-nspawn --quiet --register=no --keep-unit --private-network --hostname=demohost --boot \
        --machine="accesspkg-$BASHPID" --directory="$root" --console=pipe </dev/null >>"$work/console.log" 2>&1 &
    echo $! >"$work/nspawn"
    [[ -z ${1-} ]] || echo 4294967295 >/proc/self/loginuid || return 1
    wait_for 30 find_init || return 1
    wait_for 60 host systemctl is-active --quiet multi-user.target
}

find_init()
{
    local children
    children=$(pgrep -P "$(<"$work/nspawn")") || return 1
    echo "${children%%$'\n'*}" >"$work/pid"
    host test -S /run/dbus/system_bus_socket
}

reboot_host() # [LOGIN-ID]
{
    local nspawn
    nspawn=$(<"$work/nspawn")
    host systemctl reboot || true
    wait_for 60 ended "$nspawn" || return 1
    boot "$@"
}

ended()
{
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# package_lasts DURATION: (re)writes the package that guards the host, and has it read.
package_lasts()
{
    printf '%s\n' "[package]" "description = Production database administrators" "groups = $group" "[policy]" \
        "approvers = bob" "duration = $1" >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
}

# call METHOD SIGNATURE [ARGUMENT...]: of the root service, as the user accesspkg.
call()
{
    on_host accesspkg busctl --system --timeout=40 call org.accesspkg1.Privileged /org/accesspkg1/Privileged \
        org.accesspkg1.Privileged "$@"
}

# until_in SECONDS: an end from now on.
until_in()
{
    echo $(($(date +%s) + $1))
}

stands() # USER GROUP
{
    host grep -qE "^$2:.*[:,]$1(,|\$)" /etc/group
}

is_out()
{
    ! stands "$@"
}

# fresh: no request, no grant, every service as a case expects it.
fresh()
{
    host systemctl unmask --runtime --quiet accesspkgd
    host systemctl stop accesspkgd
    host find /var/lib/accesspkg /var/lib/accesspkg-privileged -type f -not -path '*/allow/*' -delete
    host find /var/lib/accesspkg/grants/user /var/lib/accesspkg/locks -mindepth 1 -depth -delete
    host rm -f /etc/accesspkg/store
    host systemctl reset-failed
    host systemctl start accesspkgd
    package_lasts 4h
}

# ---- what people do -------------------------------------------------------------------------------------------

# ssh_as USER [SSH-ARGUMENT...]: a public-key login to the host by this user.
ssh_as()
{
    local user=$1
    shift
    on_host "$user" ssh -o BatchMode=yes "$user@localhost" "$@"
}

# at_terminal USER [PATTERN ANSWER]... -- COMMAND...: this user types COMMAND at a terminal (see typing.exp).
at_terminal()
{
    local user=$1
    shift
    if [[ $user == root ]]; then
        host expect /usr/local/lib/typing.exp "$@"
    else
        on_host "$user" expect /usr/local/lib/typing.exp "$@"
    fi
}

# numbers COMMAND...: the request numbers in the first column of what it lists.
numbers()
{
    "$@" | awk '$1 ~ /^#?[0-9]+$/ { sub(/^#/, "", $1); print $1 }'
}

pending()
{
    numbers on_host bob pkg-approve list
}

# approve USER: bob approves the one request that waits.
approve_pending()
{
    local number
    number=$(pending)
    [[ $number =~ ^[0-9]+$ ]] || { echo "expected one pending request, got: '$number'"; return 1; }
    on_host bob pkg-approve approve "$number" -m "ticket 4711"
}

# grant USER: asks for the package and has it approved.
grant()
{
    on_host "$1" pkg-request submit $package
    approve_pending
}

holds_group()
{
    host id -nG "$1" | grep -qw $group
}

holds_no_group()
{
    ! holds_group "$1"
}

# ---- assertions -----------------------------------------------------------------------------------------------

# run COMMAND...: keeps what it printed in $out and $err, and how it ended in $status.
run()
{
    status=0
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    out=$(<"$work/out")
    err=$(<"$work/err")
    printf '+ %s\n%s\n%s\n(status %s)\n' "$*" "$out" "$err" "$status"
}

complain()
{
    echo "NOT AS PROMISED: $1"
    return 1
}

succeeded()
{
    [[ $status == 0 ]] || complain "it should have succeeded"
}

refused()
{
    [[ $status != 0 ]] || complain "it should have been refused"
    [[ $out != *uid=* ]] || complain "it was refused and ran all the same"
}

says()
{
    grep -qi -- "$1" <<<"$out"$'\n'"$err" || complain "it should say: $1"
}

says_not()
{
    ! grep -qi -- "$1" <<<"$out"$'\n'"$err" || complain "it should not say: $1"
}

# it TITLE FUNCTION: one case.
it()
{
    local status began=$EPOCHSECONDS
    (
        set -e
        fresh
        "$2"
    ) >"$work/case.log" 2>&1
    status=$?
    if ((status == 0)); then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$1"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n' "$1"
        sed 's/^/        /' "$work/case.log"
        {
            host journalctl --no-pager --quiet --since "@$began" | tail -n 40
            # A service that the bus could not start: what it did before.
            host journalctl --no-pager --quiet -b _PID=1 + _COMM=dbus-daemon | grep accesspkg-privileged | tail -n 12
            host systemctl show -P ActiveState -P SubState -P Job accesspkg-privileged
        } 2>/dev/null | sed 's/^/        | /'
    fi
}
