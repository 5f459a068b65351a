"""Lists as people have them: the first lines of each provider's form, zone files, customers' CSV, packed
files, and what is odd in them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import unittest
from pathlib import Path

from program import Folder, Lab, Record, parse, stscan, stscan_path

MAJESTIC = """GlobalRank,TldRank,Domain,TLD,RefSubNets,RefIPs,IDN_Domain,IDN_TLD,PrevGlobalRank,PrevTldRank,PrevRefSubNets,PrevRefIPs
1,1,google.com,com,487267,2092532,google.com,com,1,1,486939,2088993
2,2,facebook.com,com,477593,2124424,facebook.com,com,2,2,477379,2121837
"""
ZONE = """com.\t900\tin\tsoa\ta.gtld-servers.net. nstld.verisign-grs.com. 1762000000 1800 900 604800 900
com.\t172800\tin\tns\ta.gtld-servers.net.
google.com.\t172800\tin\tns\tns1.google.com.
google.com.\t172800\tin\tns\tns2.google.com.
google.com.\t86400\tin\tds\t12345 13 2 aabb
ns1.google.com.\t172800\tin\ta\t216.239.32.10
facebook.com.\t172800\tin\tns\ta.ns.facebook.com.
"""
NAMES = ["google.com", "facebook.com"]

# name, bytes, the names, ranks and line numbers, what is said of the form
FORMS = [
    ("tranco.csv", "1,google.com\n2,facebook.com\n", [1, 2], [1, 2], "rank,domain CSV: column 2, rank 1"),
    ("umbrella.csv", "1,google.com\r\n2,facebook.com\r\n", [1, 2], [1, 2],
     "rank,domain CSV: column 2, rank 1"),
    ("majestic.csv", MAJESTIC, [1, 2], [2, 3], "Majestic CSV: column Domain, rank GlobalRank"),
    ("crux.csv", "origin,rank\nhttps://google.com,1000\nhttps://facebook.com,1000\n", [1000, 1000],
     [2, 3], "CrUX CSV: column origin, rank rank"),
    ("radar.csv", "domain\ngoogle.com\nfacebook.com\n", [None, None], [2, 3],
     "Cloudflare Radar CSV: column domain"),
    ("radar-top.csv", 'rank,domain,categories\n1,google.com,"Search Engines;Technology"\n'
     '2,facebook.com,"Social Networks"\n', [1, 2], [2, 3],
     "Cloudflare Radar CSV: column domain, rank rank"),
    ("com.zone", ZONE, [None, None], [3, 7], "a zone file"),
    ("quoted.txt", '"google.com"\n"facebook.com"\n', [None, None], [1, 2], None),
    ("urls.txt", "https://google.com/search?q=1\npostmaster@facebook.com\n", [None, None], [1, 2], None),
    ("crm.csv", 'Kunde;Domain;Notiz\nA;google.com;"eine\nzweite Zeile"\nB;facebook.com;\n', [None, None],
     [2, 4], "CSV with ;: column Domain"),
    ("excel.csv", "\ufeffsep=;\r\nDomain;Kunde\r\ngoogle.com;x\r\nfacebook.com;y\r\n", [None, None], [3, 4],
     "CSV with ;: column Domain"),
    ("no-customer.tsv", "\tdomain\tid\n\tgoogle.com\t1\nacme\tfacebook.com\t\n", [None, None], [2, 3],
     "CSV with tabs: column domain"),
    ("joined.csv", "rank,domain\n1,google.com\nrank,domain\n1,facebook.com\n", [1, 1], [2, 4],
     "CSV: column domain, rank rank"),
    ("export.tsv", "id\twebsite\n1\tgoogle.com\n2\tfacebook.com\n", [None, None], [2, 3],
     "CSV with tabs: column website"),
]


class Lists(unittest.TestCase):
    lab: Lab

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = cls.enterClassContext(Lab())

    def setUp(self) -> None:
        self.folder = self.enterContext(Folder())
        self.block = self.folder / "block"
        self.block.write_text("com\nexample\n")  # nothing is asked about the names of these lists

    def scan(self, *arguments: str | Path, stdin: bytes = b"") -> tuple[list[Record], list[str], int]:
        done = stscan("scan", *self.lab.options, "--progress", "never", "--block", self.block, *arguments,
                      stdin=stdin)
        records = sorted(parse(done.stdout.decode().splitlines()), key=lambda record: record["n"])  # type: ignore
        return records, done.stderr.decode().splitlines(), done.returncode

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def test_forms(self) -> None:
        for name, content, ranks, numbers, says in FORMS:
            with self.subTest(name):
                path = self.write(name, content)
                packed = self.write(name + ".gz", gzip.compress(content.encode()))
                for given, stdin in ((path, b""), (packed, b""), ("-", content.encode())):
                    records, said, status = self.scan(given, stdin=stdin)
                    self.assertEqual([r.get("domain") for r in records], NAMES, said)
                    self.assertEqual([r.get("rank") for r in records], ranks)
                    self.assertEqual([r["n"] for r in records], numbers)
                    self.assertEqual(said, [f"stscan: list {given}: {says}"] if says else [])
                    self.assertEqual(status, 0)

    def test_urls_keep_their_line(self) -> None:
        records, _, _ = self.scan(stdin=b"https://google.com/a\ngoogle.com\n1,https://facebook.com/\n")
        self.assertEqual([r.get("line") for r in records],
                         ["https://google.com/a", None, "1,https://facebook.com/"])

    def test_numbers_go_on_through_lists(self) -> None:
        paths = [self.write(name, content) for name, content, *_ in FORMS[2:8]]
        records, said, status = self.scan(*paths)
        self.assertEqual([r["domain"] for r in records], NAMES * 6)
        self.assertEqual([r["n"] for r in records], [2, 3, 5, 6, 8, 9, 11, 12, 15, 19, 20, 21])
        self.assertEqual((len(said), status), (5, 0))

    def test_columns(self) -> None:
        path = self.write("c.csv", "host,backup,owner\na.example,b.example,x\n")
        for column, expected in (("host", "a.example"), ("BACKUP", "b.example"), ("2", "b.example")):
            records, _, _ = self.scan("--column", column, path)
            self.assertEqual([r["domain"] for r in records], [expected])

    def test_what_cannot_be(self) -> None:
        csv = self.write("c.csv", "domain,owner,domain\na.example,x,b.example\n")
        zone = self.write("z", ZONE)
        for arguments, says in (
                (["--column", "host", csv],
                 "--column host is not in the first row, which has: domain, owner, domain"),
                (["--column", "4", csv], "--column 4: the first row has columns 1 to 3"),
                ([csv], "the header has the same name twice, in columns 1 and 3"),
                (["--column", "domain", csv], "--column domain stands twice in the header"),
                (["--column", "domain", zone], "--column domain: it is a zone file"),
        ):
            output = self.folder / "out"
            records, said, status = self.scan("-o", output, *arguments)
            self.assertEqual((records, len(said), status), ([], 1, 1), said)
            self.assertIn(says, said[0])
            self.assertFalse(output.exists())

    def test_packed(self) -> None:
        plain = b"google.com\nfacebook.com\n"
        packed = {"a.xz": lzma.compress(plain), "a.bz2": bz2.compress(plain),
                  "a.zip": b"PK\3\4 and so on", "a.zst": b"\x28\xb5\x2f\xfd and so on",
                  "a.utf16": plain.decode().encode("utf-16"), "a.utf16le": plain.decode().encode("utf-16-le"),
                  "a.utf16be": plain.decode().encode("utf-16-be")}
        for name, content in packed.items():
            path = self.write(name, content)
            records, said, status = self.scan(path)
            self.assertEqual((records, len(said), status), ([], 1, 1), said)
            self.assertRegex(said[0], r"it is (a zip archive|packed with \w+|in UTF-16): unpack it, .* \|")
            if name not in ("a.zip", "a.zst"):
                command = said[0].partition("unpack it, ")[2].partition(" |")[0]
                unpacked = subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout
                self.assertEqual(unpacked.decode().lstrip("\ufeff").encode(), plain)
                self.assertEqual([r["domain"] for r in self.scan(stdin=unpacked)[0]], NAMES)

    def test_nothing_is_a_domain(self) -> None:
        records, said, status = self.scan(stdin=b"x y\n" * 1500)
        self.assertEqual((len(records), status), (1500, 1))
        self.assertEqual({r["status"] for r in records}, {"invalid"})
        self.assertIn("1000 of the first 1000 names are no domains; the first is line 1: x y", said[0])
        records, said, status = self.scan(stdin=b"x y\n" * 1500 + b"google.com\n")
        self.assertEqual((len(records), status), (1501, 0))
        self.assertEqual(len(said), 1)
        records, said, status = self.scan(stdin=b"x y\n" + b"google.com\n" * 9)
        self.assertEqual((len(records), said, status), (10, [], 0))

    def test_reasons(self) -> None:
        records, _, _ = self.scan(stdin=b"a.com\n-a.com\n1.2.3.4\na b\na..com\n\xff.com\n")
        self.assertEqual([r.get("reason") for r in records],
                         [None, "hyphen", "numeric", "character", "empty-label", "utf8"])

    def test_two_forms_in_one_list(self) -> None:
        for content, line, reasons in (
                (MAJESTIC + "www.google.com\n", 4, [None, None, "column"]),
                (ZONE + "google.com,1\n", 8, [None, None, "zone"]),
                ("a.com IN NS x.\n$ORIGIN com.\nb NS x.\n", 1, ["origin", None]),
                ('a.com,1\nb.com,"open\nc.com,3\n', 2, [None, "quote", None]),
        ):
            records, said, status = self.scan(self.write("list", content))
            self.assertEqual([r.get("reason") for r in records], reasons)
            self.assertEqual(len(said), 2, said)
            self.assertIn(f"line {line} ", said[1])
            self.assertEqual(status, 0)

    def test_a_zone_that_includes_another(self) -> None:
        records, said, _ = self.scan(self.write("z", "$ORIGIN com.\n$INCLUDE other\n$GENERATE 1-9 x$ NS y.\n"
                                                "a NS x.\n"))
        self.assertEqual([r["domain"] for r in records], ["a.com"])
        self.assertIn("line 2: $INCLUDE is not followed", said[1])
        self.assertIn("line 3: the names that $GENERATE makes are left out", said[2])

    def test_resume_knows_the_column(self) -> None:
        path = self.write("c.csv", "host,backup\na.example,b.example\n")
        output = self.folder / "out.gz"
        _, _, status = self.scan("--column", "host", "-o", output, path)
        self.assertEqual(status, 0)
        _, said, status = self.scan("--resume", "--column", "host", "-o", output, path)
        self.assertEqual(status, 0)
        _, said, status = self.scan("--resume", "--column", "backup", "-o", output, path)
        self.assertEqual(status, 1)
        self.assertIn('begun with --column "host", and now it is "backup"', said[-1])

    def test_a_header_that_is_there_again(self) -> None:
        for length, again in ((511, []), (512, []), (513, ["domain"])):
            header = "domain," + "x" * (length - 7) + "\n"
            records, _, _ = self.scan(self.write("c.csv", header + "a.example,1\n" + header))
            self.assertEqual([r["domain"] for r in records], ["a.example", *again])

    def test_labels(self) -> None:
        path = self.write("c.csv", "domain;customer;tier\nhttps://a.example/;\"Acme; \"\"Co\"\"\";1\n"
                                   "b.example;;2\nx y;Other;3\n")
        records, said, status = self.scan("--label", "customer", "--label", "3", path)
        self.assertEqual(said, [f"stscan: list {path}: CSV with ;: column domain, label customer, label tier"])
        self.assertEqual([(r.get("domain"), r["labels"]) for r in records],
                         [("a.example", {"customer": 'Acme; "Co"', "tier": "1"}), ("b.example", {"tier": "2"}),
                          (None, {"customer": "Other", "tier": "3"})])
        self.assertEqual(status, 0)
        for arguments, says in ((["--label", "customer", "--label", "customer"], "given twice"),
                                (["--label", "x" * 65], "1 to 64 characters"),
                                ([f"--label={i}" for i in range(17)], "at most 16 labels")):
            _, said, status = self.scan(*arguments, path)
            self.assertEqual(status, 2)
            self.assertIn(says, said[0])
        _, said, status = self.scan("--label", "customer", "--label", "2", path)
        self.assertEqual(status, 1)
        self.assertIn("given twice, by its name and its number", said[0])
        _, said, _ = self.scan("--label", "1", self.write("long.csv", "y" * 256 + ",a.example\n"))
        self.assertIn("label 1 is over 255 octets: cut", said[1])

    def first_scan(self) -> Path:
        output = self.folder / "first.ndjson.gz"
        path = self.write("c.csv", "rank,domain,customer\n5,a.example,acme\n6,b.example,bolt\n"
                                   "7,https://c.example/,acme\n8,x y,acme\n")
        self.assertEqual(self.scan("--threads", "1", "--label", "customer", "-o", output, path)[2], 0)
        return output

    def test_results_as_a_list(self) -> None:
        output = self.first_scan()
        records, said, status = self.scan(output)
        self.assertEqual([(r["n"], r.get("domain"), r.get("rank"), r["labels"]["customer"], r.get("line"))
                          for r in records],
                         [(1, "a.example", 5, "acme", None), (2, "b.example", 6, "bolt", None),
                          (3, "c.example", 7, "acme", "7,https://c.example/,acme"),
                          (4, None, 8, "acme", "8,x y,acme")])
        self.assertEqual((said, status), ([f"stscan: list {output}: results of a scan"], 0))
        plain = self.write("plain", gzip.decompress(output.read_bytes()))
        again, _, _ = self.scan("--label", "tier", plain)
        self.assertEqual([r.get("domain") for r in again], [r.get("domain") for r in records])
        self.assertFalse([r for r in again if "labels" in r])

    def test_where(self) -> None:
        output, again = self.first_scan(), self.folder / "again.gz"
        for condition, expected in (("rank>=6,status!=invalid", [2, 3]), ("domain=a*|b*", [1, 2]),
                                    ("status=valid", [])):
            records, _, status = self.scan("--where", condition, output)
            self.assertEqual(([r["n"] for r in records], status), (expected, 0))
        arguments = ["--where", "rank<=6", "-o", again, output]
        self.assertEqual(self.scan(*arguments)[2], 0)
        _, said, status = self.scan("--resume", *arguments)
        self.assertEqual(status, 0, said)
        _, said, status = self.scan("--resume", "--where", "rank<=7", "-o", again, output)
        self.assertEqual(status, 1)
        self.assertIn('begun with --where "rank<=6", and now it is "rank<=7"', said[-1])
        _, said, status = self.scan("--where", "rank<=6", self.write("names", "a.example\n"))
        self.assertEqual(status, 1)
        self.assertIn("--where is for results of a scan, and this is names, one a line", said[0])
        _, said, status = self.scan("--where", "rnk<=6", output)
        self.assertEqual(status, 2)

    def stats(self, *arguments: str | Path) -> str:
        done = stscan("stats", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_labels_in_statistics(self) -> None:
        output = self.first_scan()
        by = json.loads(self.stats("--json", "--by", "label.customer", output))["by"]
        self.assertEqual(by["member"], "label.customer")
        self.assertEqual([(g["value"], g["domains"]) for g in by["groups"]], [("acme", 3), ("bolt", 1)])
        self.assertEqual(self.stats("--csv", "--by", "label.customer,status", output).splitlines()[:2],
                         ["label.customer,status,domains,share,deployed,valid,broken",
                          "acme,blocked,2,0.5,0,0,0"])
        self.assertRegex(self.stats("--by", "label.customer", output), r"label\.customer +domains")
        self.assertIn("none of them has a value for label.tier", self.stats("--by", "label.tier", output))
        for condition, names in (("label.customer=acme", ["a.example", "c.example"]),
                                 ("label.customer=B*", ["b.example"]),
                                 ("label.customer!=acme", ["b.example"]), ("label.tier=1", [])):
            listed = self.stats("--list", "all", "--where", condition, output).split()
            self.assertEqual(sorted(listed), names)
        listed = self.stats("--list", "all", "--csv", "--columns", "domain,label.customer,label.tier", output)
        self.assertEqual(sorted(listed.splitlines()),
                         ["a.example,acme,", "b.example,bolt,", "c.example,acme,",
                          "domain,label.customer,label.tier"])
        listed = self.stats("--list", "all", "--json", "--columns", "domain,label.customer", output)
        self.assertIn({"domain": "b.example", "label.customer": "bolt"}, parse(listed.splitlines()))
        self.assertEqual(stscan("stats", "--by", "label.", output).returncode, 2)

    def test_results_that_are_torn_or_of_later(self) -> None:
        lines = gzip.decompress(self.first_scan().read_bytes()).splitlines(keepends=True)
        torn = self.write("torn", b"".join(lines[:3]) + lines[3][:40])
        records, said, status = self.scan(torn)
        self.assertEqual(([r["n"] for r in records], status), ([1, 2, 3], 0))
        self.assertIn("the results end in an incomplete record, after line", said[1])
        packed = gzip.compress(b"".join(lines[:2])) + gzip.compress(lines[2])[:-20]
        records, said, status = self.scan(self.write("torn.gz", packed))
        self.assertEqual(([r["n"] for r in records][:2], status), ([1, 2], 0))
        self.assertIn("incomplete record", said[1])
        later = self.write("later", lines[0].replace(b'"v":1', b'"v":2') + b"not a record\n" + lines[1])
        records, said, status = self.scan("--format", "results", later)
        self.assertEqual([(r["n"], r.get("reason")) for r in records], [(1, None), (2, "record"), (3, None)])
        self.assertIn("line 1 was written by a later version", said[1])
        self.assertIn("line 2 is not as the first lines are", said[2])

    def test_a_list_that_comes_slowly(self) -> None:
        with subprocess.Popen([stscan_path(), "scan", *self.lab.options, "--progress", "never", "--block",
                               self.block], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as program:
            assert program.stdin and program.stdout
            program.stdin.write(b"rank,domain\n1,google.com\n2,face")
            program.stdin.flush()
            self.assertIn(b'"google.com"', program.stdout.readline())
            program.stdin.write(b"book.com\n")
            program.stdin.close()
            self.assertIn(b'"facebook.com"', program.stdout.readline())


if __name__ == "__main__":
    unittest.main()
