#!/usr/bin/env python3
"""The Debian package: made, held against lintian, installed, used, removed and purged.

usage: test_package.py SOURCE_DIR

Needs root, since it installs; and is skipped where a package stscan is installed that is not ours to remove.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()
NAMES = Path("/etc/stscan/names.txt")
SKIPPED = 77


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=600, **more)


def installed():
    status = run("dpkg-query", "-W", "-f", "${db:Status-Status}", "stscan").stdout
    return status not in ("", "not-installed")


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        made = run(SOURCE / "scripts" / "package", cls.folder.name, env={**os.environ, "STSCAN_IMAGE": "no"})
        assert made.returncode == 0, made.stdout + made.stderr
        [cls.package] = Path(cls.folder.name).glob("stscan_*_*.deb")

    @classmethod
    def tearDownClass(cls):
        if installed():
            run("dpkg", "--purge", "stscan")
        cls.folder.cleanup()

    def succeeds(self, *command):
        done = run(*command)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def test_1_lintian_finds_no_error(self):
        self.succeeds("lintian", "--allow-root", "--fail-on", "error", self.package)

    def test_2_name_version_and_architecture(self):
        version = self.succeeds("dpkg-deb", "-f", self.package, "Version").strip()
        arch = self.succeeds("dpkg", "--print-architecture").strip()
        self.assertEqual(self.package.name, f"stscan_{version}_{arch}.deb")

    def test_3_install_use_remove_purge(self):
        self.succeeds("dpkg", "-i", self.package)
        version = self.succeeds("dpkg-deb", "-f", self.package, "Version").strip()
        self.assertIn(version, self.succeeds("/usr/bin/stscan", "--version"))
        self.assertIn("policy-tls-expired", self.succeeds("/usr/bin/stscan", "explain", "policy-tls-expired"))
        lint = run("/usr/bin/stscan", "lint", "--record", "v=STSv1; id=1;")
        self.assertEqual(lint.returncode, 0, lint.stdout)
        self.assertIn("stscan", self.succeeds("man", "-w", "stscan"))
        unit = Path("/usr/lib/systemd/system/stscan.service").read_text(encoding="utf-8")
        self.assertIn("/usr/bin/stscan scan --resume", unit)
        self.assertNotIn("/usr/local", unit)

        NAMES.write_text("example.com\n", encoding="utf-8")
        self.succeeds("dpkg", "-i", "--force-confold", self.package)
        self.assertEqual(NAMES.read_text(encoding="utf-8"), "example.com\n", "an upgrade keeps the list")
        self.succeeds("dpkg", "--remove", "stscan")
        self.assertFalse(Path("/usr/bin/stscan").exists())
        self.assertTrue(NAMES.exists(), "a removal keeps the configuration")
        self.succeeds("dpkg", "--purge", "stscan")
        self.assertFalse(NAMES.exists())
        self.assertFalse(installed())


if __name__ == "__main__":
    if os.geteuid() != 0 or installed():
        print("skipped: not root, or a package stscan is installed")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
