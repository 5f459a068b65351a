"""The three ways of a day, as README tells them: its commands, run over the laboratory."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import unittest
from collections import Counter

from program import ROOT, Folder, Lab, read_gzip, stscan_path

BLOCK = re.compile(r"<!-- tests/e2e/test_day.py runs this -->\n```sh\n(.*?)```", re.DOTALL)


class Day(unittest.TestCase):
    def test_commands(self) -> None:
        commands = BLOCK.search((ROOT / "README.md").read_text())
        assert commands
        with Lab() as lab, Folder() as folder:
            cases = lab.cases()
            names = [str(case["domain"]) for case in cases]
            (folder / "top-1m.csv").write_text("".join(f"{i},{name}\n" for i, name in enumerate(names, 1)))
            (folder / "customers.csv").write_text("id;customer;website\n" + "".join(
                f"{i};{('acme', 'bolt')[i % 2]};https://{name}/\n" for i, name in enumerate(names)))
            (folder / "stscan").write_text(
                f'#!/bin/sh\ncommand=$1\nshift\n[ "$command" = scan ] || exec {shlex.quote(stscan_path())} '
                f'"$command" "$@"\nexec {shlex.quote(stscan_path())} scan {shlex.join(lab.options)} '
                f'--threads 1 "$@"\n')
            (folder / "stscan").chmod(0o755)
            done = subprocess.run(["sh", "-e", "-c", commands[1]], cwd=folder, capture_output=True, text=True,
                                  env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            first, customers = read_gzip(folder / "first.ndjson.gz"), read_gzip(folder / "customers.ndjson.gz")
            self.assertEqual({r["domain"] for r in first}, set(names))
            self.assertEqual(Counter(r["labels"]["customer"] for r in customers),  # type: ignore[index]
                             Counter(("acme", "bolt")[i % 2] for i in range(len(names))))
            self.assertIn("label.customer", done.stdout)
            self.assertIn("domain,status,code\n", done.stdout)
            for name, statuses in (("undecided", ["unknown"]), ("deployed", ["valid", "broken"])):
                again = read_gzip(folder / f"{name}.ndjson.gz")
                wanted = {(r["domain"], r["rank"]) for r in first if r["status"] in statuses}
                self.assertEqual({(r["domain"], r["rank"]) for r in again}, wanted)
                self.assertTrue(name == "undecided" or wanted)


if __name__ == "__main__":
    unittest.main()
