"""Programs that the tests start, and waiting for what they do."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


class Child:
    """A program that runs until the tests end it, by its own process id and no other's.

    It dies with the tests too, however they end: the kernel sees to it.
    """

    def __init__(self, name, arguments, directory, environment=None, logs=None):
        self.name = name
        self.log = Path(logs or directory) / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments], cwd=directory, env=_surroundings(environment), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )

    def ready(self, check, seconds=60):
        """Waits until `check` returns something true, and returns that. Fails at once when the program has ended."""

        def checked():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with status {self.process.returncode}:\n{self.tail()}")
            try:
                return check()
            except OSError:
                return None

        return eventually(checked, seconds, f"{self.name} is ready", self.tail)

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def end(self, seconds=20):
        """Asks the program to end, and insists after a while."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def kill(self):
        """Ends the program without giving it a chance."""
        self.process.kill()
        self.process.wait()


def run(arguments, directory, environment=None, seconds=120):
    """Runs a program to its end and returns what it printed. Fails with all its output when it fails."""
    done = subprocess.run(
        [str(argument) for argument in arguments], cwd=directory, env=_surroundings(environment), stdin=subprocess.DEVNULL, capture_output=True,
        timeout=seconds,
    )
    if done.returncode != 0:
        raise AssertionError(f"{arguments[0]} ended with status {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout.decode()


def _surroundings(environment):
    """Nothing of the developer's own settings may leak in."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", **(environment or {})}


def eventually(check, seconds, what, more=lambda: ""):
    """Waits until `check` returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}\n{more()}")
        time.sleep(0.05)


def free_port():
    """A loopback port that nobody listens on, below the range that outgoing connections take theirs from."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def as_root():
    """What to put before a program that only root can run."""
    return [] if os.geteuid() == 0 else ["sudo", "-n"]
