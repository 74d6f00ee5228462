# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Beside a real directory: slapd on this host's loopback, SSSD in nsswitch.conf and pam.d as Debian sets it up. It answers,
# is stopped, hangs in each of its parts, has nothing in its caches. What docs/DIRECTORIES.md says is shown here. Sourced
# by tests/host/run.

readonly corp=$root/srv/corp sssd_conf=$root/etc/sssd/sssd.conf packages=$root/etc/accesspkg/packages.d
readonly settings=$root/etc/accesspkg/accesspkg.conf
readonly names=far-admins leads=far-leads

# ---- the directory --------------------------------------------------------------------------------------------

slapd_conf()
{
    printf 'include /etc/ldap/schema/%s.schema\n' core cosine nis
    cat <<'EOF'
modulepath /usr/lib/ldap
moduleload back_mdb
loglevel none
database mdb
suffix dc=corp
rootdn cn=admin,dc=corp
rootpw secret
directory /srv/corp/db
index objectClass,uid,uidNumber,gidNumber,cn,memberUid eq
EOF
}

person() # NAME UID [GECOS]
{
    printf '%s\n' "dn: uid=$1,ou=people,dc=corp" "objectClass: account" "objectClass: posixAccount" "cn: $1" "uid: $1" \
        "uidNumber: $2" "gidNumber: 20000" "gecos: ${3-}" "homeDirectory: /home/$1" "loginShell: /bin/bash" "" |
        grep -v '^gecos: $'
}

group() # NAME GID [MEMBER...]
{
    printf '%s\n' "dn: cn=$1,ou=groups,dc=corp" "objectClass: posixGroup" "cn: $1" "gidNumber: $2"
    shift 2
    [[ $# == 0 ]] || printf 'memberUid: %s\n' "$@"
    echo
}

everybody()
{
    printf '%s\n' "dn: dc=corp" "objectClass: dcObject" "objectClass: organization" "o: corp" "dc: corp" "" \
        "dn: ou=people,dc=corp" "objectClass: organizationalUnit" "ou: people" "" \
        "dn: ou=groups,dc=corp" "objectClass: organizationalUnit" "ou: groups" ""
    person karl 20001 "Karl Kern,Payments"
    person carla 20002 "Carla Conti,Databases"
    group corp 20000
    group $leads 20010 carla
    group $names 20011
    local i
    for ((i = 1; i <= 3000; i++)); do
        person "p$i" $((30000 + i))
    done
    # shellcheck disable=SC2046 # a word each
    group crowd 20013 $(seq -f p%.0f 3000)
}

# sssd DOMAIN-OPTION...: from empty caches, with these settings besides.
sssd()
{
    host systemctl stop sssd
    printf '%s\n' '[sssd]' 'services = nss, pam' 'domains = corp' '[nss]' 'entry_negative_timeout = 1' '[domain/corp]' \
        'id_provider = ldap' 'auth_provider = ldap' 'ldap_uri = ldap://127.0.0.1' 'ldap_search_base = dc=corp' \
        'ldap_id_use_start_tls = false' 'ldap_search_timeout = 2' 'ldap_network_timeout = 2' 'ldap_opt_timeout = 2' \
        "$@" | install -m 600 /dev/stdin "$sssd_conf"
    forget
    host systemctl start sssd
}

# What sssd knows without asking.
forget()
{
    host find /var/lib/sss/db /var/lib/sss/mc -type f -delete
}

# Everything as a case expects it. SSSD asks a server that was away again at once: by itself it does within a minute or so
# (offline_timeout).
directory_up() # [USER]
{
    host systemctl start corp-ldap
    host systemctl restart sssd
    wait_for 20 host id "${1-karl}"
}

# SSSD is started anew and knows nothing.
cold()
{
    host systemctl stop sssd
    forget
    host systemctl start sssd
}

change() # LDIF
{
    host ldapmodify -x -H ldap://127.0.0.1 -D cn=admin,dc=corp -w secret <<<"$1"
    host sss_cache -E
}

set_up_directory()
{
    mkdir -p "$corp/db" && slapd_conf >"$corp/slapd.conf" && everybody >"$corp/corp.ldif" &&
        host slapadd -q -f /srv/corp/slapd.conf -l /srv/corp/corp.ldif && host chown -R openldap: /srv/corp || return 1
    printf '%s\n' '[Service]' 'ExecStart=/usr/sbin/slapd -d 0 -u openldap -f /srv/corp/slapd.conf -h ldap://127.0.0.1/' \
        >"$root/etc/systemd/system/corp-ldap.service"
    cp "$root/etc/nsswitch.conf" "$work/nsswitch.before"
    cp "$root/etc/pam.d/sshd" "$work/sshd.before"
    cp "$settings" "$work/settings.before"
    # Half of the default, which halves what the cases wait for.
    printf '[lookup]\ntimeout = 1s\n' >"$settings"
    sed -i -e 's/^passwd:.*/passwd: files sss/' -e 's/^group:.*/group: files sss accesspkg/' "$root/etc/nsswitch.conf"
    sed -i "s/package=$package/package=far &/" "$root/etc/pam.d/sshd"
    host env DEBIAN_FRONTEND=noninteractive pam-auth-update --enable sss
    host systemctl daemon-reload
    host systemctl start corp-ldap
    sssd
    wait_for 20 host id karl
    local user
    for user in karl carla; do
        host install -d -o $user -g corp /home/$user
        on_host $user sh -c 'mkdir -m 700 ~/.ssh && ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519 &&
            cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys'
    done
}

take_away_directory()
{
    host systemctl stop sssd corp-ldap
    rm -f "$root/etc/accesspkg/notify.d/told" "$packages"/{far,crowd}.conf "$sssd_conf" "$root/etc/systemd/system/corp-ldap.service"
    cp "$work/nsswitch.before" "$root/etc/nsswitch.conf"
    cp "$work/sshd.before" "$root/etc/pam.d/sshd"
    cp "$work/settings.before" "$settings"
    host env DEBIAN_FRONTEND=noninteractive pam-auth-update --disable sss
    host systemctl daemon-reload
}

# ---- what the cases have in common ----------------------------------------------------------------------------

# package far gives a directory's group, and a directory's group approves; dave would in its place.
far_package() # [NAME-SUFFIX]
{
    printf '%s\n' "[package]" "groups = $names${1-}" "[policy]" "duration = 4h" "[stage 1]" \
        "approvers = %$leads${1-}" "fallback_approvers = dave" >"$packages/far.conf"
    host pkg-admin reload
}

has_far()
{
    host id -nG "$1" | grep -qw $names
}

# Notices of this case go to the journal: told APPROVER REQUESTOR.
told_anew()
{
    tag=told$RANDOM$BASHPID
    printf '%s\n' '#!/bin/sh' "exec logger --size 8KiB -t $tag" |
        install -m 755 /dev/stdin "$root/etc/accesspkg/notify.d/told"
}

told()
{
    host journalctl --quiet --no-pager --output=cat -t "$tag" | grep -F "\"$2\"" | grep -qF "\"name\":\"$1\""
}

notices_wait()
{
    [[ $(host pkg-admin status --json | sed -n 's/.*"notices": \([0-9]*\).*/\1/p') != 0 ]]
}

# karl holds far, alice (of this host) the package of this host, and she asks for far.
with_holders()
{
    directory_up
    told_anew
    far_package
    on_host karl pkg-request submit far
    on_host carla pkg-approve approve karl/far -m "ticket 4711"
    has_far karl
    grant alice
    on_host alice pkg-request submit far
    wait_for 20 told carla alice
}

# as_uid UID GID COMMAND...: without a look-up on the way, as runuser and setpriv make one.
as_uid()
{
    local uid=$1 gid=$2
    shift 2
    timeout -k 5 30 nsenter -t "$(<"$work/pid")" -a -r -S "$uid" -G "$gid" -- env -i \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

# within SECONDS COMMAND...: run, and no longer than that.
within()
{
    local bound=$1 begun=$EPOCHSECONDS
    shift
    run "$@"
    ((EPOCHSECONDS - begun <= bound)) || complain "it took $((EPOCHSECONDS - begun)) s"
}

shows_status()
{
    host pkg-admin status | grep -q -- "$1"
}

# What an outage must not lead to.
nothing_is_concluded()
{
    within 4 host pkg-admin explain far alice
    succeeded
    says "not known"
    says_not "nobody"
    says_not "no such group"
    run on_host dave pkg-approve
    says_not "alice"
    run host pkg-admin check-config
    says_not "create it"
    run host pkg-admin reload
    succeeded
    says "kept: the group $names"
    says "Groups that packages may give: 2, "
    [[ -e $root/var/lib/accesspkg/allow/gid-20011 ]] || complain "$names is on the allow-list no more"
    run host pkg-admin holders
    says "^karl *far *$names *Fulfilled"
    wait_for 20 shows_status "^Not known now:.*karl"
    wait_for 20 shows_status "^Not known now:.*$names"
    run host pkg-admin status
    says_not "Nobody can decide"
    run on_host carol pkg-request submit far
    succeeded
    says "waits for: %$leads"
    wait_for 10 notices_wait
    ! told dave carol || complain "dave should not be asked"
    grep -q "^group .*20011" "$root/var/lib/accesspkg/grants/user/karl" || complain "karl lost the group"
    run ssh_as alice id
    succeeded
    says "($group)"
}

# The directory is there again.
goes_on()
{
    wait_for 20 has_far karl
    on_host carla pkg-approve approve alice/far -m "ticket 4712"
    has_far alice || complain "alice should have it now"
    wait_for 40 not_shown "^Not known now:"
    wait_for 40 told carla carol
}

not_shown()
{
    ! shows_status "$1"
}

# Lines of the journal about look-ups that failed, since the daemon's start.
outage_lines()
{
    host journalctl --sync
    run host journalctl --no-pager --quiet --output=cat -u accesspkgd \
        "_PID=$(host systemctl show -P MainPID accesspkgd)" -g 'look-up|answered'
}

# ---- up -------------------------------------------------------------------------------------------------------

answers()
{
    directory_up
    far_package
    run ssh_as karl id
    refused
    says "^far on demohost: request [0-9]* waits for approval by a member of $leads"
    run on_host karl pkg-approve
    says "Nothing waits for you"
    run on_host carla pkg-approve approve karl/far -m "ticket 4711"
    succeeded
    says "karl holds far ($names)"
    run ssh_as karl id
    succeeded
    says "20011($names)"
    run host pkg-admin explain far karl
    says "^$names *20011 yes"
    run host pkg-admin revoke far karl -m over
    succeeded
    ! has_far karl || complain "karl has the group still"
    run ssh_as karl id
    refused
}

# /etc/group is no place for members of a directory's group.
no_directory_in_files()
{
    directory_up
    far_package
    cp "$settings" "$work/settings"
    trap 'cp "$work/settings" "$settings"' EXIT
    printf '[grants]\nmembership = files\n' >>"$settings"
    run host pkg-admin check-config
    refused
    says "error: far.conf: the group $names is a directory's: with .membership = files."
    run host pkg-admin reload
    refused
}

# 3,000 members of whom none is in a cache. On a busy host none of them may be found in the first second.
a_crowd()
{
    local i
    directory_up
    printf '%s\n' "[package]" "groups = $group" "[policy]" "approvers = %crowd" >"$packages/crowd.conf"
    trap 'rm -f "$packages/crowd.conf"' EXIT
    host pkg-admin reload
    cold
    for i in {1..10}; do
        within 4 host pkg-admin explain crowd alice
        succeeded
        says_not "nobody"
        [[ $out != *"p1, p2"* ]] || break
    done
    says "p1, p2"
    run on_host alice pkg-request submit crowd
    succeeded
    run host pkg-admin status
    says_not "Nobody can decide"
}

# ---- it does not answer ---------------------------------------------------------------------------------------

stopped()
{
    with_holders
    host systemctl stop sssd
    forget
    nothing_is_concluded
    run host pkg-admin revoke far KARL -m over
    refused
    says "by this spelling. A directory does not answer that may know"
    outage_lines
    says "refused"
    says_not "took too long"
    [[ $(grep -c . <<<"$out") == 1 ]] || complain "one line should be written"
    directory_up
    goes_on
}

# SSSD is up, its server is not: what is not in its cache it denies as it denies what never was.
server_stopped()
{
    with_holders
    host systemctl stop corp-ldap
    cold
    run host getent passwd karl
    refused
    nothing_is_concluded
    outage_lines
    says "did not find %\?$leads\|did not find $names"
    [[ $(grep -c . <<<"$out") == 1 ]] || complain "one line should be written"
    run host pkg-admin revoke far KARL -m over
    refused
    says "karl holds it, see: pkg-admin holders far"
    run host pkg-admin revoke far karl -m over
    succeeded
    directory_up
    on_host carla pkg-approve approve alice/far -m "ticket 4712"
    has_far alice || complain "alice should have it now"
}

# The server takes connections and says nothing: SSSD waits for its time-out once, then does as above.
server_hangs()
{
    with_holders
    cold
    local pid
    pid=$(host systemctl show -P MainPID corp-ldap)
    # shellcheck disable=SC2064 # this process, now
    trap "host kill -CONT $pid" EXIT
    host kill -STOP "$pid"
    nothing_is_concluded
    host kill -CONT "$pid"
    directory_up
    goes_on
}

# A login of whoever it be asks SSSD which groups they have: that hangs, and is not ours. The gate and what is root's do not.
part_hangs() # PROGRAM
{
    with_holders
    cold
    local pid file=$root/etc/pam.d/chsh
    pid=$(host pidof "$1")
    cp "$file" "$work/chsh"
    # shellcheck disable=SC2064 # these, now
    trap "host kill -CONT $pid; mv '$work/chsh' '$file'; host mv /usr/sbin/sss_cache.away /usr/sbin/sss_cache" EXIT
    # chsh asks PAM without a look-up that leaves the host, but would wait for SSSD's caches afterwards.
    printf '%s\n' "auth sufficient pam_permit.so" "account required pam_accesspkg.so package=$package" \
        "account required pam_permit.so" >"$file"
    host mv /usr/sbin/sss_cache /usr/sbin/sss_cache.away
    host kill -STOP "$pid"
    within 1 as_uid "$alice" "$alice" chsh -s /bin/bash
    succeeded
    within 4 as_uid "$carol" "$carol" chsh -s /bin/bash
    refused
    says "waits for approval by bob"
    within 1 host pkg-admin status
    succeeded
    within 1 host pkg-admin holders karl
    says "^karl *far *$names *Fulfilled"
    within 4 host pkg-admin audit --user karl
    says "fulfil.*karl/far"
    within 4 host pkg-admin explain far alice
    says "not known"
    says_not "nobody"
    within 4 host pkg-admin revoke far KARL -m over
    refused
    says "by this spelling. A directory does not answer that may know"
    within 1 host pkg-admin revoke far karl -m over
    succeeded
    within 1 host pkg-admin revoke $package alice -m over
    succeeded
    within 4 as_uid "$alice" "$alice" chsh -s /bin/bash
    refused
    outage_lines
    says "took too long"
    says_not "is not available"
    [[ $(grep -c . <<<"$out") == 1 ]] || complain "one line should be written"
}

responder_hangs()
{
    part_hangs sssd_nss
}

provider_hangs()
{
    part_hangs sssd_be
}

# ---- what changes in it ---------------------------------------------------------------------------------------

# The group is deleted, and its number given to another one. A group that is merely gone takes nothing away.
number_goes_to_another()
{
    with_holders
    change $'dn: cn='$names$',ou=groups,dc=corp\nchangetype: delete'
    host touch /etc/group
    wait_for 20 shows_status "^Not known now:.*$names"
    has_gid karl || complain "karl should keep it"
    change "$(group other 20011 | sed '1a changetype: add')"
    wait_for 10 host getent group other
    host touch /etc/group
    wait_for 20 shows_status "its number 20011 is the group other's now\|the number 20011 of the group $names is the group other's now"
    ! has_gid karl || complain "karl has somebody else's group"
    run ssh_as karl id
    refused
    says "other's now"
    change $'dn: cn=other,ou=groups,dc=corp\nchangetype: delete'
    change "$(group $names 20011 | sed '1a changetype: add')"
    wait_for 10 host getent group $names
    run host pkg-admin retry far karl
    succeeded
    has_far karl || complain "karl should have it again"
}

has_gid()
{
    host id -G "$1" | grep -qw 20011
}

# karl@corp, however it is typed.
qualified()
{
    sssd 'use_fully_qualified_names = True' 'case_sensitive = False'
    trap sssd EXIT
    wait_for 20 host id karl@corp
    far_package @corp
    run on_host karl@corp pkg-request submit far
    succeeded
    run on_host carla@corp pkg-approve
    says "karl@corp *far"
    run on_host carla@corp pkg-approve approve KARL@CORP/far -m "ticket 4711"
    succeeded
    has_far karl@corp || complain "karl should have it"
    run host pkg-admin explain far Karl@Corp
    says "karl@corp (uid 20001)"
    says "Has now: *Fulfilled"
    run host pkg-admin holders KARL@CORP
    says "^karl@corp *far *$names@corp"
    run host pkg-admin audit --user KARL@CORP
    says "submit .*karl@corp/far"
    run host pkg-admin holders %FAR-ADMINS@CORP
    says "^karl@corp *far *$names@corp"
    run on_host carla@corp pkg-approve delegate --to KARL@CORP --until +1h
    succeeded
    run on_host carla@corp pkg-approve delegate --revoke Karl@CORP
    succeeded
    run on_host karl@corp ssh -o BatchMode=yes KARL@CORP@localhost id
    succeeded
    says "20011($names@corp)"
    host sed -i '/^group/d' /var/lib/accesspkg/grants/user/karl@corp
    wait_for 20 shows_status "pkg-admin retry far karl@corp"
    run host pkg-admin retry far KARL@CORP
    succeeded
    says Fulfilled
    run host pkg-admin revoke far KARL@CORP -m over
    succeeded
    says "far of karl@corp: Revoked"
    ! has_far karl@corp || complain "karl has it still"
}

# A group that is written otherwise than the directory does is the same group.
written_otherwise()
{
    sssd 'case_sensitive = False'
    trap sssd EXIT
    wait_for 20 host id karl
    far_package
    sed -i "s/^groups = .*/groups = FAR-Admins/" "$packages/far.conf"
    run host pkg-admin reload
    succeeded
    on_host karl pkg-request submit far
    run on_host carla pkg-approve approve karl/far -m "ticket 4711"
    succeeded
    has_far karl || complain "karl should have it"
    run host pkg-admin status
    says_not "FAR-Admins"
    host touch /etc/group
    run host pkg-admin holders karl
    says Fulfilled
}

# Whose answers are all forgotten; not so often that systemd takes it for a loop.
start_anew()
{
    host systemctl reset-failed accesspkgd
    host systemctl restart accesspkgd
}

# Whom a policy means by these is one for check-config, for explain, for lists and for the decision.
# SUFFIX: what the directory itself puts behind names.
approved_by() # APPROVERS [SUFFIX]
{
    printf '%s\n' "[package]" "groups = $names${2-}" "[policy]" "duration = 4h" "requestors = KARL@CORP" \
        "[stage 1]" "approvers = $1" "fallback_approvers = dave" >"$packages/far.conf"
    run host pkg-admin check-config
    says_not "far.conf"
    run host pkg-admin reload
    succeeded
    start_anew
    run on_host "karl${2-}" pkg-request submit far
    succeeded
    run host pkg-admin explain far Karl@CORP
    says "karl${2-} (uid 20001)"
    says "1  *1 .* carla${2-} .*dave .* yes"
    run on_host "carla${2-}" pkg-approve
    says "karl${2-} *far"
    run on_host dave pkg-approve
    says "Nothing waits for you"
    run host pkg-admin status
    says_not "Nobody can decide"
    start_anew
    run on_host "carla${2-}" pkg-approve approve "karl${2-}/far" -m "ticket 4711"
    succeeded
    has_far "karl${2-}" || complain "karl should have it"
    run host pkg-admin revoke far KARL@CORP -m over
    succeeded
}

# Approvers and requestors in other letters than the directory's, with its domain.
spelled()
{
    sssd 'case_sensitive = False'
    trap sssd EXIT
    wait_for 20 host id karl
    approved_by Carla
    approved_by CARLA@CORP
    approved_by %FAR-Leads
    approved_by %FAR-Leads@CORP
}

spelled_qualified()
{
    sssd 'use_fully_qualified_names = True' 'case_sensitive = False'
    trap sssd EXIT
    wait_for 20 host id karl@corp
    approved_by CARLA@CORP @corp
    approved_by %FAR-Leads@CORP @corp
}

set_up_directory >"$work/directory.log" 2>&1 || { cat "$work/directory.log"; failed=$((failed + 1)); }
alice=$(host id -u alice) carol=$(host id -u carol)

it "up: refused at ssh, approved by a member of a directory's group, given one, revoked" answers
it "membership = files: a package that gives a directory's group is an error" no_directory_in_files
it "3,000 approvers, cold: who was found in time counts, the rest is not known" a_crowd
it "SSSD is stopped, its caches are gone: nothing is concluded, nothing lost; then it goes on" stopped
it "SSSD's server is stopped, nothing cached: the same, though SSSD denies what it had" server_stopped
it "SSSD's server hangs, nothing cached: the same" server_hangs
it "SSSD's responder hangs: the gate answers, root looks and revokes, in bounded time" responder_hangs
it "SSSD's provider hangs: the same" provider_hangs
it "a deleted group's number goes to another: holders fall short" number_goes_to_another
it "fully qualified names: found however their letters are written" qualified
it "a group in other letters than the directory's" written_otherwise
it "approvers in other letters, and with a domain: check-config, explain, lists and decisions agree" spelled
it "the same, where names are fully qualified" spelled_qualified

take_away_directory >"$work/directory.log" 2>&1
