# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installing, reloading, taking away. Sourced by tests/host/run.

where_things_are()
{
    local triplet path
    triplet=$(basename "$(dirname "$(find "$root/usr/lib" -name libnss_accesspkg.so.2)")")
    for path in usr/sbin/accesspkgd usr/sbin/pkg-admin usr/bin/pkg-approve usr/bin/pkg-request \
        usr/libexec/accesspkg/accesspkg-submit usr/libexec/accesspkg/accesspkg-lookup \
        usr/libexec/accesspkg/accesspkg-notify usr/libexec/accesspkg/accesspkg-mail \
        usr/lib/systemd/system/accesspkg-notify.service usr/lib/systemd/system/accesspkg-notes.service \
        usr/libexec/accesspkg/accesspkg-privileged usr/lib/systemd/system/accesspkg-privileged.service \
        "usr/lib/$triplet/security/pam_accesspkg.so" "usr/lib/$triplet/security/pam_accesspkg_gate.so" \
        usr/lib/systemd/system/accesspkgd.service \
        usr/lib/sysusers.d/accesspkg.conf usr/lib/tmpfiles.d/accesspkg.conf \
        usr/share/dbus-1/system.d/org.accesspkg1.conf usr/share/dbus-1/interfaces/org.accesspkg1.Manager.xml \
        usr/share/dbus-1/system-services/org.accesspkg1.service \
        usr/share/dbus-1/system-services/org.accesspkg1.Privileged.service \
        usr/share/dbus-1/system.d/org.accesspkg1.Privileged.conf \
        usr/share/dbus-1/interfaces/org.accesspkg1.Privileged.xml; do
        [[ -f $root/$path ]] || complain "$path is missing"
    done
    run host stat -c '%U:%G %a %n' /var/lib/accesspkg /var/lib/accesspkg/{allow,used,grants,grants/user} \
        /var/lib/accesspkg-privileged
    says "^root:accesspkg 1775 /var/lib/accesspkg$"
    says "^root:root 700 /var/lib/accesspkg-privileged$"
    says "^root:root 755 /var/lib/accesspkg/allow$"
    says "^root:accesspkg 750 /var/lib/accesspkg/used$"
    says "^accesspkg:accesspkg 755 /var/lib/accesspkg/grants$"
    says "^accesspkg:accesspkg 755 /var/lib/accesspkg/grants/user$"
}

# The store holds justifications and reasons: nobody else's to read.
store_is_private()
{
    grant alice
    run host find /var/lib/accesspkg -name 'state.db*' -perm /go=rwx
    [[ -z $out ]] || complain "others may read the store"
}

without_privileges()
{
    run host cat "/proc/$(host systemctl show -P MainPID accesspkgd)/status"
    says "^CapEff:[[:space:]]*0*$"
    says "^CapPrm:[[:space:]]*0*$"
    says "^NoNewPrivs:[[:space:]]*1$"
    says "^Seccomp:[[:space:]]*2$"
    says_not "^Uid:[[:space:]]*0"
}

# For node_exporter, in the unit's sandbox, into a folder of another user's; nothing of it is on by installing.
figures()
{
    local folder=/var/lib/prometheus/node-exporter
    trap 'host systemctl stop accesspkg-metrics.timer; rm -rf "$root/var/lib/prometheus"' EXIT
    run host systemctl is-enabled accesspkg-metrics.timer
    says "^disabled$"
    run host systemctl start accesspkg-metrics.service
    run host systemctl show -P ConditionResult accesspkg-metrics.service
    says "^no$"
    host mkdir -p $folder
    host chown daemon: $folder
    grant alice
    run host systemctl start accesspkg-metrics.service
    succeeded
    run host cat $folder/accesspkg.prom
    says "^accesspkg_up 1$"
    says "^accesspkg_live_assignments{package=\"$package\"} 1$"
    host systemctl stop accesspkgd.socket accesspkgd
    run host systemctl start accesspkg-metrics.service
    succeeded
    host systemctl start accesspkgd.socket accesspkgd
    run host cat $folder/accesspkg.prom
    says "^accesspkg_up 0$"
    run host ls -A $folder
    says "^accesspkg.prom$"
}

# The second step of the installation forgotten: its journal says how it is done.
without_its_folder()
{
    local away=$root/var/lib/accesspkg.away
    host systemctl stop accesspkgd
    mv "$root/var/lib/accesspkg" "$away"
    trap 'rm -rf "$root/var/lib/accesspkg"; mv "$root/var/lib/accesspkg.away" "$root/var/lib/accesspkg"
        host systemctl reset-failed accesspkgd' EXIT
    run host systemctl start accesspkgd
    refused
    host journalctl --sync
    run host journalctl --no-pager -b -u accesspkgd -n 50
    says "No such file or directory. The folder is made by: systemd-tmpfiles --create accesspkg.conf"
    run host systemd-tmpfiles --create accesspkg.conf
    succeeded
    host systemctl reset-failed accesspkgd
    run host systemctl start accesspkgd
    succeeded
    host systemctl stop accesspkgd
}

# Rule 13: a backup put back gives nothing that was taken away since, until root says so.
older_store()
{
    trap 'host systemctl unmask --runtime --quiet accesspkgd; host systemctl start accesspkgd' EXIT
    grant alice
    grant carol
    host rm -f /root/copy.db
    run host pkg-admin backup /root/copy.db
    succeeded
    host pkg-admin revoke $package alice -m over
    run host pkg-admin restore /root/copy.db
    refused
    says "mask"
    host systemctl mask --runtime --quiet --now accesspkgd
    run host pkg-admin restore /root/copy.db
    succeeded
    host systemctl unmask --runtime --quiet accesspkgd
    host systemctl start accesspkgd
    run host pkg-admin
    says "^ *STATE.DB:.*older than it was"
    holds_no_group alice || complain "what was revoked is back"
    holds_group carol || complain "what was not revoked is gone"
    host journalctl --sync
    run host journalctl --no-pager -b -u accesspkgd -p crit -n 5
    says "pkg-admin accept-store"
    host systemctl restart accesspkgd
    holds_no_group alice || complain "what was revoked is back after a restart"
    run host pkg-admin accept-store
    succeeded
    run host pkg-admin
    says_not "^ *STATE.DB:"
    run host pkg-admin retry $package alice
    succeeded
    holds_group alice || complain "root has asked for it"
    host systemctl restart accesspkgd
    run host pkg-admin
    says_not "^ *STATE.DB:"
}

# A disk that is not mounted: an empty folder in its place.
missing_mount()
{
    trap 'host systemctl stop accesspkgd; host umount /var/lib/accesspkg; host systemctl start accesspkgd' EXIT
    grant alice
    run host cat /etc/accesspkg/store
    says "^accesspkg-store 1"
    host systemctl stop accesspkgd
    host mount -t tmpfs -o mode=755 none /var/lib/accesspkg
    host systemd-tmpfiles --create accesspkg.conf
    host systemctl start accesspkgd
    run host pkg-admin
    says "^ *STATE.DB:.*not mounted"
    holds_no_group alice || complain "there is no grant file"
    host systemctl restart accesspkgd
    run host pkg-admin
    says "^ *STATE.DB:.*not mounted"
    host systemctl stop accesspkgd
    host umount /var/lib/accesspkg
    trap - EXIT
    host systemctl start accesspkgd
    run host pkg-admin
    says_not "^ *STATE.DB:"
    holds_group alice || complain "it is mounted again"
}

# What root took away while the daemon was stopped stays away.
removed_while_stopped()
{
    grant alice
    host systemctl stop accesspkgd
    host rm /var/lib/accesspkg/grants/user/alice
    host systemctl start accesspkgd
    run ssh_as alice id
    refused
    holds_no_group alice || complain "it was put back"
    run host pkg-admin
    says "removed by hand"
    run host pkg-admin retry $package alice
    succeeded
    holds_group alice || complain "root has asked for it"
}

reload()
{
    local folder=$root/etc/accesspkg/packages.d
    printf '%s\n' "[package]" "groups = audio" "[policy]" "approvers = bob" >"$folder/second.conf"
    run host systemctl reload accesspkgd
    succeeded
    run on_host alice pkg-request packages
    says second
    echo "no such line" >>"$folder/second.conf"
    run host systemctl reload accesspkgd
    refused
    run host pkg-admin reload
    refused
    says "second.conf:5"
    run on_host alice pkg-request packages
    says second
    rm "$folder/second.conf"
}

# A restart reads what a reload reads: the unit puts new groups on root's allow-list before the daemon starts.
restart_reads_packages()
{
    local folder=$root/etc/accesspkg/packages.d
    printf '%s\n' "[package]" "groups = video" "[policy]" "approval = none" >"$folder/restarted.conf"
    run host systemctl restart accesspkgd
    succeeded
    run on_host alice pkg-request submit restarted
    succeeded
    says "You hold restarted"
    run on_host alice id -nG alice
    says video
    # A policy with an error starts the daemon with the last good one, as ever.
    echo "no such line" >>"$folder/restarted.conf"
    run host systemctl restart accesspkgd
    succeeded
    run on_host alice id -nG alice
    says video
    rm "$folder/restarted.conf"
    run host pkg-admin reload
    succeeded
    says "The group video stays on the allow-list for those who hold it"
    run host pkg-admin revoke restarted alice -m over
    succeeded
    run host pkg-admin reload
    succeeded
    says_not video
    run host cat /var/lib/accesspkg/allow/gid-44
    refused
}

tree_of()
{
    (cd "$1" && find . \( -type f -o -type l \) | sort)
}

in_and_out()
{
    local tree=$work/tree make=(make --no-print-directory BUILD="$build" DESTDIR="$work/tree")
    run "${make[@]}" install
    succeeded
    echo "an administrator's" >"$tree/etc/accesspkg/packages.d/own.conf"
    [[ ! -e $tree/etc/accesspkg/accesspkg.conf ]] || echo "# edited" >"$tree/etc/accesspkg/accesspkg.conf"
    run "${make[@]}" install
    succeeded
    [[ ! -e $tree/etc/accesspkg/accesspkg.conf ]] || grep -qx "# edited" "$tree/etc/accesspkg/accesspkg.conf"
    mkdir -p "$tree/var/lib/accesspkg" && echo state >"$tree/var/lib/accesspkg/state.db"
    run "${make[@]}" uninstall
    succeeded
    run tree_of "$tree"
    says "^./etc/accesspkg/packages.d/own.conf$"
    says "^./var/lib/accesspkg/state.db$"
    out=$(grep -v -e '^./etc/accesspkg/' -e '^./var/lib/accesspkg/' <<<"$out" || true)
    [[ -z $out ]] || complain "this was left behind: $out"
}

# Taking the module away under a service that names it would lock everybody out.
in_use()
{
    local tree=$work/used make=(make --no-print-directory -j"$(nproc)" CFLAGS=-Og BUILD="$work/build" \
        PREFIX="$work/used/usr" SYSCONFDIR="$work/used/etc" LOCALSTATEDIR="$work/used/var" DESTDIR=) file
    mkdir "$work/build"
    # Less what another make may be at: builds of their own below it, and the suites.
    find "$build" -mindepth 1 -maxdepth 1 ! -name tests ! -exec test -e {}/settings \; -exec cp -a -t "$work/build" {} +
    run "${make[@]}" install
    succeeded
    # What was built before for another place is built anew.
    for file in usr/sbin/pkg-admin usr/lib/systemd/system/accesspkgd.service; do
        grep -q "$tree/usr/sbin/accesspkgd" "$tree/$file" || complain "$file should name $tree/usr/sbin/accesspkgd"
    done
    # Right for a first install and for an upgrade.
    says "systemctl restart accesspkgd"
    mkdir -p "$tree/etc/pam.d"
    echo "account required pam_accesspkg.so package=x" >"$tree/etc/pam.d/sshd"
    run "${make[@]}" uninstall
    refused
    says "$tree/etc/pam.d/sshd"
    [[ -e $tree/usr/sbin/accesspkgd ]] || complain "something was taken away all the same"
    echo "# account required pam_accesspkg.so package=x" >"$tree/etc/pam.d/sshd"
    run "${make[@]}" uninstall
    succeeded
    [[ ! -e $tree/usr/sbin/accesspkgd ]] || complain "it should have been taken away"
}

it "every file stands where the design says, with its owner" where_things_are
it "the store is the daemon's alone" store_is_private
it "the daemon runs without privileges" without_privileges
it "figures for node_exporter, by a unit in its sandbox, which nothing enables" figures
it "started without its folder: told how to make it" without_its_folder
it "an older store put back revives nothing, until root accepts it" older_store
it "a state folder that is empty is noticed" missing_mount
it "a grant file that is removed while the daemon is stopped stays removed" removed_while_stopped
it "a reload brings the new policy, a bad one leaves the old" reload
it "a restart gives the groups that a reload gives, and fails for none" restart_reads_packages
it "uninstall takes what install brought, and keeps configuration and state" in_and_out
it "uninstall refuses while a service names the module" in_use
