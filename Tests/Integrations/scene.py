"""What all tests share: the servers, each started when the first test needs it, and a bridge for each test that asks."""

import itertools
import unittest

from bridge import Bridge, Sandbox, ScriptedVendor

_program = None
_directory = None
_running = {}
_numbers = itertools.count(1)


def set_up(program, directory):
    global _program, _directory
    _program, _directory = program, directory


def tear_down():
    for server in reversed(list(_running.values())):
        server.end()
    _running.clear()


def server(kind):
    """The one server of this class."""
    if kind not in _running:
        _running[kind] = kind(_directory / kind.__name__)
    return _running[kind]


def sandbox():
    if Sandbox not in _running:
        _running[Sandbox] = Sandbox(_program, _directory)
    return _running[Sandbox]


def vendor():
    if ScriptedVendor not in _running:
        _running[ScriptedVendor] = ScriptedVendor()
    return _running[ScriptedVendor]


def program():
    return _program


class IntegrationCase(unittest.TestCase):
    """A test with a bridge of its own."""

    def bridge(self, *endpoints):
        directory = _directory / f"bridge-{next(_numbers)}"
        bridge = Bridge(_program, directory, {"sandbox": sandbox().url, "scripted": vendor().url}, endpoints)
        self.addCleanup(bridge.end)
        return bridge

    def proxy(self, proxy):
        self.addCleanup(proxy.close)
        return proxy
