"""The lab's domains: what each one publishes, and what stscan must say of it.

A case is a way to deploy MTA-STS, or to fail at it. In its texts {d} stands for the domain. Each case
is published under a name of its own (NAME.example), and, by its weight, under names of a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Host:
    """The policy host: how it is found, and how it answers."""

    cname: str | None = None
    a: tuple[str, ...] = ("{https}",)  # {https}: an address where nginx listens
    aaaa: tuple[str, ...] = ()
    cert: str = "good"  # see certificates.py
    status: int = 200
    content_type: str | None = "text/plain"
    location: str | None = None
    body: str = ""


@dataclass(frozen=True)
class Case:
    name: str
    codes: frozenset[str]
    status: str
    effect: str
    txt: tuple[str | tuple[str, ...], ...] = ()  # each record; a tuple: of several strings
    record_cname: str | None = None  # _mta-sts is an alias for it; txt stands there
    host: Host | None = None
    mx: tuple[tuple[int, str], ...] = ((10, "mail.{d}"),)
    address: bool = False  # whether the domain has an address of its own
    tlsrpt: tuple[str, ...] = ("v=TLSRPTv1; rua=mailto:tlsrpt@{d}",)
    mode: str | None = None
    weight: int = 0  # how often among the deployed names of a list
    near: tuple[tuple[str, str | tuple[str, ...]], ...] = ()  # TXT at other names: owner, text
    ns: tuple[str, ...] = ()  # its name servers: it has a zone of its own
    dns: str | None = None  # how the whole domain fails: servfail, refused
    members: dict[str, object] = field(default_factory=dict)  # path -> value in the record
    check_codes: frozenset[str] = frozenset()  # besides, of check, which looks at near names
    ask_codes: frozenset[str] = frozenset()  # likewise, with --ask
    ask_members: dict[str, object] = field(default_factory=dict)  # likewise


RECORD = "v=STSv1; id=20260408T100000;"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mail.{d}\r\nmax_age: 604800\r\n"
TESTING = POLICY.replace("enforce", "testing")
SOUND = Host(body=POLICY)
MISPLACED = frozenset({"record-misplaced"})

NO_DATA, NO_NAME = {"rcode": "NOERROR"}, {"rcode": "NXDOMAIN"}

# RFC 6376 appendix C and RFC 8463 appendix A.2.
RSA_KEY = ("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od",
           "+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB")
ED25519_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

# Addresses on which nobody listens, or not with TLS.
CLOSED = "127.0.0.2"
PLAIN_HTTP = "127.0.0.4"


def case(name: str, codes: str, status: str, effect: str, **more: object) -> Case:
    if "txt" not in more:
        more["txt"] = (RECORD,)
    if "host" not in more:
        more["host"] = SOUND
    return Case(name, frozenset(codes.split()), status, effect, **more)  # type: ignore[arg-type]


def policy(name: str, codes: str, body: str, effect: str = "opportunistic",
           status: str = "broken", **more: object) -> Case:
    return case(name, codes, status, effect, host=Host(body=body), **more)


def record(name: str, codes: str, *txt: str | tuple[str, ...], **more: object) -> Case:
    return case(name, codes, "broken", "opportunistic", txt=txt, **more)


def certificate(name: str, codes: str, cert: str, **more: object) -> Case:
    return case(name, codes, "broken", "opportunistic", host=Host(cert=cert, body=POLICY),
                members={"fetch.trusted": False, "policy.mode": "enforce"}, **more)


def absent(name: str, codes: str, **more: object) -> Case:
    return Case(name, frozenset(codes.split()), "absent", "none", tlsrpt=(), **more)  # type: ignore[arg-type]


def beside(name: str, ask_codes: str, *near: tuple[str, str | tuple[str, ...]], base: Case | None = None,
           **members: object) -> Case:
    """What stands beside MTA-STS: TXT at other names, and what --ask says of it."""
    base = base or absent(name, "record-absent")
    return replace(base, name=name, near=near, ask_codes=frozenset(ask_codes.split()),
                   ask_members={"spf": NO_DATA, "dmarc": NO_NAME, "ns": NO_DATA, **members})


def spf(name: str, ask_codes: str, *txt: str, **members: object) -> Case:
    return beside(name, ask_codes, *(("{d}", text) for text in txt), spf={"txt": list(txt), **members})


def dmarc(name: str, ask_codes: str, *txt: str, domain: str = "{d}", **members: object) -> Case:
    return beside(name, ask_codes, *((f"_dmarc.{domain}", text) for text in txt),
                  dmarc={"txt": list(txt), "domain": domain, **members})


def dkim(name: str, ask_codes: str, *txt: str | tuple[str, ...], **members: object) -> Case:
    key: dict[str, object] = {"selector": "s1", **members}
    if not members:
        key["txt"] = ["".join(text) for text in txt]
    return beside(name, ask_codes, *(("s1._domainkey.{d}", text) for text in txt),
                  base=case(name, "", "valid", "enforced"),
                  dkim=[key, {"selector": "s2", **NO_NAME}])


def fetch(name: str, codes: str, host: Host, **more: object) -> Case:
    return case(name, codes, "broken", "opportunistic", host=host, **more)


CASES: tuple[Case, ...] = (
    # Sound.
    case("enforce", "", "valid", "enforced", mode="enforce", weight=300,
         members={"record.id": "20260408T100000", "policy.max_age": 604800,
                  "policy.mx": ["mail.{d}"], "fetch.http_status": 200, "fetch.trusted": True,
                  "certificate.chain": 2}),
    case("enforce-rsa", "", "valid", "enforced", host=Host(cert="rsa", body=POLICY), weight=100),
    case("testing", "", "valid", "testing", host=Host(body=TESTING), mode="testing", weight=250),
    case("mode-none", "", "valid", "none", mode="none", weight=15,
         host=Host(body="version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n")),
    case("lf-lines", "", "valid", "enforced", host=Host(body=POLICY.replace("\r\n", "\n")), weight=60),
    case("wildcard-mx", "", "valid", "enforced", mx=((10, "a.mx.{d}"), (20, "b.mx.{d}")),
         host=Host(body=POLICY.replace("mail.{d}", "*.mx.{d}")), weight=30),
    case("wildcard-certificate", "", "valid", "enforced", host=Host(cert="wildcard", body=POLICY)),
    case("delegated", "", "valid", "enforced", record_cname="_mta-sts.provider.example.net",
         host=Host(cname="policies.provider.example.net", body=POLICY), weight=60,
         members={"record.cname": ["_mta-sts.provider.example.net"],
                  "policy_host.cname": ["policies.provider.example.net"]}),
    case("several-strings", "", "valid", "enforced", txt=(("v=STSv1; id=2026", "0408T100000;"),),
         members={"record.txt": [RECORD]}),
    case("dual-stack", "", "valid", "enforced", host=Host(aaaa=("::1",), body=POLICY)),
    case("second-address", "", "valid", "enforced",
         host=Host(a=(CLOSED, "{https}"), body=POLICY)),
    case("no-tlsrpt", "tlsrpt-absent", "valid", "enforced", tlsrpt=(), weight=200),
    case("unrelated-beside", "record-unrelated-txt", "valid", "enforced",
         txt=(RECORD, "google-site-verification=abc")),
    case("record-contested", "record-contested", "valid", "enforced", txt=("v=STSv1 ; id=1",)),
    case("first-id-counts", "record-duplicate-field", "valid", "enforced",
         txt=("v=STSv1; id=first; id=second",), members={"record.id": "first"}),
    case("first-mode-counts", "policy-duplicate-field", "valid", "testing", mode="testing",
         host=Host(body="version: STSv1\nmode: testing\nmode: enforce\nmx: mail.{d}\nmax_age: 86400\n")),
    case("unknown-field", "policy-unknown-field", "valid", "enforced",
         host=Host(body=POLICY + "comment: caf\u00e9\r\n")),
    case("short-max-age", "policy-max-age-short", "valid", "enforced",
         host=Host(body=POLICY.replace("604800", "300")), weight=5),
    case("zero-max-age", "policy-max-age-short", "valid", "enforced",
         host=Host(body=POLICY.replace("604800", "0"))),
    case("content-type", "policy-http-content-type", "valid", "enforced",
         host=Host(content_type="text/html; charset=utf-8", body=POLICY), weight=10),
    case("expires-soon", "policy-tls-expires-soon", "valid", "enforced",
         host=Host(cert="expires-soon", body=POLICY), weight=20),
    case("null-mx", "mx-null", "valid", "enforced", mx=((0, "."),)),
    case("implicit-mx", "mx-implicit", "valid", "enforced", mx=(), address=True,
         members={"findings.mx-implicit.detail": "no MX: mail goes to the domain's own address "
                  "(RFC 5321 section 5.1); no mx line of the policy is the domain itself"}),
    case("no-mx", "mx-absent", "valid", "enforced", mx=(), weight=5),
    case("unused-mx", "policy-mx-unused", "valid", "enforced", weight=10,
         host=Host(body=POLICY.replace("mx: ", "mx: old.{d}\r\nmx: "))),
    case("address-as-mx", "policy-contested policy-mx-unused", "valid", "enforced",
         host=Host(body=POLICY.replace("mx: ", "mx: 192.0.2.1\r\nmx: "))),
    case("b\u00fccher", "", "valid", "enforced"),
    case("long-policy", "policy-mx-unused", "valid", "enforced",
         host=Host(body=POLICY + "".join(f"mx: m{i}.{{d}}\r\n" for i in range(500)))),
    # No record.
    absent("nodata", "record-absent", txt=(), address=True),
    absent("misplaced-at-domain", "record-absent", near=(("{d}", RECORD),), check_codes=MISPLACED),
    absent("misplaced-at-host", "record-absent", near=(("mta-sts.{d}", RECORD),), host=SOUND,
           check_codes=MISPLACED),
    absent("misplaced-doubled", "record-absent", near=(("_mta-sts.{d}.{d}", RECORD),), check_codes=MISPLACED),
    absent("misplaced-tlsrpt", "record-absent record-unrelated-txt",
           txt=("v=TLSRPTv1; rua=mailto:tlsrpt@{d}",), check_codes=MISPLACED),
    absent("spf-wildcard", "record-absent record-unrelated-txt", txt=("v=spf1 -all",)),
    # The record.
    record("two-records", "record-multiple", RECORD, "v=STSv1; id=2;", weight=2),
    record("version", "record-version", "v=stsv1; id=1;", weight=3),
    record("quotes", "record-version", "\"v=STSv1; id=1;\""),
    record("no-id", "record-id-missing", "v=STSv1;", weight=3),
    record("bare-version", "record-id-missing", "v=STSv1"),
    record("bad-id", "record-id-invalid", "v=STSv1; id=2026-04-08;", weight=8),
    record("long-id", "record-id-invalid", "v=STSv1; id=" + 33 * "a"),
    record("bad-extension", "record-extension-invalid", "v=STSv1; id=1; note=two words"),
    record("empty-field", "record-syntax", "v=STSv1; id=1;;"),
    record("large-record", "record-extension-invalid",
           ("v=STSv1; id=1", *(f"; x{i}=" + 230 * "y" for i in range(9)), "; bad=a=b"),
           members={"record.id": "1"}),
    # Finding the policy host.
    fetch("no-host", "policy-dns-nxdomain", Host(a=()), weight=4),
    fetch("host-nodata", "policy-dns-nodata", Host(a=(), cname="nodata.provider.example.net"),
          members={"findings.policy-dns-nodata.detail": "mta-sts.{d} is an alias of "
                   "nodata.provider.example.net, which has neither AAAA nor A"}),
    fetch("dangling", "policy-dns-nxdomain", Host(a=(), cname="gone.provider.example.net"), weight=2,
          members={"findings.policy-dns-nxdomain.host": "mta-sts.{d}",
                   "findings.policy-dns-nxdomain.detail": "mta-sts.{d} is an alias of "
                   "gone.provider.example.net, which does not exist"}),
    # Reaching it.
    fetch("refused", "policy-tcp-refused", Host(a=(CLOSED,)), weight=12),
    fetch("plain-http", "policy-tls-not-tls", Host(a=(PLAIN_HTTP,))),
    fetch("handshake-alert", "policy-tls-alert", Host(cert="reject"), weight=18),
    # Its certificate.
    certificate("wrong-name", "policy-tls-name-mismatch", "wrong-name", weight=200),
    certificate("common-name-only", "policy-tls-name-mismatch", "common-name"),
    certificate("expired", "policy-tls-expired", "expired", weight=30),
    certificate("not-yet-valid", "policy-tls-not-yet-valid", "not-yet-valid"),
    certificate("self-signed", "policy-tls-self-signed", "self-signed", weight=25),
    certificate("unknown-issuer", "policy-tls-untrusted", "unknown-issuer", weight=10),
    certificate("no-intermediate", "policy-tls-untrusted", "no-intermediate", weight=15),
    certificate("expired-wrong-name", "policy-tls-expired policy-tls-name-mismatch",
                "expired-wrong-name"),
    # Its HTTP.
    fetch("redirect", "policy-http-redirect",
          Host(status=301, location="https://www.example.com/.well-known/mta-sts.txt"), weight=4),
    fetch("not-found", "policy-http-status", Host(status=404), weight=15,
          members={"fetch.http_status": 404}),
    fetch("server-error", "policy-http-status", Host(status=500), weight=3),
    fetch("too-large", "policy-http-too-large", Host(body="x" * 65537)),
    # Its text.
    policy("empty", "policy-empty", "", weight=2),
    policy("web-page", "policy-html policy-syntax", "<!doctype html><title>Hello</title>"),
    policy("policy-version", "policy-version", POLICY.replace("STSv1", "STSv2")),
    policy("mode", "policy-mode", POLICY.replace("enforce", "Enforce"), weight=2),
    policy("no-mode", "policy-mode", POLICY.replace("mode: enforce\r\n", "")),
    policy("max-age", "policy-max-age", POLICY.replace("604800", "7d"), weight=1),
    policy("huge-max-age", "policy-max-age", POLICY.replace("604800", "31557601"), weight=1),
    policy("mx-missing", "policy-mx-missing policy-unknown-field", POLICY.replace("mx:", "nmx:"),
           weight=2),
    policy("only-bad-mx", "policy-mx-invalid", POLICY.replace("mail.{d}", "postmaster@{d}"), weight=4),
    policy("blank-line", "policy-syntax", POLICY + "\r\n", weight=2),
    policy("byte-order-mark", "policy-syntax", "\ufeff" + POLICY),
    policy("cr-lines", "policy-syntax", POLICY.replace("\r\n", "\r")),
    policy("one-bad-mx", "policy-mx-invalid", POLICY + "mx: mail.{d}.\r\n", effect="enforced",
           weight=2),
    # MX.
    policy("mx-typo", "mx-mismatch policy-mx-unused", POLICY.replace("mail.{d}", "mial.{d}"),
           effect="undeliverable", weight=2, members={"findings.mx-mismatch.kind": "typo"}),
    policy("mx-subdomain", "mx-mismatch policy-mx-unused",
           POLICY.replace("mail.{d}", "mta-sts.{d}"), effect="undeliverable", weight=20,
           members={"findings.mx-mismatch.kind": "subdomain"}),
    policy("mx-tld", "mx-mismatch policy-mx-unused",
           POLICY.replace("mail.{d}", "mail.hosting.net"), effect="undeliverable",
           mx=((10, "mail.hosting.community"),), members={"findings.mx-mismatch.kind": "tld"}),
    policy("mx-domain", "mx-mismatch policy-mx-unused",
           POLICY.replace("mail.{d}", "mx.former-provider.example.org"), effect="undeliverable",
           weight=25, members={"findings.mx-mismatch.kind": "domain"}),
    policy("mx-testing", "mx-mismatch policy-mx-unused", TESTING.replace("mail.{d}", "mx.{d}"),
           effect="testing", mode="testing", weight=5),
    policy("mx-partial", "mx-partial-mismatch", POLICY, effect="at-risk", weight=5,
           mx=((10, "mail.{d}"), (20, "backup.provider.example.net"))),
    # TLSRPT beside a sound policy.
    case("tlsrpt-multiple", "tlsrpt-multiple", "valid", "enforced",
         tlsrpt=("v=TLSRPTv1; rua=mailto:a@{d}", "v=TLSRPTv1; rua=mailto:b@{d}")),
    case("tlsrpt-syntax", "tlsrpt-syntax", "valid", "enforced", tlsrpt=("v=TLSRPTv1; rua=a@{d}",)),
    # What stands beside MTA-STS: told with --ask alone.
    replace(beside("beside-all", "", ("{d}", "v=spf1 mx -all"), ("_dmarc.{d}", "v=DMARC1; p=reject"),
           ("{d}", "google-site-verification=abc"), ns=["a.ns.example", "b.ns.example"],
           spf={"txt": ["v=spf1 mx -all"], "all": "-"},
           dmarc={"txt": ["v=DMARC1; p=reject"], "p": "reject", "domain": "{d}"},
           mx=[{"preference": 10, "host": "mail.{d}"}]), ns=("a.ns.example", "b.ns.example")),
    replace(beside("beside-nothing", "", mx=NO_DATA), mx=()),
    spf("spf-soft", "", "v=spf1 ip4:192.0.2.0/24 include:_spf.example.net ~all", all="~"),
    spf("spf-neutral", "", "v=spf1 ?all", all="?"),
    spf("spf-pass", "", "v=spf1 +all", all="+"),
    spf("spf-redirect", "", "v=spf1 redirect=_spf.example.net", all="redirect"),
    spf("spf-no-all", "", "v=spf1 mx", reason="no-all"),
    spf("spf-multiple", "spf-multiple", "v=spf1 mx -all", "v=spf1 ~all", reason="multiple"),
    spf("spf-syntax", "spf-syntax", "v=spf1 ipv4:192.0.2.1 -all", all="-"),
    spf("spf-version", "spf-syntax", "v=spf1; mx -all", reason="version"),
    spf("spf-lookups", "spf-lookups", "v=spf1 " + "".join(f"include:{c}.example.net " for c in "abcdefghijk")
        + "-all", all="-"),
    dmarc("dmarc-none", "", "v=DMARC1; p=none; sp=quarantine; pct=25; rua=mailto:d@example.net", p="none",
          sp="quarantine", pct=25, rua=["mailto:d@example.net"]),
    dmarc("dmarc-quarantine", "", "v=DMARC1; p=quarantine", p="quarantine"),
    dmarc("mail.dmarc-organizational", "", "v=DMARC1; p=reject; sp=none",
          domain="dmarc-organizational.example", p="reject", sp="none"),
    dmarc("dmarc-multiple", "dmarc-multiple", "v=DMARC1; p=none", "v=DMARC1; p=reject", reason="multiple"),
    dmarc("dmarc-syntax", "dmarc-syntax", "v=DMARC1; p=monitor", reason="no-policy"),
    dmarc("dmarc-order", "dmarc-syntax", "v=DMARC1; pct=50; p=none", p="none", pct=50),
    dmarc("dmarc-version", "dmarc-syntax", "v=dmarc1; p=none", reason="version"),
    dkim("dkim-rsa", "", ("v=DKIM1; k=rsa; p=", *RSA_KEY), type="rsa", bits=1024),
    dkim("dkim-ed25519", "", "v=DKIM1; k=ed25519; p=" + ED25519_KEY, type="ed25519", bits=256),
    dkim("dkim-revoked", "", "v=DKIM1; p=", type="rsa", revoked=True),
    dkim("dkim-multiple", "dkim-multiple", "v=DKIM1; p=", "v=DKIM1; k=ed25519; p=" + ED25519_KEY),
    dkim("dkim-syntax", "dkim-syntax", "v=DKIM1; k=rsa"),
    # DNS that will not say.
    Case("servfail", frozenset({"record-dns-servfail"}), "unknown", "unknown", dns="servfail",
         members={"record.rcode": "SERVFAIL"}),
    Case("dns-refused", frozenset({"record-dns-refused"}), "unknown", "unknown", dns="refused",
         members={"record.rcode": "REFUSED"}),
)
