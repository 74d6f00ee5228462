# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How a host of tests/host and tests/bench comes and goes: a copy-on-write view of the cached root (tests/host/base) in
# memory, this build installed in it as README.md says. Sourced behind lib.sh by scripts that set $build, $base (the cached
# root), $all (a folder whose lock installs one after the other), $work and $root (below it), the array cgroups, and run in
# a mount namespace of their own.

: "${build:?}" "${base:?}" "${all:?}" "${work:?}" "${root:?}" "${package:?}" "${group:?}"

prepare()
{
    mkdir "$work/host" && mount -t tmpfs -o mode=755 tmpfs "$work/host" &&
        mkdir "$work/host/upper" "$work/host/work" "$root" &&
        mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/host/upper,workdir=$work/host/work" "$root" &&
        flock "$all" make --no-print-directory BUILD="$build" install DESTDIR="$root" >"$work/install.log" 2>&1 &&
        leave_directory_out >"$work/leave.log" 2>&1 &&
        install -D -m 644 tests/host/typing.exp "$root/usr/local/lib/typing.exp" &&
        printf '127.0.0.1 localhost demohost\n::1 localhost demohost\n' >"$root/etc/hosts" &&
        echo demohost >"$root/etc/hostname"
}

# slapd and SSSD, whose packages switch them on, are for the theme `directory` alone.
leave_directory_out()
{
    ln -s /dev/null "$root/etc/systemd/system/slapd.service" &&
        sed -i 's/ sss\b//' "$root/etc/nsswitch.conf" &&
        DEBIAN_FRONTEND=noninteractive chroot "$root" pam-auth-update --disable sss
}

# What README.md tells an administrator to do, in its order.
set_up()
{
    host systemd-sysusers accesspkg.conf && host systemd-tmpfiles --create accesspkg.conf &&
        host systemctl daemon-reload && host systemctl reload dbus && host systemctl enable --now accesspkgd || return 1

    echo "group: files systemd accesspkg" | cat - <(grep -v '^group:' "$root/etc/nsswitch.conf") \
        >"$root/etc/nsswitch.new" && mv "$root/etc/nsswitch.new" "$root/etc/nsswitch.conf"
    local gate="account required pam_accesspkg.so package=$package" service
    for service in sshd sudo sudo-i login; do
        sed -i "1i $gate" "$root/etc/pam.d/$service"
    done
    sed -i "1i account [success=1 default=ignore] pam_rootok.so\n$gate" "$root/etc/pam.d/su"
    # What libpam takes for a service without a file lets nobody in.
    sed -i "1i account required pam_deny.so" "$root/etc/pam.d/other"
    echo "Set group_source dynamic" >>"$root/etc/sudo.conf"
    echo "%$group ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$group"
}

add_people()
{
    host groupadd $group
    local user
    for user in "alice:Alice Adams,Payments" "bob:Bob Brown,Databases" "carol:Carol Clark,Databases" \
        "dave:Dave Dunn,Payments"; do
        host useradd --create-home --shell /bin/bash --comment "${user#*:}" "${user%%:*}"
        user=${user%%:*}
        echo "$user:$user" | host chpasswd
        on_host "$user" sh -c 'mkdir -m 700 ~/.ssh && ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519 &&
            cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys'
    done
    printf 'KbdInteractiveAuthentication yes\nPermitRootLogin no\nMaxStartups 100\n' \
        >"$root/etc/ssh/sshd_config.d/tests.conf"
    # ssh shows the banner that carries our message at its default log level only, so known hosts are known.
    sed "s/^/localhost /" "$root"/etc/ssh/ssh_host_*_key.pub >"$root/etc/ssh/ssh_known_hosts"
    host systemctl restart ssh
}

# A host's systemd takes the control group that it is started in for the root of all: one for each host.
enter_cgroup()
{
    local mount type path
    while read -r mount type; do
        [[ $type == cgroup2 ]] && path=0:: || path='[0-9]*:name=systemd:'
        path=$mount$(sed -n "s|^$path/*|/|p" /proc/self/cgroup)/$1
        mkdir "$path" && cgroups+=("$path") && echo $BASHPID >"$path/cgroup.procs" || return 1
    done < <(awk '($3 == "cgroup2" || $4 ~ /name=systemd/) && !seen[$3]++ { print $2, $3 }' /proc/mounts)
}

remove_cgroup()
{
    find "$1" -depth -type d -exec rmdir {} +
    [[ ! -e $1 ]]
}

leave_host()
{
    local cgroup
    [[ ! -s $work/nspawn ]] || { kill -KILL "$(<"$work/pid")" "$(<"$work/nspawn")"; wait; }
    umount -R -l "$work/host"
    for cgroup in "${cgroups[@]}"; do
        echo $BASHPID >"${cgroup%/*}/cgroup.procs"
        wait_for 10 remove_cgroup "$cgroup" # the last processes are still going
    done
} >/dev/null 2>&1
