"""The study's tables from a result made to its figures: makes the records, and writes output/stats/STUDY.md.

usage: STSCAN=build/stscan study.py > output/stats/STUDY.md

The study: Ashiq, Fiebig, Chung, "Unraveling the Complexities of MTA-STS Deployment and Management in Securing Email",
IMC 2025, doi 10.1145/3730567.3732916. Records are made only as far as statistics need them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from program import stscan
from records import line_of, member

TLDS = {"com": 53_800, "net": 6_183, "org": 7_355, "se": 692}
DEPLOYED = sum(TLDS.values())
SELF, THIRD = 25_344, 28_591
PROVIDERS = {"tutanota.de": 7_614, "dmarcinput.com": 7_293, "mta-sts.tech": 3_753, "easydmarc.pro": 2_222,
             "mailhardener.com": 1_558, "uriports.com": 1_100, "sdmarc.net": 805, "ondmarc.com": 451}
OTHER_PROVIDER = 55  # domains of each of those that the study does not name: a third party has 50 or more
DIFFERENT = 18_922  # policy and mail at different providers
SHARED = 10  # domains of an operator that is neither one's own nor a third party

RECORD = {"record-id-invalid": 203, "record-id-missing": 65, "record-version": 52, "record-extension-invalid": 2}
RETRIEVAL = {  # code: self-managed, third-party; the parts that the study names, and the rest of each layer
    "policy-dns-nxdomain": (42, 0), "policy-tcp-timeout": (193, 34), "policy-tls-name-mismatch": (8_385, 0),
    "policy-tls-alert": (0, 463), "policy-tls-expired": (486, 650), "policy-http-status": (245, 140),
    "policy-http-redirect": (132, 75), "policy-mx-invalid": (35, 52), "policy-syntax": (20, 29),
}
MX_TLS = (1_046, 397)
ALL_MX_INVALID, ENFORCE_MX_INVALID = 1_326, 269
NOT_FOUND, BAD_MX = 385, 87  # 65% of 377 + 215, 64% of 55 + 81
FORMER_MX, FORMER = 644, "mx.former-mail.example"
MISMATCH = {"domain": 1_023, "subdomain": 730, "typo": 63}
SAME_MISMATCH, DIFFERENT_MISMATCH = 1, 640
ENFORCED_MISMATCH = 406

STAGES = {"record": "record", "policy-dns": "policy-dns", "policy-tcp": "policy-tcp", "policy-tls": "policy-tls",
          "policy-http": "policy-http", "policy-mx": "policy-syntax", "policy-syntax": "policy-syntax", "mx-tls": "mx-tls",
          "mx-mismatch": "mx"}


def finding(code: str, **members: object) -> dict:
    stage = next(stage for prefix, stage in STAGES.items() if code.startswith(prefix))
    if code.startswith("mx-tls"):
        stage = "mx-tls"
    return {"code": code, "severity": "error", "stage": stage, **members}


def names() -> Iterator[str]:
    for tld, count in TLDS.items():
        yield from (f"d{n}.{tld}" for n in range(count))


def owners() -> Iterator[dict]:
    """Who manages the policy host of each domain, and its faults by retrieval: self, third party, neither."""
    for which, count in ((0, SELF), (1, THIRD)):
        faults = [code for code, counts in RETRIEVAL.items() for _ in range(counts[which])]
        faults += ["mx-tls-name-mismatch"] * MX_TLS[which]
        for n in range(count):
            yield {"manager": which, "n": n, "codes": faults[n:n + 1]}
    yield from ({"manager": 2, "n": n, "codes": []} for n in range(DEPLOYED - SELF - THIRD))


def provider(n: int) -> str:
    for name, count in PROVIDERS.items():
        if n < count:
            return name
        n -= count
    return f"provider{n // OTHER_PROVIDER if n // OTHER_PROVIDER < 68 else 68}.example"


def place(owner: dict, domain: str, record: dict) -> None:
    """The policy host, and where the mail goes."""
    n = owner["n"]
    mail = f"mx.{domain}"
    if owner["manager"] == 1:
        name = provider(THIRD - 1 - n)  # faults come first: of the least of them
        record["policy_host"] = {"rcode": "NOERROR", "cname": [f"sts.{name}"]}
        if name == "tutanota.de":
            mail = f"mx.{name}"
        elif owner["different"]:
            mail = "mx.another-mail.example"
    elif "policy-dns-nxdomain" in owner["codes"]:
        record["policy_host"] = {"rcode": "NXDOMAIN", "cname": [f"sts.{domain}"]}
    else:
        number = n if owner["manager"] == 0 else 2**20 + min(n // SHARED, (DEPLOYED - SELF - THIRD) // SHARED - 1)
        record["policy_host"] = {"rcode": "NOERROR", "addresses": [f"2001:db8::{number >> 16:x}:{number & 65535:x}"]}
    record["mx"] = [{"preference": 10, "host": mail, "covered": True}]
    if "policy-http-status" in owner["codes"]:
        record["fetch"] = {"http_status": 404}


def probe(record: dict, number: int) -> None:
    """What STARTTLS found of a domain with an invalid certificate, the number-th of them: all of its MX, or one of two."""
    record["mx"][0]["tls"] = {"verdict": "refused", "codes": ["mx-tls-name-mismatch"]}
    if number > ALL_MX_INVALID:
        record["mx"].append({"preference": 20, "host": f"mx2.{record['domain']}", "covered": True,
                             "tls": {"verdict": "secure", "codes": []}})


def records() -> Iterator[dict]:
    """One for each deployed domain."""
    odd = [code for code, count in RECORD.items() for _ in range(count)]
    kinds = [kind for kind, count in MISMATCH.items() for _ in range(count)]
    different = same = probed = 0
    enforced = ENFORCED_MISMATCH
    for n, (domain, owner) in enumerate(zip(names(), owners(), strict=True), 1):
        record: dict = {"v": 1, "n": n, "domain": domain, "status": "valid", "effect": "testing"}
        not_tutanota = owner["manager"] == 1 and provider(THIRD - 1 - owner["n"]) != "tutanota.de"
        owner["different"] = not_tutanota and different < DIFFERENT
        different += owner["different"]
        place(owner, domain, record)
        findings = [finding(code) for code in owner["codes"]]
        sound = not findings
        if owner["different"]:
            mismatched = sound and among("different")
        elif owner["manager"] == 1 and not not_tutanota:
            mismatched = sound and same < SAME_MISMATCH
            same += mismatched
        else:
            mismatched = sound and owner["manager"] == 0 and among("self")
        names_former = False
        if mismatched:
            kind = kinds.pop(0 if owner["manager"] == 1 else -1)
            findings.append(finding("mx-mismatch", kind=kind))
            names_former = kind == "domain"
            enforced -= 1
            record["effect"] = "undeliverable" if enforced >= 0 else "testing"
        elif sound and owner["manager"] == 2 and odd:
            findings.append(finding(odd.pop()))
            record["effect"] = "opportunistic"
        if findings:
            record["status"] = "broken"
        mode = "enforce" if record["effect"] == "undeliverable" or n % 3 == 0 else "testing"
        if "mx-tls-name-mismatch" in owner["codes"]:
            probed += 1
            probe(record, probed)
            mode = "enforce" if probed <= ENFORCE_MX_INVALID else "testing"
        record |= {"findings": findings, "policy": {"mode": mode, "max_age": 86400 * (1 + n % 40)},
                   "at": "2026-11-23T10:00:00.000Z", "ms": 1}
        if names_former:
            record["policy"]["mx"] = [FORMER]
        yield record


def earlier(today: list[dict]) -> Iterator[dict]:
    """An earlier scan of those whose policy names what was their MX then."""
    moved = [record for record in today if "mx" in record["policy"]]
    for record in moved[:FORMER_MX]:
        yield {**record, "status": "valid", "effect": "testing", "findings": [], "at": "2026-10-23T10:00:00.000Z",
               "mx": [{"preference": 10, "host": FORMER, "covered": True}]}


LEFT = {"different": DIFFERENT_MISMATCH, "self": sum(MISMATCH.values()) - DIFFERENT_MISMATCH - SAME_MISMATCH}


def among(which: str) -> bool:
    """Whether the next sound one is among those whose MX the policy does not cover."""
    if LEFT[which] == 0:
        return False
    LEFT[which] -= 1
    return True


def statistics() -> dict:
    LEFT.update(different=DIFFERENT_MISMATCH, self=sum(MISMATCH.values()) - DIFFERENT_MISMATCH - SAME_MISMATCH)
    with tempfile.TemporaryDirectory(prefix="stscan-study.") as folder:
        today, before = Path(folder, "study.ndjson.gz"), Path(folder, "earlier.ndjson.gz")
        made = list(records())
        today.write_bytes(member(b"".join(map(line_of, made))))
        before.write_bytes(member(b"".join(map(line_of, earlier(made)))))
        done = stscan("stats", "--json", before, today)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def at(found: dict, path: str) -> int:
    value: object = found
    for part in path.split("/"):
        value = value.get(part, 0) if isinstance(value, dict) else value
    return int(value)  # type: ignore[call-overload]


SELF_AND_THIRD = [("TCP", "stage/policy-tcp", 193, 34), ("TLS", "stage/policy-tls", 8_871, 1_113),
                  ("TLS: the name is not in the certificate", "findings/policy-tls-name-mismatch", 8_385, None),
                  ("TLS: an alert, no certificate for the name", "findings/policy-tls-alert", None, 463),
                  ("DNS", "stage/policy-dns", 42, 0), ("HTTP", "stage/policy-http", 377, 215),
                  ("syntax", "stage/policy-syntax", 55, 81), ("certificates of MX", "stage/mx-tls", 1_046, 397)]
ALONE = [("domains with a record", "domains", DEPLOYED),
         ("record: bad id", "findings/record-id-invalid", 203), ("record: no id", "findings/record-id-missing", 65),
         ("record: bad version prefix", "findings/record-version", 52),
         ("record: bad extensions", "findings/record-extension-invalid", 2),
         ("policy and MX: another domain", "mismatch/domain", 1_023),
         ("of these, the policy names an MX of the past", "mismatch_former/domain", FORMER_MX),
         ("policy and MX: from the third label on", "mismatch/subdomain", 730),
         ("policy and MX: a typo", "mismatch/typo", 63),
         ("policy and MX differ, and enforce", "effect/undeliverable", 406),
         ("policy and mail at one provider, mismatch", "outsourced/same/mismatch", 1),
         ("policy and mail at different providers", "outsourced/different/domains", 18_922),
         ("of these, mismatch", "outsourced/different/mismatch", 640),
         ("HTTP: 404 (65% of all with an HTTP error)", "http_status/404", NOT_FOUND),
         ("syntax: bad mx (64% of all with a bad policy)", "findings/policy-mx-invalid", BAD_MX),
         ("MX with a certificate that is not valid: all MX", "mail/all_refused", ALL_MX_INVALID),
         ("some MX", "mail/any_refused", sum(MX_TLS)),
         ("some MX, and enforce", "mail/enforce/any_refused", ENFORCE_MX_INVALID),
         ("self-managed", "managed/self/domains", SELF), ("third-party", "managed/third-party/domains", THIRD)]
NOBODY = [("modes", "`mode`"), ("lifetimes", "`max_age`"),
          ("what a sender does: enforced, testing, at risk, undeliverable", "`effect`"),
          ("redirects, Content-Type, several records, oversize bodies",
           "`findings`: `policy-http-redirect`, `policy-http-content-type`, `record-multiple`, `policy-http-too-large`"),
          ("certificates that are about to expire", "`certificate`"), ("TLSRPT among deployers", "`tlsrpt`"),
          ("verdicts that a second look changed", "`looks`"), ("each operator counted once", "`operators`"),
          ("causes by operator, by name or address", "`delegation`, `operators.addresses`"),
          ("broken for strict readers alone", "`deployed_strict`"), ("IPv6 of policy hosts", "`stats --by ipv6`"),
          ("domains followed from scan to scan", "`stats --series`, `stscan diff`"),
          ("rates, resolvers, versions, list digests", "`scan`"),
          ("the evidence of every verdict", "the records themselves")]


def page(found: dict) -> str:
    lines = [
        "# The IMC 2025 study's tables, from one call of `stats`", "",
        "Made by [tests/e2e/study.py](../../tests/e2e/study.py) and held by a test: a result of "
        f"{DEPLOYED:,} domains is generated to", "the figures that Ashiq, Fiebig and Chung report (IMC 2025, "
        "doi 10.1145/3730567.3732916), and `stscan stats --json` counts it.", "This shows that the statistics have their "
        "tables' members and count them by their method. It is no measurement of ours.", "",
        "## Theirs", "", "| figure | member | the study | stats |", "|---|---|--:|--:|"]
    lines += [f"| {title} | `{path.replace('/', '.')}` | {theirs:,} | {at(found, path):,} |" for title, path, theirs in ALONE]
    lines += [f"| records in .{tld} | `tld` | {count:,} | "
              f"{next(line['deployed'] for line in found['tld'] if line['tld'] == tld):,} |" for tld, count in TLDS.items()]
    lines += ["", "Retrieval of the policy and certificates of MX, by who manages (`managed.self`, `managed.third-party`); a dash: "
              "the study does", "not say.", "", "| figure | member | self: the study | self: stats | third party: the study | "
              "third party: stats |", "|---|---|--:|--:|--:|--:|"]
    for title, path, own, third in SELF_AND_THIRD:
        cells = [f"{own:,}" if own is not None else "-", f"{at(found, 'managed/self/' + path):,}",
                 f"{third:,}" if third is not None else "-", f"{at(found, 'managed/third-party/' + path):,}"]
        lines.append(f"| {title} | `{path.replace('/', '.')}` | {' | '.join(cells)} |")
    lines += ["", "Policy hosts by CNAME target (`delegation`):", "", "| provider | the study | stats |", "|---|--:|--:|"]
    told = {line["provider"]: line["domains"] for line in found["delegation"]}
    lines += [f"| {name} | {count:,} | {told[name]:,} |" for name, count in PROVIDERS.items()]
    lines += ["", f"An earlier scan of {FORMER_MX} of the domains is given too, for the MX of the past (`mismatch_former`). Of theirs, these are not",
              "here: third parties by NS and by the domain's own address (`scan --ask mx,ns`: `ask.managed`), and that 597 of the 730 patterns name",
              "`mta-sts.` (`pattern` of the records' findings). Shares of all domains need the absent ones too; `stats` has them from a scan's",
              "whole list.", "", "## Nobody's before", "",
              "What their tables lack and `stats` counts; this page's records say nothing of them.", "",
              "| figure | where |", "|---|---|"]
    lines += [f"| {title} | {where} |" for title, where in NOBODY]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(statistics()))
