"""The recipes of RECIPES.md run as they stand there, and those that name a figure give that of `stats --json`.

nodejs-polars and DuckDB come from the npm registry; without it what needs them is skipped (see recipes.py).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from program import stscan, stscan_path
from recipes import SCRIPT, blocks, node_modules
from records import Maker, write

COUNT = 5000
PYTHON = "/usr/bin/python3"  # that of Debian, which has Debian's pandas


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-recipes.")))
        records = [record for _, record in Maker(seed=11, share=0.2).records(COUNT)]
        write(cls.folder / "results.ndjson.gz", iter(records))
        cls.statistics = json.loads(stscan("stats", "--json", cls.folder / "results.ndjson.gz").stdout)
        old = [dict(record) for record in records[:1000]]
        for name, some in (("old", old), ("new", records[:1000]), ("yesterday", old), ("today", records[:1000])):
            write(cls.folder / f"{name}.ndjson.gz", iter(some))
        (cls.folder / "shards").mkdir()
        for shard in range(2):
            write(cls.folder / "shards" / f"{shard}.ndjson.gz", iter(records[shard::2]))
        (cls.folder / "bin").mkdir()
        (cls.folder / "bin" / "stscan").symlink_to(stscan_path())

    def run_block(self, *command: str, **more: str) -> str:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(command, cwd=self.folder, env={**os.environ, "PATH": path, **more},
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual("", done.stderr, command)
        self.assertIn(done.returncode, (0, 1), command)
        return done.stdout

    def check(self, member: str, out: str) -> None:
        """Lines of a key and its count, in either order."""
        found = {}
        for line in out.splitlines():
            words = [w for w in re.split(r"[\s,|]+", line) if w]
            if len(words) == 2 and any(w.isdigit() for w in words):
                count, key = sorted(words, key=str.isdigit, reverse=True)
                found[key] = int(count)
        self.assertEqual({k: n for k, n in self.statistics[member].items() if n}, found)

    def each(self, language: str, *command: str, **more: str) -> None:
        ran = 0
        for kind, member, text in blocks():
            if kind != language:
                continue
            with self.subTest(text.splitlines()[0]):
                out = self.run_block(*command, text, **more)
                if member in self.statistics:
                    self.check(member, out)
            ran += 1
        self.assertGreater(ran, 0)

    def test_in_the_shell(self) -> None:
        self.assertTrue(all(map(shutil.which, ("jq", "mlr", "sqlite3"))), "scripts/deps test installs them")
        self.each("sh", "bash", "-c")
        self.assertTrue((self.folder / "report.html").exists())

    def test_in_python(self) -> None:
        self.each("python", PYTHON, "-c")

    def test_in_node(self) -> None:
        modules = node_modules(self.folder)
        if not modules:
            self.skipTest("there is no npm registry")
        self.each("js", "node", "-e", NODE_PATH=modules)

    def duckdb(self, modules: str, *queries: str) -> list[list[list[str]]]:
        done = subprocess.run(["node", SCRIPT, modules], text=True, check=False, capture_output=True, cwd=self.folder,
                              input=json.dumps(queries), timeout=120)
        self.assertEqual("", done.stderr)
        rows: list[list[list[str]]] = json.loads(done.stdout)
        return rows

    def test_files_of_many_scans_in_duckdb(self) -> None:
        modules = node_modules(self.folder)
        if not modules:
            self.skipTest("there is no npm registry")
        sql = [(member, text) for language, member, text in blocks() if language == "sql"]
        view, parquet, series = ([t for m, t in sql if m == member][0] for member in ("view", "parquet", "series"))
        shards = [t for m, t in sql if m == "status" and "shards" in t][0]
        rows = self.duckdb(modules, view, parquet, "SELECT status, count(*) FROM 'results.parquet' GROUP BY 1",
                           shards, series)
        for answer in rows[2:4]:
            self.assertEqual({k: n for k, n in self.statistics["status"].items() if n and k != "invalid"},
                             {k: int(n) for k, n in answer if k != "invalid"})
        status = self.statistics["status"]
        self.assertEqual([status["valid"] + status["broken"], status["broken"]],
                         [sum(int(row[i]) for row in rows[4]) for i in (1, 2)])

    def test_every_column_in_duckdb(self) -> None:
        modules = node_modules(self.folder)
        if not modules:
            self.skipTest("there is no npm registry")
        columns = (Path(SCRIPT).parents[2] / "output" / "record" / "COLUMNS.md").read_text()
        view = re.search(r"```sql\n(CREATE VIEW.*?)```", columns, re.DOTALL)
        assert view
        rows = self.duckdb(modules, view[1], "SELECT status, count(*) FROM records GROUP BY 1")
        self.assertEqual({k: n for k, n in self.statistics["status"].items() if n}, {k: int(n) for k, n in rows[1]})
        # A set that was asked for and is not there (--ask) is no array: the rest of its line is kept.
        asked = {"v": 1, "n": 1, "domain": "asked.example", "status": "absent", "effect": "none", "findings": [],
                 "mx": {"rcode": "NXDOMAIN"}, "ns": {"rcode": "NXDOMAIN"}, "spf": {"rcode": "NXDOMAIN"},
                 "at": "2026-11-23T10:00:00.123Z", "ms": 1}
        write(self.folder / "asked.ndjson.gz", iter([asked]))
        rows = self.duckdb(modules, view[1].replace("results.ndjson.gz", "asked.ndjson.gz"),
                           "SELECT domain, mx, ns, spf.rcode FROM records")
        self.assertEqual([["asked.example", None, None, "NXDOMAIN"]], rows[1])


if __name__ == "__main__":
    unittest.main()
