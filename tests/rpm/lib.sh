# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For the walks: checks, counted by their line.
set -u
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
bad=0

# check TITLE COMMAND...: passes where COMMAND does.
check()
{
    if "${@:2}" >/tmp/check 2>&1; then
        echo "ok      $1"
    else
        bad=$((bad + 1))
        echo "FAILED  $1"
        cat /tmp/check /tmp/said
    fi
}

# run COMMAND...: its words are in /tmp/said, its status is what it returns. Debian's rpm says each time that it is no apt.
run()
{
    local status=0
    "$@" >/tmp/all 2>&1 || status=$?
    grep -v '^rpm: ' /tmp/all >/tmp/said
    return $status
}

# refuses TEXT COMMAND...: fails, and says that.
refuses()
{
    ! run "${@:2}" && grep -qF -- "$1" /tmp/said
}

# is FILE TEXT
is()
{
    diff "$1" - <<<"$2"
}
