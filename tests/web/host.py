# SPDX-License-Identifier: LGPL-2.1-or-later
"""The product and Cockpit, running for real in a private root: a bus, accesspkgd as its own user, cockpit-ws with its own
login. Waits for events or conditions, each bounded by a time-out."""
import glob
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess

SECONDS = 30
URL = os.environ.get("PAGE_URL", "http://127.0.0.1:9090")  # browsers let a page compute digests there, as over https
STATE = ["/var/lib/accesspkg/" + part for part in
         ("state.db*", "policy*", "allow", "used/*", "unrecorded", "locks", "grants/user/*", "grants/mark")]

PACKAGES = {
    "db-admins": """[package]
description = Production database administrators
groups = dbadmins
[policy]
requestors = %staff
duration = 4h
max_duration = 12h
extension = approval
approvers = bob carol
emergency = dave
""",
    "backups": """[package]
description = Backups of everything
groups = backup
[policy]
duration = forever
max_duration = forever
[stage 1]
approvers = bob
timeout = 1h
[stage 2]
approvers = carol
""",
}


def run_as(user, *command, check=True, text=None):
    """Runs a command as this user; its output."""
    who = pwd.getpwnam(user)
    done = subprocess.run(command, user=user, group=who.pw_gid, extra_groups=os.getgrouplist(user, who.pw_gid), text=True,
                          input=text, capture_output=True, timeout=SECONDS, cwd="/",
                          env={"PATH": "/usr/bin:/usr/sbin:/bin:/sbin", "HOME": who.pw_dir, "USER": user, "LC_ALL": "C.UTF-8"})
    if check and done.returncode != 0:
        raise AssertionError(f"{user}$ {' '.join(command)}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def request_of(user, package="db-admins", reason="restore of invoices", duration=None):
    """Files a request; its number."""
    out = run_as(user, "pkg-request", "submit", package, "--json", "-m", reason, *(["-d", duration] if duration else []))
    return json.loads(out)["id"]


class Host:
    def __init__(self):
        self.daemon = None
        # What Cockpit and Chromium look for in /etc, which is empty here.
        for path, text in {
                "/etc/pam.d/cockpit": "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_loginuid.so\n",
                "/etc/fonts/fonts.conf": "<fontconfig><dir>/usr/share/fonts</dir>"
                    "<alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias><cachedir>/tmp/fonts</cachedir></fontconfig>",
                "/etc/chromium.d/none": "", "/var/log/lastlog": ""}.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        run_as("root", "chpasswd", "-c", "SHA256", text="root:root\n")
        os.symlink("/usr/share/zoneinfo/Etc/UTC", "/etc/localtime")
        read, write = os.pipe()
        self.bus = subprocess.Popen(["dbus-daemon", "--config-file=tests/support/system-bus.conf", "--nofork", "--nopidfile",
                                     f"--print-address={write}"], pass_fds=[write])
        assert os.read(read, 512), "dbus-daemon did not start"
        self.clear()
        self.cockpit = self.start_cockpit()

    def start_cockpit(self):
        """The socket is handed down as systemd does, so that who connects waits."""
        listener = socket.create_server(("127.0.0.1", 9090))

        def hand_down():
            os.dup2(listener.fileno(), 3)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")

        log = open("/var/log/cockpit.log", "w")
        return subprocess.Popen(["/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec /usr/lib/cockpit/cockpit-ws --no-tls"],
                                preexec_fn=hand_down, pass_fds=[3], stdout=log, stderr=log)

    def clear(self, **packages):
        """A host on which nobody has asked for anything yet."""
        self.stop()
        for pattern in [*STATE, "/etc/accesspkg/packages.d/*", "/etc/accesspkg/store"]:
            for path in glob.glob(pattern):
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        for name, text in {**PACKAGES, **packages}.items():
            self.write_package(name, text)
        run_as("root", "accesspkgd", "--write-allow-list")
        self.start()
        run_as("root", "accesspkgd", "--note-store")

    @staticmethod
    def write_package(name, text):
        with open(f"/etc/accesspkg/packages.d/{name}.conf", "w") as file:
            file.write(text)

    def start(self):
        """Returns when it says that it is ready."""
        place = "/run/accesspkg-test-notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            if os.path.exists(place):
                os.unlink(place)
            notify.bind(place)
            os.chmod(place, 0o666)
            notify.settimeout(SECONDS)
            self.daemon = subprocess.Popen(["/usr/sbin/accesspkgd"], user="accesspkg", group="accesspkg", extra_groups=[],
                                           env={"NOTIFY_SOCKET": place, "LC_ALL": "C.UTF-8"},
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert notify.recv(64) == b"READY=1"

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            assert self.daemon.wait(SECONDS) == 0
        self.daemon = None

    def end(self):
        self.stop()
        for process in (self.cockpit, self.bus):
            process.kill()
            process.wait()


def show(number, user="root"):
    """A request as the commands have it."""
    out = run_as(user, "pkg-approve", "show", str(number), "--json")
    return json.loads(re.search(r"\{.*\}", out, re.S).group(0))
