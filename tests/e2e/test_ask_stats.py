#!/usr/bin/env python3
"""What --ask found, counted: figures known beforehand, by every way in, and by DuckDB."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import jsonschema
from program import ROOT, promtool, stscan
from records import line_of, write
from recipes import SCRIPT, node_modules

COUNT = 12_000
SCHEMA = json.loads((ROOT / "output" / "stats" / "stats.schema.json").read_text())
SPF = {"-": {"all": "-"}, "~": {"all": "~"}, "?": {"all": "?"}, "+": {"all": "+"}, "redirect": {"all": "redirect"},
       "no-all": {"reason": "no-all"}, "syntax": {"reason": "syntax"}, "version": {"reason": "version"},
       "multiple": {"reason": "multiple"}, "absent": None}
DMARC = {"reject": {"p": "reject"}, "quarantine": {"p": "quarantine"}, "none": {"p": "none"},
         "no-policy": {"reason": "no-policy"}, "version": {"reason": "version"},
         "multiple": {"reason": "multiple"}, "absent": None}
FINDINGS = {"spf": {"syntax": "spf-syntax", "version": "spf-syntax", "multiple": "spf-multiple"},
            "dmarc": {"no-policy": "dmarc-syntax", "version": "dmarc-syntax", "multiple": "dmarc-multiple"}}
SCHEMAS = {"absent": "none", "valid": "enforced", "broken": "opportunistic"}
LINE = ("domains", "deployed", "valid", "broken")


class Domain:
    """What one domain is meant to be, and its record."""

    def __init__(self, n: int, chance: random.Random) -> None:
        self.n, self.tld = n, chance.choice(["com", "org", "se"])
        self.name = f"name{n}.{self.tld}"
        self.status = chance.choices(["absent", "valid", "broken"], [90, 7, 3])[0]
        self.spf, self.dmarc = chance.choice(list(SPF)), chance.choice(list(DMARC))
        self.answered = chance.random() < 0.95
        self.mx = chance.choice(["big", "big", "small", "own", "null", "none"])
        self.small, self.ns = chance.randrange(400), chance.choice(["big-dns.example", self.name, f"d{n}.example"])

    @property
    def hosts(self) -> list[str]:
        return {"big": ["a.mx.big.example", "b.big.example"], "small": [f"mx.small{self.small}.example"],
                "own": [f"mail.{self.name}"], "null": ["."], "none": []}[self.mx]

    @property
    def providers(self) -> set[str]:
        """Others than the domain itself."""
        mail = {"big": {"big.example"}, "small": {f"small{self.small}.example"}}.get(self.mx, set())
        return mail | ({self.ns} if self.answered and self.ns != self.name else set())

    @property
    def own(self) -> bool:
        return self.mx == "own" or (self.answered and self.ns == self.name)

    def record(self) -> dict[str, object]:
        record: dict[str, object] = {
            "v": 1, "n": self.n, "domain": self.name, "rank": self.n, "status": self.status,
            "effect": SCHEMAS[self.status], "findings": self.findings(),
            "mx": [{"preference": i, "host": host} for i, host in enumerate(self.hosts)] or {"rcode": "NOERROR"},
            "at": "2026-11-23T10:00:00.000Z", "ms": 1}
        for name, value, values in (("spf", self.spf, SPF), ("dmarc", self.dmarc, DMARC)):
            found = values[value]
            record[name] = {"txt": ["v=x"], **found} if found else {"rcode": "NXDOMAIN"}
            if not self.answered:
                record[name] = {"rcode": "SERVFAIL"}
        record["ns"] = [f"ns{i}.{self.ns}" for i in range(2)] if self.answered else {}
        return record

    def findings(self) -> list[dict[str, str]]:
        codes = [FINDINGS[name].get(value) for name, value in (("spf", self.spf), ("dmarc", self.dmarc))]
        found = [{"code": code, "severity": "warning", "stage": code.partition("-")[0]}
                 for code in codes if code and self.answered]
        if self.status == "broken":
            found.insert(0, {"code": "record-id-missing", "severity": "error", "stage": "record"})
        if self.status == "absent":
            found.insert(0, {"code": "record-absent", "severity": "info", "stage": "record"})
        return found


def line(domains: list[Domain]) -> dict[str, int]:
    count = Counter(d.status for d in domains)
    return {"domains": len(domains), "deployed": count["valid"] + count["broken"], "valid": count["valid"],
            "broken": count["broken"]}


def managed(domains: list[Domain]) -> dict[str, dict[str, int]]:
    serves = Counter(p for d in domains for p in d.providers)
    of: dict[str, list[Domain]] = {"self": [], "third-party": [], "unclassified": []}
    for d in domains:
        third = any(serves[p] >= 50 for p in d.providers)
        of["third-party" if third else "self" if d.own else "unclassified"].append(d)
    return {who: {key: value for key, value in line([d for d in those if d.status != "absent"]).items()
                  if key != "deployed"} for who, those in of.items()}


class Known(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-ask.")))
        chance = random.Random(7208)
        cls.domains = [Domain(n, chance) for n in range(1, COUNT + 1)]
        cls.results = cls.folder / "results.ndjson.gz"
        write(cls.results, (d.record() for d in cls.domains))

    def statistics(self, *arguments: str | Path) -> dict:
        done = stscan("stats", "--json", *arguments)
        self.assertEqual(0, done.returncode, done.stderr.decode())
        found = json.loads(done.stdout)
        jsonschema.validate(found, SCHEMA)
        return found

    def expected(self, domains: list[Domain]) -> dict:
        answered = [d for d in domains if d.answered]
        with_mx = [d for d in domains if d.mx not in ("null", "none")]
        return {"mx": {"asked": len(domains), **line(with_mx)}, "managed": managed(self.domains),
                "spf": [{"spf": v, **line([d for d in answered if d.spf == v])} for v in SPF],
                "dmarc": [{"dmarc": v, **line([d for d in answered if d.dmarc == v])} for v in DMARC]}

    def test_every_figure_is_what_it_was_made_to_be(self) -> None:
        self.maxDiff = None
        for threads in ("1", "3"):
            found = self.statistics("--threads", threads, self.results)
            self.assertEqual(self.expected(self.domains), found["ask"])
            for tld in found["tld"]:
                those = [d for d in self.domains if d.tld == tld["tld"] and d.mx not in ("null", "none")]
                self.assertEqual(line(those), tld["with_mx"])
            self.assertEqual(line([d for d in self.domains[:10_000] if d.mx not in ("null", "none")]),
                             found["rank"][0]["with_mx"])
            codes = Counter(f["code"] for d in self.domains for f in d.findings())
            self.assertEqual(dict(codes), found["findings"])

    def test_shards_and_duplicates_change_nothing(self) -> None:
        shards = [self.folder / f"shard{i}.gz" for i in range(3)]
        for i, shard in enumerate(shards):
            write(shard, (d.record() for d in self.domains[i::3]))
        older = self.folder / "older.gz"
        write(older, ({**d.record(), "at": "2026-01-01T00:00:00.000Z", "spf": {}, "status": "absent"}
                      for d in self.domains[::4]))
        self.assertEqual(self.expected(self.domains), self.statistics(older, *shards)["ask"])

    def test_domains_are_chosen_and_grouped(self) -> None:
        for where, chosen in (("spf=-", lambda d: d.spf == "-"), ("spf=~|+,dmarc!=reject", lambda d: d.spf in "~+" and
                                                                  d.dmarc != "reject"),
                              ("dmarc=absent", lambda d: d.dmarc == "absent"), ("spf=multiple", lambda d: d.spf ==
                                                                                "multiple")):
            expected = sum(d.answered and chosen(d) for d in self.domains)
            self.assertEqual(expected, self.statistics("--where", where, self.results)["domains"], where)
        groups = self.statistics("--by", "dmarc,spf", self.results)["by"]["groups"]
        found = {tuple(g["values"]) if "values" in g else tuple(g["value"]): g["domains"] for g in groups}
        self.assertEqual(dict(Counter((d.dmarc, d.spf) for d in self.domains if d.answered)), found)
        rows = stscan("stats", "--by", "spf", "--csv", self.results).stdout.decode().splitlines()
        self.assertEqual("spf,domains,share,deployed,valid,broken", rows[0])
        self.assertEqual(sum(d.answered and d.spf == "-" for d in self.domains),
                         int(next(row for row in rows if row.startswith("'-,")).split(",")[1]))
        done = stscan("stats", "--where", "spf=fail", self.results)
        self.assertEqual(2, done.returncode)
        self.assertIn("one of -, ~, ?, +, redirect", done.stderr.decode())

    def test_the_text_and_the_page_show_them(self) -> None:
        text = stscan("stats", self.results).stdout.decode()
        with_mx = line([d for d in self.domains if d.mx not in ("null", "none")])
        self.assertIn(f"{with_mx['domains']:,} domains with MX, {with_mx['deployed']:,} of them have deployed", text)
        page = stscan("stats", "--html", "-", self.results).stdout.decode()
        for name, values in (("spf", self.expected(self.domains)["spf"]), ("dmarc",
                                                                           self.expected(self.domains)["dmarc"])):
            for value in values:
                for key in ("domains", "deployed"):
                    self.assertRegex(text, rf"(?m)^  {re.escape(value[name])}\W[^\n]* {value[key]:,} ")
                    self.assertIn(f'data-member="ask.{name}.{value[name]}.{key}" data-value="{value[key]}"', page)

    def test_nothing_of_it_without_ask(self) -> None:
        records = [{k: v for k, v in d.record().items() if k not in ("ns", "spf", "dmarc", "mx")}
                   for d in self.domains[:200]]
        done = stscan("stats", "--json", "-", stdin=b"".join(map(line_of, records)))
        found = json.loads(done.stdout)
        self.assertNotIn("ask", found)
        self.assertNotIn("with_mx", found["tld"][0])

    def mixed(self) -> tuple[Path, int]:
        """A later scan of other names that asked for nothing, though the MX of the deployed are known."""
        path, domains = self.folder / "unasked.gz", self.domains[:3000]
        write(path, ({**{k: v for k, v in d.record().items() if k not in ("ns", "spf", "dmarc")
                         and (k != "mx" or (d.status != "absent" and isinstance(v, list)))}, "domain": f"z{d.name}", "at": "2026-12-01T10:00:00.000Z"}
                     for d in domains))
        return path, sum(d.status == "absent" for d in domains)

    def test_a_base_of_some_domains_alone_is_left_out(self) -> None:
        path, not_asked = self.mixed()
        found = self.statistics(self.results, path)
        known = COUNT + sum(d.status != "absent" and d.mx != "none" for d in self.domains[:3000])
        self.assertEqual({"asked": known, "not_asked": not_asked}, found["ask"]["mx"])
        self.assertNotIn("managed", found["ask"])
        self.assertNotIn("with_mx", found["tld"][0])
        self.assertEqual(self.expected(self.domains)["dmarc"], found["ask"]["dmarc"])
        text = stscan("stats", self.results, path).stdout.decode()
        self.assertIn(f"domains with MX are left out: {not_asked:,} were scanned without --ask mx", text)
        self.assertNotIn("of with MX", text)
        page = stscan("stats", "--html", "-", self.results, path).stdout.decode()
        self.assertIn(f'data-member="ask.mx.not_asked" data-value="{not_asked}"', page)
        self.assertNotIn("have MX and deployed", page)
        self.assertNotIn("stscan_domains_with_mx", stscan("stats", "--metrics", "-", self.results, path).stdout.decode())

    def test_metrics_have_them(self) -> None:
        found = stscan("stats", "--metrics", "-", self.results).stdout.decode()
        mx = self.expected(self.domains)["mx"]
        lines = [f'stscan_domains_with_mx{{status="{k}"}} {v}' for k, v in
                 (("other", mx["domains"] - mx["deployed"]), ("valid", mx["valid"]), ("broken", mx["broken"]))]
        for name in ("spf", "dmarc"):
            for value in self.expected(self.domains)[name]:
                for key, count in (("deployed", value["deployed"]), ("none", value["domains"] - value["deployed"])):
                    lines.append(f'stscan_{name}{{{name}="{value[name]}",mta_sts="{key}"}} {count}')
        for expected in lines:
            self.assertIn(f"\n{expected}\n", found)
        promtool(found)

    def test_the_series_has_them(self) -> None:
        """Two scans, of which the later asked for nothing: its figures are not known, and not 0."""
        path, _ = self.mixed()
        expected = self.expected(self.domains)
        members = {"ask.mx.domains": expected["mx"]["domains"], "ask.mx.deployed": expected["mx"]["deployed"]}
        sums = {"no-all": "faulty", "syntax": "faulty", "version": "faulty", "multiple": "faulty"}
        for key in ("domains", "deployed"):
            for value in expected["dmarc"]:
                members[f"ask.dmarc.{value['dmarc']}.{key}"] = value[key]
            for value in expected["spf"]:
                name = f"ask.spf.{sums.get(value['spf'], value['spf'])}.{key}"
                members[name] = members.get(name, 0) + value[key]
        rows = list(csv.DictReader(stscan("stats", "--series", "--csv", path, self.results).stdout.decode().splitlines()))
        self.assertEqual({k: str(v) for k, v in members.items()}, {k: v for k, v in rows[0].items() if k in members})
        self.assertEqual({""}, {v for k, v in rows[1].items() if k in members})
        self.assertEqual(10 + len(members), len(rows[0]))
        page = stscan("stats", "--series", "--html", "-", path, self.results).stdout.decode()
        shown = dict(re.findall(r'data-member="series\.(\d\.ask[^"]*)" data-value="(\d+)"', page))
        self.assertEqual({f"0.{k}": str(v) for k, v in members.items()}, shown)
        self.assertNotIn("nan", page)
        text = stscan("stats", "--series", path, self.results).stdout.decode()
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        for value in members.values():
            self.assertRegex(text, rf"(?m)^  results +2026-11-23 .* {value:,}(?!\S)")
        self.assertEqual(5, len(re.findall(r"(?m)^  unasked +2026-12-01(?: +-)+$", text)))
        plain = stscan("stats", "--series", "--csv", path).stdout.decode().splitlines()[0]
        self.assertEqual("name,from,domains,deployed,valid,broken,enforce,testing,none,unknown", plain)

    def test_duckdb_counts_the_same(self) -> None:
        modules = node_modules(self.folder)
        if not modules:
            self.skipTest("DuckDB cannot be had")
        view = f"""CREATE VIEW results AS SELECT * FROM read_json('{self.results}', format = 'newline_delimited',
            columns = {{domain: 'VARCHAR', status: 'VARCHAR', mx: 'JSON',
                        spf: 'STRUCT(rcode VARCHAR, "all" VARCHAR, reason VARCHAR)',
                        dmarc: 'STRUCT(rcode VARCHAR, p VARCHAR, reason VARCHAR)'}})"""
        counts = """count(*), count(*) FILTER (status IN ('valid', 'broken')), count(*) FILTER (status = 'valid'),
                    count(*) FILTER (status = 'broken')"""
        queries = [view] + [f"""SELECT coalesce({name}.{value}, {name}.reason, 'absent'), {counts} FROM results
            WHERE coalesce({name}.rcode, 'NXDOMAIN') = 'NXDOMAIN' GROUP BY 1"""
                            for name, value in (("spf", '"all"'), ("dmarc", "p"))]
        queries.append(f"""SELECT 'mx', {counts} FROM results
            WHERE json_type(mx) = 'ARRAY' AND (mx->>'$[0].host') <> '.'""")
        done = subprocess.run(["node", SCRIPT, modules], text=True, check=False, capture_output=True,
                              input=json.dumps(queries), timeout=300)
        self.assertEqual(0, done.returncode, done.stderr)
        _, spf, dmarc, mx = json.loads(done.stdout)
        ask = self.statistics(self.results)["ask"]
        for name, rows in (("spf", spf), ("dmarc", dmarc)):
            self.assertEqual({v[name]: [v[k] for k in LINE] for v in ask[name]},
                             {row[0]: [int(c) for c in row[1:]] for row in rows})
        self.assertEqual([ask["mx"][k] for k in LINE], [int(c) for c in mx[0][1:]])


if __name__ == "__main__":
    unittest.main()
