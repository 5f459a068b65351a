#!/usr/bin/env python3
"""scripts/cluster/parallel.sh with GNU parallel on this machine: one shard is killed, one told to end; all is done by
the same command, and a finished scan is not done again."""

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from program import Folder, Lab, read_gzip, stscan_path  # noqa: E402

SCRIPT = ROOT / "scripts" / "cluster" / "parallel.sh"
SHARDS, NAMES, SECONDS, SKIPPED = 3, 3000, 120, 77


def scan_of(folder, part):
    """The process id of the scan of that part in that folder, or None."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"stscan") and part.encode() in words and (entry / "cwd").samefile(folder):
                return int(entry.name)
        except OSError:
            continue
    return None


class Parallel(unittest.TestCase):
    def disturb(self, folder, shard, number):
        results = folder / f"shard-{shard}-of-{SHARDS}.ndjson.gz"
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            scan = scan_of(folder, f"{shard}/{SHARDS}")
            if scan and results.exists() and results.stat().st_size > 2000:
                os.kill(scan, number)
                return
            time.sleep(0.05)
        self.fail(f"shard {shard} was not seen")

    def test_shards_that_are_disturbed(self):
        with Lab() as lab, Folder() as folder:
            (folder / "bin").mkdir()
            (folder / "bin" / "stscan").symlink_to(Path(stscan_path()).resolve())
            (folder / "nodes").write_text(":\n")
            names = folder / "names.txt"
            names.write_text("".join(f"absent-{i}.example\n" for i in range(NAMES)))
            env = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "SHARDS": str(SHARDS),
                   "LIST": str(names), "HOME": str(folder),
                   "SCAN_OPTIONS": " ".join([*lab.options, "--dns-rate", "600", "--at-once", "1"])}
            with subprocess.Popen([SCRIPT], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True) as running:
                self.disturb(folder, 0, signal.SIGKILL)
                self.disturb(folder, 1, signal.SIGTERM)
                said = running.communicate(timeout=SECONDS)[0]
            self.assertEqual(running.returncode, 0, said)
            numbers = sorted(r["n"] for shard in folder.glob("shard-*.gz") for r in read_gzip(shard))
            self.assertEqual(numbers, list(range(1, NAMES + 1)), "every line once")
            written = [shard.stat().st_mtime_ns for shard in sorted(folder.glob("shard-*.gz"))]
            again = subprocess.run([SCRIPT], cwd=folder, env=env, capture_output=True, check=False, timeout=SECONDS)
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertEqual(written, [shard.stat().st_mtime_ns for shard in sorted(folder.glob("shard-*.gz"))])


if __name__ == "__main__":
    if not shutil.which("parallel"):
        print("skipped: GNU parallel is not installed")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
