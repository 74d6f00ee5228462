# shellcheck shell=bash disable=SC2154 # $group and the like come from tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live sessions for cases to end: who has one, who carries the group. Sourced by cases.

number_of() # passwd|group NAME
{
    host getent "$1" "$2" | cut -d: -f3
}

# ssh_from_elsewhere USER [SSH-ARGUMENT...]: the client is root's, so that nothing of the user's is outside the session.
ssh_from_elsewhere()
{
    local user=$1
    shift
    host ssh -o BatchMode=yes -o ControlPath=none -i "/home/$user/.ssh/id_ed25519" "$user@localhost" "$@"
}

# logged_in USER [COMMAND]: an ssh session with a terminal that stays until it is ended; its output is
# $work/terminal-USER. COMMAND is typed there first.
logged_in()
{
    rm -f "$work/terminal-$1" # of an earlier session, which may not have gone yet
    # shellcheck disable=SC2016 # the other side expands
    ssh_from_elsewhere "$1" -tt "${2-:};"' echo "at $(tty)"; exec sh' \
        < <(exec tail -f /dev/null) >"$work/terminal-$1" 2>&1 &
    wait_for 15 grep -q '^at /dev/pts/' "$work/terminal-$1"
    wait_for 15 has_session "$1"
}

has_session()
{
    host loginctl --no-legend list-sessions | awk -v user="$1" '$3 == user { found = 1 } END { exit !found }'
}

has_no_session()
{
    ! has_session "$1"
}

has_terminal()
{
    host loginctl --no-legend list-sessions | grep -q " $1 .*pts/"
}

# Processes of this user that carry the group: their numbers.
carriers()
{
    local gid
    gid=$(number_of group $group)
    host sh -c 'grep -l "^Groups:.*\b$0 " /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3 |
        while read -r pid; do [ "$(stat -c %U "/proc/$pid" 2>/dev/null)" != "$1" ] || echo "$pid"; done' "$gid" "$1"
}

none_carries()
{
    [[ -z $(carriers "$1") ]]
}

# leftover USER COMMAND...: runs with the group, as a process that belongs to no session.
leftover()
{
    local user=$1
    shift
    host systemd-run --quiet --collect --unit="leftover-$user" --property=User="$user" --property=Group="$user" \
        --property=SupplementaryGroups=$group "$@"
    wait_for 10 carries "$user"
}

carries()
{
    [[ -n $(carriers "$1") ]]
}

clean_up()
{
    host systemctl stop 'leftover-*.service' user@"$(number_of passwd alice)".service || true
    host loginctl terminate-user alice carol || true
    host sh -c "gpasswd -d alice $group; gpasswd -d bob $group; gpasswd -d carol $group" || true
    host systemctl stop accesspkg-privileged || true
    host find /var/lib/accesspkg-privileged -type f -delete
}
