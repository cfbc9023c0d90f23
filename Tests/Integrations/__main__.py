"""Sends notifications to real servers and reads back by their own interfaces what arrived.

Usage: python Tests/Integrations --ringback .build/debug/ringback [--keep] [NAME...]

Everything runs on loopback ports in a temporary directory: the servers, each with a configuration of its own, the sandbox, and the bridges.
NAME picks tests, such as test_matrix or test_matrix.Matrix.test_lost_answer. Ends with a line "N passed, N failed".
"""

import argparse
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

import scene

here = Path(__file__).parent
sys.path.insert(0, str(here / "tests"))


class Result(unittest.TextTestResult):
    """Tells each test with the time it took."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.passed = 0

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def _tell(self, test, word):
        name = test.shortDescription() or str(test)
        self.stream.writeln(f"{word} {time.monotonic() - self.started:5.1f} s  {type(test).__name__}: {name}")
        self.stream.flush()

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.passed += 1
        self._tell(test, "passed")

    def addFailure(self, test, error):
        unittest.TestResult.addFailure(self, test, error)
        self._tell(test, "FAILED")

    def addError(self, test, error):
        unittest.TestResult.addError(self, test, error)
        self._tell(test, "FAILED")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--ringback", required=True, type=Path, help="the binary")
    arguments.add_argument("--keep", action="store_true", help="keep the servers' directories and logs")
    arguments.add_argument("names", nargs="*")
    given = arguments.parse_args()

    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(given.names) if given.names else loader.discover(str(here / "tests"))
    # Postfix' sockets have long names and a path of a socket has at most 108 bytes.
    directory = Path(tempfile.mkdtemp(prefix="ringback-", dir="/tmp"))
    try:
        scene.set_up(given.ringback.resolve(), directory)
        result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Result, verbosity=0).run(suite)
    finally:
        scene.tear_down()
        if not given.keep:
            shutil.rmtree(directory, ignore_errors=True)
    if given.keep:
        print(f"kept: {directory}")
    passed = result.passed
    # A server that cannot be started fails the whole class in its set-up, which counts as no test.
    failed = max(result.testsRun - passed, len(result.errors), 0)
    # Nothing is skipped here: a server that is missing is a failure, and so is a run of no tests.
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed or not result.wasSuccessful() else 0)


main()
