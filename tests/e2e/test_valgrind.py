"""A scan of every domain of the laboratory under valgrind's memcheck: nothing is lost, nothing is read
before it is set, and every record is as it is without."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from program import Lab, Record, read_gzip, stscan_path
from test_resume import lasting

VALGRIND = ("valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
            "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible")
# It is thirty times slower: what waits for an answer must wait longer, and little may wait at once.
OPTIONS = ("--threads", "2", "--concurrency", "8", "--connect-timeout", "5000", "--dns-timeout", "20000",
           "--https-timeout", "60000")
SECONDS = 300


@unittest.skipUnless("STSCAN_INJECTOR" in os.environ, "not beside a sanitizer")
class Valgrind(unittest.TestCase):
    def scan(self, *under: str) -> list[Record]:
        output = self.folder / f"{len(under)}.gz"
        done = subprocess.run([*under, stscan_path(), "scan", *self.lab.options, *OPTIONS, "-o",
                               str(output), str(self.folder / "list")], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        records = sorted((lasting(r) for r in read_gzip(output)), key=lambda r: r["n"])
        for record in records:
            for finding in record["findings"]:
                finding.pop("detail", None)  # which of several records is told first is the resolver's choice
        return records

    def test_a_scan_of_the_laboratory(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="stscan-valgrind.")))
        self.lab = self.enterContext(Lab())
        names = [f"{case['domain']}\n" for case in self.lab.cases()]
        (self.folder / "list").write_text("".join(names))
        expected = self.scan()
        self.assertEqual(len(expected), len(names))
        for record, was in zip(self.scan(*VALGRIND), expected, strict=True):
            self.assertEqual(record, was)


if __name__ == "__main__":
    unittest.main()
