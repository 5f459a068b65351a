#!/usr/bin/env python3
"""The pods of job.yaml and gather.yaml under podman, with the image built here: the manifest's command, variables, user,
read-only root, no capabilities and grace. One pod is killed, one told to end; the same command again makes them whole.
What holds a pod's memory needs cgroups, and is left out. A part of scripts/test-long.

usage: test_pods.py [IMAGE]    the image to use; else one is built and removed
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "package")]

from program import Folder, Lab, read_gzip  # noqa: E402
from test_fresh_debian import make_image, run  # noqa: E402

CLUSTER = ROOT / "scripts" / "cluster"
GIVEN = sys.argv[1:]
SHARDS, NAMES, SECONDS, SKIPPED = 3, 4500, 120, 77
INSIDE = "STSCAN_TEST_PODS_INSIDE"
# crun 1.8 refuses the hybrid of both versions of cgroups: in our mount namespace it sees the first alone.
HYBRID = Path("/sys/fs/cgroup/unified")
PODMAN = ("podman", "--cgroup-manager=cgroupfs", "--events-backend=file")
WITHOUT_CGROUPS = ("--cgroups=disabled", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")


def podman(*words: object) -> str:
    return run(*PODMAN, *words).strip()


def pod(job: dict, image: str, folders: dict[str, str], variables: dict[str, str]) -> list[str]:
    """What the manifest says of its pod, as words for podman."""
    spec = job["spec"]["template"]["spec"]
    (container,), user = spec["containers"], spec["securityContext"]
    held = container["securityContext"]
    assert user["runAsNonRoot"] and not held["allowPrivilegeEscalation"] and held["readOnlyRootFilesystem"]
    words = ["--read-only", "--security-opt", "no-new-privileges", "--user", f"{user['runAsUser']}:{user['runAsGroup']}",
             "--stop-timeout", str(spec.get("terminationGracePeriodSeconds", 30))]
    words += [f"--cap-drop={name}" for name in held["capabilities"]["drop"]]
    given = {e["name"]: e["value"] for e in container.get("env", [])} | variables
    words += [f"--env={name}={value}" for name, value in given.items()]
    for mount in container["volumeMounts"]:
        ending = ":ro" if mount.get("readOnly") else ""
        words.append(f"--volume={folders[mount['name']]}:{mount['mountPath']}{ending}")
    command = container.get("command", [])
    words += ["--entrypoint", command[0]] if command else []
    return [*words, image, *command[1:], *container["args"]]


class Pods(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        import yaml  # Debian's python3-yaml
        cls.job, cls.gather = (yaml.safe_load((CLUSTER / name).read_text()) for name in ("job.yaml", "gather.yaml"))
        if HYBRID.exists():
            run("umount", HYBRID)
        if GIVEN:
            cls.image = GIVEN[0]
            return
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-pods.")))
        cls.image, _ = make_image(folder)
        cls.addClassCleanup(run, "buildah", "rmi", "-f", cls.image)

    def start(self, name: str, words: list[str]) -> None:
        podman("run", "--detach", "--name", name, "--pull=never", "--network=host", *WITHOUT_CGROUPS, *words)
        self.addCleanup(subprocess.run, [*PODMAN, "rm", "--force", "--ignore", name], capture_output=True, check=False)

    def shard(self, index: int) -> str:
        """Starts the pod of an index, as a new one."""
        name = f"{self.lab.folder.name}-{index}-{time.monotonic_ns()}"
        variables = {"JOB_COMPLETION_INDEX": str(index), "SHARDS": str(SHARDS), "LIST": "/lists/names.txt",
                     "SCAN_OPTIONS": " ".join([*self.lab.options, "--dns-rate", "900", "--at-once", str(SHARDS)])
                     .replace(self.lab.env["LAB_CA_FILE"], "/lists/ca.pem")}
        self.start(name, pod(self.job, self.image, self.folders, variables))
        return name

    def prepare(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.results, lists, scratch = (folder / name for name in ("results", "lists", "scratch"))
        for made in (self.results, lists, scratch):
            made.mkdir()
        for owned in (self.results, scratch):
            os.chown(owned, 65534, 65534)
        (lists / "names.txt").write_text("".join(f"absent-{i}.example\n" for i in range(NAMES)))
        shutil.copy(self.lab.env["LAB_CA_FILE"], lists / "ca.pem")
        self.folders = {"results": str(self.results), "lists": str(lists), "scratch": str(scratch)}

    def path(self, index: int) -> Path:
        return self.results / f"shard-{index}-of-{SHARDS}.ndjson.gz"

    def under_way(self) -> None:
        end = time.monotonic() + SECONDS
        while not all(self.path(i).exists() and self.path(i).stat().st_size > 2000 for i in range(SHARDS)):
            self.assertLess(time.monotonic(), end, "the scans are not under way")
            time.sleep(0.1)

    def is_held(self, name: str) -> None:
        """PID 1 is the program, without root, capabilities and a root that can be written to."""
        process = Path("/proc", podman("inspect", name, "--format", "{{.State.Pid}}"))
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
        self.assertEqual((status["Name"], status["NSpid"].split()[-1]), ("stscan", "1"))
        self.assertEqual((status["Uid"].split()[0], int(status["CapEff"], 16), int(status["CapBnd"], 16)), ("65534", 0, 0))
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        root = next(line for line in (process / "mountinfo").read_text().splitlines() if line.split()[4] == "/")
        self.assertIn("ro", root.split()[5].split(","))

    def test_a_job_that_is_disturbed(self) -> None:
        with Lab() as lab, Folder() as folder:
            self.lab = lab
            self.prepare(folder)
            names = [self.shard(i) for i in range(SHARDS)]
            self.under_way()
            self.is_held(names[2])
            podman("kill", "--signal", "KILL", names[0])
            begin = time.monotonic()
            podman("stop", names[1])
            self.assertLess(time.monotonic() - begin, 30, "it was killed at the end of its grace")
            self.assertEqual([podman("wait", name) for name in names], ["137", "3", "0"])
            self.assertNotEqual(self.gathered(), "0", "two shards are not whole")
            again = [self.shard(i) for i in range(2)]
            self.assertEqual([podman("wait", name) for name in again], ["0", "0"])
            for name in again:
                self.assertIn("records are there", podman("logs", name))
            numbers = sorted(r["n"] for i in range(SHARDS) for r in read_gzip(self.path(i)))
            self.assertEqual(numbers, list(range(1, NAMES + 1)), "every line once")
            self.assertEqual(self.gathered(), "0")
            self.assertIn(f"{NAMES:,}", (self.results / "report.html").read_text())

    def gathered(self) -> str:
        name = f"{self.lab.folder.name}-gather-{time.monotonic_ns()}"
        self.start(name, pod(self.gather, self.image, self.folders, {}))
        return podman("wait", name)


if __name__ == "__main__":
    if os.geteuid() != 0 or not all(shutil.which(name) for name in ("podman", "buildah", "debootstrap")):
        print("skipped: not root, or no podman, buildah or debootstrap")
        sys.exit(SKIPPED)
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])
    unittest.main(argv=sys.argv[:1], verbosity=2)
