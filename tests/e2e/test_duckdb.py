"""The DuckDB recipes of RECIPES.md give the figures of `stats --json`.

DuckDB comes from the npm registry as @duckdb/node-api: from the folder STSCAN_NODE_MODULES when it is given,
else installed into a folder of its own; without node, npm or a network the test is skipped.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from program import Lab, stscan
from recipes import SCRIPT, node_modules, queries
from records import Maker, write

COUNT = 50_000
COLUMNS = ("domains", "deployed", "valid", "broken")


def expected(found: dict, name: str) -> dict[str, list[int]]:
    """The member as DuckDB gives it: the key and the counts of those that are there."""
    value = found
    for part in name.split("."):
        value = value.get(part, {})  # mail: only where mail servers were probed
    if isinstance(value, dict):
        return {key: [count] for key, count in value.items() if count}
    if name in ("tld", "rank"):
        return {str(line["tld" if name == "tld" else "from"]): [line[c] for c in COLUMNS] for line in value}
    key = "from" if name == "max_age" else "days"
    return {str(line[key]): [line["domains"]] for line in value if line["domains"]}


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-duckdb.")))
        cls.modules = node_modules(cls.folder)
        if not cls.modules:
            raise unittest.SkipTest("DuckDB cannot be had")

    def setUp(self) -> None:
        self.results = self.folder / f"{self.id()}.ndjson.gz"

    def check(self) -> None:
        recipes = queries(self.results)
        self.assertGreaterEqual(len(recipes), 12)
        found = json.loads(stscan("stats", "--json", self.results).stdout)
        done = subprocess.run(["node", SCRIPT, self.modules], text=True, check=False, capture_output=True,
                              input=json.dumps([query for _, query in recipes]), timeout=300)
        self.assertEqual(0, done.returncode, done.stderr)
        for (member, _), rows in list(zip(recipes, json.loads(done.stdout)))[1:]:
            with self.subTest(member):
                self.assertEqual(expected(found, member), {row[0]: [int(c) for c in row[1:]] for row in rows})

    def test_of_records_that_were_made(self) -> None:
        write(self.results, (record for _, record in Maker(seed=5, share=0.05, probed=0.5).records(COUNT)))
        self.check()

    def test_of_a_scan_of_real_servers(self) -> None:
        with Lab() as lab:
            names = "\n".join(case["domain"] for case in lab.cases())
            done = stscan("scan", *lab.options, "-o", self.results, "-", stdin=names.encode())
            self.assertEqual(0, done.returncode, done.stderr)
        self.check()


if __name__ == "__main__":
    unittest.main()
