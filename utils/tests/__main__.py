# SPDX-License-Identifier: GPL-2.0-only
"""python3 utils/tests [PATTERN]: all tests of the command that need no kernel, as TAP."""
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
sys.dont_write_bytecode = True


class Tap(unittest.TestResult):
    number = 0

    def line(self, good, test, more=""):
        self.number += 1
        print(f"{'ok' if good else 'not ok'} {self.number} - {test.id()}{more}", flush=True)

    def addSuccess(self, test):
        self.line(True, test)

    def told(self, test, error):
        self.line(False, test)
        for line in self._exc_info_to_string(error, test).splitlines()[-60:]:
            print(f"#   {line}")

    def addError(self, test, err):
        super().addError(test, err)
        self.told(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.told(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(True, test, f" # SKIP {reason}")


start = time.monotonic()
tests = unittest.defaultTestLoader.discover(HERE, *sys.argv[1:])
result = Tap()
print(f"# Python {sys.version.split()[0]}")
tests.run(result)
print(f"# {time.monotonic() - start:.1f} s")
print(f"1..{result.number}")
sys.exit(0 if result.number and result.wasSuccessful() else 1)
