"""The reports in HTML, for two readers: whoever has to act, and whoever measures."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import tempfile
import unittest
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

from program import ROOT, stscan
from records import BEGIN, Maker, time_text, write

CHROMIUM = shutil.which("chromium")
FINDINGS = (ROOT / "output" / "findings" / "finding.def").read_text()
GRADES = {"undeliverable": 0, "at-risk": 1}
WEEKS = 3


class Outline(HTMLParser):
    """What a reader without eyes or without a mouse goes by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.regions: list[dict] = []
        self.headings: list[str] = []
        self.faults: list[str] = []
        self.open: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        if given.get("href", "").startswith("#"):
            self.links.append(given["href"][1:])
        if given.get("class") == "scroll":
            self.regions.append(given)
        if tag in ("h2", "h3"):
            self.headings.append(given.get("id", ""))
        if self.open and self.open[-1][0] == "table" and tag not in ("caption", "thead", "tbody"):
            self.faults.append(f"a table begins with {tag}")
        if tag == "thead" and self.last != "caption":
            self.faults.append("a table without a caption")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.faults.append("a heading of a table without its scope")
        if tag not in ("meta", "link", "br"):
            self.open.append((tag, given))
        self.last = tag

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()


def rows_of(page: str, table: str) -> list[list[str]]:
    body = re.search(rf'id="{table}">.*?<tbody>\n(.*?)</tbody>', page, re.DOTALL)
    return [[re.sub(r"<[^>]*>", "", cell.replace("<br>", " / ")) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in body[1].splitlines()] if body else []


def luminance(colour: str) -> float:
    """WCAG 2.1."""
    if len(colour) == 4:
        colour = "#" + "".join(c + c for c in colour[1:])
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def interval(part: int, whole: int) -> tuple[float, float]:
    """Wilson's, at 95%."""
    z, share = 1.959964, part / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return max(0, middle - half) if part else 0, min(1, middle + half)


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="stscan-report."))
        made = [record for _, record in Maker(seed=23, share=0.3).records(2000)]
        customers = ["acme", "b&b", "<c>"]
        for n, record in enumerate(made):
            if "domain" in record:
                record["labels"] = {"customer": customers[n % 3]}
        cls.weeks: list[list[dict]] = []
        for week in range(WEEKS):
            at = BEGIN + timedelta(days=7 * week)
            cls.weeks.append([cls.sound(n, {**record, "at": time_text(at + timedelta(seconds=n))}, week)
                              for n, record in enumerate(made)])
        cls.paths = [cls.folder / f"week-{week}.ndjson.gz" for week in range(WEEKS)]
        for path, records in zip(cls.paths, cls.weeks):
            write(path, iter(records))
        cls.page = cls.make(*cls.paths, "--by", "label.customer", "--title", "To <whom> it concerns")

    @staticmethod
    def sound(n: int, record: dict, week: int) -> dict:
        """A third of the broken are so from the second week on, some come back to it in the third."""
        if record["status"] != "broken" or (n % 3, week) not in ((0, 0), (1, 1)):
            return record
        return {**record, "status": "valid", "findings": [], "effect": "enforced"}

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.folder)

    @classmethod
    def make(cls, *arguments: str | Path) -> str:
        done = stscan("stats", "--html", "-", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode("ascii")

    def broken(self) -> list[dict]:
        """Those of the last week, in the order of the page."""
        found = [r for r in self.weeks[-1] if r["status"] == "broken"]
        return sorted(found, key=lambda r: (GRADES.get(r.get("effect", ""), 2), r.get("rank", 10**9), r["domain"]))

    def test_domains_come_by_name_worst_first_with_cause_and_since_when(self) -> None:
        names = {r["domain"]: n for n, r in enumerate(self.weeks[0]) if "domain" in r}
        titles = dict(re.findall(r'FINDING\([A-Z_]+, "([a-z-]+)", ERROR,[^"]*"([^"]*)"', FINDINGS))
        rows = rows_of(self.page, "names")
        broken = self.broken()
        self.assertGreater(len(broken), 100)
        self.assertEqual(100, len(rows))
        for record, row in zip(broken, rows):
            rank = f" rank {record['rank']:,}" if "rank" in record else ""
            since = {0: "2026-11-30", 1: "2026-12-07", 2: "2026-11-23 or before"}[names[record["domain"]] % 3]
            self.assertEqual((record["domain"] + rank, since), (row[0], row[3]))
            for finding in record["findings"]:
                if finding["severity"] == "error":
                    self.assertIn(titles[finding["code"]].replace("'", "&#39;"), row[2])
        self.assertIn(f"These are the first 100 of {len(broken):,}", self.page)
        for code in {f["code"] for r in broken[:100] for f in r["findings"] if f["severity"] == "error"}:
            self.assertIn(f'<dt id="fix-{code}">', self.page)

    def test_names_are_as_many_as_asked_for(self) -> None:
        for names in (0, 1, 7):
            page = self.make("--names", str(names), self.paths[-1])
            self.assertEqual([r["domain"] for r in self.broken()[:names]],
                             [row[0].split(" ")[0] for row in rows_of(page, "names")])
        for text in ("-1", "100001", "x"):
            done = stscan("stats", "--html", "-", "--names", text, self.paths[-1])
            self.assertEqual(2, done.returncode)
            self.assertIn("a whole number from 0 to 100000", done.stderr.decode())

    def test_title_list_and_conditions(self) -> None:
        self.assertIn("<title>To &lt;whom&gt; it concerns</title>", self.page)
        self.assertIn("<h1>To &lt;whom&gt; it concerns</h1>", self.page)
        self.assertRegex(self.page, r"Made by stscan [\d.]+ on \d{4}-\d\d-\d\d \d\d:\d\d UTC")
        page = self.make("--where", "label.customer=acme", self.paths[-1])
        chosen = [r for r in self.broken() if r["labels"]["customer"] == "acme"]
        self.assertEqual([r["domain"] for r in chosen[:100]],
                         [row[0].split(" ")[0] for row in rows_of(page, "names")])

    def test_by_label(self) -> None:
        rows = rows_of(self.page, "groups")
        last = [r for r in self.weeks[-1] if "domain" in r]
        for row in rows:
            value = row[0].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
            those = [r["status"] for r in last if r["labels"]["customer"] == value]
            valid, broken = those.count("valid"), those.count("broken")
            self.assertEqual([len(those), valid + broken, valid, broken],
                             [int(row[i].replace(",", "")) for i in (1, 3, 4, 5)])
        self.assertEqual(3, len(rows))

    def test_what_to_do_first(self) -> None:
        tasks = re.findall(r"<li><b>([\d,]+) domains?: (.*?)\.</b> (.*?) <code", self.page)
        effects = [r.get("effect") for r in self.weeks[-1]]
        self.assertEqual([(str(effects.count("undeliverable")), "senders will refuse all MX hosts"),
                          (str(effects.count("at-risk")), "senders will refuse some of the MX hosts")],
                         [task[:2] for task in tasks[:2]])
        codes = [f["code"] for r in self.weeks[-1] for f in r["findings"]
                 if f["severity"] == "error" and f["stage"] != "mx" and "record-dns" not in f["code"]]
        most = sorted(map(codes.count, set(codes)), reverse=True)[:4]
        counts = [int(task[0]) for task in tasks[2:]]
        self.assertEqual(6, len(tasks))
        self.assertTrue(set(most) <= set(counts) | {codes.count("record-dns-servfail")}, (most, counts))
        self.assertEqual(counts, sorted(counts, reverse=True))
        self.assertEqual([], [task for task in tasks if not re.search(r"[\w)]\.$", task[2])])

    def test_intervals(self) -> None:
        rows = rows_of(self.page, "intervals")
        self.assertGreater(len(rows), 40)
        for figure, count, base, _, _, low, high in rows:
            expected = interval(int(count.replace(",", "")), int(base.replace(",", "")))
            for told, bound in zip((low, high), expected):
                self.assertAlmostEqual(100 * bound, float(told[:-1]), delta=0.00051, msg=figure)
        for part, whole, low, high in ((10, 100, 0.05523, 0.17437), (0, 10, 0, 0.27753), (1, 1, 0.20654, 1)):  # of R
            for bound, made in zip((low, high), interval(part, whole)):
                self.assertAlmostEqual(bound, made, places=4)

    def test_keyboard_and_outline(self) -> None:
        series = stscan("stats", "--series", "--html", "-", *self.paths).stdout.decode()
        for page in (self.page, series):
            outline = Outline(page)
            self.assertEqual([], outline.faults)
            self.assertEqual(len(outline.ids), len(set(outline.ids)), sorted(outline.ids))
            self.assertEqual(set(), set(outline.links) - set(outline.ids))
            self.assertTrue(set(outline.headings) <= set(outline.links))
            self.assertNotIn("", outline.headings)
            self.assertGreater(len(outline.regions), 4)
            for region in outline.regions:
                self.assertEqual(("0", "region"), (region["tabindex"], region["role"]))
                self.assertTrue(region["aria-label"])

    def test_contrast(self) -> None:
        style = self.page[self.page.index("<style>"):self.page.index("</style>")]
        roots = re.findall(r":root\{(.*?)\}", style)
        self.assertEqual(3, len(roots))  # light, dark, paper
        for root in roots:
            colours = dict(re.findall(r"--([a-z0-9]+):(#[0-9a-f]+)", root))
            for name in ("plain", "good", "testing", "weak", "risk", "bad", *(f"l{i}" for i in range(1, 9))):
                self.assertGreaterEqual(contrast(colours[name], colours["bg"]), 3, (name, colours[name]))
            for name in ("fg", "dim"):
                for behind in ("bg", "card"):
                    self.assertGreaterEqual(contrast(colours[name], colours[behind]), 4.5, name)


class MailServers(unittest.TestCase):
    def test_a_chapter_of_their_own(self) -> None:
        """Each table of names stands in its chapter, and causes by who manages are those of the JSON."""
        with tempfile.TemporaryDirectory(prefix="stscan-chapters.") as name:
            path = Path(name) / "results.gz"
            write(path, (record for _, record in Maker(seed=37, share=0.3, probed=0.8).records(1500)))
            found = json.loads(stscan("stats", "--json", path).stdout)["mail"]["managed"]
            page = stscan("stats", "--html", "-", path).stdout.decode()
            text = stscan("stats", path).stdout.decode()
        ids = Outline(page).ids
        order = ["who-runs-it", "policy-hosts-by-provider", "mail-servers", "dane", "mail-servers-by-provider",
                 "by-rank-and-tld"]
        self.assertEqual(order, [i for i in ids if i in order])
        errors = {f"{who}.findings.{code}": count for who, figures in found.items()
                  for code, count in figures["findings"].items() if f'"{code}", ERROR' in FINDINGS}
        self.assertGreater(len(errors), 6)
        self.assertEqual(errors, {path: int(count) for path, count in
                                  re.findall(r'data-member="mail\.managed\.([\w.-]+findings[\w.-]+)" data-value="(\d+)"', page)})
        causes = [line for line in text.splitlines() if re.match("  unclassified, mx-tls", line)]
        self.assertGreater(len(causes), 2)
        self.assertEqual({len(line.split("% of")[0]) for line in causes}, {55})  # aligned, however long the label


class FormerMx(unittest.TestCase):
    """Policies that name an MX of the past, when earlier scans are given."""

    def test_known_figures_as_json_text_and_page(self) -> None:
        kinds = ["domain", "domain", "typo", "subdomain", "tld"]
        with tempfile.TemporaryDirectory(prefix="stscan-former.") as name:
            folder, old, new, expected = Path(name), [], [], dict.fromkeys(("typo", "subdomain", "tld", "domain"), 0)
            for n in range(200):
                kind, pattern = kinds[n % 5], ("*.old.example" if n % 2 else "mx.old.example")
                former = [f"mx.old.example", "mx.other.example", "a.mx.old.example"][n % 3]
                fits = former == "mx.old.example"
                record = {"v": 1, "n": n + 1, "domain": f"d{n}.example", "status": "broken", "effect": "undeliverable", "ms": 1,
                          "findings": [{"code": "mx-mismatch", "severity": "error", "stage": "mx", "kind": kind}],
                          "policy": {"mode": "enforce", "max_age": 86400, "mx": [pattern, "mx.new.example"]}}
                new.append({**record, "at": time_text(BEGIN + timedelta(days=7)),
                            "mx": [{"preference": 10, "host": "mx.new.example", "covered": True}]})
                old.append({**record, "status": "valid", "effect": "enforced", "findings": [], "at": time_text(BEGIN),
                            "mx": [{"preference": 10, "host": host, "covered": True} for host in (former, "mx.new.example")]})
                expected[kind] += fits
            for path, records in (("old.gz", old), ("new.gz", new)):
                write(folder / path, iter(records))
            paths = [folder / "old.gz", folder / "new.gz"]
            for arguments in (paths, paths[::-1], [folder]):
                found = json.loads(stscan("stats", "--json", *arguments).stdout)
                self.assertEqual(expected, found["mismatch_former"])
            self.assertNotIn("mismatch_former", json.loads(stscan("stats", "--json", paths[1]).stdout))
            point = json.loads(stscan("stats", "--series", "--json", folder).stdout)["series"][0]["statistics"]
            self.assertEqual(expected, point["mismatch_former"])
            page = stscan("stats", "--html", "-", *paths).stdout.decode()
            self.assertEqual(expected, {kind: int(count) for kind, count in
                                        re.findall(r'data-member="mismatch_former\.(\w+)" data-value="(\d+)"', page)})
            text = stscan("stats", *paths).stdout.decode()
            self.assertEqual(expected, {kind: int(count) for kind, count in
                                        re.findall(r"^  (\w+), an MX earlier +(\d+) ", text, re.MULTILINE)})


class Changes(unittest.TestCase):
    """`diff --html` says what `diff --json` says."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="stscan-changes."))
        made = [record for _, record in Maker(seed=31, share=0.4).records(1200)]
        cls.paths = [cls.folder / name for name in ("old.gz", "new.gz")]
        for week, path in enumerate(cls.paths):
            write(path, (Report.sound(n, {**record, "at": time_text(BEGIN + timedelta(days=week, seconds=n))}, week)
                         for n, record in enumerate(made)))
        cls.json = json.loads(stscan("diff", "--json", *cls.paths).stdout)

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.folder)

    def test_the_page_shows_the_same(self) -> None:
        path = self.folder / "changes.html"
        done = stscan("diff", "--html", path, "--title", "Since <then>", *self.paths)
        self.assertEqual((1, b""), (done.returncode, done.stdout), done.stderr)
        page = path.read_text(encoding="ascii")
        shown = {name: int(value) for name, value in re.findall(r'data-member="counts\.([a-z-]+)" data-value="(\d+)"', page)}
        self.assertEqual({name: count for name, count in self.json["counts"].items() if count}, shown)
        self.assertGreater(len(shown), 1)
        tiles = [int(count.replace(",", "")) for count in re.findall(r"<b>([\d,]+)</b>", page)]
        self.assertEqual([self.json[key] for key in ("worse", "better", "other")] + [len(self.json["still_broken"])], tiles)
        for name in shown:
            changes = [c for c in self.json["changes"] if c["change"] == name]
            rows = rows_of(page, f"domains-{name}")
            self.assertEqual([[c["domain"], self.plain(c.get("detail", ""))] for c in changes[:100]], rows)
        still = rows_of(page, "still")
        self.assertEqual([s["domain"] for s in self.json["still_broken"][:100]], [row[0] for row in still])
        for entry, row in zip(self.json["still_broken"], still):
            self.assertIn(f"since {entry['since'][:10]} or earlier: {', '.join(entry['new']['errors'])}", row[1])
        self.assertIn("<h1>Since &lt;then&gt;</h1>", page)
        worse = [c["new"]["errors"] for c in self.json["changes"] if c["trend"] == "worse"]
        codes = {code for errors in worse + [s["new"]["errors"] for s in self.json["still_broken"][:100]] for code in errors}
        self.assertGreater(len(codes), 5)
        self.assertEqual(codes, set(re.findall(r'<dt id="fix-([a-z-]+)">', page)))
        outline = Outline(page)
        self.assertEqual(([], len(set(outline.ids))), (outline.faults, len(outline.ids)))
        self.assertTrue(set(outline.headings) <= set(outline.links) <= set(outline.ids))

    def test_labels_are_words(self) -> None:
        paths = [self.folder / "labels-old.ndjson", self.folder / "labels-new.ndjson"]
        for path, status in zip(paths, ("valid", "absent")):
            write(path, iter([{"v": 1, "n": 1, "domain": "a.example", "status": status, "effect": "none", "findings": [],
                               "labels": {"customer": 'b&b "x"', "who": "z"}, "at": time_text(BEGIN), "ms": 1}]))
        page = stscan("diff", "--html", "-", *paths).stdout.decode()
        self.assertEqual(["a.example customer: b&amp;b &quot;x&quot; who: z"],
                         [row[0] for row in rows_of(page, "domains-removed")])

    @staticmethod
    def plain(text: str) -> str:
        """As a page shows it: escaped, and no control characters."""
        return "".join(c if " " <= c <= "~" else "?" for c in text).replace('"', "&quot;")

    def test_names_and_streams(self) -> None:
        for names in (0, 2):
            page = stscan("diff", "--html", "-", "--names", str(names), *self.paths).stdout.decode()
            self.assertEqual(names, len(rows_of(page, "domains-newly-broken")))
            self.assertEqual(names, len(rows_of(page, "still")))
        done = stscan("diff", "--html", self.folder / "both.html", "--json", *self.paths)
        self.assertEqual(self.json["counts"], json.loads(done.stdout)["counts"])
        self.assertTrue((self.folder / "both.html").exists())

    def test_what_cannot_be(self) -> None:
        notes = self.folder / "notes.txt"
        notes.write_text("mine\n")
        for arguments, expected in ((["--html", "-", "--json"], "would both be standard output"),
                                    (["--html", self.paths[0]], "it would be overwritten"),
                                    (["--html", notes], "is not a report")):
            done = stscan("diff", *arguments, *self.paths)
            self.assertEqual((2, b""), (done.returncode, done.stdout))
            self.assertIn(expected, done.stderr.decode())
        self.assertEqual("mine\n", notes.read_text())
        self.assertEqual(1, stscan("diff", "--force", "--html", notes, *self.paths).returncode)
        same = stscan("diff", "--html", notes, self.paths[0], self.paths[0])
        self.assertEqual(0, same.returncode, same.stderr)


@unittest.skipUnless(CHROMIUM and shutil.which("pdftotext"), "chromium or pdftotext is not there")
class Paper(unittest.TestCase):
    def test_all_rows_and_no_half_empty_pages(self) -> None:
        with tempfile.TemporaryDirectory(prefix="stscan-paper.") as name:
            folder = Path(name)
            maker = Maker(seed=29, share=0.2)
            write(folder / "results.gz", (record for _, record in maker.records(5000)))
            stscan("stats", "--html", folder / "report.html", folder / "results.gz")
            subprocess.run([str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/home",
                            "--no-pdf-header-footer", f"--print-to-pdf={folder}/report.pdf",
                            (folder / "report.html").as_uri()], capture_output=True, timeout=120, check=True)
            text = subprocess.run(["pdftotext", "-bbox", folder / "report.pdf", "-"], capture_output=True, text=True,
                                  check=True).stdout
        words = "".join(re.findall(r">([^<]+)</word>", text))
        providers = [line["provider"] for line in maker.figures.as_json()["delegation"]]  # type: ignore[union-attr,index]
        self.assertGreater(len(providers), 25)
        self.assertEqual([], [provider for provider in providers[:500]
                              if "--" not in provider and provider not in words])
        pages = re.findall(r'<page width="[\d.]+" height="([\d.]+)">(.*?)</page>', text, re.DOTALL)
        self.assertGreater(len(pages), 5)
        for number, (height, page) in enumerate(pages[:-1], 1):
            lowest = max(float(y) for y in re.findall(r'yMax="([\d.]+)"', page))
            self.assertGreater(lowest / float(height), 0.7, f"page {number}")


if __name__ == "__main__":
    unittest.main()
