# shellcheck shell=bash disable=SC2154,SC2016 # $out and the like come from tests/host/lib.sh, $root from tests/packages/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# From a host that was set up by `make install` of an older version, under load: nobody is locked out, nobody let in, no
# request lost, while each part is replaced. Sourced by tests/packages/run.

# Its store is of format 8, its gate one file.
older=8cb95659b19ecf6f2178115ac4e68a347c452d12
modules=usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)/security

build_older()
{
    if ! git cat-file -e "$older^{commit}" 2>/dev/null; then
        echo "The commit $older is not in this clone. This case needs one that is not shallow: git fetch --unshallow"
        return 1
    fi
    mkdir "$all/older" && git archive "$older" | tar -x -C "$all/older" &&
        make -C "$all/older" -j"$(nproc)" BUILD=build all >"$all/older.log" 2>&1 || { tail -n 20 "$all/older.log"; return 1; }
}

# As the README of that version says, with an nsswitch.conf that merges.
set_up_older()
{
    make -C "$all/older" BUILD=build install DESTDIR="$root" >>"$all/older.log" 2>&1
    host systemd-sysusers accesspkg.conf
    host systemd-tmpfiles --create accesspkg.conf
    host systemctl daemon-reload
    host systemctl reload dbus
    host systemctl enable --now accesspkgd
    host sed -i 's/^group:.*/group:   files [SUCCESS=merge] accesspkg  # ours/' /etc/nsswitch.conf
    host sed -i '1i account required pam_accesspkg.so package=db-admins' /etc/pam.d/sshd
    host sed -i '1i account [success=1 default=ignore] pam_rootok.so\naccount required pam_accesspkg.so package=db-admins' \
        /etc/pam.d/su
    echo "# edited" >>"$root/etc/accesspkg/accesspkg.conf"
}

# Many who may ask, and logins of all by one key.
add_crowd()
{
    local user
    host groupadd dbadmins
    for user in alice bob carol dave; do
        host useradd --create-home --shell /bin/bash $user
    done
    for user in {s,g}{1..3000}; do
        echo "$user"
    done | awk '{ printf "%s:x:%d:100::/:/bin/sh\n", $1, 3000 + NR }' >>"$root/etc/passwd"
    sed -n 's/^\([sg][0-9]*\):.*/\1:*:20000::::::/p' "$root/etc/passwd" >>"$root/etc/shadow"
    host ssh-keygen -q -t ed25519 -N "" -f /root/key
    host cp /root/key.pub /etc/ssh/everybody
    printf 'AuthorizedKeysFile /etc/ssh/everybody\nMaxStartups 200\n' >"$root/etc/ssh/sshd_config.d/tests.conf"
    host systemctl restart ssh
}

# One of each: held, ended, denied, withdrawn, waiting, somebody's delegate.
use_older()
{
    printf '%s\n' '[package]' 'groups = dbadmins' '[policy]' 'approvers = bob' 'duration = 4h' \
        >"$root/etc/accesspkg/packages.d/db-admins.conf"
    host pkg-admin reload
    grant alice
    grant carol
    host pkg-admin revoke db-admins carol -m "over"
    on_host dave pkg-request submit db-admins -m "no"
    on_host bob pkg-approve deny "$(pending)" -m "no"
    on_host carol pkg-request submit db-admins -m "again"
    on_host carol pkg-request cancel "$(pending)"
    on_host carol pkg-request submit db-admins -m "waits"
    on_host bob pkg-approve delegate --to carol --until +2h -m "away"
    run ssh_by_key alice id -nG
    says dbadmins
    run ssh_by_key dave id
    refused
}

ssh_by_key() # USER COMMAND...
{
    host ssh -i /root/key -o BatchMode=yes "$1@localhost" "${@:2}"
}

older_works()
{
    set_up_older
    add_crowd
    use_older
    run host accesspkgd --version
    says "^accesspkgd [0-9.]*$"
}

# put FILE...: new ones, as dpkg puts them, by rename; of a folder with what is in the packages.
put()
{
    local file
    for file; do
        cp "$all/new/$file" "$root/$file.dpkg-new"
        mv "$root/$file.dpkg-new" "$root/$file"
    done
}

# The states between two renames of dpkg, whatever the order: a holder gets in, nobody else.
judges() # PATTERN
{
    run ssh_by_key alice id -nG
    succeeded
    says dbadmins
    run ssh_by_key dave id
    refused
    says "$1"
}

between_renames()
{
    mkdir -p "$all/new/usr"
    ln -sfn usr/lib "$all/new/lib"
    mkdir -p "$all/new/usr/lib"
    for deb in "$debs"/accesspkg_*.deb "$debs"/lib*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$all/new"
    done
    cp -a "$root/$modules/pam_accesspkg.so" "$root/usr/libexec/accesspkg/accesspkg-submit" "$all/"
    put usr/libexec/accesspkg/accesspkg-submit
    judges "db-admins on demohost: request [0-9]* "
    put $modules/pam_accesspkg.so
    judges "whether you may enter could not be found out"
    put $modules/pam_accesspkg_gate.so
    judges "db-admins on demohost: request [0-9]* "
    cp -a "$all/pam_accesspkg.so" "$root/$modules/pam_accesspkg.so.new"
    mv "$root/$modules/pam_accesspkg.so.new" "$root/$modules/pam_accesspkg.so"
    judges "db-admins on demohost: request [0-9]* "
    rm "$root/$modules/pam_accesspkg_gate.so"
    mv "$all/accesspkg-submit" "$root/usr/libexec/accesspkg/accesspkg-submit"
}

# has_more N WHAT...: N lines more of each than note_lines saw.
has_more()
{
    local n=$1 what
    shift
    for what; do
        (($(wc -l <"$root/root/kept/$what") >= $(<"$all/lines.$what") + n)) || return 1
    done
}

note_lines()
{
    local what
    for what in logins groups gate submit; do
        cat "$root/root/kept/$what" 2>/dev/null | wc -l >"$all/lines.$what"
    done
}

# back_up NAME: the store, as $all/NAME.db.
back_up()
{
    rm -f "$root/root/$1.db"
    host pkg-admin backup "/root/$1.db"
    cp "$root/root/$1.db" "$all/$1.db"
}

replaced()
{
    local host_limit=600 what
    back_up before
    install -m 755 "$here/load" "$root/root/load"
    mkdir "$root/root/kept"
    for what in logins logins logins groups gate submit; do
        host /root/load $what &
    done
    # A session that was there before is there afterwards.
    mkfifo "$all/session"
    ssh_by_key alice cat <"$all/session" >"$all/session.out" &
    exec 5>"$all/session"
    note_lines
    wait_for 60 has_more 5 logins groups gate submit
    note_lines
    run apt install -o Dpkg::Options::=--force-confold '/debs/accesspkg_*.deb' '/debs/lib*.deb'
    succeeded
    says_not "error\|warning: \|failed"
    wait_for 60 has_more 1 logins groups gate submit || complain "it should have gone on during the upgrade"
    # From packages to packages, to and fro.
    for what in next debs next; do
        run host env DEBIAN_FRONTEND=noninteractive sh -c 'dpkg --install /"$0"/accesspkg_*.deb /"$0"/lib*.deb' "$what"
        succeeded
    done
    for what in logins groups gate submit; do
        echo "$what: $(($(wc -l <"$root/root/kept/$what") - $(<"$all/lines.$what"))) during the four upgrades," \
            "$(cat "$root/root/kept/$what.again" 2>/dev/null | wc -l) to be asked again"
        # With what they were told.
        sort "$root/root/kept/$what.again" 2>/dev/null | uniq -c
    done >"$all/figures"
    note_lines
    wait_for 60 has_more 5 logins groups gate submit
    echo "the same session" >&5
    exec 5>&-
    touch "$root/root/kept/stop"
    wait
    grep -qx "the same session" "$all/session.out" || complain "the session should have gone on"
    for what in "$root"/root/kept/*.bad; do
        [[ ! -e $what ]] || { head "$what"; complain "${what##*/}: $(wc -l <"$what")"; }
    done
}

# What was acknowledged has its row; what was there before is as it was.
nothing_lost()
{
    local table columns
    back_up after
    run sqlite3 "$all/after.db" "PRAGMA integrity_check"
    says "^ok$"
    [[ $(sqlite3 "$all/before.db" "PRAGMA user_version") == 8 ]] || complain "the store should have been of format 8"
    for table in audit request stage decision assignment grant delegation circle; do
        columns=$(sqlite3 "$all/before.db" "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')")
        run sqlite3 "$all/before.db" "ATTACH '$all/after.db' AS new" \
            "SELECT $columns FROM main.\"$table\" EXCEPT SELECT $columns FROM new.\"$table\""
        [[ -z $out$err ]] || complain "these rows of $table are not what they were"
    done
    cat "$root/root/kept/gate" "$root/root/kept/submit" | sort >"$all/acknowledged"
    ! grep -vx '[0-9]*' "$all/acknowledged" || complain "these should be numbers"
    sqlite3 "$all/after.db" "SELECT id FROM request WHERE state = 'pending-approval'" | sort >"$all/there"
    run comm -23 <(uniq "$all/acknowledged") "$all/there"
    [[ -z $out ]] || complain "these requests are lost"
    [[ -z $(uniq -d "$all/acknowledged") ]] || complain "each has a number of its own"
}

all_new()
{
    local unit
    run host accesspkgd --version
    says ", store format [0-9]*$"
    for unit in accesspkgd accesspkg-notify; do
        run host sh -c 'readlink /proc/$(systemctl show -P MainPID "$0")/exe' $unit
        says_not deleted
    done
    run host pkg-admin status
    succeeded
    says_not "problem"
    says "^Guarded services: *sshd, su"
    host grep -qx 'group:   files \[SUCCESS=merge\] accesspkg  # ours' /etc/nsswitch.conf
    [[ $(host head -n 1 /etc/pam.d/sshd) == "account required pam_accesspkg.so package=db-admins" ]]
    [[ $(host sed -n 2p /etc/pam.d/su) == "account required pam_accesspkg.so package=db-admins" ]]
    host grep -qx '# edited' /etc/accesspkg/accesspkg.conf
    judges "db-admins on demohost: request [0-9]* "
    on_host bob pkg-approve approve dave/db-admins -m "at last"
    run ssh_by_key dave id -nG
    says dbadmins
    run host systemctl is-system-running
    says running
}

next_version || tail -n 20 "$all/next.log"
if ! build_older; then
    failed=$((failed + 1))
elif begin; then
    apt install libdbus-1-3 libsqlite3-0 libev4 libjansson4 libsmartcols1 libmd0 libsystemd0 >"$work/apt.log" 2>&1
    it "an older version, made without packages, is in use" older_works
    go_on "between two renames of dpkg a holder gets in, and nobody else" between_renames
    go_on "replaced by the packages under load: no login and no group is missed" replaced
    sed 's/^/        /' "$all/figures"
    go_on "no row and no request is lost" nothing_lost
    go_on "all parts are new, what was written by hand stands" all_new
else
    tail -n 30 "$work/console.log"
    failed=$((failed + 1))
fi
end
