#!/usr/bin/env python3
"""Fifty thousand names, one in a hundred of them deployed: a record for each, none twice, none wrong."""

from __future__ import annotations

import unittest
from pathlib import Path

from program import ROOT, Folder, Lab, codes, read_gzip, stscan

NAMES = 50_000
SHARE = "0.01"


def write_list(path: Path) -> None:
    """The names of the sample, and names below them."""
    sample = (ROOT / "datasets" / "tranco-sample.csv").read_text().split()
    base = [line.split(",", 1)[1] for line in sample]
    names = [f"{'' if i < len(base) else f'n{i // len(base)}.'}{base[i % len(base)]}"
             for i in range(NAMES)]
    path.write_text("".join(f"{rank},{name}\n" for rank, name in enumerate(names, 1)))


class LargeTest(unittest.TestCase):
    def test_every_line_has_its_record(self) -> None:
        with Folder() as folder:
            names, out = folder / "names.csv", folder / "out.gz"
            write_list(names)
            with Lab("--list", str(names), "--share", SHARE) as lab:
                done = stscan("scan", *lab.options, "-o", out, names)
                cases = {case["domain"]: case for case in lab.cases()}
            self.assertEqual(done.returncode, 0, done.stderr)
            records = read_gzip(out)
        self.assertEqual(sorted(r["n"] for r in records), list(range(1, NAMES + 1)))
        wrong, deployed = [], 0
        for record in records:
            self.assertEqual(record["n"], record["rank"])
            case = cases.get(record["domain"])
            deployed += case is not None
            status = case["status"] if case else "absent"
            if record["status"] != status or (case and codes(record) != case["codes"]):
                wrong.append((record["domain"], record["status"], codes(record), case))
        self.assertEqual(wrong, [])
        self.assertGreater(deployed, 400)


if __name__ == "__main__":
    unittest.main()
