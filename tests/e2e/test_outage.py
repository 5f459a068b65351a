"""Resolvers that go and come back: the scan waits, says so once, and writes no `unknown` for it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import unittest

from program import SECONDS, Folder, Lab, read_gzip, stscan_path

NAMES = 3000
RATE = 500  # queries a second: the scan lasts six seconds and the outage
GONE_SECONDS = 9  # longer than a name is asked for


class Outage(unittest.TestCase):
    def setUp(self) -> None:
        self.lab = self.enterContext(Lab())
        self.folder = self.enterContext(Folder())
        self.output = self.folder / "out.gz"
        self.resolver = int((self.lab.folder / "unbound.process").read_text().split()[0])

    def start(self, names: list[str], *more: str) -> subprocess.Popen[bytes]:
        path = self.folder / "names"
        path.write_text("\n".join(names))
        return subprocess.Popen(
            [stscan_path(), "scan", *self.lab.options, "--dns-rate", str(RATE), "-o",
             str(self.output), *more, str(path)], stderr=subprocess.PIPE)

    def statuses(self) -> set[object]:
        return {record["status"] for record in read_gzip(self.output)}

    def test_a_resolver_that_is_silent_for_a_while(self) -> None:
        names = [f"n{i}.example" for i in range(NAMES)]
        scan = self.start(names)
        time.sleep(2)
        os.kill(self.resolver, signal.SIGSTOP)
        try:
            time.sleep(GONE_SECONDS)
        finally:
            os.kill(self.resolver, signal.SIGCONT)
        errors = scan.communicate(timeout=SECONDS)[1]
        self.assertEqual(scan.returncode, 0, errors.decode())
        self.assertEqual(errors.count(b"no resolver answers: the scan waits"), 1, errors.decode())
        self.assertEqual(errors.count(b"a resolver answers again"), 1, errors.decode())
        records = read_gzip(self.output)
        self.assertEqual(sorted(r["n"] for r in records), list(range(1, NAMES + 1)))
        self.assertEqual(self.statuses(), {"absent"})

    def test_a_scan_that_waits_can_be_stopped(self) -> None:
        scan = self.start([f"n{i}.example" for i in range(NAMES)])
        time.sleep(2)
        os.kill(self.resolver, signal.SIGSTOP)
        try:
            assert scan.stderr
            for line in scan.stderr:
                if b"no resolver answers: the scan waits" in line:
                    break
            scan.send_signal(signal.SIGTERM)
            scan.send_signal(signal.SIGTERM)
            errors = scan.communicate(timeout=SECONDS)[1]
        finally:
            os.kill(self.resolver, signal.SIGCONT)
        self.assertEqual(scan.returncode, 3, errors.decode())
        self.assertIn(b"stscan scan --resume", errors)
        self.assertLessEqual(self.statuses(), {"absent"})


if __name__ == "__main__":
    unittest.main()
