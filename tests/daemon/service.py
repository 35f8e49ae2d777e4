# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockd on a bus of its own, and whoever talks to it.

Nothing here waits for a fixed time: everything pumps the main loop until something is so, or until
a limit has passed. What is called may answer in this very process (the double of polkit does), so
that no call blocks the loop.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import ENVIRONMENT, Skip, built

try:
    from gi.repository import Gio, GLib
except ImportError:
    print("skipped  all: no python3-gi (gi.repository)")
    sys.exit(77)

NAME = "org.memblockd1"
PATH = "/org/memblockd1"
MANAGER = "org.memblockd1.Manager"
ERROR = "org.memblockd1.Error."
DBUS_ERROR = "org.freedesktop.DBus.Error."
NOBODY = 65534
LIMIT = 60  # seconds; what takes longer has failed

MEMBLOCKD = built(pathlib.Path(os.environ.get("MEMBLOCKD", "memblockd")))

PERMISSIVE = """
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>"""

# What Debian's /usr/share/dbus-1/system.conf says, under which a policy of ours has to work.
STRICT = """
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>"""


def pump(until, what, limit=LIMIT):
    """Runs the main loop until until() is true, and returns what that gave."""
    context = GLib.MainContext.default()
    end = time.monotonic() + limit
    while True:
        answer = until()
        if answer:
            return answer
        if not context.iteration(False):
            assert time.monotonic() < end, f"{limit} s and still not: {what}"
            time.sleep(0.002)


class Program:
    """One that runs beside these checks, whose main loop goes on; what it says goes to files. A context
    manager."""

    def __init__(self, *words, environment, err=None):
        self.out = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.err = err or self.out
        self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=self.out,
                                        stderr=self.err, env={**ENVIRONMENT, **environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.out.close()
        self.err.close()

    @staticmethod
    def _text(file):
        return os.pread(file.fileno(), 1 << 26, 0).decode()


class Bus:
    """A dbus-daemon. A context manager."""

    def __init__(self, policy=PERMISSIVE, start=True):
        if not shutil.which("dbus-daemon"):
            raise Skip("no dbus-daemon")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="memblock-bus-"))
        self.folder.chmod(0o755)
        self.address = f"unix:path={self.folder}/bus"
        (self.folder / "config").write_text(
            '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"\n'
            ' "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n'
            f"<busconfig><type>system</type><listen>{self.address}</listen>"
            f'<auth>EXTERNAL</auth><limit name="max_replies_per_connection">5000</limit>'
            f"{policy}</busconfig>\n", encoding="utf-8")
        self.process = None
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        (self.folder / "bus").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.folder}/config", "--nofork", "--print-address"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        assert self.process.stdout.readline(), "dbus-daemon did not start"

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def client(self, uid=None):
        return Client(self.address, uid)


def owned(bus):
    """Whether memblockd has its name."""
    with bus.client() as client:
        return client.call("NameHasOwner", "(s)", NAME, name="org.freedesktop.DBus",
                           path="/org/freedesktop/DBus", interface="org.freedesktop.DBus")


class BusError(Exception):
    """An error that came as an answer: its name and its text."""

    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Signal:
    def __init__(self, path, interface, member, arguments):
        self.path = path
        self.interface = interface
        self.member = member
        self.arguments = arguments

    def __repr__(self):
        return f"{self.member}{self.arguments} of {self.path}"


class Client:
    """A connection of its own; it hears every signal of the daemon from its first moment on."""

    def __init__(self, address, uid=None):
        # The bus takes the user of whom connects, which is all of this process for that moment.
        if uid is not None and uid != os.geteuid():
            if os.geteuid() != 0:
                raise Skip("needs root, to become somebody else")
            os.seteuid(uid)
        try:
            self.connection = Gio.DBusConnection.new_for_address_sync(
                address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        finally:
            if uid is not None:
                os.seteuid(os.getuid())
        self.connection.set_exit_on_close(False)
        self.signals = []
        self.connection.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                         self._on_signal)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def _on_signal(self, _connection, _sender, path, interface, member, arguments):
        self.signals.append(Signal(path, interface, member, arguments.unpack()))

    def begin(self, member, signature="()", *arguments, **options):
        """Sends a call; returns a list that will hold the answer, or what is to be raised."""
        return self.begin_with(member, GLib.Variant(signature, arguments), **options)

    def begin_with(self, member, arguments, path=PATH, interface=MANAGER, name=NAME,
                   interactive=False, limit=LIMIT, descriptors=()):
        """The same with a tuple that is made already, and descriptors that come along."""
        answer = []

        def finish(connection, result):
            if descriptors:
                return connection.call_with_unix_fd_list_finish(result)[0]
            return connection.call_finish(result)

        def on_answer(connection, result):
            try:
                answer.append(finish(connection, result).unpack())
            except GLib.Error as error:
                remote = Gio.DBusError.get_remote_error(error) or f"{error.domain}:{error.code}"
                text = error.message.removeprefix(f"GDBus.Error:{remote}: ")
                answer.append(BusError(remote, text))

        flags = Gio.DBusCallFlags.NO_AUTO_START
        if interactive:
            flags |= Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION
        words = (name, path, interface, member, arguments, None, flags, limit * 1000)
        if descriptors:
            passed = Gio.UnixFDList.new_from_array([os.dup(fd) for fd in descriptors])
            self.connection.call_with_unix_fd_list(*words, passed, None, on_answer)
        else:
            self.connection.call(*words, None, on_answer)
        return answer

    def finish(self, answer, what="the answer to a call"):
        pump(lambda: answer, what)
        if isinstance(answer[0], BusError):
            raise answer[0]
        return answer[0][0] if len(answer[0]) == 1 else answer[0]

    def call(self, member, signature="()", *arguments, **options):
        """Calls a method; returns its only argument, or a tuple of several."""
        return self.finish(self.begin(member, signature, *arguments, **options), member)

    def refused(self, name, member, signature="()", *arguments, says=(), **options):
        """The call must end in the error of that name. Returns its text."""
        try:
            answer = self.call(member, signature, *arguments, **options)
        except BusError as error:
            assert error.name == name, f"{member}{arguments}: {error}, not {name}"
            assert error.text, f"{member}{arguments}: {name} without a text"
            for word in [says] if isinstance(says, str) else says:
                assert word in error.text, f"{member}{arguments}: doesn't say {word}: {error}"
            return error.text
        raise AssertionError(f"{member}{arguments}: gives {answer}, not {name}")

    def get(self, name, path=PATH, interface=MANAGER):
        return self.call("Get", "(ss)", interface, name, path=path,
                         interface="org.freedesktop.DBus.Properties")

    def get_all(self, path=PATH, interface=MANAGER):
        return self.call("GetAll", "(s)", interface, path=path,
                         interface="org.freedesktop.DBus.Properties")

    def introspect(self, path=PATH):
        return self.call("Introspect", path=path,
                         interface="org.freedesktop.DBus.Introspectable")

    def objects(self):
        return self.call("GetManagedObjects", interface="org.freedesktop.DBus.ObjectManager")

    def heard(self, member, path=None):
        return [signal for signal in self.signals
                if signal.member == member and path in (None, signal.path)]

    def wait_heard(self, member, path=None, such=lambda signal: True):
        """Waits for such a signal, if it has not come already; returns it."""
        return pump(lambda: next(filter(such, self.heard(member, path)), None),
                    f"the signal {member} ({self.signals})")

    def wait_gone(self, path):
        """Waits until an object that was added is removed, all that was named of it then."""
        added, gone = (self.wait_heard(member, such=lambda signal: signal.arguments[0] == path)
                       for member in ("InterfacesAdded", "InterfacesRemoved"))
        assert sorted(gone.arguments[1]) == sorted(added.arguments[1]), (added, gone)
        assert path not in self.objects()

    def source(self, name):
        """The state of one source of facts, and why."""
        return next((state, why) for found, state, why in self.get("Sources") if found == name)

    def wait_tried(self):
        """Whether a worker can read the kernel's sections is tried at start. Waits until it was,
        and forgets what was told until then. Where that is sent before the daemon has its name,
        nobody hears it."""
        pump(lambda: self.source("sections")[0] != "unasked", "the kernel's sections are tried")
        self.signals.clear()

    # Jobs

    def change(self, member, ranges=(), zone="", **options):
        """Online or Offline; best_effort=True and so on are options. Returns the job's path."""
        return self.call(member, "(a(tt)sa{sv})", list(ranges), zone, variants(options))

    def job(self, path):
        return Job(self, path)

    def online(self, ranges=(), zone="", **options):
        return self.job(self.change("Online", ranges, zone, **options))

    def offline(self, ranges=(), zone="", **options):
        return self.job(self.change("Offline", ranges, zone, **options))

    def remove(self, device, **options):
        return self.job(self.call("Remove", "(sa{sv})", device, variants(options)))


TYPES = {"size": "t", "node": "i", "device": "s", "best-effort": "b", "timeout": "t"}


def variants(options):
    words = {name.replace("_", "-"): value for name, value in options.items()}
    return {name: GLib.Variant(TYPES[name], value) for name, value in words.items()}


class Job:
    def __init__(self, client, path):
        self.client = client
        self.path = path
        self.id = int(path.rpartition("/")[2])

    def get(self, name):
        return self.client.get(name, self.path, "org.memblockd1.Job")

    def all(self):
        return self.client.get_all(self.path, "org.memblockd1.Job")

    def cancel(self, client=None):
        (client or self.client).call("Cancel", path=self.path, interface="org.memblockd1.Job")

    def wait_state(self, *states):
        return pump(lambda: self.get("State") in states, f"{self.path} is {states}: {self.all()}")

    def ended(self, result=None, error=None):
        """Waits for its end, which must be that; returns what became of each block."""
        signal = self.client.wait_heard("JobRemoved", such=lambda s: s.arguments[1] == self.path)
        facts = self.all()
        assert signal.arguments[0] == self.id and signal.arguments[2] == facts["Result"], \
            f"{signal} and {facts}"
        assert facts["State"] in ("ended", "abandoned"), facts
        if result is not None:
            assert facts["Result"] == result, f"not {result}: {facts}, {self.get('Results')}"
        if error is not None:
            assert facts["Error"] == error, f"not {error}: {facts}"
            assert bool(facts["Message"]) == bool(error), facts
        return self.get("Results")


class Daemon:
    """A memblockd. A context manager, which ends it and looks that it ended well."""

    def __init__(self, bus, root, *words, worker=None, environment=(), wait=True, wrapper=()):
        if not MEMBLOCKD.exists():
            raise Skip(f"there is no {MEMBLOCKD}")
        self.root = pathlib.Path(root)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="memblock-daemon-"))
        self.folder.chmod(0o755)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.notify.bind(str(self.folder / "notify"))
        (self.folder / "notify").chmod(0o777)
        # Whoever tells waits where nobody listens.
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        self.notes = []  # what it told the service manager, in order
        self.log = (self.folder / "log").open("w+b")
        self.killed = self.over = False
        self.process = subprocess.Popen(
            [*wrapper, str(MEMBLOCKD), "--root", str(root), *words,
             "--worker", str(worker or self.folder / "nobody")],
            env={**ENVIRONMENT, "DBUS_SYSTEM_BUS_ADDRESS": bus.address,
                 "NOTIFY_SOCKET": str(self.folder / "notify"), **dict(environment)},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if wait:
            try:
                self.wait_note("READY=1")
            except BaseException:
                self.__exit__(AssertionError)
                raise

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if self.over:
            return
        self.over = True
        try:
            if self.process.poll() is None and not self.killed:
                self.process.terminate()
            try:
                status = self.wait()
            except AssertionError:
                self.process.kill()
                self.process.wait()
                if not error:
                    raise
                status = None
            # A test that failed already has more to say.
            assert error or self.killed or status == 0, f"exit {status}: {self.said()}"
            if error and not issubclass(error, Skip):
                print("memblockd said:", self.said(), sep="\n", flush=True)
        finally:
            self.notify.shutdown(socket.SHUT_RDWR)
            self.listener.join()
            self.notify.close()
            self.log.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def said(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def wait_said(self, *words):
        return pump(lambda: all(word in self.said() for word in words),
                    f"memblockd says {words}: {self.said()}")

    def _listen(self):
        with contextlib.suppress(OSError):
            while data := self.notify.recv(8192):
                self.notes += data.decode().splitlines()

    def told(self):
        """Everything it told the service manager so far, line by line."""
        return list(self.notes)

    def wait_note(self, start):
        def noted():
            assert not (start == "READY=1" and self.process.poll() is not None), \
                f"exit {self.process.returncode}: {self.said()}"
            return [note for note in self.told() if note.startswith(start)]
        return pump(noted, f"memblockd tells {start}: {self.notes}, {self.said()}")

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As the kernel would, out of memory."""
        self.killed = True
        self.process.kill()
        self.process.wait()

    def wait(self, limit=LIMIT):
        """Its exit status. A bug that a sanitizer finds is one that is not 0."""
        pump(lambda: self.process.poll() is not None, f"memblockd ends: {self.said()}", limit)
        return self.process.returncode

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()
