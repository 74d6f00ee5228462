/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiled-in paths. The Makefile sets their roots (PREFIX, SYSCONFDIR, LOCALSTATEDIR, PAMDIR, MAILDIR). Nothing
 * changes them at run time: no environment variable can make a privileged process read another user's files.
 */
#pragma once

#ifndef ACCESSPKG_SYSCONFDIR
#define ACCESSPKG_SYSCONFDIR "/etc"
#endif
#ifndef ACCESSPKG_LOCALSTATEDIR
#define ACCESSPKG_LOCALSTATEDIR "/var"
#endif
#ifndef ACCESSPKG_LIBEXECDIR
#define ACCESSPKG_LIBEXECDIR "/usr/libexec"
#endif
#ifndef ACCESSPKG_PAMDIR
#define ACCESSPKG_PAMDIR "/usr/lib/security"
#endif
#ifndef ACCESSPKG_SBINDIR
#define ACCESSPKG_SBINDIR "/usr/sbin"
#endif
#ifndef ACCESSPKG_MAILDIR
#define ACCESSPKG_MAILDIR "/var/mail"
#endif
#ifndef ACCESSPKG_VERSION
#define ACCESSPKG_VERSION "0"
#endif

/* Where libc reads users and groups, independent of our SYSCONFDIR. */
#define PATH_ETC        "/etc"

#define PATH_CONFIG     ACCESSPKG_SYSCONFDIR "/accesspkg/accesspkg.conf"
#define PATH_PACKAGES   ACCESSPKG_SYSCONFDIR "/accesspkg/packages.d"
#define PATH_SETUP_LOCK ACCESSPKG_SYSCONFDIR "/accesspkg/.packages.lock"
#define PATH_DRAFT      ".%s.conf.draft" /* in packages.d, for a package: checked, then renamed to its file */
#define PATH_MAIL_MAP   ACCESSPKG_SYSCONFDIR "/accesspkg/mail.map"
#define PATH_STORE_NOTE ACCESSPKG_SYSCONFDIR "/accesspkg/store" /* root's: storenote.h */
#define PATH_STATE      ACCESSPKG_LOCALSTATEDIR "/lib/accesspkg"
#define PATH_RUN        "/run/accesspkg" /* like PATH_ETC, the host's: cleared at boot */
#define PATH_DOOR       PATH_RUN "/bus"  /* root's own socket of accesspkgd, made by systemd */
#define PATH_STORE      PATH_STATE "/state.db"
#define PATH_LOCK       PATH_STATE "/state.lock"
#define PATH_NOTES      ACCESSPKG_LOCALSTATEDIR "/lib/accesspkg-privileged" /* root's: notes.h */
#define PATH_SUBMIT     ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-submit"
#define PATH_GATE       ACCESSPKG_PAMDIR "/pam_accesspkg_gate.so" /* of pam_accesspkg.so's version: gate.h */
#define PATH_PRIV       ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-privileged"
#define PATH_LOOKUP     ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-lookup"
#define PATH_DAEMON     ACCESSPKG_SBINDIR "/accesspkgd"
#define PATH_MAIL       ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-mail"
#define PATH_NOTIFY_D   ACCESSPKG_SYSCONFDIR "/accesspkg/notify.d"
#define PATH_SENDMAIL   "/usr/sbin/sendmail"
#define PATH_RETURNED   ACCESSPKG_MAILDIR "/accesspkg-notify" /* the mailbox with bounced mails */

#define PATH_MODULE     ACCESSPKG_PAMDIR "/pam_accesspkg.so"

/* OpenSSH's: what an sshd's settings come to. */
#define PATH_SSHD "/usr/sbin/sshd"

/* OpenSSH's, for the host's key (hostkey.h). */
#define PATH_SSH_KEYGEN "/usr/bin/ssh-keygen"
