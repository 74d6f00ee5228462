# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The page for Cockpit on a booted host: Cockpit's own TLS, login and PAM file, systemd. The browser is the one of this machine, in
# the host's network. Sourced by tests/host/run, with HOST_KIND=page; called by `make check-web`.

# browse CASE [ARGUMENT...]: a case of tests/web/booted.py.
browse()
{
    PAGE_URL=https://localhost:9090 timeout -k 5 120 nsenter -t "$(<"$work/pid")" -n -- \
        /usr/bin/python3 -B tests/web/booted.py "$@"
}

file_request()
{
    on_host alice pkg-request submit $package -m "restore of invoices" || return
    number=$(pending)
}

bob_approved()
{
    holds_group alice
    run host pkg-admin audit --request "$number" --json
    uid=$(host id -u bob)
    jq -e --argjson uid "$uid" 'any(.[]; .actor == "bob" and .uid == $uid and .loginuid == $uid and (.event | test("approve")))' \
        "$work/out"
}

decides_as_who_logged_in()
{
    file_request
    run browse approve "$number"
    succeeded
    bob_approved
}

# bob may do all by sudo, which has no gate here.
an_administrator_decides_as_himself()
{
    file_request
    cp "$root/etc/pam.d/sudo" "$work/sudo.pam"
    sed -i /pam_accesspkg/d "$root/etc/pam.d/sudo"
    echo "bob ALL=(ALL) ALL" >"$root/etc/sudoers.d/bob"
    run browse administrator "$number"
    cp "$work/sudo.pam" "$root/etc/pam.d/sudo"
    rm "$root/etc/sudoers.d/bob"
    succeeded
    bob_approved
}

a_masked_daemon_is_told()
{
    file_request
    host systemctl mask --runtime --now accesspkgd accesspkgd.socket
    run browse masked
    succeeded
    host systemctl unmask --runtime accesspkgd accesspkgd.socket
    host systemctl start accesspkgd.socket accesspkgd
    [[ $(pending) == "$number" ]] || complain "the request should still wait"
}

a_restart_is_followed()
{
    file_request
    mkfifo "$work/page"
    browse restart "$number" >"$work/page" &
    read -r said <"$work/page" && [[ $said == open ]]
    host systemctl restart accesspkgd
    wait $!
    rm "$work/page"
    run host pkg-admin status
    succeeded
}

the_gate_stands_at_cockpit_too()
{
    cp "$root/etc/pam.d/cockpit" "$work/cockpit.pam"
    sed -i "1i account required pam_accesspkg.so package=$package" "$root/etc/pam.d/cockpit"
    run browse refused alice
    cp "$work/cockpit.pam" "$root/etc/pam.d/cockpit"
    succeeded
    [[ $(numbers on_host bob pkg-approve list) =~ ^[0-9]+$ ]] || complain "a request should wait"
}

echo "Cockpit $(host dpkg-query -W -f '${Version}' cockpit-ws)"
host systemctl start cockpit.socket
it "a decision is of the account that logged in to Cockpit, with its login id" decides_as_who_logged_in
it "administrative access shows the Overview, and decisions go as the user all the same" an_administrator_decides_as_himself
it "a masked daemon is told in words, and nothing is decided" a_masked_daemon_is_told
it "the page goes on after a restart of the daemon" a_restart_is_followed
it "a gate in Cockpit's PAM file refuses and files a request" the_gate_stands_at_cockpit_too
