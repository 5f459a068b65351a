#!/usr/bin/env python3
"""The unit's commands, run one after the other in a folder, as systemd would."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from program import ROOT, SECONDS, Folder, Lab, read_gzip, stscan_path

UNIT = ROOT / "scripts" / "systemd" / "stscan.service"


def commands(word: str) -> list[list[str]]:
    """Of a key, with systemd's continuations and escapes undone."""
    text = UNIT.read_text().replace("\\\n", " ")
    found = re.findall(rf"^{word}=(.*)$", text, re.MULTILINE)
    return [shlex.split(line.replace("$$", "$").replace("%%", "%")) for line in found]


class UnitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())

    def setUp(self) -> None:
        self.folder = self.enterContext(Folder())
        self.etc, self.state = self.folder / "etc", self.folder / "state"
        for folder in (self.etc, self.state):
            folder.mkdir()
        (self.etc / "names.txt").write_text("enforce.example\nabsent.example\nblocked.example\n")
        (self.etc / "block.txt").write_text("blocked.example\n")
        (self.etc / "contact").write_text("https://scan.example.org/about\n")

    def adapt(self, word: str, *more: str) -> str:
        options = " ".join([*self.lab.options, *more])
        return word.replace("/etc/stscan", str(self.etc)).replace(
            "/usr/local/bin/stscan scan", f"{stscan_path()} scan {options}")

    def start(self, *more: str) -> int:
        """What `systemctl start` does. Gives the status of the first command that fails, or 0."""
        for command in commands("ExecStartPre") + commands("ExecStart"):
            done = subprocess.run([self.adapt(word, *more) for word in command], cwd=self.state,
                                  capture_output=True, timeout=SECONDS, check=False)
            self.said = done.stderr.decode()
            if done.returncode:
                return done.returncode
        return 0

    def names(self) -> list[str]:
        return sorted(path.name for path in self.state.iterdir())

    def wait_a_second(self) -> None:
        """Names are by the second."""
        time.sleep(1.1)

    def test_each_scan_has_its_results_and_summary(self) -> None:
        for count in (1, 2):
            self.assertEqual(self.start(), 0, self.said)
            self.wait_a_second()
            results = sorted(self.state.glob("2*.ndjson.gz"))
            self.assertEqual(len(results), count, "two scans of a day")
            self.assertEqual(len(self.names()), 2 * count, self.names())
            for path in results:
                self.assertEqual(sorted(r["status"] for r in read_gzip(path)), ["absent", "blocked", "valid"])
                summary = json.loads((self.state / path.name.replace(".ndjson.gz", ".json")).read_text())
                self.assertEqual(summary["end"], "complete")
                self.assertIn("stscan (+https://scan.example.org/about)", summary["arguments"])

    def test_nothing_of_the_same_second_is_overwritten(self) -> None:
        """The clock stands still: the second scan stays `current`, and the unit fails."""
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "date").write_text("#!/bin/sh\necho 2026-11-23T100000Z\n")
        (tools / "date").chmod(0o755)
        adapt, self.adapt = self.adapt, lambda word, *more: adapt(  # type: ignore[method-assign]
            word, *more).replace("$(date", f"$({tools}/date")
        self.assertEqual(self.start(), 0, self.said)
        before = (self.state / "2026-11-23T100000Z.ndjson.gz").read_bytes()
        self.assertNotEqual(self.start(), 0)
        self.assertEqual((self.state / "2026-11-23T100000Z.ndjson.gz").read_bytes(), before)
        self.assertIn("current.ndjson.gz", self.names())

    def test_unfinished_results_of_another_list_are_set_aside(self) -> None:
        self.assertEqual(self.start(), 0, self.said)
        complete = next(self.state.glob("*.ndjson.gz"))
        left = complete.read_bytes()
        shutil.copy(complete, self.state / "current.ndjson.gz")
        with (self.etc / "names.txt").open("a") as names:
            names.write("testing.example\n")
        self.wait_a_second()
        self.assertEqual(self.start(), 0, self.said)
        aside = next(self.state.glob("unfinished-*.ndjson.gz"))
        self.assertEqual(aside.read_bytes(), left)
        newest = sorted(self.state.glob("2*.ndjson.gz"))[-1]
        self.assertEqual(len(read_gzip(newest)), 4)
        self.assertNotIn("current.ndjson.gz", self.names())

    def test_a_scan_that_was_stopped_goes_on(self) -> None:
        (self.etc / "names.txt").write_text("".join(f"n{i}.example\n" for i in range(2000)))
        shell = [self.adapt(word, "--dns-rate", "200") for word in commands("ExecStart")[0]]
        scan = subprocess.Popen(shell, cwd=self.state, stderr=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + 60
        current = self.state / "current.ndjson.gz"
        while not current.exists() or current.stat().st_size < 1500:  # a head and some records
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        inner = subprocess.run(["pgrep", "-P", str(scan.pid)], capture_output=True, text=True, check=True)
        for pid in (scan.pid, *map(int, inner.stdout.split())):  # systemd signals all of them
            subprocess.run(["kill", f"-{signal.SIGTERM.value}", str(pid)], check=False)
        errors = scan.communicate(timeout=SECONDS)[1].decode()
        self.assertEqual(scan.returncode, 3, errors)
        self.assertTrue((self.state / "current.json").exists(), "the shell did not wait for the scan")
        self.assertEqual(self.start(), 0, self.said)
        numbers = sorted(r["n"] for r in read_gzip(next(self.state.glob("2*.ndjson.gz"))))
        self.assertEqual(numbers, list(range(1, 2001)))

    def test_without_a_contact_nothing_begins(self) -> None:
        (self.etc / "contact").write_text("")
        self.assertEqual(self.start(), 1)
        self.assertEqual(self.names(), [])

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not there")
    def test_systemd_takes_it(self) -> None:
        text = UNIT.read_text().replace("/usr/local/bin/stscan", "/bin/true").replace("/usr/bin/test", "/bin/true")
        unit = self.folder / "stscan.service"
        unit.write_text(text.replace("Documentation=man:stscan(1)\n", ""))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                              check=False)
        self.assertNotIn("stscan.service:", done.stderr)


if __name__ == "__main__":
    unittest.main()
