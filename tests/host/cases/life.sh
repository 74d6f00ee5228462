# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# One package through every state, with real logins; each state is read back over the bus. Sourced by tests/host/run.

# package_says KEY=VALUE...: (re)writes the package with these lines in its policy.
package_says()
{
    { printf '%s\n' "[package]" "description = Production database administrators" "groups = ${groups-$group}" \
        "[policy]" && printf '%s\n' "$@"; } >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
}

# member ID NAME: a member of the request, from the bus itself.
member()
{
    host busctl --json=short call org.accesspkg1 /org/accesspkg1 org.accesspkg1.Manager GetRequest x "$1" |
        sed -n "s/.*\"$2\":{\"type\":\"[a-z]*\",\"data\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

is_state()
{
    [[ $(member "$1" state) == "$2" ]]
}

# becomes ID STATE: by itself, in a few seconds.
becomes()
{
    wait_for 15 is_state "$1" "$2" || complain "request $1 should be $2, it is $(member "$1" state)"
}

shut()
{
    run ssh_as alice id
    refused
    holds_no_group alice || complain "the group is there"
}

open()
{
    run ssh_as alice id
    succeeded
    says "$group"
}

from_request_to_end()
{
    package_says "approvers = bob" "duration = 4s" "extension = allowed" "max_total = 1m"
    shut
    says "request 1 waits for approval by bob"
    becomes 1 pending-approval
    run on_host bob pkg-approve approve 1 -m "ticket 4711"
    succeeded
    becomes 1 fulfilled
    open
    run on_host alice pkg-request extend $package -d 3s
    succeeded
    becomes 1 access-extended
    open
    becomes 1 access-expired
    shut
    says "request 3 waits" # 2 is the extension
}

denied_cancelled_expired()
{
    package_says "approvers = bob" "approval_timeout = 2s"
    run on_host alice pkg-request submit $package -m "why not"
    succeeded
    run on_host bob pkg-approve deny 1 -m "not today"
    succeeded
    becomes 1 denied
    run on_host alice pkg-request submit $package
    run on_host alice pkg-request cancel 2
    succeeded
    becomes 2 cancelled
    shut
    becomes 3 expired
    run on_host alice pkg-request status 3
    says "pkg-request submit $package"
}

approved_for_later_and_revoked()
{
    package_says "approvers = bob"
    run on_host alice pkg-request submit $package --start +3s
    succeeded
    run on_host bob pkg-approve approve 1
    succeeded
    becomes 1 approved
    shut
    becomes 1 fulfilled
    open
    run host pkg-admin revoke $package alice -m "incident 12"
    succeeded
    becomes 1 revoked
    shut
}

partly_there()
{
    groups="$group nightshift" package_says "approvers = bob"
    run on_host alice pkg-request submit $package
    run on_host bob pkg-approve approve 1
    becomes 1 partially-fulfilled
    run ssh_as alice id
    refused
    says "being set up"
    host groupadd --force nightshift
    host pkg-admin reload
    run host pkg-admin retry $package alice
    succeeded
    becomes 1 fulfilled
    open
    says nightshift
    run on_host alice pkg-request return $package
    succeeded
    becomes 1 revoked
    shut
    host groupdel nightshift
}

# Two stages, a quorum of two in the second, and fallback approvers who are asked after a while.
stages()
{
    printf '%s\n' "[package]" "groups = $group" "[stage 1]" "approvers = bob" \
        "[stage 2]" "approvers = carol" "quorum = 2" "escalate_after = 1s" "fallback_approvers = dave" \
        >"$root/etc/accesspkg/packages.d/$package.conf"
    host pkg-admin reload
    run on_host alice pkg-request submit $package
    run on_host carol pkg-approve approve 1
    refused
    run on_host bob pkg-approve approve 1
    succeeded
    becomes 1 pending-approval
    run on_host carol pkg-approve approve 1
    succeeded
    run on_host carol pkg-approve approve 1
    refused
    shut
    wait_for 15 on_host dave pkg-approve approve 1
    becomes 1 fulfilled
    open
    run on_host bob pkg-approve deny 1 -m late
    refused
    says "approved by dave"
}

it "pending approval, fulfilled, extended, expired" from_request_to_end
it "denied, cancelled, expired without a decision" denied_cancelled_expired
it "approved for later, fulfilled at its start, revoked" approved_for_later_and_revoked
it "partially fulfilled until its group is there, then handed back" partly_there
it "two stages, a quorum of two, escalation" stages
