#!/usr/bin/env python3
"""scripts/cluster/shard-to-store.sh with rclone and an S3 server from the npm registry (s3rver): a shard that is told to
end stands in part/, the same command goes on there, and a whole one is not done again. A part of scripts/test-long."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from program import Folder, Lab, stscan, stscan_path  # noqa: E402
from test_parallel import scan_of  # noqa: E402

SCRIPT = ROOT / "scripts" / "cluster" / "shard-to-store.sh"
SHARDS, NAMES, SECONDS, SKIPPED = 2, 3000, 120, 77


class Store(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.modules = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-store.")))
        done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", cls.modules, "s3rver@3"],
                              capture_output=True, timeout=300, check=False)
        if done.returncode:
            raise unittest.SkipTest("there is no npm registry")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = subprocess.Popen([cls.modules / "node_modules" / ".bin" / "s3rver", "-d", cls.modules / "data", "-a",
                                   "127.0.0.1", "-p", str(port), "--configure-bucket", "stscan"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)
        # rclone's remote "lab", by its environment; S3RVER is the key of that server's own documentation.
        cls.remote = {"RCLONE_CONFIG_LAB_TYPE": "s3", "RCLONE_CONFIG_LAB_PROVIDER": "Other",
                      "RCLONE_CONFIG_LAB_ACCESS_KEY_ID": "S3RVER", "RCLONE_CONFIG_LAB_SECRET_ACCESS_KEY": "S3RVER",
                      "RCLONE_CONFIG_LAB_ENDPOINT": f"http://127.0.0.1:{port}", "RCLONE_CONFIG": "/dev/null",
                      "STORE": "lab:stscan/scan"}
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the S3 server does not start")

    def rclone(self, *words):
        return subprocess.run(["rclone", *words], env=self.env, capture_output=True, timeout=SECONDS, check=True).stdout

    def shard(self, folder, number):
        return subprocess.Popen([SCRIPT, str(number), str(SHARDS)], cwd=folder, env=self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def ends(self, running, status):
        said = running.communicate(timeout=SECONDS)[0]
        self.assertEqual(running.returncode, status, said)
        return said

    def test_a_shard_that_is_told_to_end(self):
        with Lab() as lab, Folder() as folder:
            (folder / "bin").mkdir()
            (folder / "bin" / "stscan").symlink_to(Path(stscan_path()).resolve())
            names = folder / "names.txt"
            names.write_text("".join(f"absent-{i}.example\n" for i in range(NAMES)))
            self.env = {k: v for k, v in os.environ.items() if k != "AWS_CA_BUNDLE"} | self.remote | {
                "PATH": f"{folder}/bin:{os.environ['PATH']}", "LIST": str(names), "HOME": str(folder),
                "SCAN_OPTIONS": " ".join([*lab.options, "--dns-rate", "600", "--at-once", "1"])}
            first = self.shard(folder, 0)
            end = time.monotonic() + SECONDS
            while not (scan := scan_of(folder, f"0/{SHARDS}")):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            time.sleep(1.5)
            os.kill(scan, signal.SIGTERM)
            self.ends(first, 3)
            self.assertEqual(self.rclone("lsf", "lab:stscan/scan/part/").decode().split(), ["shard-0-of-2.ndjson.gz"])
            self.assertIn("records are there", self.ends(self.shard(folder, 0), 0))
            self.ends(self.shard(folder, 1), 0)
            self.assertEqual(self.ends(self.shard(folder, 0), 0), "")
            self.assertEqual(self.rclone("lsf", "lab:stscan/scan/done/").decode().split(),
                             ["shard-0-of-2.ndjson.gz", "shard-1-of-2.ndjson.gz"])
            gathered = self.rclone("cat", "lab:stscan/scan/done/")
            told = json.loads(stscan("stats", "--json", "--complete", "-", stdin=gathered).stdout)
            self.assertEqual((told["domains"], told["status"]["absent"]), (NAMES, NAMES))


if __name__ == "__main__":
    if not shutil.which("rclone") or not shutil.which("npm"):
        print("skipped: rclone or npm is not there")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
