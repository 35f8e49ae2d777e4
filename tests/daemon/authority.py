# SPDX-License-Identifier: GPL-2.0-or-later
"""A double of polkit, which says what a test wants, when it wants."""

import contextlib
import os

from service import Client, Gio, GLib, pump

POLKIT = "org.freedesktop.PolicyKit1"
INTERFACE = """<node><interface name="org.freedesktop.PolicyKit1.Authority">
  <method name="CheckAuthorization">
    <arg type="(sa{sv})" name="subject" direction="in"/>
    <arg type="s" name="action_id" direction="in"/>
    <arg type="a{ss}" name="details" direction="in"/>
    <arg type="u" name="flags" direction="in"/>
    <arg type="s" name="cancellation_id" direction="in"/>
    <arg type="(bba{ss})" name="result" direction="out"/>
  </method>
  <method name="CancelCheckAuthorization">
    <arg type="s" name="cancellation_id" direction="in"/>
  </method>
</interface></node>"""


def let_us(bus):
    """Root is not asked about; for anybody else here is a polkit that allows everything."""
    return Polkit(bus) if os.geteuid() else contextlib.nullcontext()


class Question:
    def __init__(self, subject, action, flags, invocation):
        self.sender = subject[1].get("name")
        self.kind = subject[0]
        self.action = action
        self.interactive = bool(flags & 1)
        self.invocation = invocation

    def answer(self, granted, challenge=False):
        self.invocation.return_value(GLib.Variant("((bba{ss}))", ((granted, challenge, {}),)))

    def fail(self):
        self.invocation.return_dbus_error("org.freedesktop.PolicyKit1.Error.Failed", "It is ill")


class Polkit:
    """grants(question) says True, False, "challenge" (a password is wanted), "fail", or None: the
    answer is for the test to give, out of .open. A context manager."""

    def __init__(self, bus, grants=lambda question: True):
        self.grants = grants
        self.questions = []
        self.open = []
        self.client = Client(bus.address)
        node = Gio.DBusNodeInfo.new_for_xml(INTERFACE)
        self.client.connection.register_object(
            "/org/freedesktop/PolicyKit1/Authority", node.interfaces[0], self._on_call, None, None)
        self.client.call("RequestName", "(su)", POLKIT, 0, name="org.freedesktop.DBus",
                         path="/org/freedesktop/DBus", interface="org.freedesktop.DBus")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def _on_call(self, _connection, _sender, _path, _interface, method, arguments, invocation):
        if method != "CheckAuthorization":
            invocation.return_value(None)
            return
        subject, action, _details, flags, _cancellation = arguments.unpack()
        question = Question(subject, action, flags, invocation)
        self.questions.append(question)
        word = self.grants(question)
        if word is None:
            self.open.append(question)
        elif word == "fail":
            question.fail()
        else:
            question.answer(word is True, word == "challenge")

    def actions(self):
        return [question.action for question in self.questions]

    def wait_open(self, count=1):
        pump(lambda: len(self.open) >= count, f"{count} questions to polkit ({self.actions()})")
        return self.open[-1]
