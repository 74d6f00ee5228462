# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Puts a script that boots a host into a mount namespace of its own: mounts of ours are seen by nobody else, and end with
# us. Sourced at its beginning, by a script in the folder $here; as root.

: "${here:?}"
if [[ $(id -u) != 0 ]]; then
    echo "Booting a host needs root. Run it with sudo." >&2
    exit 1
fi
if [[ -z ${ACCESSPKG_HOST_TEST-} ]]; then
    ACCESSPKG_HOST_TEST=1 exec unshare --mount --propagation unchanged "$BASH" "$here/${0##*/}" "$@"
fi
if ! mount --make-rprivate / 2>/dev/null; then
    # In a chroot "/" is no mount point, which systemd-nspawn needs: make it one, from the namespace's own root.
    # shellcheck disable=SC2016 # the inner shell expands
    nsenter --mount=/proc/self/ns/mnt sh -c 'mount --make-rprivate / && root=$(readlink "/proc/$0/root") &&
        mount --rbind "$root" "$root" && exec chroot "$root" "$@"' $$ "$BASH" "$here/${0##*/}" "$@"
    exit
fi
# The host would have ours in every process, where it counts for nothing; su_does_not_approve needs those of logins.
[[ ! -w /proc/self/loginuid ]] || echo 4294967295 2>/dev/null >/proc/self/loginuid || true
