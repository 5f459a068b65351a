"""What changed between two scans: every kind of change, counts and order, exit status, streams."""

from __future__ import annotations

import copy
import gzip
import json
import tempfile
import unittest
from pathlib import Path

import jsonschema
from program import ROOT, Lab, stscan
from records import Maker, line_of, write

COUNT = 20_000
SCHEMA = json.loads((ROOT / "output" / "stats" / "diff.schema.json").read_text())


def record(domain: str, status: str, day: int, **members: object) -> dict:
    return {"v": 1, "n": 1, "domain": domain, "status": status, "findings": [],
            "at": f"2026-11-{day:02}T10:00:00.000Z", "ms": 1, **members}


def sound(domain: str, day: int, **members: object) -> dict:
    return record(domain, str(members.pop("status", "valid")), day, **{
        "effect": "enforced", "record": {"id": "1"},
        "policy": {"mode": "enforce", "max_age": 604800, "sha256": "aa", "text": ""},
        "certificate": {"not_after": "2026-12-24T10:00:00.000Z", "sha256": "cc"}, **members})


def differences(old: Path, new: Path, *options: str) -> dict:
    found = json.loads(stscan("diff", "--json", *options, old, new).stdout)
    jsonschema.validate(found, SCHEMA)
    return found


class Diff(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="stscan-diff.")))
        self.old, self.new = self.folder / "old.gz", self.folder / "new.gz"

    def put(self, old: list[dict], new: list[dict]) -> None:
        write(self.old, iter(old))
        write(self.new, iter(new))

    def test_nothing_changed(self) -> None:
        records = [r for _, r in Maker(seed=2, share=0.2).records(2000)]
        self.put(records, records)
        done = stscan("diff", self.old, self.new)
        self.assertEqual(0, done.returncode)
        self.assertIn(b"0 regressions, 0 improvements, 0 other changes", done.stdout)
        self.assertEqual([], differences(self.old, self.new)["changes"])

    def test_a_first_probe_does_not_call_old_faults_new(self) -> None:
        refused = {"effect": "undeliverable", "status": "broken", "findings": [{"code": "mx-tls-expired"}]}
        both = {**refused, "findings": [{"code": "policy-mx-invalid"}, {"code": "mx-tls-expired"}]}
        probed = {"mx": [{"preference": 10, "host": "m.a.com", "covered": True,
                          "tls": {"verdict": "refused", "codes": ["mx-tls-expired"], "step": "handshake"}}]}
        secure = {"mx": [{"preference": 10, "host": "m.a.com", "covered": True,
                          "tls": {"verdict": "secure", "codes": [], "step": "done"}}]}
        invalid = {"effect": "enforced", "status": "broken", "findings": [{"code": "policy-mx-invalid"}]}
        self.put([sound("first.com", 22), sound("twice.com", 22, **secure), sound("last.com", 22, **refused, **probed),
                  sound("other.com", 22), sound("still.com", 22, **invalid)],
                 [sound("first.com", 23, **refused, **probed), sound("twice.com", 23, **refused, **probed),
                  sound("last.com", 23), sound("other.com", 23, **both, **probed),
                  sound("still.com", 23, **both, **probed), sound("new.com", 23, **refused, **probed)])
        found = differences(self.old, self.new)
        self.assertEqual({("undeliverable", "twice.com"), ("newly-broken", "twice.com"), ("newly-broken", "other.com"),
                          ("undeliverable", "new.com"), ("newly-broken", "new.com"), ("new", "new.com")},
                         {(c["change"], c["domain"]) for c in found["changes"]})
        self.assertEqual(["still.com"], [s["domain"] for s in found["still_broken"]])
        self.assertEqual(["policy-mx-invalid"],
                         next(c for c in found["changes"] if c["domain"] == "other.com")["new"]["errors"])

    def test_what_is_known_is_counted_apart(self) -> None:
        expired = {"effect": "opportunistic", "findings": [{"code": "policy-tls-expired"}], "status": "broken"}
        both = {**expired, "findings": [{"code": "policy-tls-expired"}, {"code": "mx-mismatch"}]}
        self.put([sound("new.com", 22), sound("still.com", 22, **expired), sound("more.com", 22, **expired),
                  sound("passed.com", 22), sound("other.com", 22)],
                 [sound("new.com", 23, **expired), sound("still.com", 23, **expired), sound("more.com", 23, **both),
                  sound("passed.com", 23, **expired), sound("other.com", 23, **expired)])
        known = self.folder / "known"
        known.write_text("# the migration of November\n"
                         "new.com policy-tls-expired until 2026-11-23\nstill.com policy-tls-expired\r\n"
                         "more.com policy-tls-expired\npassed.com policy-tls-expired until 2026-11-22\n")
        found = differences(self.old, self.new, "--known", str(known))
        self.assertEqual([("newly-broken", "other.com"), ("newly-broken", "passed.com"), ("more-errors", "more.com")],
                         [(c["change"], c["domain"]) for c in found["changes"] if c["trend"] == "worse"])
        self.assertEqual(["more.com"], [s["domain"] for s in found["still_broken"]])
        self.assertEqual([("new.com", ["policy-tls-expired"]), ("still.com", ["policy-tls-expired"])],
                         [(k["domain"], k["new"]["errors"]) for k in found["known"]])
        self.assertEqual(3, found["worse"])
        text = stscan("diff", "--known", known, self.old, self.new)
        self.assertEqual(1, text.returncode)
        self.assertIn(b"  2 domains have known errors alone\n", text.stdout)
        self.assertIn(b"\nknown:\n  new.com  policy-tls-expired\n  still.com  policy-tls-expired\n", text.stdout)
        self.assertIn(b"1 findings are known no more", text.stderr)

    def test_labels_come_along(self) -> None:
        expired = {"effect": "opportunistic", "findings": [{"code": "policy-tls-expired"}], "status": "broken"}
        acme, long = {"customer": "acme", 'a"b': "\u001b[31m"}, {"note": "x" * 20_000}
        self.put([sound("a.com", 22, labels={"customer": "old"}), sound("b.com", 22), sound("c.com", 22, **expired),
                  sound("d.com", 22, labels={"customer": "gone"}), sound("e.com", 22)],
                 [sound("a.com", 23, labels=acme, **expired), sound("b.com", 23, labels=acme, **expired),
                  sound("c.com", 23, labels={"customer": "zeta"}, **expired), record("d.com", "absent", 23),
                  sound("e.com", 23, labels=long, **expired)])
        found = differences(self.old, self.new)
        self.assertEqual({"a.com": acme, "b.com": acme, "d.com": {"customer": "gone"}, "e.com": None},
                         {c["domain"]: c.get("labels") for c in found["changes"]})
        self.assertEqual([{"customer": "zeta"}], [s["labels"] for s in found["still_broken"]])
        text = stscan("diff", self.old, self.new).stdout.decode()
        self.assertIn('  c.com  {"customer":"zeta"}  since ', text)
        self.assertNotIn("\x1b", text)
        only = differences(self.old, self.new, "--where", "label.customer=acme")
        self.assertEqual({"a.com", "b.com"}, {c["domain"] for c in only["changes"]})

    def test_what_is_known_is_no_reason_to_exit_with_1(self) -> None:
        expired = {"effect": "opportunistic", "findings": [{"code": "policy-tls-expired"}], "status": "broken"}
        self.put([sound("new.com", 22), sound("still.com", 22, **expired)],
                 [sound("new.com", 23, **expired), sound("still.com", 23, **expired)])
        known = self.folder / "known"
        known.write_text("new.com policy-tls-expired\nstill.com policy-tls-expired")
        self.assertEqual(1, stscan("diff", self.old, self.new).returncode)
        self.assertEqual(0, stscan("diff", "--known", known, self.old, self.new).returncode)
        known.write_text("new.com policy-tls-expird\n")
        done = stscan("diff", "--known", known, self.old, self.new)
        self.assertEqual(2, done.returncode)
        self.assertIn(b'line 1: "policy-tls-expird" is not a code', done.stderr)
        self.assertEqual(2, stscan("diff", "--known", self.folder / "none", self.old, self.new).returncode)

    def test_worst_first_then_by_rank_and_name(self) -> None:
        broken = {"effect": "opportunistic", "findings": [{"code": "policy-tls-expired"}]}
        self.put([sound("mended.com", 22, **broken, status="broken"), sound("b.com", 22), sound("a.com", 22),
                  sound("ranked.com", 22, rank=7), sound("removed.com", 22), sound("same.com", 22)],
                 [sound("mended.com", 23), sound("b.com", 23, **broken, status="broken"),
                  sound("a.com", 23, **broken, status="broken"),
                  sound("ranked.com", 23, rank=7, **broken, status="broken"),
                  record("removed.com", "absent", 23), sound("same.com", 23), sound("new.com", 23)])
        found = differences(self.old, self.new)
        self.assertEqual([("removed-cached", "removed.com"), ("newly-broken", "ranked.com"),
                          ("newly-broken", "a.com"), ("newly-broken", "b.com"), ("new", "new.com"),
                          ("mended", "mended.com")],
                         [(change["change"], change["domain"]) for change in found["changes"]])
        self.assertEqual((4, 1, 1), (found["worse"], found["better"], found["other"]))
        self.assertEqual(3, found["counts"]["newly-broken"])
        self.assertEqual(["policy-tls-expired"], found["changes"][1]["new"]["errors"])
        self.assertNotIn("old", found["changes"][4])
        done = stscan("diff", self.old, self.new)
        self.assertEqual(1, done.returncode)
        text = done.stdout.decode()
        self.assertTrue(text.startswith("4 regressions, 1 improvement, 1 other change\n"))
        self.assertIn("\n  removed.com  cached until 2026-11-29\n", text)
        self.assertIn("\n  ranked.com  policy-tls-expired\n", text)
        self.assertLess(text.index("  ranked.com"), text.index("  a.com"))

    def test_what_old_says_of_domains_deployed_now(self) -> None:
        self.put([record("known.com", "unknown", 22), record("absent.com", "absent", 22)],
                 [sound("known.com", 23), sound("absent.com", 23), sound("unseen.com", 23)])
        self.assertEqual({("known", "known.com"), ("new", "absent.com"), ("new", "unseen.com")},
                         {(c["change"], c["domain"]) for c in differences(self.old, self.new)["changes"]})

    def test_known_changes_among_many(self) -> None:
        old = [r for _, r in Maker(seed=4, share=0.1).records(COUNT)]
        new = copy.deepcopy(old)
        valid = [r for r in new if r["status"] == "valid" and "policy" in r]
        for r in valid[:50]:
            r["status"] = "broken"
            r["findings"] = [*r["findings"], {"code": "policy-empty", "severity": "error"}]
        for r in valid[50:80]:
            r["certificate"]["sha256"] = "another"
        gone = [r for r in new if r["status"] == "broken"][-20:]
        self.put(old, [r for r in new if r not in gone])
        counts = differences(self.old, self.new)["counts"]
        self.assertEqual({"newly-broken": 50, "certificate-replaced": 30, "gone": 20},
                         {name: count for name, count in counts.items() if count})

    def test_only_what_got_worse(self) -> None:
        broken = {"effect": "opportunistic", "findings": [{"code": "policy-tls-expired"}], "status": "broken"}
        self.put([sound("a.com", 22), sound("b.com", 22, **broken), sound("c.com", 22)],
                 [sound("a.com", 23, **broken), sound("b.com", 23), sound("c.com", 23), sound("d.com", 23)])
        done = stscan("diff", "--worse", "--json", self.old, self.new)
        self.assertEqual(1, done.returncode)
        found = json.loads(done.stdout)
        self.assertEqual(["a.com"], [change["domain"] for change in found["changes"]])
        self.assertEqual((1, 1, 1), (found["worse"], found["better"], found["other"]))
        text = stscan("diff", "--worse", self.old, self.new).stdout.decode()
        self.assertIn("\n  a.com  policy-tls-expired\n", text)
        self.assertNotIn("b.com", text)
        self.put([sound("b.com", 22, **broken)], [sound("b.com", 23)])
        self.assertEqual(0, stscan("diff", "--worse", self.old, self.new).returncode)
        self.assertEqual(1, stscan("diff", self.old, self.new).returncode)

    def test_why_and_how_many_domains(self) -> None:
        why = {"effect": "undeliverable", "status": "broken", "findings": [
            {"code": "policy-tls-expires-soon", "severity": "warning", "detail": "soon"},
            {"code": "policy-tls-expired", "severity": "error", "detail": "expired 2026-11-20T10:00:00Z"},
            {"code": "mx-mismatch", "severity": "error", "detail": "mx.a.com matches no pattern"}]}
        old = {"effect": "opportunistic", "status": "broken",
               "findings": [{"code": "policy-tls-expired", "severity": "error", "detail": "expired 2026-11-20T10:00:00Z"}]}
        self.put([sound("a.com", 22), sound("b.com", 22, **old)], [sound("a.com", 23, **why), sound("b.com", 23, **why)])
        found = differences(self.old, self.new)
        self.assertEqual((2, 2, 0, 0), tuple(found[key] for key in ("domains", "worse", "better", "other")))
        self.assertGreater(sum(found["counts"].values()), 2)
        details = {(c["change"], c["domain"]): c.get("detail") for c in found["changes"]}
        self.assertEqual("policy-tls-expired, mx-mismatch: expired 2026-11-20T10:00:00Z",
                         details["newly-broken", "a.com"])
        self.assertEqual("mx-mismatch: mx.a.com matches no pattern", details["more-errors", "b.com"])
        self.assertEqual([("b.com", "2026-11-22T10:00:00.000Z")],
                         [(still["domain"], still["since"]) for still in found["still_broken"]])
        text = stscan("diff", self.old, self.new).stdout.decode()
        self.assertTrue(text.startswith("2 regressions, 0 improvements, 0 other changes\n"))
        self.assertIn("\n  b.com  mx-mismatch: mx.a.com matches no pattern\n", text)
        self.assertIn("\nstill broken:\n  b.com  since 2026-11-22 or earlier: policy-tls-expired, mx-mismatch\n", text)

    def test_conditions_choose_by_what_either_says(self) -> None:
        broken = {"effect": "opportunistic", "findings": [{"code": "policy-tls-expired"}], "status": "broken"}
        self.put([sound("a.com", 22), sound("b.net", 22, **broken), sound("c.com", 22)],
                 [sound("a.com", 23, **broken), sound("b.net", 23), record("c.com", "absent", 23)])
        def domains(where: str) -> set[str]:
            return {c["domain"] for c in differences(self.old, self.new, "--where", where)["changes"]}
        self.assertEqual({"a.com", "b.net"}, domains("status=broken"))
        self.assertEqual({"a.com", "c.com"}, domains("tld=com"))
        self.assertEqual({"c.com"}, domains("status=absent"))
        self.assertEqual(2, stscan("diff", "--where", "managed=self", self.old, self.new).returncode)

    def test_folders_of_shards(self) -> None:
        old = [r for _, r in Maker(seed=9, share=0.2).records(3000)]
        new = copy.deepcopy(old)
        for r in [r for r in new if r["status"] == "valid"][:40]:
            r["status"] = "broken"
            r["findings"] = [{"code": "policy-empty", "severity": "error"}]
        self.put(old, new)
        whole = differences(self.old, self.new)
        self.assertEqual(40, whole["counts"]["newly-broken"])
        for name, records in (("old", old), ("new", new)):
            (self.folder / name).mkdir()
            for i in range(3):
                write(self.folder / name / f"shard-{2 - i}.gz", iter(records[i::3]))
        parts = differences(self.folder / "old", self.folder / "new")
        for key in ("changes", "counts", "worse", "domains", "still_broken"):
            self.assertEqual(whole[key], parts[key])

    def test_what_new_did_not_ask_for_is_not_gone(self) -> None:
        names = self.folder / "names.txt"
        with Lab() as lab:
            names.write_text("".join(f"{case['domain']}\n" for case in lab.cases()))
            shards = [self.folder / f"{i}.gz" for i in range(2)]
            for i, shard in enumerate(shards):
                self.assertEqual(0, stscan("scan", *lab.options, "--shard", f"{i}/2", "-o", shard, names).returncode)
            self.old.write_bytes(shards[0].read_bytes() + shards[1].read_bytes())
        found = differences(self.old, shards[0])
        self.assertEqual(0, found["counts"]["gone"])
        self.assertGreater(found["not_asked"], 5)
        self.assertEqual(0, found["domains"])
        bare = self.folder / "bare.ndjson"  # without heads nobody can tell
        bare.write_bytes(gzip.decompress(shards[0].read_bytes()))
        self.assertEqual(found["not_asked"], differences(self.old, bare)["counts"]["gone"])

    def test_new_can_be_standard_input(self) -> None:
        self.put([sound("a.com", 22)], [])
        new = line_of(record("a.com", "unknown", 23))
        done = stscan("diff", "--json", self.old, "-", stdin=new)
        self.assertEqual(1, done.returncode)
        self.assertEqual(["unknown"], [c["change"] for c in json.loads(done.stdout)["changes"]])

    def test_wrong_usage_and_files_that_are_not_ours(self) -> None:
        self.put([sound("a.com", 22)], [sound("a.com", 23)])
        for arguments, code, expected in (
                ([], 2, "give two result files"),
                ([self.old], 2, "give two result files"),
                (["-", self.new], 2, "OLD is read twice"),
                ([self.old, "/nonexistent"], 2, "/nonexistent: No such file"),
                ([Path(__file__), self.new], 2, "not a result file of stscan")):
            with self.subTest(arguments=arguments):
                done = stscan("diff", *arguments)
                self.assertEqual((code, b""), (done.returncode, done.stdout))
                self.assertIn(expected, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
