"""Statistics of records whose figures are known beforehand: as JSON, text and page, by every way in."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from collections import Counter
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
from program import ROOT, Lab, promtool, read_gzip, stscan
from records import KINDS, MAIL_ERRORS, MAIL_FIGURES, MAX_AGE_FROM, MODES, SEVERITY, STAGES, Maker, line_of, member, write

COUNT = 30_000
CHROMIUM = shutil.which("chromium")
NO_STAGES = ("mx-tls", "dane", "tlsrpt", "spf", "dmarc", "dkim")  # without errors, or not looked at
SCHEMA = json.loads((ROOT / "output" / "stats" / "stats.schema.json").read_text())
# Members that only the command has, or only several files.
OWN = {"where", "input", "by", "shards", "scan", "at", "version", "mismatch_former"}


def statistics(*arguments: str | Path, stdin: bytes = b"") -> dict:
    done = stscan("stats", "--json", *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def figures_of(found: dict) -> dict:
    return {name: value for name, value in found.items() if name not in OWN}


def metrics(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """OpenMetrics of gauges, read strictly: every family has its help and type in front of its samples, once."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-2:]
    family = ""
    for before, line in zip([""] + lines, lines[:-2]):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert re.fullmatch(r"# HELP stscan_[a-z_]+ \S.*\.", line) and family not in found, line
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge" and before.startswith("# HELP "), line
            found[family] = []
        else:
            match = re.fullmatch(r'([a-z_]+)(?:\{([a-z_]+="[a-z0-9_-]+")\})? ([0-9]+(?:\.[0-9]+)?)', line)
            assert match and match[1] == family, line
            labels = dict([match[2].replace('"', "").split("=")]) if match[2] else {}
            assert labels not in [known for known, _ in found[family]], line
            found[family].append((labels, float(match[3])))
    return found


class Known(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-stats.")))
        maker = Maker(seed=8461, share=0.1)
        made = list(maker.records(COUNT))
        cls.meant = [meant for meant, _ in made]
        cls.records = [record for _, record in made]
        cls.figures = maker.figures.as_json()
        cls.gzip = cls.folder / "results.ndjson.gz"
        cls.plain = cls.folder / "results.ndjson"
        write(cls.gzip, iter(cls.records))
        write(cls.plain, iter(cls.records))

    def test_every_figure_is_what_it_was_made_to_be(self) -> None:
        for path in (self.gzip, self.plain):
            for threads in ("1", "2", "7"):
                with self.subTest(path=path.name, threads=threads):
                    found = statistics("--threads", threads, path)
                    for name, value in self.figures.items():
                        self.assertEqual(value, found[name], name)
                    self.assertEqual(set(self.figures), set(figures_of(found)))

    def test_every_way_in_gives_the_same(self) -> None:
        whole = self.plain.read_bytes()
        foreign = self.folder / "foreign.gz"
        foreign.write_bytes(gzip.compress(whole[:1_000_000], 9) + gzip.compress(whole[1_000_000:], 6))
        for name, found in {
            "standard input": statistics("-", stdin=whole),
            "gzip on standard input": statistics("-", stdin=self.gzip.read_bytes()),
            "gzip of others, cut inside a line": statistics(foreign),
            "no line feed at the end": statistics("-", stdin=whole[:-1]),
        }.items():
            with self.subTest(name):
                self.assertEqual(self.figures, figures_of(found))

    def test_shards_give_the_whole(self) -> None:
        shards = [self.folder / f"shard{i}.gz" for i in range(4)]
        for i, shard in enumerate(shards):
            write(shard, iter(self.records[i::4]))
        found = statistics(*shards)
        self.assertEqual(self.figures, figures_of(found))
        self.assertEqual(0, found["input"]["duplicates"])

    def test_a_domain_in_several_files_counts_once_by_its_newest(self) -> None:
        older = [{**record, "status": "absent", "at": "2026-01-01T00:00:00.000Z"} for record in self.records
                 if "domain" in record][::2]
        path = self.folder / "older.gz"
        write(path, iter(older))
        for files in ((path, self.gzip), (self.gzip, path)):
            done = stscan("stats", "--json", *files)
            found = json.loads(done.stdout)
            self.assertEqual(self.figures, figures_of(found))
            self.assertEqual(len(older), found["input"]["duplicates"])
            self.assertIn(f"{len(older):,} records were left out", done.stderr.decode())

    def test_slices(self) -> None:
        found = statistics("--by", "provider", "--where", "stage=mx", self.gzip)
        with_mx = [m for m in self.meant if "mx" in m.get("stages", [])]
        self.assertEqual(len(with_mx), found["domains"])
        providers: dict[str, int] = {}
        for meant in with_mx:
            if "provider" in meant:
                providers[meant["provider"]] = providers.get(meant["provider"], 0) + 1
        self.assertEqual(providers, {g["value"]: g["domains"] for g in found["by"]["groups"]})
        for where, chosen in {
            "status=broken,tld=se|net": lambda m: m["status"] == "broken" and m.get("tld") in ("se", "net"),
            "looks=2,status!=absent": lambda m: "first" in m and m["status"] != "absent",
            "looks<2": lambda m: "first" not in m and m["status"] != "invalid",
            "mode!=enforce,status=valid": lambda m: m["status"] == "valid" and m.get("mode") != "enforce",
            "code=policy-tls-expired": lambda m: "policy-tls-expired" in m.get("codes", []),
        }.items():
            self.assertEqual(sum(map(chosen, self.meant)), statistics("--where", where, self.gzip)["domains"])

    def test_a_slice_without_groups_says_so(self) -> None:
        done = stscan("stats", "--by", "provider", "--where", "status=absent", self.gzip)
        self.assertEqual(0, done.returncode)
        self.assertIn("none of them has a value for provider", done.stdout.decode())

    def test_lists(self) -> None:
        names = [r["domain"] for r, m in zip(self.records, self.meant) if "mx-mismatch" in m.get("codes", [])]
        self.assertEqual(names, stscan("stats", "--list", "mx-mismatch", self.gzip).stdout.decode().split())
        listed = stscan("stats", "--list", "all", "--json", "--where", "status=broken", self.gzip).stdout
        self.assertEqual([r for r in self.records if r["status"] == "broken"],
                         [json.loads(line) for line in listed.splitlines()])

    def test_a_label_that_no_record_has_is_told(self) -> None:
        path = self.folder / "labelled.ndjson"
        records = [{**r, "labels": {"customer": "acme"}} if n == 7 else r for n, r in enumerate(self.records[:50])]
        write(path, iter(records))
        for arguments in (("--by", "label.NAME,status", "--csv"), ("--where", "label.NAME=x"), ("--metrics", "-", "--label-metric", "NAME"),
                          ("--list", "all", "--columns", "domain,label.NAME", "--csv"), ("--series", "--csv", "--where", "label.NAME=x")):
            for name, told in (("customer", False), ("custmer", True)):
                done = stscan("stats", *[part.replace("NAME", name) for part in arguments], path)
                self.assertEqual((0, told), (done.returncode, f'{path}: no record has a label "custmer"' in done.stderr.decode()),
                                 (arguments, done.stderr))
                self.assertEqual(told, bool(done.stderr))
        done = stscan("diff", "--where", "label.custmer=x", path, path)
        self.assertEqual(2, done.stderr.decode().count('no record has a label "custmer"'))

    def test_groups_as_csv_are_those_of_the_json(self) -> None:
        groups = statistics("--by", "tld,status", self.gzip)["by"]
        self.assertEqual(["tld", "status"], groups["members"])
        rows = list(csv.reader(stscan("stats", "--by", "tld,status", "--csv", self.gzip)
                               .stdout.decode().splitlines()))
        self.assertEqual(["tld", "status", "domains", "share", "deployed", "valid", "broken"], rows[0])
        self.assertEqual([[*g["values"], str(g["domains"]), *(str(g[k]) for k in ("deployed", "valid", "broken"))]
                          for g in groups["groups"]], [row[:3] + row[4:] for row in rows[1:]])
        named = {(m["tld"], m["status"]) for m in self.meant if "tld" in m}
        self.assertEqual(named, {tuple(row[:2]) for row in rows[1:]})
        for row in rows[1:]:
            self.assertEqual(sum((m.get("tld"), m["status"]) == tuple(row[:2]) for m in self.meant), int(row[2]))
            self.assertAlmostEqual(int(row[2]) / len(self.meant), float(row[3]), places=8)

    def test_who_manages_is_a_member_like_others(self) -> None:
        rows = list(csv.DictReader(stscan("stats", "--by", "managed", "--csv", self.gzip)
                                   .stdout.decode().splitlines()))
        self.assertEqual({name: line["domains"] for name, line in self.figures["managed"].items()},
                         {row["managed"]: int(row["domains"]) for row in rows})
        found = statistics("--where", "managed=third-party", self.gzip)
        for key in ("domains", "broken", "findings"):
            self.assertEqual(self.figures["managed"]["third-party"][key], found["managed"]["third-party"][key])
        self.assertEqual(0, found["managed"]["self"]["domains"])
        done = stscan("stats", "--by", "managed", "-", stdin=self.gzip.read_bytes())
        self.assertEqual(2, done.returncode)
        self.assertIn("needs the results twice", done.stderr.decode())

    def test_looks_are_a_member_like_others(self) -> None:
        groups = {g["value"]: g["domains"] for g in statistics("--by", "looks", self.gzip)["by"]["groups"]}
        named = sum(m["status"] != "invalid" for m in self.meant)
        twice = self.figures["looks"]["domains"]
        self.assertEqual({"1": named - twice, "2": twice}, groups)
        listed = stscan("stats", "--list", "all", "--where", "looks=2", "--columns", "domain,looks", "--csv", self.gzip)
        self.assertEqual({"2"}, {row["looks"] for row in csv.DictReader(listed.stdout.decode().splitlines())})

    def test_a_label_that_nobody_has_is_said(self) -> None:
        for arguments in (["--by", "label.nobody"], ["--list", "all", "--where", "label.nobody=x"]):
            done = stscan("stats", *arguments, "--csv", self.gzip)
            self.assertEqual((done.returncode, done.stdout.count(b"\n")), (0, 1))
            self.assertIn(b"label.nobody", done.stderr)

    def test_columns_tell_what_the_records_say(self) -> None:
        columns = "domain,rank,status,code,http_status,tls,at,detail"
        where = "status=broken,rank<=15000,domain=*a*"
        meant = [r for r in self.records if r["status"] == "broken" and r.get("rank", 10**9) <= 15000
                 and "a" in r["domain"]]
        self.assertGreater(len(meant), 5)
        listed = stscan("stats", "--list", "all", "--where", where, "--columns", columns, "--csv", self.gzip)
        rows = list(csv.DictReader(listed.stdout.decode().splitlines()))
        for record, row in zip(meant, rows, strict=True):
            self.assertEqual((record["domain"], str(record["rank"]), record["status"], record["at"]),
                             (row["domain"], row["rank"], row["status"], row["at"]))
            self.assertEqual({f["code"] for f in record["findings"]}, set(row["code"].split("|")))
            self.assertEqual(str(record.get("fetch", {}).get("http_status", "")), row["http_status"])
        listed = stscan("stats", "--list", "all", "--where", where, "--columns", "domain,rank", "--json", self.gzip)
        self.assertEqual([{"domain": r["domain"], "rank": r["rank"]} for r in meant],
                         [json.loads(line) for line in listed.stdout.splitlines()])

    def test_fields_are_safe_in_a_spreadsheet(self) -> None:
        hostile = ["=1+1", "+1", "-1", "@x", 'a"b', "a,b", "a\nb", "a=b"]
        path = self.folder / "hostile.ndjson"
        write(path, ({"v": 1, "n": n, "domain": f"d{n}.example", "status": "broken", "at": "2026-11-23T10:00:00.000Z",
                      "findings": [{"code": "policy-syntax", "severity": "error", "stage": "policy-syntax",
                                    "detail": text}], "ms": 1} for n, text in enumerate(hostile, 1)))
        done = stscan("stats", "--list", "policy-syntax", "--columns", "detail", "--csv", path)
        rows = [row[0] for row in csv.reader(io.StringIO(done.stdout.decode()))]
        self.assertEqual(["detail"] + ["'" + text if text[0] in "=+-@" else text for text in hostile], rows)
        self.assertNotIn(b"\r", done.stdout)

    def test_metrics_show_the_same_figures(self) -> None:
        path = self.folder / "stscan.prom"
        done = stscan("stats", "--metrics", path, self.gzip)
        self.assertEqual((0, b""), (done.returncode, done.stdout), done.stderr)
        found = metrics(path.read_text(encoding="ascii"))
        for name, label, key in (("domains", "status", "status"), ("effect", "effect", "effect"), ("mode", "mode", "mode"),
                                 ("stage", "stage", "stage"), ("findings", "code", "findings")):
            told = {labels[label]: value for labels, value in found[f"stscan_{name}"] if value}
            self.assertEqual({k: v for k, v in self.figures[key].items() if v}, told)
            self.assertGreaterEqual(len(found[f"stscan_{name}"]), len(self.figures[key]))
        self.assertEqual({name: line["domains"] for name, line in self.figures["managed"].items()},
                         {labels["managed"]: value for labels, value in found["stscan_managed"]})
        newest = max(datetime.fromisoformat(r["at"].replace("Z", "+00:00")).timestamp()
                     for r in self.records if "at" in r)
        self.assertAlmostEqual(newest, found["stscan_scan_timestamp_seconds"][0][1], places=3)
        again = path.read_bytes()
        self.assertEqual(0, stscan("stats", "--metrics", path, self.gzip).returncode)
        self.assertEqual(again, path.read_bytes())
        self.assertEqual(again, stscan("stats", "--metrics", "-", self.gzip).stdout)
        promtool(again.decode())
        path.write_text("something else\n")
        done = stscan("stats", "--metrics", path, self.gzip)
        self.assertEqual((1, "something else\n"), (done.returncode, path.read_text()))
        self.assertIn("is not a report", done.stderr.decode())

    def test_a_label_splits_the_metrics(self) -> None:
        values = ["acme", 'quote " slash \\ end', "two\nlines", "b\u00fcro", None]
        records = [{**r, "labels": {"a customer": values[n % 5]}} if values[n % 5] else r
                   for n, r in enumerate(self.records[:2000])]
        path = self.folder / "labels.gz"
        write(path, iter(records))
        done = stscan("stats", "--metrics", "-", "--label-metric", "a customer", path)
        self.assertEqual(0, done.returncode, done.stderr)
        text = done.stdout.decode()
        found = {name: re.findall(rf'^stscan_{name}{{(\w+)="([a-z0-9-]+)"(?:,a_customer="((?:[^"\\]|\\.)*)")?}} (\d+)$',
                                  text, re.MULTILINE) for name in ("domains", "effect", "findings")}
        for n, value in enumerate(values):
            those = [r for i, r in enumerate(records) if i % 5 == n]
            escaped = (value or "").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            for name, label, of in (("domains", "status", lambda r: [r["status"]]),
                                    ("effect", "effect", lambda r: [r["effect"]] if "effect" in r else []),
                                    ("findings", "code", lambda r: [f["code"] for f in r["findings"]])):
                every = [key for r in those for key in of(r)]
                told = {key: int(count) for mine, key, own, count in found[name] if own == escaped and mine == label}
                self.assertEqual({key: every.count(key) for key in told}, told)
                self.assertEqual(len(every), sum(told.values()))
        promtool(text)

    def test_names_of_labels_are_those_of_metrics(self) -> None:
        for label, expected in (("status", "label_status"), ("2nd", "_2nd"), ("__name__", "x_name__"), ("a-b.c", "a_b_c")):
            line = line_of({"v": 1, "n": 1, "domain": "a.example", "status": "absent", "findings": [],
                            "labels": {label: "x"}, "at": "2026-11-23T10:00:00.000Z", "ms": 1})
            text = stscan("stats", "--metrics", "-", "--label-metric", label, "-", stdin=line).stdout.decode()
            self.assertIn(f'stscan_domains{{status="absent",{expected}="x"}} 1\n', text)
            promtool(text)

    def test_the_monitoring_examples_ask_for_metrics_that_there_are(self) -> None:
        found = metrics(stscan("stats", "--metrics", "-", self.gzip).stdout.decode())
        folder = ROOT / "scripts" / "monitoring"
        asked = [panel["targets"][0]["expr"] for panel in json.loads((folder / "dashboard.json").read_text())["panels"]]
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "rules", folder / "alerts.yml"], capture_output=True, check=True)
        asked += re.findall(r"expr: (.*)", (folder / "alerts.yml").read_text())
        self.assertGreater(len(asked), 10)
        for expression in asked:
            for name, label, values in re.findall(r'(stscan_\w+)(?:\{(\w+)!?=~?"([^"]*)"\})?', expression):
                self.assertIn(name, found, expression)
                known = {labels.get(label) for labels, _ in found[name]}
                for value in values.split("|") if label else ():
                    self.assertIn(value, known, expression)

    def test_a_folder_is_its_result_files(self) -> None:
        folder = self.folder / "shards"
        folder.mkdir()
        for i in range(3):
            write(folder / f"shard-{i}.ndjson{'.gz' if i else ''}", iter(self.records[i::3]))
        (folder / "notes.txt").write_text("not ours\n")
        (folder / "summary.json").write_text('{"arguments":[]}\n')
        (folder / ".hidden").write_bytes(self.plain.read_bytes())
        (folder / "inner").mkdir()
        self.assertEqual(self.figures, figures_of(statistics(folder)))
        self.assertEqual(self.figures, figures_of(statistics(str(folder) + "/")))
        done = stscan("stats", folder / "inner")
        self.assertEqual(2, done.returncode)
        self.assertIn("no result file is in this folder", done.stderr.decode())

    def test_a_list_has_what_the_newest_record_says(self) -> None:
        broken = [r for r in self.records if r["status"] == "broken"]
        newer = self.folder / "newer.ndjson"
        write(newer, ({**r, "status": "absent", "findings": [], "at": "2027-01-01T00:00:00.000Z"}
                      for r in broken[::2]))
        both = self.folder / "both.ndjson"
        both.write_bytes(newer.read_bytes() + self.plain.read_bytes())
        for files in ((self.gzip, newer), (newer, self.gzip), (both,)):
            names = stscan("stats", "--list", "all", "--where", "status=broken", *files).stdout.decode().split()
            self.assertEqual([r["domain"] for r in broken[1::2]], names)
            self.assertEqual(len(broken[1::2]), statistics(*files)["status"]["broken"])

    def test_other_limits_of_managers(self) -> None:
        found = statistics("--self-max", "0", "--third-party-min", "1", self.gzip)
        own = sum(bool(m.get("own")) for m in self.meant)
        self.assertEqual(own, found["managed"]["self"]["domains"])
        self.assertEqual(0, found["managed"]["unclassified"]["domains"]
                         - sum("provider" not in m and "address" not in m for m in self.meant
                               if m["status"] in ("valid", "broken")))

    def members(self) -> dict[str, int]:
        """The figures that the text and the page show, by the path of their member."""
        flat: dict[str, int] = {}
        for name in ("status", "effect", "stage", "findings", "mode", "http_status", "mismatch", "tlsrpt"):
            flat.update({f"{name}.{key}": value for key, value in self.figures[name].items()})
        flat["deployed_strict"] = self.figures["deployed_strict"]
        flat["looks.changed"] = self.figures["looks"]["changed"]
        flat.update({f"looks.codes.{code}.changed": counts["changed"]
                     for code, counts in self.figures["looks"]["codes"].items()})
        for stage in NO_STAGES:
            del flat[f"stage.{stage}"]
        for low, bin_ in zip(MAX_AGE_FROM, self.figures["max_age"]):
            top = "" if low == MAX_AGE_FROM[-1] else bin_["to"]
            flat[f"max_age.{low}-{top}"] = bin_["domains"]
        flat["certificate.expired"] = self.figures["certificate"]["expired"]
        for bin_ in self.figures["certificate"]["expiring"]:
            flat[f"certificate.expiring.{bin_['days']}"] = bin_["domains"]
        for manager, line in self.figures["managed"].items():
            flat[f"managed.{manager}.domains"] = line["domains"]
            flat[f"managed.{manager}.broken"] = line["broken"]
            flat.update({f"managed.{manager}.stage.{stage}": line["stage"][stage] for stage in STAGES
                         if line["stage"][stage]})
            flat.update({f"managed.{manager}.findings.{code}": count for code, count in line["findings"].items()
                         if SEVERITY.get(code, "error") == "error"})
        flat["operators.broken"] = self.figures["operators"]["broken"]
        flat.update({f"operators.stage.{stage}": self.figures["operators"]["stage"][stage]
                     for stage in STAGES if stage not in NO_STAGES})
        for which in ("same", "different"):
            flat[f"outsourced.{which}.domains"] = self.figures["outsourced"][which]["domains"]
            flat[f"outsourced.{which}.mismatch"] = self.figures["outsourced"][which]["mismatch"]
        return flat

    def test_the_page_shows_the_same_figures(self) -> None:
        path = self.folder / "report.html"
        self.assertEqual(b"", stscan("stats", "--html", path, self.gzip).stdout)
        page = Page(path.read_text(encoding="ascii"))
        self.assertEqual(self.members(), page.members)
        for table, lines in (("providers", self.figures["delegation"]),
                             ("addresses", self.figures["operators"]["addresses"])):
            self.assertGreater(len(lines), 1)
            self.assertEqual([[*list(line.values())[:4], *filter(None, [causes_of(line)])] for line in lines[:500]],
                             [row[:4] + row[5:] for row in page.tables[table]])
        self.assertEqual([[t["tld"], t["domains"], t["deployed"], t["valid"], t["broken"]]
                          for t in self.figures["tld"]],
                         [[row[0], row[1], row[2], row[4], row[5]] for row in page.tables["tld"]])
        self.assertEqual([], page.faults)

    def test_the_text_shows_the_same_figures(self) -> None:
        text = stscan("stats", self.gzip).stdout.decode("ascii")
        shown = re.findall(r"^  (\S.*?) +([\d,]+) +(<?[\d.]+%) of ([\d,]+) ", text, re.MULTILINE)
        counts = sorted(int(count.replace(",", "")) for _, count, _, _ in shown)
        self.assertEqual(sorted(self.members().values()), counts)
        for label, count, share, base in shown:
            number, whole = int(count.replace(",", "")), int(base.replace(",", ""))
            self.assertAlmostEqual(100 * number / whole, float(share.strip("<%")), delta=0.051, msg=label)
        for line in [*self.figures["delegation"][:20], *self.figures["operators"]["addresses"][:20]]:
            at = text.index(f"\n  {list(line.values())[0]} ") + 1
            told = text[at:].split("\n")
            numbers = [int(n.replace(",", "")) for n in re.findall(r"(?<![.\d])[\d,]+(?![.\d%])", told[0][26:])]
            self.assertEqual([line["domains"], line["valid"], line["broken"]], numbers)
            self.assertEqual(causes_of(line), told[1].strip() if causes_of(line) else "")
        row = next(line for line in text.splitlines() if line.startswith("  com "))
        com = next(t for t in self.figures["tld"] if t["tld"] == "com")
        numbers = [int(n.replace(",", "")) for n in re.findall(r"(?<![.\d])[\d,]+(?![.\d%])", row)]
        self.assertEqual([com[key] for key in ("domains", "deployed", "valid", "broken")], numbers)

    def test_commands_of_the_page_list_what_it_counts(self) -> None:
        path = self.folder / "report.html"
        stscan("stats", "--html", path, self.gzip)
        commands = re.findall(r"<code>stscan (stats --list .*?)</code>", path.read_text())
        self.assertEqual("stats --list CODE", commands.pop())
        self.assertGreater(len(commands), 40)
        rows = re.findall(r'data-member="([^"]*)" data-value="(\d+)"', path.read_text())
        listable = [int(value) for member_, value in rows if int(value) and
                    not member_.startswith(("managed", "operators", "looks"))]
        for name in ("tld=NAME", "operator=NAME", "operator=NAME"):
            self.assertIn(name, commands.pop())
        found = []
        for command in commands:
            command = command.replace("&#39;", "'")
            done = subprocess.run(["sh", "-c", f'exec "$STSCAN" {command} | wc -l'], capture_output=True,
                                  env={**os.environ, "STSCAN": os.environ.get("STSCAN", str(ROOT / "build/stscan"))},
                                  check=True)
            found.append(int(done.stdout))
        invalid = self.figures["status"]["invalid"]  # these have no name to list
        listable[listable.index(invalid)] = 0
        self.assertEqual(listable, found)


def causes_of(line: dict) -> str:
    """The three errors that most of an operator's domains have."""
    errors = [(code, count) for code, count in line["findings"].items() if SEVERITY.get(code, "error") == "error"]
    errors.sort(key=lambda item: (-item[1], list(SCHEMA["$defs"]["codes"]["properties"]).index(item[0])))
    return ", ".join(f"{code} {count:,}" for code, count in errors[:3])


class Page(HTMLParser):
    """What a report in HTML shows."""

    VOID = {"meta", "link", "br"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.members: dict[str, int] = {}
        self.tables: dict[str, list[list]] = {}
        self.faults: list[str] = []
        self.open: list[str] = []
        self.table = ""
        self.member = ""
        self.value = None
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"never closed: {self.open}")

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        for name in ("src", "href"):
            if not given.get(name, "data:").startswith(("data:", "#")):
                self.faults.append(f"{tag} needs the network: {given[name]}")
        if tag == "table":
            self.table = given.get("id", "")
            self.tables.setdefault(self.table, [])
        if tag == "tr" and self.table and "tbody" in self.open:
            self.tables[self.table].append([])
        self.member = given.get("data-member", "") if tag == "td" else self.member
        self.value = given.get("data-value") if tag == "td" else None

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        if tag not in self.VOID:
            self.faults.append(f"{tag} has no content")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"closed out of turn: {tag}")

    def handle_data(self, data: str) -> None:
        if self.member:
            number = int(data.replace(",", ""))
            if str(number) != self.value:
                self.faults.append(f"{self.member}: shows {data}, sorts as {self.value}")
            self.members[self.member] = number
            self.member = ""
        elif self.table and "tbody" in self.open and self.open[-1] in ("th", "td"):
            text = data.replace(",", "")
            self.tables[self.table][-1].append(int(text) if text.isdigit() else data)


class Odd(unittest.TestCase):
    """Files that are not whole, not ours, or hold next to nothing."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.records = [record for _, record in Maker(seed=1, share=0.5).records(300)]
        cls.line = line_of(cls.records[0])

    def told(self, text: bytes, code: int) -> str:
        done = stscan("stats", "--json", "-", stdin=text)
        self.assertEqual(code, done.returncode, done.stderr)
        self.found = json.loads(done.stdout) if done.stdout else {}
        return done.stderr.decode()

    def test_nothing(self) -> None:
        self.assertIn("empty: it holds no records", self.told(b"", 0))
        self.assertEqual(0, self.found["domains"])
        text = stscan("stats", "-").stdout.decode()
        self.assertIn("0 domains, 0 of them have deployed MTA-STS: - of 0", text)

    def test_one_record(self) -> None:
        self.assertEqual("", self.told(self.line, 0))
        self.assertEqual(1, self.found["domains"])

    def test_invalid_lines_alone(self) -> None:
        lines = b"".join(line_of({"v": 1, "n": n, "line": "?", "status": "invalid", "findings": [],
                                  "at": "2026-11-23T10:00:00.000Z", "ms": 0}) for n in range(1, 4))
        self.assertEqual("", self.told(lines, 0))
        self.assertEqual((3, 3), (self.found["domains"], self.found["status"]["invalid"]))
        self.assertEqual([], self.found["tld"])

    def test_a_later_version(self) -> None:
        later = {**self.records[0], "domain": "later.example", "v": 2, "new": {"deep": [1, {"x": None}]},
                 "findings": [{"code": "mx-new", "severity": "error"}]}
        told = self.told(line_of(later) + self.line, 0)
        self.assertIn("1 record is of a later version", told)
        self.assertIn("1 finding has a code unknown to this version", told)
        self.assertEqual(2, self.found["domains"])

    def test_what_is_not_ours(self) -> None:
        for name, text, expected in (
                ("a list", b"1,google.com\n2,example.com\n", 'a line begins "1,google.com"'),
                ("a list in gzip", gzip.compress(b"google.com\n"), 'a line begins "google.com"'),
                ("other JSON", b'{"name":"x"}\n', "not a result file"),
                ("an image", bytes(range(256)) * 100, "not a result file"),
                ("torn gzip of something", gzip.compress(b"google.com\n")[:-6], "not a result file")):
            with self.subTest(name):
                self.assertIn(expected, self.told(text, 1))
                self.assertEqual({}, self.found)

    def test_a_torn_tail(self) -> None:
        whole = member(b"".join(map(line_of, self.records[:200])))
        torn = member(b"".join(map(line_of, self.records[200:])))
        self.assertIn("bytes of an incomplete end", self.told(whole + torn[:-9], 0))
        self.assertGreaterEqual(self.found["domains"], 200)
        self.assertIn("14 bytes of an incomplete end", self.told(self.line + self.line[:14], 0))
        self.assertEqual(1, self.found["domains"])

    def test_damage_in_the_middle(self) -> None:
        members = [member(b"".join(map(line_of, self.records[i:i + 100]))) for i in (0, 100, 200)]
        hurt = bytearray(members[1])
        hurt[len(hurt) // 2:] = bytes(len(hurt) - len(hurt) // 2)
        self.assertIn("1 place is damaged", self.told(members[0] + bytes(hurt) + members[2], 0))
        self.assertGreaterEqual(self.found["domains"], 200)
        self.assertLess(self.found["domains"], 300)

    def test_results_are_never_overwritten_by_a_report(self) -> None:
        with tempfile.TemporaryDirectory(prefix="stscan-stats.") as folder:
            path = Path(folder, "results.gz")
            write(path, iter(self.records))
            before = path.read_bytes()
            done = stscan("stats", "--html", path, path)
            self.assertEqual(2, done.returncode)
            self.assertIn("are the same file: it would be overwritten", done.stderr.decode())
            self.assertEqual(before, path.read_bytes())
            report = Path(folder, "report.html")
            for _ in range(2):
                self.assertEqual(0, stscan("stats", "--html", report, path).returncode)

    def test_conditions_are_told_and_stand_in_the_commands(self) -> None:
        lines = b"".join(map(line_of, self.records))
        where = ["--where", "status=valid|broken", "--where", "tld!=com"]
        self.assertEqual("status=valid|broken,tld!=com", statistics(*where, "-", stdin=lines)["where"])
        self.assertNotIn("where", statistics("-", stdin=lines))
        text = stscan("stats", *where, "-", stdin=lines).stdout.decode()
        self.assertIn(" domains with status=valid|broken,tld!=com, ", text.splitlines()[0])
        page = stscan("stats", "--html", "-", *where, "-", stdin=lines).stdout.decode()
        self.assertIn("--list all --where status=valid --where &#39;status=valid|broken", page.replace("'", "&#39;"))
        self.assertIn("Only domains with <strong>status=valid|broken,tld!=com</strong>", page)

    def test_numbers_stand_in_their_order(self) -> None:
        lines = b"".join(map(line_of, self.records))
        for member_ in ("http_status", "max_age"):
            values = [int(g["value"].split("-")[0]) for g in
                      statistics("--by", member_, "-", stdin=lines)["by"]["groups"]]
            self.assertGreater(len(values), 2)
            self.assertEqual(sorted(values), values)

    def test_wrong_usage(self) -> None:
        for arguments, expected in (
                ([], "at least one RESULT"),
                (["-", "-"], "only once"),
                (["--where", "status=broken|lost", "-"], '"lost" is not allowed: status is one of absent, valid'),
                (["--where", "status<broken", "-"], '"broken" is not allowed: <, <=, > and >= take one number, or a day'),
                (["--where", "rank<1-10", "-"], '"1-10" is not allowed: <, <=, > and >= take one number'),
                (["--where", "rank<x", "-"], '"x" is not allowed: rank is a number'),
                (["--where", "stage=mail", "-"], '"mail" is not allowed: stage is one of record, policy-dns'),
                (["--where", "mode=off", "-"], '"off" is not allowed: mode is one of enforce, testing, none'),
                (["--where", "code=no-code", "-"], '"no-code" is not allowed: code is a code; stscan explain'),
                (["--where", "tld=co.uk", "-"], '"co.uk" is not allowed: tld is a last label'),
                (["--where", "provider=", "-"], '"" is not allowed: provider is a registrable domain'),
                (["--where", "http_status=20", "-"], '"20" is not allowed: http_status is a number'),
                (["--where", "colour=red", "-"], '"colour=red" is not allowed: give MEMBER=VALUE'),
                (["--where", "tld=" + "|".join("a" * 33), "-"], "at most 16 conditions with 32 values"),
                (["--by", "colour", "-"], '"colour" is not allowed: give one of status, effect'),
                (["--html", "-", "--json", "-"], "--html - and --json would both"),
                (["--self-max", "50", "-"], '"50" is not allowed: give less than --third-party-min'),
                (["--list", "no-code", "-"], '"no-code" is not allowed'),
                (["--list", "all", "--by", "tld", "-"], "--list goes with neither"),
                (["--label-metric", "x", "-"], "--label-metric goes with --metrics"),
                (["--label-metric", "x", "--metrics", "m.prom", "--by", "tld", "-"], "does not go with --by"),
                (["--third-party-min", "0", "-"], '"0" is not allowed')):
            with self.subTest(arguments=arguments):
                done = stscan("stats", *arguments)
                self.assertEqual(2, done.returncode)
                self.assertIn(expected, done.stderr.decode())
                self.assertEqual(b"", done.stdout)

    def test_hostile_texts_stay_texts(self) -> None:
        name = '<script>alert("1")</script>&\u0007'
        record = {**self.records[0], "domain": "a.example", "status": "valid",
                  "policy_host": {"cname": [f"sts.{name}"]}}
        with tempfile.TemporaryDirectory(prefix="stscan-stats.") as folder:
            path = Path(folder, "report.html")
            stscan("stats", "--html", path, "-", stdin=line_of(record))
            page = path.read_text(encoding="ascii")
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;?", page)
        self.assertEqual([], Page(page).faults)
        self.assertNotIn("\u0007", stscan("stats", "-", stdin=line_of(record)).stdout.decode())


@unittest.skipUnless(CHROMIUM, "chromium is not there")
class Browser(unittest.TestCase):
    """The page in a real browser: nothing overflows, nothing complains, tables sort."""

    PROBE = """<script>
addEventListener('load', function () {
  var root = document.documentElement, wide = [], seen = {};
  document.querySelectorAll('body *').forEach(function (e) {
    if (!e.closest('.scroll') && e.getBoundingClientRect().right > root.clientWidth + 0.5) wide.push(e.tagName); });
  if (document.querySelector('#providers')) ['most', 'least'].forEach(function (name) {
    document.querySelectorAll('#providers th button')[1].click();
    seen[name] = Number(document.querySelector('#providers tbody tr').cells[1].dataset.value); });
  parent.postMessage(JSON.stringify(Object.assign(seen, {width: innerWidth,
    scroll: root.scrollWidth - root.clientWidth, wide: wide})), '*');
});
</script>"""
    # A window of chromium is never as narrow as a phone; a frame can be.
    FRAME = """<!doctype html><title></title><link rel="icon" href="data:,"><script>
addEventListener('message', function (e) { document.title = e.data; });
</script><iframe src="report.html" width="WIDTH" height="900" style="border:0"></iframe>"""

    def look(self, folder: Path, page: str, width: int) -> dict:
        """What the probe sees of the page in a frame of that width, where nothing may complain."""
        (folder / "report.html").write_text(page.replace("</body>", self.PROBE + "</body>"))
        frame = folder / "frame.html"
        frame.write_text(self.FRAME.replace("WIDTH", str(width)))
        done = subprocess.run(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--enable-logging=stderr", f"--user-data-dir={folder}/{width}",
             "--window-size=1600,1000", "--virtual-time-budget=10000", "--dump-dom", frame.as_uri()],
            capture_output=True, text=True, timeout=120, check=True)
        self.assertNotIn("CONSOLE", done.stderr)
        return json.loads(re.search(r"<title>(.*?)</title>", done.stdout)[1].replace("&quot;", '"'))

    def test_no_overflow_and_no_complaints(self) -> None:
        maker = Maker(seed=3, share=0.2)
        made = [record for _, record in maker.records(20_000)]
        for record in made[:50]:
            record["domain"] = f"{'.'.join(['m' * 60] * 3)}.{record.get('domain', 'x')}"
        sizes = [d["domains"] for d in maker.figures.as_json()["delegation"]]  # type: ignore[union-attr,index]
        with tempfile.TemporaryDirectory(prefix="stscan-browser.") as name:
            folder = Path(name)
            scans = [folder / f"{'w' * 200}-{i}.gz" for i in range(3)]
            write(scans[0], iter(made))
            for i in (1, 2):  # the second did not ask for what the others did, and everything broke
                write(scans[i], ({**r, "at": r["at"].replace("2026-11", "2026-12" if i == 1 else "2027-01"),
                                  **({"status": "broken"} if r["status"] == "valid" else {}),
                                  **({"dmarc": {"rcode": "NXDOMAIN"}} if i == 2 and "domain" in r else {})} for r in made))
            pages = {"stats": stscan("stats", "--html", "-", scans[0]).stdout.decode(),
                     "series": stscan("stats", "--series", "--html", "-", *scans).stdout.decode(),
                     "diff": stscan("diff", "--html", "-", *scans[:2]).stdout.decode()}
            self.assertIn("<p>2 of the 3 scans did not ask for this", pages["series"])
            for width in (360, 768, 1440):
                for kind, page in pages.items():
                    with self.subTest(width=width, page=kind):
                        sorts = {"most": max(sizes), "least": min(sizes)} if kind == "stats" else {}
                        self.assertEqual({"width": width, "scroll": 0, "wide": [], **sorts}, self.look(folder, page, width))


class MailServers(unittest.TestCase):
    """What the probes of mail servers found: the chapter that is there only when one was probed."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="stscan-stats.")))
        maker = Maker(seed=3207, share=0.3, probed=0.7)
        cls.records = [record for _, record in maker.records(8000)]
        cls.figures = maker.figures.as_json()
        cls.mail = cls.figures["mail"]
        cls.path = cls.folder / "results.ndjson.gz"
        write(cls.path, iter(cls.records))

    def test_every_figure_is_what_it_was_made_to_be(self) -> None:
        for threads in ("1", "3"):
            found = statistics("--threads", threads, self.path)
            for name, value in self.mail.items():
                self.assertEqual(value, found["mail"][name], name)
            self.assertEqual(self.figures, figures_of(found))

    def members(self) -> dict[str, int]:
        flat: dict[str, int] = {}
        for parent, figures in (("mail", self.mail), ("mail.enforce", self.mail["enforce"]),
                                ("mail.once", self.mail["once"])):
            flat.update({f"{parent}.{name}": figures[name] for name in MAIL_FIGURES[1:]})
        for manager, figures in self.mail["managed"].items():
            flat.update({f"mail.managed.{manager}.{name}": figures[name] for name in ("probed", "any_refused")
                         if name == "probed" or figures["probed"]})
            flat.update({f"mail.managed.{manager}.findings.{code}": count
                         for code, count in figures["findings"].items() if code in MAIL_ERRORS})
        for member in ("findings", "tls"):
            flat.update({f"mail.{member}.{name}": count for name, count in self.mail[member].items()})
        flat.update({f"mail.dane.{name}": count for name, count in self.mail["dane"].items() if name != "asked"})
        flat["mail.certificate.expired"] = self.mail["certificate"]["expired"]
        flat.update({f"mail.certificate.expiring.{each['days']}": each["domains"]
                     for each in self.mail["certificate"]["expiring"]})
        return flat

    def test_the_page_shows_the_same(self) -> None:
        path = self.folder / "report.html"
        stscan("stats", "--html", path, self.path)
        page = Page(path.read_text(encoding="ascii"))
        self.assertEqual([], page.faults)
        self.assertEqual(self.members(), {name: count for name, count in page.members.items()
                                          if name.startswith("mail.")})
        self.assertIn("stage.mx-tls", page.members)
        self.assertEqual([[p["provider"], *(p["figures"][name] for name in
                                            ("probed", "all_secure", "any_refused", "any_unknown"))]
                          for p in self.mail["providers"]][:500],
                         [row[:5] for row in page.tables["mail_providers"]])
        self.assertEqual([[i["issuer"], i["domains"]] for i in self.mail["issuers"]], page.tables["issuers"])

    def test_the_text_shows_the_same(self) -> None:
        text = stscan("stats", self.path).stdout.decode("ascii")
        shown = re.findall(r"^  (\S.*?) +([\d,]+) +(?:<?[\d.]+%) of ([\d,]+) probed$", text, re.MULTILINE)
        self.assertEqual({str(self.mail["probed"])}, {base.replace(",", "") for _, _, base in shown})
        counts = {label: int(count.replace(",", "")) for label, count, _ in shown}
        self.assertEqual(self.mail["any_refused"], counts["some MX refused"])
        self.assertEqual(self.mail["all_secure"], counts["all MX secure"])
        self.assertEqual(self.mail["findings"]["mx-tls-name-mismatch"], counts["mx-tls-name-mismatch"])
        self.assertIn(f"mx.{self.mail['providers'][0]['provider']}"[3:], text)

    def test_the_listed_domains_are_those_of_the_figure(self) -> None:
        for verdict, figure in (("secure", "all_secure"), ("refused", "all_refused"), ("unknown", "all_unknown")):
            others = {"secure", "refused", "unknown"} - {verdict}
            where = ",".join([f"mail_verdict={verdict}", *(f"mail_verdict!={other}" for other in others)])
            listed = stscan("stats", "--list", "all", "--where", where, self.path).stdout.split()
            self.assertEqual(self.mail[figure], len(listed), figure)
        enforced = stscan("stats", "--list", "all", "--where", "mail_verdict=refused,mode=enforce", self.path)
        self.assertEqual(self.mail["enforce"]["any_refused"], len(enforced.stdout.split()))
        told = stscan("stats", "--list", "all", "--json", "--columns", "domain,mail_verdict",
                      "--where", "mail_verdict=unknown", self.path).stdout.splitlines()
        self.assertEqual(self.mail["any_unknown"], len(told))
        self.assertTrue(all("unknown" in json.loads(line)["mail_verdict"] for line in told))
        done = stscan("stats", "--where", "mail_verdict=good", self.path)
        self.assertEqual(2, done.returncode)
        self.assertIn(b"one of secure, refused, unknown", done.stderr)

    def test_groups(self) -> None:
        done = stscan("stats", "--by", "mail_verdict", "--csv", self.path).stdout.decode().splitlines()
        self.assertEqual("mail_verdict,domains,share,deployed,valid,broken", done[0])
        found = {row.split(",")[0]: int(row.split(",")[1]) for row in done[1:]}
        self.assertEqual(self.mail["any_refused"], found["refused"])
        self.assertEqual(self.mail["any_unknown"], found["unknown"])

    def test_metrics(self) -> None:
        path = self.folder / "metrics"
        stscan("stats", "--metrics", path, self.path)
        self.assertEqual({name: self.mail[name] for name in MAIL_FIGURES},
                         {labels["mail"]: count for labels, count in metrics(path.read_text())["stscan_mail"]})
        promtool(path.read_text())

    def test_conditions_leave_a_provider_its_size(self) -> None:
        whole = statistics(self.path)["mail"]["managed"]
        halves = [statistics("--where", f"mode{sign}enforce", self.path)["mail"]["managed"] for sign in ("=", "!=")]
        for manager, figures in whole.items():
            both = Counter[str]()
            for half in halves:
                both.update({n: c for n, c in half[manager].items() if n != "findings"})
                both.update(half[manager]["findings"])
            self.assertEqual({n: c for n, c in figures.items() if n != "findings"} | figures["findings"],
                             {name: both[name] for name in (*figures, *figures["findings"]) if name != "findings"})

    def test_a_newer_record_counts_alone(self) -> None:
        newer = self.folder / "newer.gz"
        write(newer, ({**record, "at": "2027-01-01T00:00:00.000Z", "mx": [
            {name: value for name, value in mx.items() if name != "tls"} for mx in record.get("mx", [])]}
            for record in self.records if "domain" in record))
        self.assertNotIn("mail", statistics(newer, self.path))


class Laboratory(unittest.TestCase):
    """A scan's own summary, its records counted by hand, and the statistics are one."""

    def test_a_scan_of_real_servers(self) -> None:
        with Lab() as lab, tempfile.TemporaryDirectory(prefix="stscan-stats.") as folder:
            results, summary = Path(folder, "results.gz"), Path(folder, "summary.json")
            names = Path(folder, "names")
            names.write_text("\n".join(case["domain"] for case in lab.cases()))
            done = stscan("scan", *lab.options, "-o", results, "--summary", summary, names)
            self.assertEqual(0, done.returncode, done.stderr)
            found = statistics(results)
            self.assertEqual(json.loads(summary.read_text())["statistics"], figures_of(found))
            self.assertEqual(by_hand(read_gzip(results)),
                             {name: found[name] for name in ("domains", "status", "effect", "mode", "stage",
                                                             "findings", "http_status", "mismatch")})


def by_hand(records: list[dict]) -> dict:
    """Some of the statistics, by another program."""
    def count(values: list) -> dict:
        return {value: values.count(value) for value in set(values)}

    def whole(values: list, keys: list[str]) -> dict:
        return {**dict.fromkeys(keys, 0), **count(values)}
    findings = [f for r in records for f in r["findings"]]
    return {
        "domains": len(records),
        "status": whole([r["status"] for r in records], list(SCHEMA["properties"]["status"]["properties"])),
        "effect": whole([r["effect"] for r in records if "effect" in r],
                        list(SCHEMA["properties"]["effect"]["properties"])),
        "mode": whole([r["policy"]["mode"] for r in records if "mode" in r.get("policy", {})], MODES),
        "stage": whole([stage for r in records
                        for stage in {f["stage"] for f in r["findings"] if f["severity"] == "error"}], STAGES),
        "findings": count([f["code"] for f in findings]),
        "http_status": count([str(r["fetch"]["http_status"]) for r in records
                              if "http_status" in r.get("fetch", {})]),
        "mismatch": whole([f["kind"] for f in findings if "kind" in f], KINDS),
    }


if __name__ == "__main__":
    unittest.main()
