#!/usr/bin/env python3
"""Scans with the delays of the Internet, in a box: every name's verdict is known beforehand."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

from program import ROOT, read_plain, stscan

sys.path[:0] = [str(ROOT / "tests" / "lab")]

import internet  # noqa: E402
import own_network  # noqa: E402
import servers  # noqa: E402

BINARY = os.environ.get("INTERNET", str(ROOT / "build-dev" / "bench" / "internet" / "internet"))
DNS_TIMEOUT = "3000"
DEPLOYED = ("--deployed", "2")


class InternetTest(unittest.TestCase):
    """Each test has a folder, and servers that are stopped at its end."""

    @classmethod
    def setUpClass(cls) -> None:
        try:
            own_network.enter()
        except OSError as error:
            raise unittest.SkipTest(f"no network of its own: {error}") from error

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="stscan-internet.")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.box = internet.Box(BINARY, self.folder, self.spawn)

    def spawn(self, name: str, command: list[str]) -> None:
        self.addCleanup(servers.stop, self.folder, name)
        servers.spawn(self.folder, name, command)

    def scan(self, resolvers: str, names: int, *options: str) -> dict[str, object]:
        """Every name has its verdict; returns the summary."""
        truth = internet.read_truth(BINARY, names, *options)
        summary, out = self.folder / "summary.json", self.folder / "out.ndjson"
        done = stscan("scan", "--resolvers", resolvers, "--threads", "1", "--dns-timeout", DNS_TIMEOUT,
                      "--progress", "never", "--summary", summary, "-o", out, "-",
                      stdin="".join(f"{t.name}\n" for t in truth).encode())
        self.assertEqual(0, done.returncode, done.stderr.decode())
        found = {int(str(r["n"])): str(r["status"]) for r in read_plain(out)}
        self.assertEqual(sorted(found), list(range(1, names + 1)))
        judged = internet.judge(truth, found)
        self.assertEqual((0, 0), (judged["sound_unknown"], judged["wrong"]), judged)
        return json.loads(summary.read_text())

    def account(self, name: str) -> internet.Account:
        account = self.box.stop(name)
        assert account
        return account

    def test_a_resolver(self) -> None:
        self.scan(self.box.resolver("resolver", *DEPLOYED), 4000, *DEPLOYED)
        self.assertLessEqual(self.account("resolver").queries_a_name, 1.2)

    def test_unbound(self) -> None:
        self.box.authority(*DEPLOYED)
        self.scan(self.box.unbound(), 1500, *DEPLOYED)

    def test_half_of_the_names_dead(self) -> None:
        half = ("--class", "near=50:5-50", "--class", "cached=10:0-0.2", "--class", "lame=10:5-50:refused",
                "--class", "dead=30:0-0:silent")
        self.scan(self.box.resolver("resolver", *half), 2000, *half)

    def test_a_resolver_that_becomes_slower(self) -> None:
        near = ("--class", "near=1:5-50")
        self.scan(self.box.resolver("resolver", *near, "--at", "0.5:slower=5", "--stall", "30"), 4000,
                  *near)


if __name__ == "__main__":
    unittest.main()
