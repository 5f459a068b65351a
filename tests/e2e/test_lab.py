#!/usr/bin/env python3
"""Every domain of the laboratory gets the record that its case says, however it is scanned."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import unittest
from pathlib import Path

from program import Folder, Lab, Record, codes, member, parse, read_gzip, read_plain, stscan

VARYING = ("at", "ms", "connect_ms", "tls_ms", "tries", "attempts", "address", "ttl", "n")


def differences(record: Record, case: Record) -> list[str]:
    expected = {"status": case["status"], "effect": case["effect"]}
    if case["mode"]:
        expected["policy.mode"] = case["mode"]
    expected.update(case["members"])  # type: ignore[call-overload]
    wrong = [f"{path} is {member(record, path)!r}, not {value!r}"
             for path, value in expected.items() if member(record, path) != value]
    if codes(record) != case["codes"]:
        wrong.append(f"codes are {codes(record)}, not {case['codes']}")
    return [f"{case['case']}: {what}" for what in wrong]


def without_effort(detail: str) -> str:
    """How often was tried, and how long it took, is another matter in each scan."""
    return re.sub(r"\d+ (tries|try|ms)\b", "some", detail)


def stable(value: object) -> object:
    """What two scans of the same domain must agree on; DNS gives a set in any order, and a finding
    tells of its members in that order."""
    if isinstance(value, dict):
        value = {**value, "detail": sorted(without_effort(str(value.get("detail"))).split("; "))}
        return {key: stable(v) for key, v in value.items() if key not in VARYING}
    return sorted(map(stable, value), key=repr) if isinstance(value, list) else value


class LabTest(unittest.TestCase):
    lab: Lab

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = Lab().__enter__()
        cls.domains = (cls.lab.folder / "domains.txt").read_text().split()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.lab.__exit__()

    def scan(self, *arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        done = stscan("scan", *self.lab.options, *arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done

    def by_domain(self, records: list[Record]) -> dict[object, Record]:
        self.assertEqual(len({r["n"] for r in records}), len(records))
        return {record["domain"]: record for record in records}

    def test_every_case_has_its_record(self) -> None:
        with Folder() as folder:
            out = folder / "out.ndjson.gz"
            self.scan("-o", out, self.lab.env["LAB_DOMAINS"])
            found = self.by_domain(read_gzip(out))
        wrong = [line for case in self.lab.cases()
                 for line in differences(found.pop(case["domain"]), case)]
        self.assertEqual(found, {})
        self.assertEqual(wrong, [])

    def test_formats_of_output_hold_the_same(self) -> None:
        names = "\n".join(self.domains).encode()
        with Folder() as folder:
            self.scan("-o", folder / "out.gz", self.lab.env["LAB_DOMAINS"])
            self.scan("-o", folder / "out.ndjson", "--threads", "1", self.lab.env["LAB_DOMAINS"])
            standard = self.scan("-", stdin=names).stdout
            zcat = subprocess.run(["zcat", folder / "out.gz"], capture_output=True, check=True).stdout
            count = subprocess.run(["jq", "-n", "[inputs] | length"], input=zcat,
                                   capture_output=True, check=True).stdout
            compressed = self.by_domain(read_gzip(folder / "out.gz"))
            plain = self.by_domain(read_plain(folder / "out.ndjson"))
        self.assertEqual(int(count), len(self.domains))
        piped = self.by_domain(parse(standard.decode().splitlines()))
        for domain, record in compressed.items():
            self.assertEqual(stable(record), stable(plain[domain]))
            self.assertEqual(stable(record), stable(piped[domain]))

    def test_lists_of_all_forms_are_numbered_on(self) -> None:
        with Folder() as folder:
            (folder / "a.csv").write_bytes(
                b"\xef\xbb\xbf1,enforce.example\r\n\r\n2,ENFORCE-RSA.Example.\r\n")
            (folder / "b.txt").write_bytes(b"# a comment\n  testing.example  \n" +
                                           "bücher.example\n".encode() +
                                           b"not a domain\n\x1b[31mred\n\xff\n")
            with gzip.open(folder / "c.csv.gz", "wb") as packed:
                packed.write(b"7,mode-none.example\n8,-bad-.example\n")
            done = self.scan("--threads", "1", folder / "a.csv", folder / "b.txt",
                             folder / "c.csv.gz")
        records = {r["n"]: r for r in parse(done.stdout.decode().splitlines())}
        told = {n: (r.get("domain"), r.get("rank"), r["status"]) for n, r in records.items()}
        self.assertEqual(told, {
            1: ("enforce.example", 1, "valid"),
            3: ("enforce-rsa.example", 2, "valid"),
            5: ("testing.example", None, "valid"),
            6: ("xn--bcher-kva.example", None, "valid"),
            7: (None, None, "invalid"),
            8: (None, None, "invalid"),
            9: (None, None, "invalid"),
            10: ("mode-none.example", 7, "valid"),
            11: (None, 8, "invalid"),
        })
        self.assertEqual(records[6]["unicode"], "bücher.example")
        self.assertEqual(records[8]["line"], "\x1b[31mred")
        self.assertEqual(records[9]["line_base64"], "/w==")
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)

    def test_shards_are_the_whole(self) -> None:
        seen: list[object] = []
        for shard in range(3):
            done = self.scan("--shard", f"{shard}/3", self.lab.env["LAB_DOMAINS"])
            seen += [r["domain"] for r in parse(done.stdout.decode().splitlines())]
        self.assertEqual(sorted(seen), sorted(self.domains))  # type: ignore[type-var]

    def test_blocked_and_not_public(self) -> None:
        with Folder() as folder:
            (folder / "block").write_text("# opt-outs\ntesting.example\n127.0.1.0/24\n")
            done = self.scan("--block", folder / "block", "-",
                             stdin=b"testing.example\nmode-none.example\n")
        records = self.by_domain(parse(done.stdout.decode().splitlines()))
        self.assertEqual(records["testing.example"]["status"], "blocked")
        self.assertNotIn("record", records["testing.example"])
        self.assertIn("policy-host-blocked", codes(records["mode-none.example"]))
        self.assertEqual(records["mode-none.example"]["status"], "blocked")
        self.assertEqual(records["mode-none.example"]["effect"], "unknown")
        with Folder() as folder:
            (folder / "block").write_text("mta-sts.enforce.example\nprovider.example.net\n")
            done = self.scan("--block", folder / "block", "-",
                             stdin=b"enforce.example\ndelegated.example\n")
        for record in parse(done.stdout.decode().splitlines()):
            self.assertEqual(codes(record), ["policy-host-blocked"])
            self.assertEqual(record["status"], "blocked")
            self.assertNotIn("fetch", record)
        options = [option for option in self.lab.options if option != "--allow-private"]
        done = stscan("scan", *options, "-", stdin=b"enforce.example\n")
        record = json.loads(done.stdout)
        self.assertEqual(codes(record), ["policy-address-not-public"])
        self.assertNotIn("fetch", record)

    def test_absent_domains_cost_one_query(self) -> None:
        with Folder() as folder:
            self.scan("--summary", folder / "summary", "--threads", "1", "-o", folder / "out", "-",
                      stdin=b"".join(b"absent%d.example\n" % i for i in range(50)))
            summary = json.loads((folder / "summary").read_text())
        self.assertEqual(summary["statistics"]["status"]["absent"], 50)
        self.assertEqual(summary["resolvers"][0]["answered"], 50)
        self.assertEqual((summary["end"], summary["records"]), ("complete", 50))

    def test_summary_counts_what_the_records_hold(self) -> None:
        with Folder() as folder:
            self.scan("--summary", folder / "summary", "-o", folder / "out",
                      self.lab.env["LAB_DOMAINS"])
            statistics = json.loads((folder / "summary").read_text())["statistics"]
            records = read_plain(folder / "out")
        for what in ("status", "effect"):
            for name, count in statistics[what].items():
                self.assertEqual(count, sum(r.get(what) == name for r in records), name)
        for code, count in statistics["findings"].items():
            self.assertEqual(count, sum(code in codes(r) for r in records), code)


if __name__ == "__main__":
    unittest.main()
