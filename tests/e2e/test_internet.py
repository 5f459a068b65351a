#!/usr/bin/env python3
"""Scans with the delays of the Internet, in a box: every name's verdict is known beforehand."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from program import ROOT, read_plain, stscan

sys.path[:0] = [str(ROOT / "tests" / "lab")]

import internet  # noqa: E402
import own_network  # noqa: E402
import servers  # noqa: E402

BINARY = os.environ.get("INTERNET", str(ROOT / "build-dev" / "bench" / "internet" / "internet"))
DNS_TIMEOUT = "3000"
DOUBT = 16  # names that fail, all in a row, before it is in doubt that the fault is theirs
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
                      "--second-look", "0", "--progress", "never", "--summary", summary, "-o", out, "-",
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

    def test_a_network_that_is_gone_for_a_while(self) -> None:
        """The resolver is there: it answers late or SERVFAIL, and remembers whom it could not reach."""
        near = ("--class", "near=1:5-50")
        self.box.authority(*near)
        resolver, names = self.box.unbound(), 4000
        authority = int((self.folder / "authority.process").read_text().split()[0])
        for seconds, number in ((2, signal.SIGSTOP), (12, signal.SIGCONT)):
            timer = threading.Timer(seconds, os.kill, (authority, number))
            timer.start()
            self.addCleanup(timer.join)
        truth, out = internet.read_truth(BINARY, names, *near), self.folder / "out.ndjson"
        done = stscan("scan", "--resolvers", resolver, "--threads", "1", "--dns-rate", "500", "-o", out, "-",
                      stdin="".join(f"{t.name}\n" for t in truth).encode())
        self.assertEqual(0, done.returncode, done.stderr.decode())
        self.assertEqual(done.stderr.count(b"every lookup fails"), 1, done.stderr.decode())
        self.assertEqual(done.stderr.count(b"a resolver answers again"), 1, done.stderr.decode())
        unknown = sum(record["status"] != "absent" for record in read_plain(out))
        self.assertLessEqual(unknown, DOUBT)

    def test_half_of_the_names_dead(self) -> None:
        half = ("--class", "near=50:5-50", "--class", "cached=10:0-0.2", "--class", "lame=10:5-50:refused",
                "--class", "dead=30:0-0:silent")
        self.scan(self.box.resolver("resolver", *half), 2000, *half)

    def test_a_resolver_that_becomes_slower(self) -> None:
        near = ("--class", "near=1:5-50")
        self.scan(self.box.resolver("resolver", *near, "--at", "0.5:slower=5", "--stall", "30"), 4000,
                  *near)

    def test_a_resolver_that_halves_its_rate(self) -> None:
        """And loses datagrams."""
        near = ("--class", "near=1:5-50")
        self.scan(self.box.resolver("resolver", *near, "--rate", "1500", "--loss", "1", "--at",
                                    "1.5:rate=750"), 4000, *near)


if __name__ == "__main__":
    unittest.main()
