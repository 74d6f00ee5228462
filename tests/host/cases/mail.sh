# shellcheck shell=bash disable=SC2154 # $out and the like come from run() in tests/host/lib.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Notices as mails, through a real MTA (OpenSMTPD, local delivery), read back from the mailboxes. Sourced by
# tests/host/run.

set_up_mail()
{
    printf '%s\n' "table aliases file:/etc/aliases" "listen on lo" 'action "local" mbox alias <aliases>' \
        'match from local for any action "local"' >"$root/etc/smtpd.conf"
    echo demohost >"$root/etc/mailname"
    echo "accesspkg-notify: root" >"$root/etc/aliases"
    host systemctl restart opensmtpd
    ln -s /usr/libexec/accesspkg/accesspkg-mail "$root/etc/accesspkg/notify.d/mail"
    host systemctl is-active --quiet accesspkg-notify || complain "it starts with accesspkgd"
}

# In the mailbox of this user, decoded from quoted-printable as far as we need it.
mail_of()
{
    cat "$root/var/mail/$1"
}

has_mail()
{
    mail_of "$1" | grep -q -- "$2"
}

delivered()
{
    [[ $(host pkg-admin status --json | sed -n 's/.*"notices": \([0-9]*\).*/\1/p') == 0 ]]
}

without_mail()
{
    host systemctl stop accesspkg-notify
    rm -f "$root"/var/mail/* "$root/etc/accesspkg/notify.d/mail"
    host systemctl start accesspkg-notify
    set_up_mail
}

# The whole way: filed at the gate, told, decided by what the mail says, told.
by_mail()
{
    without_mail
    run ssh_as alice id
    refused
    wait_for 20 has_mail bob "^Subject: \[demohost\] alice asks for $package$"
    local command
    command=$(mail_of bob | sed -n 's/^ *\(pkg-approve approve [0-9]*\)$/\1/p')
    [[ -n $command ]] || complain "the mail has a line to paste"
    # shellcheck disable=SC2086 # as somebody who pastes it
    run on_host bob $command
    succeeded
    wait_for 20 has_mail alice "^Subject: \[demohost\] You have $package now$"
    wait_for 20 has_mail alice "^Subject: \[demohost\] Your request for $package was approved$"
    run mail_of alice
    says "^Auto-Submitted: auto-generated$"
    [[ $(grep -c "^References: <accesspkg.request.[0-9]*@demohost>$" <<<"$out") == 2 ]] || complain "one thread"
    [[ $(grep "^References:" <<<"$out" | sort -u | wc -l) == 1 ]] || complain "one thread"
    run host pkg-admin revoke $package alice -m $'Gr\xc3\xb6\xc3\x9fe: Bcc: eve'
    succeeded
    wait_for 20 has_mail alice "^Subject: \[demohost\] Your access to $package was revoked$"
    run mail_of alice
    says "Gr=C3=B6=C3=9Fe: Bcc: eve"
    says_not "^Bcc:"
    wait_for 20 delivered
}

# No sendmail: nothing waits for one, which status says; the next notice is mailed once there is one, without a restart.
no_sendmail()
{
    without_mail
    mv "$root/usr/sbin/sendmail" "$root/usr/sbin/sendmail.away"
    trap 'mv "$root/usr/sbin/sendmail.away" "$root/usr/sbin/sendmail"' EXIT
    on_host alice pkg-request submit $package
    wait_for 20 delivered
    run host pkg-admin status
    says "^Mail: *there is no /usr/sbin/sendmail: nobody is told by mail."
    says_not "^Last failure:"
    mv "$root/usr/sbin/sendmail.away" "$root/usr/sbin/sendmail"
    trap - EXIT
    on_host alice pkg-request cancel alice/$package -m "no more"
    on_host alice pkg-request submit $package
    wait_for 30 has_mail bob "asks for $package"
    wait_for 20 delivered
}

# The MTA refuses: the notice waits, is shown, and comes once, over a kill of the notifier.
mta_away()
{
    without_mail
    mv "$root/usr/sbin/sendmail" "$root/usr/sbin/sendmail.away"
    printf '#!/bin/sh\necho the MTA is away\nexit 75\n' >"$root/usr/sbin/sendmail"
    chmod 755 "$root/usr/sbin/sendmail"
    trap 'mv "$root/usr/sbin/sendmail.away" "$root/usr/sbin/sendmail"' EXIT
    on_host alice pkg-request submit $package
    shows_failure()
    {
        host pkg-admin status | grep -q "the MTA is away"
    }
    wait_for 20 shows_failure
    host systemctl kill --kill-whom=main -s KILL accesspkg-notify
    mv "$root/usr/sbin/sendmail.away" "$root/usr/sbin/sendmail"
    trap - EXIT
    wait_for 30 has_mail bob "asks for $package"
    wait_for 20 delivered
    [[ $(mail_of bob | grep -c "^Subject:.*asks for") == 1 ]] || complain "once"
}

confined()
{
    run host cat "/proc/$(host systemctl show -P MainPID accesspkg-notify)/status"
    says "^CapEff:[[:space:]]*0*$"
    says_not "^Uid:[[:space:]]*0"
    run host runuser -u accesspkg-notify -- touch /var/lib/accesspkg/grants/user/alice
    refused
}

# The disk under the MTA is full: the notice waits, is shown, holds nobody up, and comes once there is room.
full_disk()
{
    local spool=/var/spool/smtpd
    without_mail
    host systemctl stop opensmtpd
    host sh -c "cp -a $spool /tmp/spool && mount -t tmpfs -o size=512k,mode=711 tmpfs $spool && cp -a /tmp/spool/. $spool"
    trap 'host systemctl stop opensmtpd; host umount -l /var/spool/smtpd; host systemctl start opensmtpd' EXIT
    host systemctl start opensmtpd
    host sh -c "head -c 1M /dev/zero >$spool/full" || true
    on_host alice pkg-request submit $package
    shows_failure()
    {
        host pkg-admin status | grep -q "Last failure.*mail"
    }
    wait_for 20 shows_failure
    run on_host bob pkg-approve approve 1 -m ok
    succeeded
    holds_group alice
    host rm $spool/full
    wait_for 30 delivered
    wait_for 20 has_mail alice "^Subject: \[demohost\] You have $package now$"
    [[ $(mail_of alice | grep -c "^Subject:.*was approved$") == 1 ]] || complain "once"
}

it "filed at the gate, told by mail, approved by what the mail says, one thread" by_mail
it "nothing waits for a mail system that is not there, and mail goes on when there is one" no_sendmail
it "an MTA that is away: the notice waits, and comes once" mta_away
it "the notifier has no capability and writes no grant" confined

# What the MTA takes and cannot deliver comes back to the sender's mailbox, and pkg-admin status shows that.
comes_back()
{
    without_mail
    printf '%s\n' 'listen on lo' 'action "local" mbox' 'action "gone" mda "exit 67"' \
        'match from local for rcpt-to "bob@demohost" action "gone"' 'match from local for any action "local"' \
        >"$root/etc/smtpd.conf"
    host systemctl restart opensmtpd
    wait_for 10 host smtpctl show status # what is handed to it before waits in its folder, and comes twice
    run host pkg-admin status
    says_not "Returned mail"
    on_host alice pkg-request submit $package
    wait_for 30 has_mail accesspkg-notify "^From "
    wait_for 20 delivered # so accesspkg-notify believes
    run host pkg-admin status
    says "^Returned mail:  *1 message in /var/mail/accesspkg-notify, the last .*Read it, then empty the file"
    run mail_of accesspkg-notify
    says "bob@demohost"
    : >"$root/var/mail/accesspkg-notify"
    run host pkg-admin status
    says_not "Returned mail"
}

it "a mail that the MTA sends back: pkg-admin status shows it until the mailbox is empty" comes_back
it "a full disk under the MTA: the notices wait, and come once" full_disk
