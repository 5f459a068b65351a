#!/usr/bin/env python3
"""scan --summary: what a section on methods needs, of one run and of a scan that was resumed."""

from __future__ import annotations

import hashlib
import json
import re
import unittest
from pathlib import Path

import jsonschema
from program import ROOT, Folder, Lab, stscan

SCHEMA = json.loads((ROOT / "scanner" / "cli" / "summary.schema.json").read_text())
NAMES = ["enforce.example", "absent.example", "expired.example"]


class Summary(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())

    def setUp(self) -> None:
        self.folder = self.enterContext(Folder())
        self.names, self.out = self.folder / "names", self.folder / "out.gz"
        self.names.write_text("".join(f"{name}\n" for name in NAMES))

    def scan(self, *words: str | Path, stdin: bytes = b"") -> dict:
        summary = self.folder / "summary.json"
        done = stscan("scan", *self.lab.options, "-o", self.out, "--summary", summary, "--second-look", "0", *words,
                      stdin=stdin)
        self.assertEqual(0, done.returncode, done.stderr)
        told: dict = json.loads(summary.read_text())
        jsonschema.validate(told, SCHEMA)
        return told

    def test_what_a_methods_section_needs(self) -> None:
        block = self.folder / "block"
        block.write_text("192.0.2.0/24\n")
        told = self.scan("--block", block, "--source", "127.0.0.9", "--dns-rate", "500", self.names)
        for key, path in (("block", block), ("trust", Path(told["options"]["ca-file"]))):
            self.assertEqual({"path": str(path), "size": path.stat().st_size,
                              "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}, told["files"][key])
        self.assertEqual([hashlib.sha256(self.names.read_bytes()).hexdigest()],
                         [f["sha256"] for f in told["files"]["lists"]])
        self.assertEqual((["127.0.0.9"], False), (told["source"], told["ipv6"]))
        self.assertEqual(told["queries"], sum(r["sent"] for r in told["resolvers"]))
        self.assertEqual((2, 2, 0), (told["fetches"], told["connections"], told["rests"]))
        self.assertEqual(1, len(told["runs"]))
        self.assertEqual([told[k] for k in ("started_at", "ended_at", "end", "records", "queries", "connections")],
                         [told["runs"][0][k] for k in ("started_at", "ended_at", "end", "records", "queries",
                                                       "connections")])

    def test_every_option_has_its_effective_value(self) -> None:
        told = self.scan(self.names)["options"]
        known = set(re.findall(r"--([a-z0-9-]+)", stscan("scan", "--help").stdout.decode()))
        self.assertLessEqual(set(told), known)
        self.assertEqual((5000, 4, 8, "auto", "0/1", 1), tuple(
            told[k] for k in ("dns-timeout", "dns-tries", "per-address", "format", "shard", "at-once")))
        self.assertGreater(min(told["threads"], told["concurrency"]), 0)
        self.assertRegex(told["user-agent"], r"^stscan/\S+ \(\+http")

    def test_each_run_of_a_resumed_scan(self) -> None:
        first = self.scan("--resume", self.names)
        again = self.scan("--resume", self.names)  # nothing is left: no run
        self.assertEqual((3, 0, first["runs"]), (again["resumed"], again["records"], again["runs"]))
        # As a crash leaves it: the records of the end are gone.
        plain = self.folder / "plain"
        self.out = plain
        first = self.scan(self.names)
        lines = plain.read_bytes().splitlines(keepends=True)
        plain.write_bytes(b"".join(lines[:1]))
        second = self.scan("--resume", self.names)
        self.assertEqual(first["runs"] + [second["runs"][-1]], second["runs"])
        self.assertEqual([3, 2], [run["records"] for run in second["runs"]])
        self.assertEqual(3, second["statistics"]["domains"])

    def test_a_list_that_is_a_pipe_has_no_digest(self) -> None:
        told = self.scan("-", stdin=b"enforce.example\n")
        self.assertEqual([{"path": "-"}], told["files"]["lists"])


if __name__ == "__main__":
    unittest.main()
