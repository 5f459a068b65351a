#!/usr/bin/env python3
"""Nothing that is read, or that somebody else wrote, is written over: every output onto every input."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import time
import unittest
from pathlib import Path

from program import SECONDS, Folder, Lab, parse, stscan, stscan_path

NOWHERE = ["--resolvers", "127.0.0.1:9"]  # discard: nobody answers
RECORD = json.dumps({"v": 1, "n": 1, "domain": "a.example", "status": "absent", "effect": "none", "findings": [],
                     "at": "2026-11-23T10:00:00.123Z", "ms": 61}, separators=(",", ":")) + "\n"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shell(command: str, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh", "-c", command, "sh", stscan_path(), *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS, check=False)


class TableTest(unittest.TestCase):
    def check_refused(self, done: subprocess.CompletedProcess[bytes], folder: Path, before: dict[str, bytes],
                      *named: str) -> None:
        self.assertEqual(done.returncode, 2, (named, done.stderr))
        self.assertEqual(files(folder), before, named)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        for name in named:
            self.assertIn(name.encode(), done.stderr)

    def outputs(self, folder: Path, at: Path) -> dict[str, list[str | Path]]:
        """What makes `at` an output of a scan."""
        table: dict[str, list[str | Path]] = {"--summary": ["--summary", at]}
        for mode in ([], ["--force"], ["--append"], ["--resume"]):
            table[f"output {' '.join(mode)}"] = ["-o", at, *mode]
        if at.name.endswith(".resume"):
            table["output beside"] = ["-o", at.with_suffix(""), "--force"]
        return table

    def inputs(self, at: Path) -> dict[str, list[str | Path]]:
        table: dict[str, list[str | Path]] = {"list": [at], "--block": ["--block", at], "--ca-file": ["--ca-file", at],
                                              "resolvers": ["--resolvers", f"@{at}"]}
        return table

    def test_every_output_of_a_scan_onto_every_input(self) -> None:
        for shape in ("same", "symlink", "hard link", "another way"):
            for name in ("file.resume", "file.gz"):
                with Folder() as folder:
                    at = folder / name
                    at.write_text("192.0.2.1\n")
                    (folder / "names").write_text("a.example\n")
                    (folder / "sub").mkdir()
                    other = folder / ("other" + "".join(at.suffixes))
                    if shape == "symlink":
                        other.symlink_to(at)
                    elif shape == "hard link":
                        os.link(at, other)
                    else:
                        other = at if shape == "same" else folder / "sub" / ".." / at.name
                    before = files(folder)
                    for what, given in self.inputs(other).items():
                        lists = [] if what == "list" else [folder / "names"]
                        for output, words in self.outputs(folder, at).items():
                            done = stscan("scan", *NOWHERE, *words, *given, *lists)
                            self.check_refused(done, folder, before, output.split()[0], what, str(at))

    def test_outputs_onto_each_other(self) -> None:
        with Folder() as folder:
            names, out = folder / "names", folder / "out"
            names.write_text("a.example\n")
            (folder / "link").symlink_to(out)  # to what is not there yet
            before = files(folder)
            for words in (["-o", out, "--summary", out], ["-o", out, "--summary", folder / "link"],
                          ["-o", folder / "link", "--summary", folder / "." / "out"],
                          ["-o", out, "--summary", f"{out}.resume"], ["-o", f"{out}.gz", "--summary", f"{out}.gz"],
                          ["--summary", "-"], ["-o", "-", "--summary", "-"]):
                done = stscan("scan", *NOWHERE, *words, names)
                self.check_refused(done, folder, before, "output", "--summary")

    def test_standard_output_that_is_a_file_that_is_read(self) -> None:
        with Folder() as folder:
            names, results = folder / "names", folder / "results"
            names.write_text("a.example\n")
            results.write_text(RECORD)
            before = files(folder)
            for words in (["scan", *NOWHERE, names], ["scan", *NOWHERE, "--block", names, results]):
                self.check_refused(shell('exec "$@" >> ' + str(names), *words), folder, before, "output", str(names))
            self.check_refused(shell(f'exec "$@" < {names} >> {names}', "scan", *NOWHERE), folder, before, "list")
            for words in (["stats", results], ["stats", "--list", "all", results], ["stats", "--json", results],
                          ["diff", results, results]):
                self.check_refused(shell('exec "$@" >> ' + str(results), *words), folder, before, str(results))

    def test_a_report_onto_results(self) -> None:
        with Folder() as folder:
            for name in ("a", "b"):
                (folder / name).write_text(RECORD)
            (folder / "link").symlink_to("b")
            before = files(folder)
            for target in ("a", "b", "link"):
                for force in ([], ["--force"]):
                    done = stscan("stats", *force, "--html", folder / target, folder / "a", folder / "b")
                    self.check_refused(done, folder, before, "--html", "RESULT", target)


class ForeignTest(unittest.TestCase):
    """What exists and is not ours."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())

    def scan(self, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
        (folder / "names").write_text("enforce.example\nabsent.example\n")
        return stscan("scan", *self.lab.options, "--progress", "never", *words, folder / "names")

    def test_a_summary(self) -> None:
        with Folder() as folder:
            notes, out = folder / "notes", folder / "out.gz"
            notes.write_text('{"mine":1}\n')
            done = self.scan(folder, "-o", out, "--summary", notes)
            self.assertEqual((done.returncode, notes.read_text()), (1, '{"mine":1}\n'))
            self.assertIn(b"is not a summary", done.stderr)
            self.assertFalse(out.exists())
            for words in (["--force"], ["--force"], ["--resume"]):  # --resume: it is a summary by now
                done = self.scan(folder, "-o", out, "--summary", notes, *words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(notes.read_text())["end"], "complete")
            self.assertEqual(sorted(p.name for p in folder.iterdir()), ["names", "notes", "out.gz"])

    def test_a_summary_on_standard_output(self) -> None:
        with Folder() as folder:
            done = self.scan(folder, "-o", folder / "out.gz", "--summary", "-")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["records"], 2)

    def test_what_lies_beside_results(self) -> None:
        with Folder() as folder:
            out, beside = folder / "out", folder / "out.resume"
            beside.write_text("my notes\n")
            for mode in ([], ["--resume"], ["--append"]):
                done = self.scan(folder, "-o", out, *mode)
                self.assertEqual((done.returncode, beside.read_text(), out.exists()), (1, "my notes\n", False))
                self.assertIn(b"out.resume exists and is not of a scan", done.stderr)
            self.assertEqual(self.scan(folder, "-o", out, "--force").returncode, 0)
            self.assertIn("stscan-resume", beside.read_text())
            victim = folder / "victim"
            victim.write_text("mine")
            beside.unlink()
            beside.symlink_to(victim)
            done = self.scan(folder, "-o", out, "--append")
            self.assertEqual((done.returncode, victim.read_text()), (1, "mine"))

    def test_a_report(self) -> None:
        with Folder() as folder:
            results, report = folder / "results", folder / "report.html"
            results.write_text(RECORD)
            for content in ("<html>my page</html>", "<?xml version='1.0'?>", "notes"):
                report.write_text(content)
                done = stscan("stats", "--html", report, results)
                self.assertEqual((done.returncode, report.read_text()), (1, content))
                self.assertIn(b"is not a report", done.stderr)
            for force in (["--force"], []):
                self.assertEqual(stscan("stats", *force, "--html", report, results).returncode, 0)
                self.assertIn("</html>", report.read_text())
            os.mkfifo(folder / "fifo")
            done = stscan("stats", "--html", folder / "fifo", results, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"fifo", done.stderr)
            reader = subprocess.Popen(["cat", folder / "fifo"], stdout=subprocess.PIPE)
            while stscan("stats", "--html", folder / "fifo", results, timeout=60).returncode:
                self.assertIsNone(reader.poll())
            self.assertEqual(reader.communicate()[0], report.read_bytes())
            self.assertEqual(sorted(p.name for p in folder.iterdir()), ["fifo", "report.html", "results"])

    def test_resume_begins_goes_on_and_ends(self) -> None:
        """One command for all three; an empty output is as none."""
        for name in ("out.gz", "out"):
            with Folder() as folder:
                out = folder / name
                out.touch()
                for records in (2, 0):
                    done = self.scan(folder, "-o", out, "--resume", "--summary", folder / "summary")
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(json.loads((folder / "summary").read_text())["records"], records)
                text = gzip.decompress(out.read_bytes()) if name.endswith(".gz") else out.read_bytes()
                self.assertEqual(len(parse(text.decode().splitlines())), 2)

    def test_what_is_complete_ends_without_a_resolver(self) -> None:
        for name, shard in (("out.gz", "0/1"), ("out", "0/1"), ("half.gz", "1/2")):
            with Folder() as folder:
                out = folder / name
                self.assertEqual(self.scan(folder, "-o", out, "--shard", shard).returncode, 0)
                before = out.read_bytes()
                for list_, status in ((folder / "names", 0), (folder / "more", 1)):
                    (folder / "more").write_text("enforce.example\nabsent.example\ntesting.example\n")
                    done = stscan("scan", "--resolvers", "127.0.0.1:9", *self.lab.options[2:], "--shard", shard,
                                  "--resume", "-o", out, "--summary", folder / "summary", list_)
                    self.assertEqual(done.returncode, status, done.stderr)
                    self.assertEqual(out.read_bytes(), before)
                summary = json.loads((folder / "summary").read_text())
                self.assertEqual((summary["end"], summary["lines"], summary["records"]), ("complete", 2, 0))
                self.assertEqual(summary["statistics"]["domains"], summary["resumed"])

    def test_a_wrong_offset_drops_nothing(self) -> None:
        with Folder() as folder:
            out, beside = folder / "out", folder / "out.resume"
            self.assertEqual(self.scan(folder, "-o", out).returncode, 0)
            before = out.read_bytes()
            beside.write_text(beside.read_text().replace("from 0\n", "from 10\n"))
            done = self.scan(folder, "-o", out, "--resume")
            self.assertEqual((done.returncode, out.read_bytes()), (1, before), done.stderr)
            self.assertIn(b"begins at byte 10, where no record does", done.stderr)

    def test_a_foreign_tail_is_not_dropped(self) -> None:
        for name in ("out", "out.gz"):
            for tail in (b"my notes\n", b"my notes"):
                with Folder() as folder:
                    out = folder / name
                    self.assertEqual(self.scan(folder, "-o", out).returncode, 0)
                    with out.open("ab") as file:
                        file.write(tail)
                    before = out.read_bytes()
                    done = self.scan(folder, "-o", out, "--resume")
                    self.assertEqual((done.returncode, out.read_bytes()), (1, before), done.stderr)
                    self.assertIn(b"is not resumed", done.stderr)

    def test_who_empties_the_results_leaves_no_hole(self) -> None:
        with Folder() as folder:
            out = folder / "out"
            command = [stscan_path(), "scan", *self.lab.options, "-o", out, "--progress", "never", "-"]
            scan = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            assert scan.stdin
            scan.stdin.write(b"enforce.example\n")
            scan.stdin.flush()
            deadline = time.monotonic() + 60
            while not out.exists() or not out.stat().st_size:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            os.truncate(out, 0)
            errors = scan.communicate(b"absent.example\n", timeout=SECONDS)[1]
            self.assertEqual(scan.returncode, 0, errors)
            self.assertEqual([r["domain"] for r in parse(out.read_text().splitlines())], ["absent.example"])

    def test_many_lists(self) -> None:
        """More than have a line each in what tells which scan it is."""
        with Folder() as folder:
            lists = [folder / f"list{i:04}" for i in range(1200)]
            for i, path in enumerate(lists):
                path.write_text(f"n{i}.example\n")
            scan = ["scan", *self.lab.options, "--progress", "never", "--resume", "-o", folder / "out.gz"]
            for left in (1200, 0):
                done = stscan(*scan, *lists)
                self.assertEqual(done.returncode, 0, done.stderr)
                with gzip.open(folder / "out.gz", "rt") as text:
                    self.assertEqual(sorted(r["n"] for r in parse(text)), list(range(1, 1201)), left)
            lists[700].write_text("other.example\n")
            done = stscan(*scan, *lists)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"all-lists", done.stderr)

    def test_the_printed_command_says_what_must_come_again(self) -> None:
        with Folder() as folder:
            command = [stscan_path(), "scan", *self.lab.options, "-o", folder / "out", "-"]
            scan = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            assert scan.stdin
            scan.stdin.write(b"enforce.example\n")
            scan.stdin.flush()
            while not (folder / "out").exists() or (folder / "out").stat().st_size == 0:
                time.sleep(0.05)
            scan.terminate()
            scan.wait(timeout=SECONDS)
            errors = scan.communicate()[1]
            self.assertEqual(scan.returncode, 3, errors)
            self.assertIn(b"the same list must come again, from its first line, on standard input", errors)


if __name__ == "__main__":
    unittest.main()
