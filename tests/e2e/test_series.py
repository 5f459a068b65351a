"""Weeks beside each other: `stats --series` of scans whose figures, and whose domains' lives, are known beforehand."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
import tempfile
import unittest
from datetime import datetime, timedelta
from pathlib import Path

import jsonschema
from program import ROOT, memory_limit, stscan, stscan_path
from records import BEGIN, Figures, Maker, time_text, write

WEEKS, COUNT = 6, 1500
ALWAYS = ("record", "policy-dns", "policy-tcp", "policy-tls", "policy-http", "policy-syntax", "mx")
SCHEMAS = {name: json.loads((ROOT / "output" / "stats" / f"{name}.schema.json").read_text())
           for name in ("stats", "series")}


def without_time(statistics: dict) -> dict:
    """`at` is when the statistics were made."""
    return {key: value for key, value in statistics.items() if key != "at"}


class Weeks:
    """The same domains each week, some of which come, go, break and are mended."""

    def __init__(self) -> None:
        chance = random.Random(7)
        made = [(meant, record) for meant, record in Maker(seed=17, share=0.3).records(COUNT) if "domain" in record]
        self.weeks: list[list[dict]] = [[] for _ in range(WEEKS)]
        self.figures = [Figures() for _ in range(WEEKS)]
        self.lives: dict[str, list[str]] = {}
        self.status = {record["domain"]: meant["status"] for meant, record in made}
        for n, (meant, record) in enumerate(made, 1):
            life = self.life(chance, meant["status"])
            self.lives[record["domain"]] = life
            for week, status in enumerate(life):
                self.put(week, n, meant, record, status)

    @staticmethod
    def life(chance: random.Random, status: str) -> list[str]:
        """Its status each week, `same` for what the maker made of it; `-`: it is not in the scan."""
        if status not in ("valid", "broken") or chance.random() < 0.5:
            return ["same"] * WEEKS
        return [chance.choice(["same", "same", "absent", "unknown", "-"]) for _ in range(WEEKS)]

    def put(self, week: int, n: int, meant: dict, record: dict, status: str) -> None:
        at = time_text(BEGIN + timedelta(days=7 * week, milliseconds=n))
        if status == "-":
            return
        if status != "same":
            meant = {key: meant[key] for key in ("tld", "rank") if key in meant} | {"status": status}
            record = {key: record[key] for key in ("v", "n", "domain", "rank", "ms") if key in record}
            record |= {"status": status, "findings": []}
        self.weeks[week].append({**record, "at": at})
        self.figures[week].count(meant)

    def state(self, domain: str, week: int, before: str) -> str:
        meant = self.lives[domain][week]
        status = self.status[domain] if meant == "same" else meant
        if status == "unknown":
            return before
        return status if status in ("valid", "broken") else "out"

    def followed(self) -> tuple[list[dict[str, int]], dict[str, int]]:
        """What changed each week; and of the domains broken in the last the week since which they are."""
        changes = [dict.fromkeys(("deployed", "gone", "broken", "fixed", "since"), 0) for _ in range(WEEKS)]
        broken: dict[str, int] = {}
        for domain in self.lives:
            before, since = "out", None
            for week in range(WEEKS):
                now = self.state(domain, week, before)
                if week:
                    changes[week]["deployed"] += before == "out" != now
                    changes[week]["gone"] += before != "out" == now
                    changes[week]["broken"] += before != "broken" == now
                    changes[week]["fixed"] += before == "broken" and now == "valid"
                since = None if now != "broken" else week if since is None else since
                before = now
            if since is not None:
                changes[since]["since"] += 1
                broken[domain] = since
        return changes, broken


class Series(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="stscan-series."))
        cls.made = Weeks()
        cls.paths = []
        for week, records in enumerate(cls.made.weeks):
            cls.paths.append(cls.folder / f"week-{week:02}.ndjson{'.gz' if week % 2 else ''}")
            write(cls.paths[-1], iter(records))
        cls.figures = [figures.as_json() for figures in cls.made.figures]
        cls.mixed = [cls.paths[i] for i in (3, 0, 5, 1, 4, 2)]

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.folder)

    def series(self, *arguments: str | Path, stdin: bytes = b"") -> list[dict]:
        done = stscan("stats", "--series", "--json", *arguments, stdin=stdin)
        self.assertEqual(0, done.returncode, done.stderr)
        found = json.loads(done.stdout)
        series = json.loads(json.dumps(SCHEMAS["series"]).replace('"$ref": "stats.schema.json"', '"type": "object"'))
        jsonschema.validate(found, series)
        for point in found["series"]:
            jsonschema.validate(point["statistics"], SCHEMAS["stats"])
        self.assertEqual(["series"], list(found))
        return found["series"]

    def test_each_point_is_its_statistics_in_the_order_of_time(self) -> None:
        found = self.series(*self.mixed)
        self.assertEqual([f"week-{week:02}" for week in range(WEEKS)], [point["name"] for point in found])
        for week, point in enumerate(found):
            self.assertEqual(["name", "from", "to", "statistics"], list(point))
            times = [r["at"] for r in self.made.weeks[week]]
            self.assertEqual((min(times), max(times)), (point["from"], point["to"]))
            alone = json.loads(stscan("stats", "--json", self.paths[week]).stdout)
            self.assertEqual(without_time(alone), without_time(point["statistics"]))
            for key, value in self.figures[week].items():
                if key == "certificate" and week:
                    continue  # its days count from the record's time
                self.assertEqual(value, point["statistics"][key], key)

    def test_rows_as_csv(self) -> None:
        done = stscan("stats", "--series", "--csv", *self.mixed)
        rows = list(csv.reader(done.stdout.decode().splitlines()))
        self.assertEqual("name,from,domains,deployed,valid,broken,enforce,testing,none,unknown".split(","), rows[0])
        for week, row in enumerate(rows[1:]):
            figures = self.figures[week]
            status, mode = figures["status"], figures["mode"]
            self.assertEqual([f"week-{week:02}", min(r["at"] for r in self.made.weeks[week]), *map(str, (
                figures["domains"], status["valid"] + status["broken"], status["valid"], status["broken"],
                mode["enforce"], mode["testing"], mode["none"], status["unknown"]))], row)
        self.assertEqual(WEEKS, len(rows) - 1)
        self.assertNotIn(b"\r", done.stdout)

    def members(self) -> dict[str, int]:
        """What text and page show of each point."""
        changes, _ = self.made.followed()
        flat = {}
        for week, figures in enumerate(self.figures):
            status = figures["status"]
            flat[f"{week}.deployed"] = status["valid"] + status["broken"]
            flat[f"{week}.status.valid"] = status["valid"]
            flat[f"{week}.status.broken"] = status["broken"]
            for name in ("enforced", "testing", "opportunistic", "at-risk", "undeliverable"):
                flat[f"{week}.effect.{name}"] = figures["effect"][name]
            for name in ("stage", "mode", "tlsrpt"):
                flat |= {f"{week}.{name}.{key}": value for key, value in figures[name].items()}
            for stage, count in figures["stage"].items():  # of further stages none is made, which is not told
                if stage not in ALWAYS:
                    self.assertEqual(0, count)
                    del flat[f"{week}.stage.{stage}"]
            flat |= {f"{week}.followed.{key}": value for key, value in changes[week].items()}
        return flat

    def test_the_page_shows_the_same(self) -> None:
        path = self.folder / "series.html"
        self.assertEqual(b"", stscan("stats", "--series", "--html", path, "--title", "Year <1>", *self.mixed).stdout)
        page = path.read_text(encoding="ascii")
        shown = {member: (int(value), int(text.replace(",", ""))) for member, value, text in
                 re.findall(r'data-member="series\.([^"]*)" data-value="(\d+)">([\d,]+)<', page)}
        self.assertEqual({member: (value, value) for member, value in self.members().items()}, shown)
        self.assertIn("<title>Year &lt;1&gt;</title>", page)
        _, broken = self.made.followed()
        names = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([-\d]+)( or before)?</td></tr>', page)
        self.assertEqual([(domain, str((BEGIN + timedelta(days=7 * week)).date()), " or before" if week == 0 else "")
                          for domain, week in sorted(broken.items(), key=lambda item: (item[1], item[0]))][:100], names)
        self.assertEqual(7, page.count('role="img"'))
        for week, path_ in enumerate(re.findall(r'class="line l1" d="M([^"]*)"></path>\n', page)):
            self.assertEqual(WEEKS - 1, path_.count("L"), week)

    def test_the_first_figures_are_those_of_the_last_scan(self) -> None:
        page = stscan("stats", "--series", "--html", "-", *self.mixed).stdout.decode()
        tiles = [int(count.replace(",", "")) for count in re.findall(r'class="tile [a-z]+"><b>([\d,]+)</b>', page)]
        last, members = WEEKS - 1, self.members()
        self.assertEqual([members[f"{last}.{name}"] for name in ("deployed", "status.valid", "status.broken")]
                         + [members[f"{last}.effect.at-risk"] + members[f"{last}.effect.undeliverable"]]
                         + [members[f"{last}.followed.{name}"] for name in ("broken", "fixed")], tiles)
        share = 100 * members["0.deployed"] / self.figures[0]["domains"]
        self.assertIn(f" domains; {share:.1f}% on 2026-11-23</small>", page)
        alone = stscan("stats", "--series", "--html", "-", self.paths[0]).stdout.decode()
        self.assertEqual(4, alone.count('<div class="tile '))
        self.assertNotIn("scan before</small>", alone)

    def test_names_have_a_number(self) -> None:
        _, broken = self.made.followed()
        for number, expected in (("0", 0), ("3", 3)):
            page = stscan("stats", "--series", "--html", "-", "--names", number, *self.paths).stdout.decode()
            self.assertEqual(expected, sum(f'"row">{domain}<' in page for domain in broken))

    def test_the_text_shows_the_same(self) -> None:
        text = stscan("stats", "--series", *self.mixed).stdout.decode("ascii")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        shown = [int(number.replace(",", "")) for line in re.findall(r"^  week-\d+ +[-\d]+ (.*)$", text, re.MULTILINE)
                 for number in re.findall(r"(?<![.\d])[\d,]+(?![.\d%])", line)]
        domains = [figures["domains"] for figures in self.figures]
        self.assertEqual(sorted([*self.members().values(), *domains]), sorted(shown))
        _, broken = self.made.followed()
        self.assertEqual(min(100, len(broken)), len(re.findall(r"^  since [-\d]+", text, re.MULTILINE)))

    def test_conditions(self) -> None:
        where = "tld=com,status=broken"
        found = self.series("--where", where, *self.paths)
        for week, point in enumerate(found):
            chosen = sum(r["status"] == "broken" and r["domain"].endswith(".com") for r in self.made.weeks[week])
            self.assertEqual((where, chosen), (point["statistics"]["where"], point["statistics"]["domains"]))
        text = stscan("stats", "--series", "--where", where, *self.paths).stdout.decode()
        self.assertIn(f"domains with {where}", text.splitlines()[0])

    def test_folders_and_standard_input_are_points_too(self) -> None:
        shards = self.folder / "shards"
        shards.mkdir()
        for i in range(2):
            write(shards / f"{i}.ndjson.gz", iter(self.made.weeks[1][i::2]))
        found = self.series("-", shards, self.paths[0], stdin=self.paths[2].read_bytes())
        self.assertEqual(["week-00", "shards", "-"], [point["name"] for point in found])
        for week, point in enumerate(found):
            self.assertEqual(self.figures[week]["status"], point["statistics"]["status"])

    def test_points_of_one_name_are_told_by_their_paths(self) -> None:
        paths = []
        for week in range(2):
            folder = self.folder / f"day-{week}"
            folder.mkdir()
            paths.append(folder / "results.ndjson.gz")
            write(paths[-1], iter(self.made.weeks[week]))
        self.assertEqual([str(path).removesuffix(".ndjson.gz") for path in paths],
                         [point["name"] for point in self.series(*reversed(paths))])

    def test_what_is_no_point(self) -> None:
        empty, copy, timeless = (self.folder / name for name in ("empty.gz", "copy.ndjson", "timeless.ndjson"))
        empty.write_bytes(b"")
        copy.write_bytes(self.paths[0].read_bytes())
        timeless.write_text('{"v":1,"n":1,"domain":"a.example","status":"absent","findings":[],"ms":1}\n')
        hollow = self.folder / "hollow"
        hollow.mkdir()
        first = self.paths[0]
        for arguments, status, expected in (
                ([first, empty], 1, "empty.gz: no record with a time is in it"),
                ([first, timeless], 1, "timeless.ndjson: no record with a time is in it"),
                ([first, self.folder / "none.gz"], 1, "none.gz: No such file"),
                ([first, ROOT / "README.md"], 1, "README.md: not a result file of stscan"),
                ([first, hollow], 2, "hollow: no result file is in this folder"),
                ([first, first], 2, "are the same file: each RESULT is a point in time"),
                ([first, self.folder], 2, "are the same file: each RESULT is a point in time"),
                ([first, copy], 1, "week-00 and copy are the same scan"),
                (["-", "-"], 2, "are the same file"),
                ([], 2, "give at least one RESULT"),
                (["--by", "tld", first], 2, "--series goes with none of --by"),
                (["--list", "all", first], 2, "--series goes with none of --by"),
                (["--metrics", "-", first], 2, "--series goes with none of --by"),
                (["--csv", "--json", first], 2, "give --csv or --json, not both"),
                (["--html", "-", "--csv", first], 2, "would both be standard output"),
                (["--html", first, first], 2, "it would be overwritten"),
                ([*["x"] * 1001], 2, "at most 1000 points in time")):
            with self.subTest(arguments=arguments[:3]):
                done = stscan("stats", "--series", *arguments)
                self.assertIn(expected, done.stderr.decode())
                self.assertEqual((status, b""), (done.returncode, done.stdout))

    def test_complete_asks_every_point(self) -> None:
        done = stscan("stats", "--series", "--csv", "--complete", *self.paths[:2])
        self.assertEqual(1, done.returncode)
        self.assertEqual(2, done.stderr.decode().count("not complete, or it does not say so"))
        self.assertEqual(3, len(done.stdout.splitlines()))

    def test_memory_is_that_of_one_scan(self) -> None:
        path = self.folder / "large.ndjson.gz"
        write(path, (record for _, record in Maker(seed=2, share=0.01).records(20_000)))
        later = []
        for week in range(8):
            later.append(self.folder / f"large-{week}.ndjson.gz")
            write(later[-1], ({**json.loads(line), "at": time_text(BEGIN + timedelta(days=week, seconds=n))}
                              for n, line in enumerate(stscan("stats", "--list", "all", "--json", path).stdout.splitlines())))
        peaks = [self.peak("stats", "--series", *paths) for paths in (later[:1], later)]
        self.assertLess(peaks[1], memory_limit(peaks[0] + 8 * 1024))

    def peak(self, *arguments: str | Path) -> int:
        """In KiB."""
        import resource
        import subprocess
        import sys
        script = ("import resource,subprocess,sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        done = subprocess.run([sys.executable, "-c", script, stscan_path(), *map(str, arguments)], capture_output=True,
                              text=True, check=True)
        self.assertGreater(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 0)
        return int(done.stdout)


if __name__ == "__main__":
    unittest.main()
