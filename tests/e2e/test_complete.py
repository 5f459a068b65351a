"""Whether results are whole: closing members, shards that are missing or did not end, mixed lists."""

from __future__ import annotations

import gzip
import json
import tempfile
import unittest
from pathlib import Path

import jsonschema
from program import ROOT, Lab, read_gzip, stscan

SHARDS = 4
SCHEMA = json.loads((ROOT / "output" / "stats" / "stats.schema.json").read_text())


class Complete(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-complete.")))
        cls.names = [f"none{i}.example" for i in range(40)]
        cls.list = cls.folder / "list.txt"
        cls.list.write_text("\n".join(cls.names) + "\n")
        (cls.folder / "shards").mkdir()
        cls.shards = [cls.folder / "shards" / f"shard-{i}.ndjson.gz" for i in range(SHARDS)]
        for i, shard in enumerate(cls.shards):
            cls.scan(shard, "--shard", f"{i}/{SHARDS}")

    @classmethod
    def scan(cls, output: Path, *arguments: str, names: Path | None = None) -> None:
        done = stscan("scan", *cls.lab.options, "--resume", *arguments, "-o", output, names or cls.list)
        assert done.returncode == 0, done.stderr.decode()

    def told(self, code: int, *files: Path) -> tuple[str, list[dict]]:
        done = stscan("stats", "--complete", "--json", *files)
        self.assertEqual(code, done.returncode, done.stderr)
        return done.stderr.decode(), json.loads(done.stdout).get("shards", [])

    def test_all_shards(self) -> None:
        told, shards = self.told(0, self.folder / "shards")
        self.assertEqual("", told)
        self.assertEqual([{"of": 4, "there": [0, 1, 2, 3], "missing": [], "unfinished": []}], shards)
        together = self.folder / "together.gz"
        together.write_bytes(b"".join(shard.read_bytes() for shard in self.shards))
        self.assertEqual((told, shards), self.told(0, together))
        done = stscan("stats", "--complete", "-", stdin=together.read_bytes())
        self.assertEqual(0, done.returncode, done.stderr)

    def test_the_heads_tell_how_the_scan_was_made(self) -> None:
        done = stscan("stats", "--json", self.folder / "shards")
        found = json.loads(done.stdout)
        jsonschema.validate(found, SCHEMA)
        scans = found["scan"]
        self.assertEqual(list(map(str, self.shards)), [scan["path"] for scan in scans])
        self.assertEqual([(i, SHARDS, True) for i in range(SHARDS)],
                         [(scan["shard"], scan["shards"], scan["ended"]) for scan in scans])
        version = stscan("--version").stdout.decode()
        for scan in scans:
            self.assertEqual(f"stscan {scan['version']}", version.splitlines()[0])
            self.assertIn(", ".join(version.splitlines()[1:3]), scan["libraries"])
            self.assertRegex(scan["lists"][0], f"^{self.list.stat().st_size} .*, sha256 [0-9a-f]{{32}}$")
            self.assertEqual(("5000", "4"), (scan["options"]["dns-timeout"], scan["options"]["dns-tries"]))
            records = read_gzip(Path(scan["path"]))
            self.assertEqual((len(self.names), len(records)), (scan["lines"], scan["records"]))
            self.assertLess(scan["began"], min(record["at"] for record in records))
        self.assertLess(max(scan["began"] for scan in scans), found["at"])
        self.assertEqual(scans[0]["version"], found["version"])
        plain = self.folder / "without-head.ndjson"
        plain.write_bytes(gzip.decompress(self.shards[0].read_bytes()))
        found = json.loads(stscan("stats", "--json", plain).stdout)
        self.assertEqual(([], []), (found["scan"], found["shards"]))

    def test_a_shard_is_missing(self) -> None:
        told, shards = self.told(1, *self.shards[:3])
        self.assertIn("shard 3 of 4 is missing", told)
        self.assertEqual([3], shards[0]["missing"])
        done = stscan("stats", *self.shards[:3])
        self.assertEqual(0, done.returncode)
        self.assertIn("shard 3 of 4 is missing", done.stderr.decode())

    def test_diff_says_of_which_side_a_shard_is_missing(self) -> None:
        some = self.folder / "some"
        some.mkdir()
        for shard in self.shards[1:]:
            (some / shard.name).write_bytes(shard.read_bytes())
        done = stscan("diff", self.folder / "shards", some)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("NEW: shard 0 of 4 is missing", done.stderr.decode())
        self.assertNotIn("OLD:", done.stderr.decode())

    def test_a_shard_did_not_end(self) -> None:
        cut = self.folder / "cut.gz"
        whole = self.shards[2].read_bytes()
        end = whole.rindex(b"\x1f\x8b\x08\x04")
        cut.write_bytes(whole[:end])
        told, shards = self.told(1, *self.shards[:2], cut, self.shards[3])
        self.assertIn("shard 2 of 4 is not complete", told)
        self.assertEqual([2], shards[0]["unfinished"])
        self.scan(cut, "--shard", f"2/{SHARDS}")  # nothing was left to do but to say so
        self.assertEqual(whole, cut.read_bytes())
        self.assertEqual("", self.told(0, *self.shards[:2], cut, self.shards[3])[0])

    def test_two_lists(self) -> None:
        other, out = self.folder / "other.txt", self.folder / "other.ndjson.gz"
        other.write_text("other.example\n")
        self.scan(out, names=other)
        told, shards = self.told(0, *self.shards, out)
        self.assertIn("two lists are mixed", told)
        self.assertEqual({1, 4}, {shard["of"] for shard in shards})

    def test_the_closing_member_says_what_was_done_and_no_reader_sees_it(self) -> None:
        out = self.folder / "one.ndjson.gz"
        self.scan(out)
        whole = out.read_bytes()
        end = whole[whole.rindex(b"\x1f\x8b\x08\x04"):]
        self.assertIn(b"end complete, lines 40, records 40\n", end)
        self.assertEqual(b"", gzip.decompress(end))
        self.assertEqual(sorted(self.names), sorted(str(r["domain"]) for r in read_gzip(out)))
        self.scan(out)
        self.assertEqual(whole, out.read_bytes())

    def test_plain_results(self) -> None:
        out = self.folder / "plain.ndjson"
        self.scan(out)
        beside = Path(f"{out}.resume")
        self.assertTrue(beside.read_text().endswith("\nend complete, lines 40, records 40\n"))
        self.assertEqual("", self.told(0, out)[0])
        text = beside.read_text()
        self.scan(out)
        self.assertEqual(text, beside.read_text())
        beside.write_text(text[:text.rindex("end complete")])
        self.assertIn("the scan is not complete", self.told(1, out)[0])
        beside.unlink()
        self.assertIn("it does not say which scan it is of", self.told(1, out)[0])

    def test_what_is_appended_behind_a_complete_scan(self) -> None:
        out = self.folder / "twice.ndjson.gz"
        self.scan(out)
        done = stscan("scan", *self.lab.options, "--append", "-o", out, self.list)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(80, len(read_gzip(out)))
        self.assertEqual("", self.told(0, out)[0].replace("stscan stats: 40 records were left out: there is a newer "
                                                          "one of the same domain\n", ""))


if __name__ == "__main__":
    unittest.main()
