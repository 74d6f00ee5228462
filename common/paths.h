/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where things are. The Makefile sets the roots (PREFIX, SYSCONFDIR, LOCALSTATEDIR, PAMDIR, MAILDIR); nothing moves them
 * at run time, so that no environment variable can make a privileged process read somebody else's files.
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
#ifndef ACCESSPKG_SBINDIR
#define ACCESSPKG_SBINDIR "/usr/sbin"
#endif
#ifndef ACCESSPKG_MAILDIR
#define ACCESSPKG_MAILDIR "/var/mail"
#endif
#ifndef ACCESSPKG_VERSION
#define ACCESSPKG_VERSION "0"
#endif

/* Not ours: where libc reads users and groups, whatever our SYSCONFDIR is. */
#define PATH_ETC      "/etc"

#define PATH_CONFIG   ACCESSPKG_SYSCONFDIR "/accesspkg/accesspkg.conf"
#define PATH_PACKAGES ACCESSPKG_SYSCONFDIR "/accesspkg/packages.d"
#define PATH_MAIL_MAP ACCESSPKG_SYSCONFDIR "/accesspkg/mail.map"
#define PATH_STATE    ACCESSPKG_LOCALSTATEDIR "/lib/accesspkg"
#define PATH_RUN      "/run/accesspkg" /* as PATH_ETC: where the host keeps what a boot clears */
#define PATH_STORE    PATH_STATE "/state.db"
#define PATH_LOCK     PATH_STATE "/state.lock"
#define PATH_SUBMIT   ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-submit"
#define PATH_LOOKUP   ACCESSPKG_LIBEXECDIR "/accesspkg/accesspkg-lookup"
#define PATH_DAEMON   ACCESSPKG_SBINDIR "/accesspkgd"
#define PATH_RETURNED ACCESSPKG_MAILDIR "/accesspkg-notify" /* the mail system puts there what came back */
