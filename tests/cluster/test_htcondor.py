#!/usr/bin/env python3
"""scripts/cluster/stscan.sub in a pool of one machine on loopback: Debian 13's HTCondor in a root of its own, without
systemd. One job is killed, one told to end, one evicted; each goes on where it was. A part of scripts/test-long.

usage: test_htcondor.py [ROOT]    a root of Debian 13 to use; else one is made by debootstrap and removed
"""

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

SOURCE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests" / "e2e"), str(SOURCE / "tests" / "package")]

from program import Lab, read_gzip, stscan, stscan_path  # noqa: E402
from test_fresh_debian import run, strap  # noqa: E402
from test_parallel import scan_of  # noqa: E402

SUBMIT = SOURCE / "scripts" / "cluster" / "stscan.sub"
GIVEN = sys.argv[1:]
SHARDS, NAMES, SECONDS, SKIPPED = 4, 16000, 240, 77
PACKAGES = "minicondor libuv1t64 libcares2 libcurl4t64 libidn2-0 libpsl5t64 ca-certificates publicsuffix"
# Jobs of a chroot's own user, on a machine that has fewer processors than the pool says.
CONFIG = "NUM_CPUS = 4\nENABLE_IPV6 = False\nMASTER_NEW_BINARY_DELAY = 0\nJOB_START_DELAY = 0\n"
# The root is a mount point, else the starter cannot make a mount namespace of it; what is mounted and started in the
# namespaces is gone with them.
POOL = """mount --make-rprivate /
mount --bind "$0" "$0"
mount --rbind /dev "$0/dev"
mount -t proc proc "$0/proc"
mount -t tmpfs tmpfs "$0/run"
mkdir -p "$0/run/condor" "$0/run/lock/condor"
chroot "$0" chown -R condor:condor /run/condor /run/lock/condor
exec chroot "$0" condor_master -f
"""


class Pool:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home" / "lab"

    def __enter__(self) -> "Pool":
        run("chroot", self.root, "sh", "-euc", "id lab >/dev/null 2>&1 || useradd -m lab; "
            "rm -rf /home/lab/* /var/lib/condor/* /var/log/condor; "
            "mkdir -p /var/lib/condor/spool /var/lib/condor/execute /var/log/condor; "
            "chown condor:condor /var/lib/condor/* /var/log/condor")
        (self.root / "etc/condor/config.d/90-lab").write_text(CONFIG)
        shutil.copy(Path(stscan_path()).resolve(), self.root / "usr/bin/stscan")
        self.master = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "sh", "-euc", POOL, self.root],
                                       stderr=subprocess.DEVNULL)
        try:
            self.wait_for("the pool has four places",
                          lambda: self.first() and self.run("condor_status -af Cpus", check=False).split() == ["4"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if first := self.first():
            os.kill(int(first), signal.SIGKILL)  # and all others of the namespace with it
        self.master.wait()
        (self.root / "usr/bin/stscan").unlink()

    def first(self) -> str:
        """The namespace's first process, or nothing."""
        return Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text().strip()

    def run(self, script: str, check: bool = True) -> str:
        """As the user, among the pool's mounts and processes."""
        done = subprocess.run(["nsenter", "-t", self.first(), "-m", "-p", "chroot", "--userspec", "lab:lab", self.root,
                               "env", "HOME=/home/lab", "sh", "-euc", f"cd /home/lab; {script}"],
                              capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{script}: {done.stdout}{done.stderr}")
        return done.stdout

    def wait_for(self, what, condition) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.master.poll() is not None:
                raise AssertionError(f"condor_master has ended with {self.master.returncode}")
            if condition():
                return
            time.sleep(0.3)
        logs = "".join(log.read_text(errors="replace")[-1500:] for log in self.root.glob("var/log/condor/*Log*"))
        raise AssertionError(f"not within {SECONDS} s: {what}\n{self.run('condor_q -better-analyze', check=False)}\n{logs}")


class HTCondor(unittest.TestCase):
    root: Path

    @classmethod
    def setUpClass(cls) -> None:
        if GIVEN:
            cls.root = Path(GIVEN[0]).resolve()
            return
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-htcondor.")))
        cls.root = strap(folder, "trixie")
        (cls.root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (cls.root / "usr/sbin/policy-rc.d").chmod(0o755)
        run("chroot", cls.root, "sh", "-euc", "apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "
            f"--no-install-recommends {PACKAGES}")

    def submit(self, pool: Pool, lab: Lab) -> str:
        """The three lines are edited, as a user does. The number of the jobs together."""
        known = Path(lab.env["LAB_DOMAINS"]).read_text().split()
        absent = [f"absent-{i}.example" for i in range(NAMES - len(known))]
        (pool.home / "names.txt").write_text("\n".join(known + absent) + "\n")
        shutil.copy(lab.env["LAB_CA_FILE"], pool.home / "ca.pem")
        options = " ".join([*lab.options, "--dns-rate", "1200", "--at-once", str(SHARDS)])
        text = SUBMIT.read_text()
        for name, value in (("List", "names.txt"),
                            ("Options", options.replace(lab.env["LAB_CA_FILE"], "/home/lab/ca.pem"))):
            text, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
            self.assertEqual(found, 1)
        (pool.home / "stscan.sub").write_text(text)
        return pool.run(f"condor_submit -terse Shards={SHARDS} stscan.sub").partition(".")[0]

    def results(self, pool: Pool, shard: int) -> Path:
        return pool.home / f"shard-{shard}-of-{SHARDS}.ndjson.gz"

    def disturb(self, pool: Pool, jobs: str) -> None:
        def under_way(shard: int) -> bool:
            results = self.results(pool, shard)
            return bool(scan_of(pool.home, f"{shard}/{SHARDS}")) and results.exists() and results.stat().st_size > 2000
        pool.wait_for("all scans are under way", lambda: all(under_way(i) for i in range(SHARDS)))
        pool.run(f"condor_vacate_job {jobs}.2")
        os.kill(scan_of(pool.home, f"0/{SHARDS}"), signal.SIGKILL)
        os.kill(scan_of(pool.home, f"1/{SHARDS}"), signal.SIGTERM)

    def test_jobs_that_are_disturbed(self) -> None:
        with Lab() as lab, Pool(self.root) as pool:
            jobs = self.submit(pool, lab)
            self.disturb(pool, jobs)
            pool.wait_for("no job is left", lambda: pool.run(f"condor_q {jobs} -af ProcId") == "")
            history = dict(line.split(" ", 1) for line in
                           pool.run(f"condor_history {jobs} -af ProcId ExitCode NumJobStarts").splitlines())
            self.assertEqual(sorted(history), [str(i) for i in range(SHARDS)], history)
            for shard in range(SHARDS):
                status, starts = history[str(shard)].split()
                self.assertEqual((status, int(starts) > 1), ("0", shard < 3), history)
                resumed = (pool.home / f"{shard}.err").read_text()
                self.assertEqual("records are there" in resumed, shard < 3, resumed)
            shards = [self.results(pool, i) for i in range(SHARDS)]
            numbers = sorted(r["n"] for shard in shards for r in read_gzip(shard))
            self.assertEqual(numbers, list(range(1, NAMES + 1)), "every line once")
            self.assertEqual(stscan("stats", "--complete", *shards).returncode, 0)


if __name__ == "__main__":
    if os.geteuid() != 0 or not (GIVEN or shutil.which("debootstrap")):
        print("skipped: not root, or no debootstrap")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1], verbosity=2)
