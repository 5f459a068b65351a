#!/usr/bin/env python3
"""show tells a stored record in the words that check has for a live one."""

import gzip
import json
import re
import unittest

from program import Folder, Lab, parse, stscan


def lasting(text: bytes) -> list[str]:
    """Without what the clock decides."""
    return re.sub(r"\b\d+ ms\b", "N ms", text.decode()).splitlines()


class ShowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab()
        cls.lab.__enter__()
        cls.holder = Folder()
        cls.folder = cls.holder.__enter__()
        cls.results = cls.folder / "results.ndjson.gz"
        done = stscan("scan", *cls.lab.options, "--progress", "never", "-o", cls.results,
                      cls.lab.env["LAB_DOMAINS"])
        assert done.returncode == 0, done.stderr
        with gzip.open(cls.results, "rt") as lines:
            cls.records = parse(lines)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lab.__exit__()
        cls.holder.__exit__()

    def test_the_words_of_check(self) -> None:
        for domain, status in (("enforce.example", 0), ("expired.example", 1)):
            shown = stscan("show", domain, self.results)
            checked = stscan("check", *self.lab.options, domain)
            self.assertEqual(shown.returncode, status, shown.stderr)
            self.assertEqual(checked.returncode, status, checked.stderr)
            told = lasting(shown.stdout)
            self.assertTrue(told[0].startswith("Found by a scan at 20"), told[0])
            for line in told[2:]:
                if "WARNING" in line or "FAILED" in line or line.startswith("What is wrong"):
                    self.assertIn(line, lasting(checked.stdout))

    def test_json_is_the_record(self) -> None:
        for record in self.records:
            done = stscan("show", "--json", record["domain"], self.results)
            self.assertEqual(json.loads(done.stdout), record)

    def test_the_newest_counts(self) -> None:
        record = next(r for r in self.records if r["domain"] == "enforce.example")
        older, newer = self.folder / "a.ndjson", self.folder / "b.ndjson"
        newer.write_text(json.dumps({**record, "at": "2026-03-01T00:00:00.000Z", "n": 2}) + "\n")
        older.write_text(json.dumps({**record, "at": "2026-02-01T00:00:00.000Z", "n": 3}) + "\n")
        for results in ((newer, older), (older, newer)):
            done = stscan("show", "--json", "enforce.example", *results)
            self.assertEqual(json.loads(done.stdout)["n"], 2)

    def test_forms_of_the_domain_and_of_results(self) -> None:
        for domain in ("ENFORCE.example.", "https://enforce.example/x", "postmaster@enforce.example"):
            done = stscan("show", "--json", domain, "-", stdin=self.results.read_bytes())
            self.assertEqual(json.loads(done.stdout)["domain"], "enforce.example")
        with Folder() as folder:
            (folder / "shard.ndjson.gz").write_bytes(self.results.read_bytes())
            self.assertEqual(stscan("show", "enforce.example", folder).returncode, 0)

    def test_what_cannot_be_shown(self) -> None:
        for arguments, said in (
                ((), "no domain is given"), (("enforce.example",), "at least one RESULT"),
                (("not a domain", self.results), "is not a domain name"),
                (("missing.example", self.results), "no record of it"),
                (("enforce.example", self.folder / "missing"), "No such file")):
            done = stscan("show", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, done.stderr.decode())
            self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    unittest.main()
