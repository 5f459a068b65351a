"""The DuckDB recipes, for tests and benchmarks: the npm package @duckdb/node-api, run by duckdb.mjs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("duckdb.mjs")
RECIPES = Path(__file__).resolve().parents[2] / "output" / "stats" / "RECIPES.md"
RECIPE = re.compile(r"```sql\n-- ([a-z_.]+)(?:: [^\n]*)?\n(.*?)```", re.DOTALL)  # of one file
BLOCK = re.compile(r"```(sh|python|js|sql)\n(.*?)```", re.DOTALL)


def node_modules(folder: Path) -> str | None:
    """Where the package is: the folder STSCAN_NODE_MODULES, else installed into `folder`; None: it cannot be had."""
    given = os.environ.get("STSCAN_NODE_MODULES")
    if given or not shutil.which("npm"):
        return given
    done = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder,
                           "@duckdb/node-api", "nodejs-polars",
                           "nodejs-polars-linux-x64-gnu"], capture_output=True, timeout=300, check=False)
    return str(folder / "node_modules") if done.returncode == 0 else None


def queries(results: Path) -> list[tuple[str, str]]:
    """The member of the statistics that each recipe gives, and its query over these results; the first is the view."""
    return [(member, query.replace("results.ndjson.gz", str(results)))
            for member, query in RECIPE.findall(RECIPES.read_text()) if member not in ("parquet", "series")]


def blocks() -> list[tuple[str, str, str]]:
    """Language, what the first line's comment names (else empty), and text of every recipe."""
    found = []
    for language, text in BLOCK.findall(RECIPES.read_text()):
        first = re.match(r"(?:#|--|//) ([a-z_.]+)(?:$|[: ])", text.splitlines()[0])
        found.append((language, first[1] if first else "", text))
    return found
