# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# su: who runs it is judged, not who they become. Sourced by tests/host/run.

su_to_bob()
{
    at_terminal alice 'assword:' bob -- su bob -c id
}

caller_is_judged()
{
    run su_to_bob
    refused
    says "$package"
    run on_host bob pkg-approve show "$(pending)"
    says "Alice Adams"
}

holder_becomes_another()
{
    grant alice
    run su_to_bob
    succeeded
    says "(bob)"
}

roots_own_su()
{
    run host su alice -c id
    succeeded
    says "(alice)"
    [[ -z $(pending) ]] || complain "root's own su filed a request"
}

# Rule 5: whoever logged in as alice does not decide on alice's request, as whomever they act.
su_does_not_approve()
{
    grant alice
    printf '%s\n' "[package]" "groups = audio" "[policy]" "approvers = bob" >"$root/etc/accesspkg/packages.d/other.conf"
    run host pkg-admin reload
    succeeded
    run on_host alice pkg-request submit other
    local number
    number=$(pending)
    run at_terminal alice 'assword:' bob -- ssh -t alice@localhost "su bob -c 'pkg-approve approve $number -m own'"
    refused
    [[ $(pending) == "$number" ]] || complain "the request should still wait"
    rm "$root/etc/accesspkg/packages.d/other.conf"
}

# Started out of a login, as by a user's own container manager: everybody has that login's id, so it says nothing. (Such a
# container cannot have pam_loginuid required.)
a_login_id_for_all()
{
    cp "$root/etc/pam.d/sshd" "$work/sshd"
    cp "$root/etc/accesspkg/accesspkg.conf" "$work/settings"
    trap 'cp "$work/settings" "$root/etc/accesspkg/accesspkg.conf"; cp "$work/sshd" "$root/etc/pam.d/sshd"; reboot_host' EXIT
    sed -i 's/required *pam_loginuid/optional pam_loginuid/' "$root/etc/pam.d/sshd"
    reboot_host "$(host id -u bob)"
    [[ $(host cat /proc/1/loginuid) == "$(host id -u bob)" ]] || complain "process 1 should have bob's login id"
    run host pkg-admin status
    says "void in this container"
    run ssh_as alice true
    refused
    run on_host alice pkg-request explain $package
    says " 1 d *bob .* yes$"
    approve_pending # by bob, whose login id the request has as well
    run ssh_as alice id -nG
    succeeded
    says $group
    printf '%s\n' "[decisions]" "require_login_id = yes" >"$root/etc/accesspkg/accesspkg.conf"
    run host pkg-admin reload
    run host pkg-admin status
    says "required, and void in this container: nobody can decide"
    run on_host carol pkg-request explain $package
    says "nobody can decide"
}

it "the caller is judged, and the request is the caller's" caller_is_judged
it "a holder becomes another user" holder_becomes_another
it "root's own su needs no grant" roots_own_su
it "becoming an approver does not approve one's own request" su_does_not_approve
it "one login id for all is none: bob decides, and status says so" a_login_id_for_all
