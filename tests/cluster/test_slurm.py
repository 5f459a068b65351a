#!/usr/bin/env python3
"""scripts/cluster/stscan.sbatch under a real Slurm of two nodes on loopback: one task is killed, one told to end,
one requeued; then every line stands once, and the statistics are those of the scan that was not cut in shards."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from program import Lab, read_gzip, stscan, stscan_path  # noqa: E402

SLURM = ROOT / "tests" / "cluster" / "slurm"
SCRIPT = ROOT / "scripts" / "cluster" / "stscan.sbatch"
SHARDS, NAMES, SECONDS, SKIPPED = 4, 6000, 200, 77


def wait_for(what, condition):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"not within {SECONDS} s: {what}")


class Cluster:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="stscan-slurm."))
        self.env = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"),
                    "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def __enter__(self):
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "stscan").symlink_to(Path(stscan_path()).resolve())
        started = subprocess.run([SLURM, "start", self.folder], capture_output=True, text=True, check=False)
        if started.returncode:
            self.__exit__()
            raise RuntimeError(started.stderr)
        return self

    def __exit__(self, *_):
        subprocess.run([SLURM, "stop", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *command, check=True, **more):
        done = subprocess.run([*map(str, command)], env={**self.env, **more}, cwd=self.folder,
                              capture_output=True, text=True, check=check)
        return done.stdout

    def task(self, job, index):
        shown = self.run("scontrol", "show", "job", f"{job}_{index}")
        return dict(re.findall(r"(JobState|Restarts|JobId)=(\S+)", shown))


def scan_of(shard):
    """The process id of a shard's scan, or None."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"stscan") and f"{shard}/{SHARDS}".encode() in words:
            return int(entry.parent.name)
    return None


class Slurm(unittest.TestCase):
    def restart(self, cluster, job, index):
        """Says whether it is completed. What a task refuses now, because it has just moved on, is tried again."""
        task = cluster.task(job, index)
        if task["JobState"] in ("FAILED", "CANCELLED"):
            cluster.run("scontrol", "requeue", f"{job}_{index}", check=False)
        elif task["JobState"] == "PENDING":  # requeued: it waits two minutes by itself
            cluster.run("scontrol", "update", f"job={task['JobId']}", "StartTime=now", check=False)
        return task["JobState"] == "COMPLETED"

    def disturb(self, cluster, job):
        def under_way(index):
            results = cluster.folder / f"shard-{index:04}-of-{SHARDS:04}.ndjson.gz"
            return scan_of(index) and results.exists() and results.stat().st_size > 2000
        wait_for("the first three scans are under way", lambda: all(under_way(i) for i in range(3)))
        os.kill(scan_of(0), signal.SIGKILL)
        cluster.run("scancel", "--signal=TERM", "--batch", f"{job}_1")
        cluster.run("scontrol", "requeue", f"{job}_2")
        wait_for("the killed one has failed", lambda: cluster.task(job, 0)["JobState"] == "FAILED")

    def test_an_array_of_shards_that_are_disturbed(self):
        with Lab() as lab, Cluster() as cluster:
            names = cluster.folder / "names.txt"
            known = Path(lab.env["LAB_DOMAINS"]).read_text().split()
            absent = [f"absent-{i}.example" for i in range(NAMES - len(known))]
            names.write_text("\n".join(known + absent) + "\n")
            options = " ".join([*lab.options, "--dns-rate", "1200", "--at-once", str(SHARDS), "--progress", "never"])
            job = cluster.run("sbatch", "--parsable", f"--array=0-{SHARDS - 1}", SCRIPT, SHARDS=str(SHARDS),
                              LIST=str(names), SCAN_OPTIONS=options).strip()
            self.disturb(cluster, job)
            wait_for("all tasks are completed",
                     lambda: all([self.restart(cluster, job, i) for i in range(SHARDS)]))
            restarts = [int(cluster.task(job, i)["Restarts"]) for i in range(SHARDS)]
            self.assertTrue(all(restarts[i] >= 1 for i in range(3)), restarts)

            shards = sorted(cluster.folder.glob("shard-*.ndjson.gz"))
            numbers = sorted(r["n"] for shard in shards for r in read_gzip(shard))
            self.assertEqual(numbers, list(range(1, NAMES + 1)), "every line once")
            whole = cluster.folder / "whole.ndjson.gz"
            done = stscan("scan", *lab.options, "--progress", "never", "-o", whole, names)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.figures(*shards), self.figures(whole))

    def figures(self, *results):
        done = stscan("stats", "--json", *results)
        self.assertEqual(done.returncode, 0, done.stderr)
        statistics = json.loads(done.stdout)
        return {name: statistics[name] for name in ("domains", "status", "effect", "findings", "stage", "mode", "mx")
                if name in statistics}


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("slurmctld"):
        print("skipped: not root, or no slurmctld")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
