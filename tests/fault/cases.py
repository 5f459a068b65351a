"""What the fault server does under each name, and what stscan must say of it.

NAME.fault.example is served by a case's behaviours; where it has none, soundly. What is expected
is the whole: the status, the effect, every code, and some members of the record.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass, field, replace

import message as dns
from message import QR, RA, RD, TC, address, answer, cname, mx, txt
from nameserver import (
    Behaviour, after, alias_says, by_alias, by_tcp_only, chain, counts_wrong, cut_short, from_elsewhere, garbage,
    garbage_for_question, gives, header_only, in_turn, late, loop, not_an_answer, only,
    other_question, raw, says, silent, upper_case, without_edns_only,
    without_edns_only_bare, wrong_id)
from webserver import (
    ADDRESS, BUSY, CLOSED, CLOSES, FULL, RESETS, UNREACHABLE, End, Endless, Script, Step)

ZONE = "fault.example"
MAIL = f"mail.{ZONE}"
RECORD = "v=STSv1; id=20260408T100000;"
POLICY = f"version: STSv1\r\nmode: enforce\r\nmx: {MAIL}\r\nmax_age: 604800\r\n".encode()
POLICY_SIZE_MAX = 65536

SOUND: dict[str, Behaviour] = {
    "record": gives(txt(RECORD)),
    "a": gives(address(ADDRESS)),
    "aaaa": gives(),
    "mx": gives(mx(10, MAIL)),
    "tlsrpt": gives(txt(f"v=TLSRPTv1; rua=mailto:tlsrpt@{ZONE}")),
    "self": gives(),  # the domain's own addresses
}


def http(body: bytes = POLICY, *headers: str | bytes, status: str = "HTTP/1.1 200 OK",
         length: int | None = -1, content_type: str | None = "text/plain") -> bytes:
    """An answer; its Content-Length is the body's unless it is given, or None."""
    lines: list[str | bytes] = [status]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == -1 else length}")
    raw_lines = [x if isinstance(x, bytes) else x.encode() for x in (*lines, *headers, "", "")]
    return b"\r\n".join(raw_lines) + body


def chunked(*pieces: bytes) -> bytes:
    chunks = b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in pieces)
    return http(chunks, "Transfer-Encoding: chunked", length=None)


def chunk(octets: bytes) -> bytes:
    """A whole chunked body of one chunk."""
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(octets), octets)


def padded(size: int) -> bytes:
    """A policy of so many bytes."""
    rest = size - len(POLICY) - len(b"padding: \r\n")
    return POLICY + b"padding: " + b"x" * rest + b"\r\n"


def alert(description: int) -> bytes:
    """A fatal alert in a record of its own (RFC 8446 section 6)."""
    return bytes((21, 3, 3, 0, 2, 2, description))


# A ServerHello that picks TLS 1.0 and TLS_RSA_WITH_AES_128_CBC_SHA.
HELLO_OF_TLS_1_0 = bytes.fromhex("160301002a" "02000026" "0301") + 32 * b"r" + \
    bytes.fromhex("00" "002f" "00")

# One that picks TLS 1.2 and ECDHE-ECDSA-AES128-GCM-SHA256, and nothing of RFC 5746.
HELLO_WITHOUT_RFC_5746 = bytes.fromhex("160303002a" "02000026" "0303") + 32 * b"r" + \
    bytes.fromhex("00" "c02b" "00")
# HTTP/2 as a server begins it: SETTINGS, of which one is MAX_CONCURRENT_STREAMS.
HTTP_2 = bytes.fromhex("000006" "04" "00" "00000000" "0003" "00000080")


class Absent:
    """Stands for a member that must not be there."""


@dataclass(frozen=True)
class Case:
    name: str
    codes: frozenset[str]
    status: str
    effect: str
    dns: dict[str, Behaviour] = field(default_factory=dict)
    web: Script = Script((http(),))
    public_only: bool = False  # without --allow-private
    blocked: bool = False  # its policy host is on the block list
    members: dict[str, object] = field(default_factory=dict)  # path -> value in the record
    requests: int = 1  # at most
    pause: float = 0  # seconds, at least, between two connections

    @property
    def domain(self) -> str:
        return f"{self.name}.{ZONE}"

    @property
    def policy_host(self) -> str:
        return f"mta-sts.{self.domain}"


def record(name: str, codes: str, status: str, effect: str, behaviour: Behaviour,
           **members: object) -> Case:
    return Case(name, frozenset(codes.split()), status, effect, {"record": behaviour},
                members=members_of(members))


def record_unknown(name: str, code: str, behaviour: Behaviour, **members: object) -> Case:
    return record(name, code, "unknown", "unknown", behaviour, **members)


def record_sound(name: str, behaviour: Behaviour, **members: object) -> Case:
    return record(name, "", "valid", "enforced", behaviour, **members)


def host(name: str, codes: str, a: Behaviour, aaaa: Behaviour = gives(), sound: bool = False,
         **members: object) -> Case:
    status, effect = ("valid", "enforced") if sound else ("broken", "opportunistic")
    return Case(name, frozenset(codes.split()), status, effect, {"a": a, "aaaa": aaaa},
                members=members_of(members))


def mail(name: str, codes: str, behaviour: Behaviour, effect: str = "unknown",
         own: Behaviour = gives(), **members: object) -> Case:
    return Case(name, frozenset(codes.split()), "valid", effect, {"mx": behaviour, "self": own},
                members=members_of(members))


def tlsrpt(name: str, codes: str, behaviour: Behaviour, **members: object) -> Case:
    return Case(name, frozenset(codes.split()), "valid", "enforced", {"tlsrpt": behaviour},
                members=members_of(members))


def web(name: str, codes: str, *steps: Step, sound: bool = False, cert: str = "good",
        tls: str = "modern", **members: object) -> Case:
    """What is sent after the request."""
    status, effect = ("valid", "enforced") if sound else ("broken", "opportunistic")
    return Case(name, frozenset(codes.split()), status, effect,
                web=Script(steps, cert=cert, tls=tls), members=members_of(members))


def plain(name: str, codes: str, *steps: Step, flight: int = 0, **members: object) -> Case:
    """What is sent after the ClientHello."""
    return Case(name, frozenset(codes.split()), "broken", "opportunistic",
                web=Script((), steps, flight), members=members_of(members))


def members_of(members: dict[str, object]) -> dict[str, object]:
    """fetch__http_status stands for fetch.http_status."""
    return {path.replace("__", "."): value for path, value in members.items()}


LATE = late(1.0, gives(txt(RECORD)))
REST = [txt(f"unrelated={i}") for i in range(39)]

RECORD_CASES = (
    record_sound("sound", gives(txt(RECORD)), record__rcode="NOERROR", record__txt=[RECORD],
                 fetch__attempts__0__address=ADDRESS, fetch__trusted=True),
    record_unknown("record-servfail", "record-dns-servfail", says(dns.SERVFAIL),
                   record__rcode="SERVFAIL"),
    record_unknown("record-signature-expired", "record-dns-servfail",
                   says(dns.SERVFAIL, dns.extended_error(7, "expired <b>\x1b[2J")),
                   record__ede__code=7, record__ede__text="expired <b>\x1b[2J"),
    record_unknown("record-ede-second", "record-dns-servfail",
                   says(dns.SERVFAIL, b"\0\x0a\0\1x" + dns.extended_error(22) +
                        dns.extended_error(23, "the second")),
                   record__ede__code=22, record__ede__text=Absent),
    record_unknown("record-ede-long", "record-dns-servfail",
                   says(dns.SERVFAIL, dns.extended_error(0, 300 * "x")),
                   record__ede__text=200 * "x"),
    record_unknown("record-ede-overruns", "record-dns-servfail",
                   says(dns.SERVFAIL, b"\0\x0f\0\x63\0\7"), record__ede=Absent),
    record_unknown("record-refused", "record-dns-refused", says(dns.REFUSED),
                   record__rcode="REFUSED"),
    record_unknown("record-notimp", "record-dns-refused", says(dns.NOTIMP), record__rcode="NOTIMP"),
    record_unknown("record-notauth", "record-dns-refused", says(dns.NOTAUTH),
                   record__rcode="NOTAUTH"),
    record_unknown("record-silent", "record-dns-timeout", silent,
                   record__rcode=Absent),
    record_unknown("record-formerr", "record-dns-malformed", says(dns.FORMERR),
                   record__rcode="FORMERR"),
    record_unknown("record-yxdomain", "record-dns-malformed", says(dns.YXDOMAIN)),
    record_unknown("record-garbage", "record-dns-malformed", only(garbage)),
    record_unknown("record-cut-short", "record-dns-malformed", only(cut_short(txt(RECORD)))),
    record_unknown("record-count", "record-dns-malformed", only(counts_wrong(txt(RECORD)))),
    record_unknown("record-string-overruns", "record-dns-malformed",
                   only(raw(dns.Data(dns.TXT, b"\x1dv=STSv1; id=20260408T100000;")))),
    record_unknown("record-pointer-loop", "record-dns-malformed",
                   only(raw(dns.Data(dns.CNAME, b"\xc0\x2a")))),
    record_unknown("record-no-string", "record-dns-malformed", only(raw(dns.Data(dns.TXT, b"")))),
    # What does not answer our question is no answer (RFC 5452 section 9.1).
    record_unknown("record-not-an-answer", "record-dns-timeout", only(not_an_answer(txt(RECORD)))),
    record_unknown("record-header-only", "record-dns-timeout", only(header_only)),
    record_unknown("record-garbage-for-question", "record-dns-timeout", only(garbage_for_question)),
    record_unknown("record-wrong-id", "record-dns-timeout", only(wrong_id)),
    record_unknown("record-other-question", "record-dns-timeout", only(other_question)),
    record_unknown("record-from-elsewhere", "record-dns-timeout", only(from_elsewhere)),
    record_sound("wrong-id-first", after(wrong_id, SOUND["record"])),
    record_sound("other-question-first", after(other_question, SOUND["record"])),
    record_sound("from-elsewhere-first", after(from_elsewhere, SOUND["record"])),
    record_sound("garbage-first", in_turn(only(garbage), SOUND["record"])),
    record_sound("servfail-first", in_turn(says(dns.SERVFAIL), SOUND["record"])),
    record_sound("refused-first", in_turn(says(dns.REFUSED), SOUND["record"])),
    record_sound("first-lost", in_turn(silent, SOUND["record"])),
    record_sound("first-three-lost", in_turn(silent, silent, silent, SOUND["record"])),
    record_sound("upper-case", only(upper_case(txt(RECORD)))),
    record("of-another-name", "record-absent", "absent", "none",
           only(raw(replace(txt(RECORD), owner=dns.name("other.example"))))),
    # Without a fetch: who waits aside for one is looked up again.
    Case("late", frozenset({"policy-dns-nxdomain"}), "broken", "opportunistic",
         {"record": in_turn(LATE, silent), "a": says(dns.NXDOMAIN), "aaaa": says(dns.NXDOMAIN)}),
    record_sound("truncated", by_tcp_only(SOUND["record"]), record__txt=[RECORD]),
    record_unknown("truncated-tcp-servfail", "record-dns-servfail",
                   by_tcp_only(says(dns.SERVFAIL))),
    record_unknown("truncated-tcp-silent", "record-dns-timeout", by_tcp_only(silent)),
    # By TCP: again and again; answers to another question.
    record_unknown("truncated-by-tcp-too", "record-dns-malformed",
                   lambda query: [answer(query, flags=QR | RD | RA | TC)]),
    record_unknown("truncated-tcp-other-question", "record-dns-timeout",
                   by_tcp_only(lambda query: [other_question(query)] * 50)),
    record("record-of-64-kb", "record-absent record-unrelated-txt", "absent", "none",
           by_tcp_only(gives(txt(*["x" * 255] * 250)))),
    record_unknown("records-by-the-thousand", "record-dns-malformed", by_tcp_only(gives(*[txt("x")] * 4000))),
    record_unknown("aliases-by-the-thousand", "record-dns-malformed", by_tcp_only(chain(1000, txt(RECORD)))),
    record_unknown("garbage-by-the-hundred", "record-dns-timeout", lambda query: [garbage_for_question(query)] * 300),
    record_sound("options-by-the-hundred",
                 lambda query: [answer(query, txt(RECORD), options=struct.pack("!HH", 65001, 0) * 250)]),
    record_sound("without-edns", without_edns_only(SOUND["record"])),
    record_sound("without-edns-bare", without_edns_only_bare(SOUND["record"])),
    record_sound("chain-of-16", chain(16, txt(RECORD)),
                 record__cname=[f"link-{i}.example" for i in range(1, 17)]),
    record_unknown("chain-of-17", "record-dns-malformed", chain(17, txt(RECORD))),
    record_unknown("alias-loop", "record-dns-malformed", loop),
    record("alias-to-nothing", "record-absent", "absent", "none", only(raw(cname("no.example"))),
           record__cname=["no.example"]),
    record_unknown("record-lame", "record-dns-servfail", says(dns.SERVFAIL, dns.extended_error(22, "no reachable")),
                   record__ede__code=22),
    record_unknown("record-yxrrset", "record-dns-malformed", says(7), record__rcode="YXRRSET"),
    record_unknown("alias-servfail", "record-dns-servfail", alias_says("sick.example", dns.SERVFAIL)),
    record("alias-nxdomain", "record-absent", "absent", "none", alias_says("gone.example", dns.NXDOMAIN),
           record__rcode="NXDOMAIN", record__cname=["gone.example"]),
    record("alias-to-nothing-at-all", "record-absent", "absent", "none",
           only(raw(cname("a.example"), cname("b.example", "a.example"))),
           record__cname=["a.example", "b.example"]),
    record("contested", "record-contested", "valid", "enforced", gives(txt("v=STSv1 ; id=1;")), record__id="1",
           findings__0__contested=True, findings__0__erratum="erratum 6285"),
    record("contested-beside", "record-unrelated-txt", "valid", "enforced",
           gives(txt("v=STSv1 ; id=1;"), txt("v=STSv1; id=2;")), record__id="2"),
    record("attempt-beside", "record-unrelated-txt", "valid", "enforced",
           gives(txt("v=stsv1; id=1;"), txt("v=STSv1; id=2;")), record__id="2"),
    record("attempt", "record-version", "broken", "opportunistic", gives(txt("v=stsv1; id=1;")),
           policy__mode="enforce", mx__0__covered=True),
    record("bare", "record-id-missing", "broken", "opportunistic", gives(txt("v=STSv1")), policy__mode="enforce"),
    record_sound("strings", gives(txt("v=STS", "", "v1; id=2026", "0408T100000;")),
                 record__txt=[RECORD]),
    record("policy-field", "record-policy-field", "valid", "enforced",
           gives(txt("v=STSv1; id=20260408T100000; mode=testing;")), record__id="20260408T100000"),
    record("nul", "record-id-invalid", "broken", "opportunistic", gives(txt(b"v=STSv1; id=1\0;")),
           record__txt=["v=STSv1; id=1\0;"]),
    record("not-utf-8", "record-id-invalid", "broken", "opportunistic",
           gives(txt(b"v=STSv1; id=1\xff\xc3;")), record__txt_base64=["dj1TVFN2MTsgaWQ9Mf/DOw=="]),
    record("empty-string", "record-absent record-unrelated-txt", "absent", "none", gives(txt("")),
           record__txt=[""]),
    record("many", "record-unrelated-txt", "valid", "enforced", gives(*REST, txt(RECORD)),
           record__txt=[f"unrelated={i}" for i in range(39)] + [RECORD]),
    record("many-records", "record-multiple", "broken", "opportunistic",
           gives(*(txt(f"v=STSv1; id={i};") for i in range(40)))),
    record("nodata", "record-absent", "absent", "none", gives(), record__rcode="NOERROR"),
    record("nxdomain", "record-absent", "absent", "none", says(dns.NXDOMAIN),
           record__rcode="NXDOMAIN"),
)

HOST_CASES = (
    host("host-servfail", "policy-dns-servfail", says(dns.SERVFAIL), says(dns.SERVFAIL),
         policy_host__rcode="SERVFAIL", fetch=Absent),
    host("host-bogus", "policy-dns-servfail", says(dns.SERVFAIL, dns.extended_error(6)),
         says(dns.SERVFAIL), policy_host__ede__code=6),
    host("host-refused", "policy-dns-refused", says(dns.REFUSED), says(dns.REFUSED)),
    host("host-silent", "policy-dns-timeout", silent, silent),
    host("host-malformed", "policy-dns-malformed", only(garbage), only(garbage)),
    host("host-nxdomain", "policy-dns-nxdomain", says(dns.NXDOMAIN), says(dns.NXDOMAIN)),
    host("host-nodata", "policy-dns-nodata", gives(), gives()),
    host("host-loop", "policy-dns-malformed", loop, loop),
    host("host-chain-of-16", "", chain(16, address(ADDRESS)), chain(16), sound=True),
    host("host-chain-of-17", "policy-dns-malformed", chain(17, address(ADDRESS)), chain(17)),
    host("host-address-of-5-octets", "policy-dns-malformed",
         only(raw(dns.Data(dns.A, b"\x7f\0\3\1\0")))),
    host("host-v6-nxdomain", "policy-dns-nxdomain", gives(), says(dns.NXDOMAIN)),
    host("host-v4-nxdomain", "policy-dns-nxdomain", says(dns.NXDOMAIN), says(dns.SERVFAIL)),
    host("host-v6-servfail", "policy-dns-servfail", gives(), says(dns.SERVFAIL)),
    host("host-v4-refused", "policy-dns-refused", says(dns.REFUSED), gives()),
    host("host-v6-fails-v4-sound", "", SOUND["a"], says(dns.SERVFAIL), sound=True),
    host("host-v6-silent-v4-sound", "", SOUND["a"], silent, sound=True),
    # A contradiction: who asks for both families takes the address that there is.
    host("host-v6-nxdomain-v4-sound", "", SOUND["a"], says(dns.NXDOMAIN), sound=True),
    host("host-v6-refuses-v4-sound", "", SOUND["a"], gives(address("::1")), sound=True,
         fetch__address=ADDRESS),
    host("host-v4-first-lost", "", in_turn(silent, SOUND["a"]), sound=True),
    # What one family says of the name holds only where the other does not know better.
    host("host-v4-nodata-v6-nxdomain-alias", "policy-dns-nxdomain", only(raw(cname("no.example"))),
         says(dns.NXDOMAIN)),
    host("host-alias-to-nothing", "policy-dns-nodata", only(raw(cname("no.example"))),
         only(raw(cname("no.example"))), policy_host__cname=["no.example"]),
    host("host-alias-nxdomain", "policy-dns-nxdomain", alias_says("gone.example", dns.NXDOMAIN),
         alias_says("gone.example", dns.NXDOMAIN), policy_host__cname=["gone.example"],
         policy_host__rcode="NXDOMAIN"),
    host("host-alias", "", by_alias("web.example", address(ADDRESS)), by_alias("web.example"), sound=True,
         policy_host__cname=["web.example"], policy_host__addresses=[ADDRESS]),
    host("host-twice", "", gives(address(ADDRESS), address(ADDRESS)), sound=True,
         fetch__attempts__1=Absent),
    host("host-notimp", "policy-dns-refused", says(dns.NOTIMP), says(dns.NOTIMP),
         policy_host__rcode="NOTIMP"),
    host("host-v4-silent-v6-nodata", "policy-dns-timeout", silent, gives()),
    host("host-v4-malformed-v6-nodata", "policy-dns-malformed", only(garbage), gives()),
    host("host-truncated", "", by_tcp_only(SOUND["a"]), sound=True),
    Case("not-public", frozenset({"policy-address-not-public"}), "broken", "opportunistic",
         {"a": gives(*(address(a) for a in ("127.0.0.1", "10.1.2.3", "169.254.1.1", "100.64.0.1"))),
          "aaaa": gives(*(address(a) for a in ("::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1")))},
         public_only=True, members={"fetch.http_status": Absent}),
)

BLOCKED_CASES = (
    Case("host-blocked", frozenset({"policy-host-blocked"}), "blocked", "unknown", blocked=True,
         members={"fetch": Absent, "policy_host.addresses": [ADDRESS], "mx.0.host": MAIL}, requests=0),
)

MX_CASES = (
    mail("mx-servfail", "mx-dns-servfail", says(dns.SERVFAIL), policy__mode="enforce"),
    mail("mx-refused", "mx-dns-refused", says(dns.REFUSED)),
    mail("mx-silent", "mx-dns-timeout", silent),
    mail("mx-malformed", "mx-dns-malformed", only(garbage)),
    mail("mx-name-overruns", "mx-dns-malformed", only(raw(dns.Data(dns.MX, b"\0\n\x20short\0")))),
    mail("mx-loop", "mx-dns-malformed", loop),
    mail("mx-null", "mx-null", gives(mx(0, ".")), "enforced", mx__0__covered=Absent),
    mail("mx-null-beside", "mx-null", gives(mx(0, "."), mx(10, MAIL)), "enforced",
         mx__0__covered=Absent, mx__1__covered=True),
    *(Case(f"mx-{name}", frozenset({"mx-mismatch", "policy-mx-unused"}), "broken", "undeliverable",
           {"mx": gives(mx(10, where))},
           members={"findings.0.reason": "mx-final-dot", "findings.0.kind": kind, "mx.0.covered": False})
      for name, where, kind in (
          ("doubled", f"{MAIL}.{MAIL}", "subdomain"),
          ("of-a-provider", f"mx1.provider.net.mx-of-a-provider.{ZONE}", "subdomain"),
          ("of-a-provider-in-the-zone", f"mx1.provider.net.{ZONE}", "subdomain"))),
    mail("mx-upper-case", "", gives(mx(10, MAIL.upper())), "enforced", mx__0__host=MAIL, mx__0__covered=True),
    mail("mx-twice", "", gives(mx(10, MAIL), mx(10, MAIL), mx(20, MAIL)), "enforced", mx__2__covered=True),
    mail("mx-only-null-twice", "mx-null", gives(mx(0, "."), mx(10, ".")), "enforced", mx__1__covered=Absent),
    mail("mx-alias", "", by_alias("mx-elsewhere.example", mx(10, MAIL)), "enforced", mx__0__host=MAIL),
    mail("mx-alias-to-nothing", "mx-absent", only(raw(cname("no.example"))), "enforced"),
    mail("mx-truncated", "", by_tcp_only(gives(mx(10, MAIL))), "enforced", mx__0__covered=True),
    mail("mx-first-lost", "", in_turn(silent, gives(mx(10, MAIL))), "enforced"),
    Case("mx-an-address", frozenset({"mx-mismatch", "policy-mx-unused"}), "broken", "undeliverable",
         {"mx": gives(mx(10, "192.0.2.1"))}, members={"mx.0.host": "192.0.2.1", "mx.0.covered": False}),
    Case("mx-one-of-two", frozenset({"mx-partial-mismatch"}), "broken", "at-risk",
         {"mx": gives(mx(20, MAIL), mx(10, f"mali.{ZONE}"))},
         members={"mx.0.host": f"mali.{ZONE}", "mx.0.covered": False, "mx.1.covered": True,
                  "findings.0.host": f"mali.{ZONE}", "findings.0.pattern": MAIL, "findings.0.kind": "typo"}),
    Case("mx-mismatch-testing", frozenset({"mx-mismatch", "policy-mx-unused"}), "broken", "testing",
         {"mx": gives(mx(10, "mx.elsewhere.net"))}, Script((http(POLICY.replace(b"enforce", b"testing")),)),
         members={"findings.0.kind": "domain"}),
    Case("mx-mismatch-none", frozenset({"policy-mx-unused"}), "valid", "none",
         {"mx": gives(mx(10, "mx.elsewhere.net"))}, Script((http(POLICY.replace(b"enforce", b"none")),)),
         members={"mx.0.covered": False}),
    mail("mx-many", "", gives(*(mx(i, MAIL) for i in range(40))), "enforced"),
    mail("mx-nxdomain", "mx-absent", says(dns.NXDOMAIN), "enforced", says(dns.NXDOMAIN)),
    mail("mx-implicit", "mx-implicit", gives(), "enforced", gives(address(ADDRESS))),
    mail("mx-implicit-servfail", "mx-dns-servfail", gives(), own=says(dns.SERVFAIL)),
    mail("mx-implicit-silent", "mx-dns-timeout", gives(), own=silent),
)

TLSRPT_CASES = (
    tlsrpt("tlsrpt-servfail", "", says(dns.SERVFAIL), tlsrpt=Absent),
    tlsrpt("tlsrpt-refused", "", says(dns.REFUSED), tlsrpt=Absent),
    tlsrpt("tlsrpt-silent", "", silent, tlsrpt=Absent),
    tlsrpt("tlsrpt-malformed", "", only(garbage), tlsrpt=Absent),
    tlsrpt("tlsrpt-nxdomain", "tlsrpt-absent", says(dns.NXDOMAIN)),
    tlsrpt("tlsrpt-nul", "tlsrpt-syntax", gives(txt(b"v=TLSRPTv1; rua=mailto:a\0@b.example"))),
)

CONNECT_CASES = (
    host("connect-refused", "policy-tcp-refused", gives(address(CLOSED))),
    host("connect-silent", "policy-tcp-timeout", gives(address(FULL))),
    host("connect-unreachable", "policy-tcp-unreachable", gives(address(UNREACHABLE))),
    host("accept-reset", "policy-tcp-reset", gives(address(RESETS))),
    host("accept-close", "policy-tls-closed", gives(address(CLOSES))),
    host("second-after-reset", "", gives(address(RESETS), address(ADDRESS)), sound=True,
         fetch__address=ADDRESS, fetch__attempts__0__code="policy-tcp-reset",
         fetch__attempts__1__code=Absent),
    host("second-after-silence", "", gives(address(FULL), address(ADDRESS)), sound=True,
         fetch__attempts__0__code="policy-tcp-timeout"),
    host("furthest-counts", "policy-tls-closed", gives(address(CLOSES), address(CLOSED)),
         fetch__address=CLOSES, fetch__attempts__1__code="policy-tcp-refused"),
    host("four-of-forty", "policy-tcp-refused",
         gives(*(address(f"127.0.4.{i}") for i in range(1, 41))),
         policy_host__addresses=[f"127.0.4.{i}" for i in range(1, 41)],
         fetch__attempts__3__address="127.0.4.4", fetch__attempts__4=Absent),
)

HANDSHAKE_CASES = (
    plain("hello-reset", "policy-tcp-reset", End.RESET),
    plain("hello-close", "policy-tls-closed", End.CLOSE),
    plain("hello-silent", "policy-tls-timeout", End.SILENCE),
    plain("flight-reset", "policy-tcp-reset", 0.2, End.RESET, flight=300),
    plain("flight-close", "policy-tls-closed", End.CLOSE, flight=300),
    plain("flight-silent", "policy-tls-timeout", End.SILENCE, flight=300),
    plain("flight-slow", "policy-tls-timeout", Endless(b"\x00", 1.0), flight=300),
    plain("banner", "policy-tls-not-tls", b"220 mail.fault.example ESMTP\r\n", End.SILENCE),
    plain("http-without-tls", "policy-tls-not-tls", http(), End.CLOSE),
    plain("garbage", "policy-tls-not-tls", bytes(range(200, 256)) * 9, End.CLOSE),
    plain("endless-garbage", "policy-tls-not-tls", Endless(b"\xee" * 4096)),
    plain("alert-protocol-version", "policy-tls-protocol", alert(70), End.CLOSE),
    plain("alert-insufficient-security", "policy-tls-protocol", alert(71), End.CLOSE),
    plain("alert-handshake-failure", "policy-tls-alert", alert(40), End.CLOSE),
    plain("alert-internal-error", "policy-tls-alert", alert(80), End.CLOSE),
    plain("alert-unrecognized-name", "policy-tls-alert", alert(112), End.CLOSE),
    plain("alert-no-application-protocol", "policy-tls-alert", alert(120), End.CLOSE),
    plain("alert-unknown", "policy-tls-alert", alert(200), End.CLOSE),
    plain("alert-then-reset", "policy-tls-alert", alert(40), 0.2, End.RESET),
    plain("hello-of-tls-1.0", "policy-tls-protocol", HELLO_OF_TLS_1_0, End.SILENCE),
    plain("no-rfc-5746", "policy-tls-protocol", HELLO_WITHOUT_RFC_5746, End.SILENCE,
          findings__0__reason="no-secure-renegotiation", findings__0__contested=True),
    web("tls-1.0", "policy-tls-protocol", tls="1.0"),
    web("tls-1.1", "policy-tls-protocol", tls="1.1"),
    web("no-cipher", "policy-tls-alert", tls="no-cipher"),
    web("client-certificate", "policy-tls-alert", tls="client-certificate"),
    web("tls-1.2", "", http(), sound=True, tls="1.2", fetch__tls="TLSv1.2"),
)

CERTIFICATE_CASES = tuple(
    web(f"cert-{cert}", codes, http(), cert=cert, fetch__trusted=False, policy__mode="enforce")
    for cert, codes in (
        ("wrong-name", "policy-tls-name-mismatch"),
        ("expired-wrong-name", "policy-tls-expired policy-tls-name-mismatch"),
        ("not-yet-valid", "policy-tls-not-yet-valid"),
        ("self-signed", "policy-tls-self-signed"),
        ("unknown-issuer", "policy-tls-untrusted"),
        ("stranger-sent", "policy-tls-untrusted"),
        ("client-only", "policy-tls-cert-invalid"),
        ("not-an-authority", "policy-tls-cert-invalid"),
        ("expired-issuer", "policy-tls-expired"),
        ("common-name", "policy-tls-name-mismatch"),
        ("no-intermediate", "policy-tls-untrusted"),
        ("address-only", "policy-tls-name-mismatch"),
        ("partial-wildcard", "policy-tls-name-mismatch"),
        ("wildcard-too-high", "policy-tls-name-mismatch"),
        ("sha-1", "policy-tls-cert-invalid"),
        ("small-key", "policy-tls-cert-invalid"),
        ("expired-self-signed", "policy-tls-expired policy-tls-self-signed"),
    )
) + (
    web("cert-wildcard", "", http(), sound=True, cert="wildcard", fetch__trusted=True),
    web("cert-expires-soon", "policy-tls-expires-soon", http(), sound=True, cert="expires-soon"),
    web("cert-disordered", "", http(), sound=True, cert="disordered", certificate__chain=4),
    web("cert-long-chain", "", http(), sound=True, cert="long-chain", certificate__chain=5),
    web("cert-expired-and-404", "policy-tls-expired policy-http-status",
        http(b"", status="HTTP/1.1 404 Not Found"), cert="expired", fetch__http_status=404),
)

HALF = http()[:-40]
INVALID = "policy-http-invalid"

STEP_CASES = (
    web("request-reset", "policy-tcp-reset", End.RESET),
    web("request-close", INVALID, findings__0__reason="closed"),
    web("request-cut", INVALID, End.CLOSE),
    web("request-silent", "policy-http-timeout", End.SILENCE, fetch__http_status=Absent),
    web("headers-reset", "policy-tcp-reset", b"HTTP/1.1 200 OK\r\nContent-Ty", 0.2, End.RESET),
    web("headers-close", INVALID, b"HTTP/1.1 200 OK\r\nContent-Ty", findings__0__reason="closed"),
    web("headers-silent", "policy-http-timeout", b"HTTP/1.1 200 OK\r\nContent-Ty", End.SILENCE),
    web("headers-slow", "policy-http-timeout", b"HTTP/1.1 200 OK\r\nX-Slow: ", Endless(b"z", 1.0)),
    web("headers-endless", INVALID, b"HTTP/1.1 200 OK\r\n",
        Endless(b"X-More: of the same\r\n" * 99)),
    web("header-endless", INVALID, b"HTTP/1.1 200 OK\r\nX-Long: ", Endless(b"z" * 4096)),
    web("body-reset", "policy-tcp-reset", HALF, 0.2, End.RESET),
    web("body-close", "policy-http-truncated", HALF, fetch__bytes=len(POLICY) - 40, policy=Absent),
    web("body-cut", "policy-http-truncated", HALF, End.CLOSE),
    web("body-silent", "policy-http-timeout", HALF, End.SILENCE),
    web("body-slow", "policy-http-timeout", http(b"", length=500), Endless(b"v", 1.0)),
    web("body-endless", "policy-http-too-large", http(length=None), Endless(b"x" * 4096)),
    web("body-never-begins", "policy-http-timeout", http(b"", length=100), End.SILENCE),
    web("in-pieces", "", *(step for i in range(0, len(http()), 20)
                           for step in (http()[i:i + 20], 0.01)), sound=True),
)

HTTP_CASES = (
    web("garbage-for-http", INVALID, bytes(range(256)) * 4),
    web("http-0.9", INVALID, POLICY, findings__0__reason="no-http"),
    web("smtp-in-tls", INVALID, b"220 mail.fault.example ESMTP\r\n"),
    web("no-status", INVALID, http(status="HTTP/1.1 OK")),
    web("continue-first", "", b"HTTP/1.1 100 Continue\r\n\r\n", http(), sound=True,
        fetch__http_status=200),
    web("early-hints-first", "", b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3, http(),
        sound=True, fetch__http_status=200),
    web("continue-endless", INVALID, Endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 99)),
    web("continue-close", INVALID, b"HTTP/1.1 100 Continue\r\n\r\n", fetch__http_status=Absent),
    web("chunked", "", chunked(POLICY[:20], POLICY[20:], b""), sound=True,
        fetch__bytes=len(POLICY)),
    web("chunked-unfinished", "policy-http-truncated", chunked(POLICY[:20], POLICY[20:])),
    web("chunk-unfinished", "policy-http-truncated", chunked(POLICY)[:-30]),
    web("chunk-size-garbage", INVALID, http(b"zz\r\n", "Transfer-Encoding: chunked", length=None)),
    web("chunked-endless", "policy-http-too-large",
        http(b"", "Transfer-Encoding: chunked", length=None),
        Endless(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
    web("http-1.0", "", http(status="HTTP/1.0 200 OK", length=None), sound=True),
    web("no-close-notify", "", http(length=None), End.CLOSE, sound=True, fetch__bytes=len(POLICY)),
    web("length-too-small", "", http(POLICY + b"garbage", length=len(POLICY)), sound=True,
        fetch__bytes=len(POLICY)),
    web("length-too-large", "policy-http-truncated", http(length=len(POLICY) + 1)),
    web("length-lies-about-much", "policy-http-truncated", http(length=10 ** 12)),
    web("length-negative", INVALID, http(length=-5)),
    web("length-twice", "", http(POLICY, f"Content-Length: {len(POLICY)}"), sound=True),
    web("length-list", "", http(POLICY, f"Content-Length: {len(POLICY)}, {len(POLICY)}", length=None),
        sound=True),
    web("lengths-differ", INVALID, http(POLICY, f"Content-Length: {len(POLICY)}", length=3),
        policy=Absent, fetch__http_status=200),
    web("lengths-differ-in-a-list", INVALID,
        http(POLICY, f"Content-Length: {len(POLICY)}, {len(POLICY) + 1}", length=None)),
    web("lengths-differ-beside-chunked", "",
        http(b"%x\r\n%b\r\n0\r\n\r\n" % (len(POLICY), POLICY), "Content-Length: 4",
             "Transfer-Encoding: chunked", length=3), sound=True),
    web("length-and-letters", INVALID,
        http(POLICY, f"Content-Length: {len(POLICY)}x", length=None)),
    web("length-no-number", INVALID, http(POLICY, "Content-Length: many", length=None)),
    web("length-beside-chunked", "", http(b"%x\r\n%b\r\n0\r\n\r\n" % (len(POLICY), POLICY),
                                         "Transfer-Encoding: chunked", length=3), sound=True),
    web("compressed", "policy-http-encoding",
        http(gzip.compress(POLICY, mtime=0), "Content-Encoding: gzip"),
        fetch__content_encoding="gzip", fetch__http_status=200, policy=Absent),
    web("coding-of-no-body", "", http(POLICY, "Content-Encoding: utf-8, none"), sound=True,
        fetch__content_encoding="utf-8, none"),
    web("content-type-twice", "policy-http-content-type",
        http(POLICY, "Content-Type: text/plain", content_type="application/octet-stream"),
        sound=True, fetch__content_types=["application/octet-stream", "text/plain"]),
    web("content-type-twice-alike", "", http(POLICY, "Content-Type: text/plain; charset=utf-8"),
        sound=True, fetch__content_types=["text/plain", "text/plain; charset=utf-8"]),
    web("transfer-coded", INVALID,
        http(chunk(gzip.compress(POLICY, mtime=0)), "Transfer-Encoding: gzip, chunked", length=None),
        policy=Absent),
    web("transfer-coded-in-a-1xx", INVALID,
        b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: gzip, gzip\r\n\r\n", http()),
    web("http-2-without-alpn", INVALID, HTTP_2, End.SILENCE, policy=Absent,
        findings__0__reason="http-2"),
    web("status-of-http-2", INVALID, http(status="HTTP/2 200"), policy=Absent),
    web("length-over-64-bits", INVALID, http(length=10 ** 23), policy=Absent),
    web("no-reason", "", http(status="HTTP/1.1 200"), sound=True),
    web("lf-headers", "", b"HTTP/1.1 200 OK\nContent-Type: text/plain\n\n" + POLICY, sound=True),
    web("header-without-colon", INVALID, http(POLICY, "nonsense")),
    web("header-nul", INVALID, http(POLICY, "X-Nul: a\0b")),
    web("switching-protocols", INVALID, http(status="HTTP/1.1 101 Switching Protocols")),
    web("length-cuts-a-field", "policy-max-age",
        http(length=len(POLICY) - len("max_age: 604800\r\n"))),
    web("size-max", "policy-unknown-field", http(padded(POLICY_SIZE_MAX)), sound=True,
        fetch__bytes=POLICY_SIZE_MAX),
    web("size-over", "policy-http-too-large", http(padded(POLICY_SIZE_MAX + 1)), policy=Absent),
    web("size-max-chunked", "policy-unknown-field", chunked(padded(POLICY_SIZE_MAX), b""),
        sound=True),
    web("size-over-chunked", "policy-http-too-large", chunked(padded(POLICY_SIZE_MAX + 1), b"")),
    web("size-over-no-length", "policy-http-too-large",
        http(padded(POLICY_SIZE_MAX + 1), length=None)),
    web("size-over-no-type", "policy-http-too-large policy-http-content-type",
        http(padded(POLICY_SIZE_MAX + 1), content_type=None)),
    web("no-content", "policy-http-status", b"HTTP/1.1 204 No Content\r\n\r\n"),
    web("accepted", "policy-http-status", http(status="HTTP/1.1 202 Accepted")),
    web("challenge", "policy-http-status",
        http(300 * b"<p>", "Server: cloudflare", "CF-Mitigated: challenge",
             status="HTTP/1.1 403 Forbidden"), findings__0__reason="challenge",
        fetch__body=(300 * "<p>")[:200], **{"fetch.cf-mitigated": "challenge"},
        fetch__server="cloudflare", policy=Absent),
    web("challenge-of-another-kind", "policy-http-status",
        http(b"", "cf-mitigated: block", status="HTTP/1.1 403 Forbidden"),
        findings__0__reason="forbidden", fetch__body=Absent),
    web("asks-for-a-password", "policy-http-status",
        http(b"No", b"WWW-Authenticate: Basic realm=\"\x1b[2J\xff\"",
             status="HTTP/1.1 401 Unauthorized"), findings__0__reason="authentication",
        fetch__body="No", **{"fetch.www-authenticate": "Basic realm=\"\x1b[2J\ufffd\""}),
    web("misdirected", "policy-http-status", http(b"", status="HTTP/1.1 421 Misdirected Request"),
        findings__0__reason="misdirected"),
    web("server-long", "", http(POLICY, "Server: " + 300 * "s"), sound=True,
        fetch__server=256 * "s", fetch__body=Absent),
    web("location-twice", "policy-http-redirect",
        http(b"", "Location: /a", "Location: /b", status="HTTP/1.1 302 Found"),
        fetch__location="/a", fetch__locations=["/a", "/b"]),
    web("location-long", "policy-http-redirect",
        http(b"", "Location: /" + 3000 * "a", status="HTTP/1.1 302 Found"),
        fetch__location="/" + 2047 * "a", fetch__locations=Absent),
    web("content-encoding-twice", "policy-http-encoding",
        http(gzip.compress(POLICY, mtime=0), "Content-Encoding: identity", "Content-Encoding: gzip"),
        policy=Absent, fetch__content_encoding="identity, gzip"),
    web("bad-gateway", "policy-http-status", http(status="HTTP/1.1 502 Bad Gateway")),
    web("not-found-with-a-policy", "policy-http-status", http(status="HTTP/1.1 404 Not Found"),
        policy=Absent),
    web("partial-content", "policy-http-status", http(status="HTTP/1.1 206 Partial Content")),
    web("status-999", "policy-http-status", http(status="HTTP/1.1 999 No")),
    web("status-then-reset", "policy-http-status", http(b"", status="HTTP/1.1 500 No", length=99),
        0.2, End.RESET, fetch__http_status=500),
    *(web(f"redirect-{status}", "policy-http-redirect",
          http(b"", "Location: https://elsewhere.example/", status=f"HTTP/1.1 {status} Moved"),
          fetch__http_status=status, fetch__location="https://elsewhere.example/")
      for status in (301, 302, 303, 307, 308)),
    web("redirect-to-itself", "policy-http-redirect",
        http(b"", "Location: /.well-known/mta-sts.txt", status="HTTP/1.1 302 Found")),
    web("redirect-without-location", "policy-http-redirect",
        http(b"", status="HTTP/1.1 300 Multiple Choices")),
    web("not-modified", "policy-http-redirect", http(b"", status="HTTP/1.1 304 Not Modified")),
    web("header-controls", "", http(POLICY, b"X-Thing: \x01\x1b[2J\x7f\xff"), sound=True),
    web("content-type-escapes", "policy-http-content-type",
        http(POLICY, b"Content-Type: text/\x1b]0;owned\x07plain\xff\"\\", content_type=None),
        sound=True, fetch__content_type_base64="dGV4dC8bXTA7b3duZWQHcGxhaW7/Ilw="),
    web("content-type-missing", "policy-http-content-type", http(content_type=None), sound=True,
        fetch__content_type=Absent),
    web("body-nul", "policy-syntax", http(POLICY + b"a: \0\r\n")),
    web("body-not-utf-8", "policy-syntax", http(POLICY + b"a: \xff\xfe\r\n")),
)



def busy_answer(status: int, *headers: str) -> bytes:
    return http(b"", *headers, status=f"HTTP/1.1 {status} Busy")


def busy(at: str, name: str, code: str, first: Script, then: Script, pause: float = 1.0,
         **members: object) -> Case:
    """What the first connection gets, and what every other."""
    status, effect = ("broken", "opportunistic") if then is first else ("valid", "enforced")
    codes = {code} if then is first else set()
    return Case(name, frozenset(codes), status, effect, {"a": gives(address(at))},
                replace(then, first=first), requests=2, pause=pause,
                members={"fetch.attempts.0.code": code, "fetch.attempts.0.address": at,
                         "fetch.attempts.1.address": at, "fetch.attempts.2": Absent,
                         **members_of(members)})


HTTP_DATE = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"  # long ago
UNAVAILABLE = Script((busy_answer(503),))
TOO_MANY = Script((busy_answer(429, "Retry-After: soon"),))
FOR_AN_HOUR = Script((busy_answer(503, "Retry-After: 3600"),))
RESET_HELLO = Script((), (End.RESET,))
FINE = Script((http(),))

BUSY_CASES = (
    busy(BUSY[0], "503-once", "policy-http-status", Script((busy_answer(503, "Retry-After: 2"),)),
         FINE, 2.0, fetch__http_status=200, fetch__attempts__1__code=Absent),
    busy(BUSY[1], "503-once-by-date", "policy-http-status", Script((busy_answer(503, HTTP_DATE),)),
         FINE, fetch__http_status=200),
    busy(BUSY[2], "503-always", "policy-http-status", UNAVAILABLE, UNAVAILABLE,
         fetch__http_status=503, fetch__attempts__1__code="policy-http-status"),
    busy(BUSY[3], "429-once", "policy-http-status", TOO_MANY, FINE, fetch__http_status=200),
    busy(BUSY[4], "429-always", "policy-http-status", TOO_MANY, TOO_MANY, fetch__http_status=429),
    busy(BUSY[5], "reset-once", "policy-tcp-reset", RESET_HELLO, FINE, fetch__http_status=200),
    busy(BUSY[6], "reset-always", "policy-tcp-reset", RESET_HELLO, RESET_HELLO,
         fetch__http_status=Absent),
    # It asks for more time than a fetch has: its answer is the answer.
    replace(busy(BUSY[7], "503-for-an-hour", "policy-http-status", FOR_AN_HOUR, FOR_AN_HOUR,
                 fetch__attempts__1=Absent, fetch__attempts__1__address=Absent), requests=1),
)

def layers() -> bytes:
    """gzip in gzip in gzip in gzip; innermost a header whose comment never ends: terabytes of it."""
    inner, block = b"\x1f\x8b\x08\x10" + bytes(5) + b"\xff", b"A" * (1 << 20)
    for _ in range(3):
        packed = [zlib.compressobj(9, zlib.DEFLATED, -15) for _ in range(2)]
        first = packed[0].compress(inner) + packed[0].flush(zlib.Z_FULL_FLUSH)
        block = b"".join(packed[1].compress(block) for _ in range(64)) + \
            packed[1].flush(zlib.Z_FULL_FLUSH)
        inner = b"\x1f\x8b\x08" + bytes(6) + b"\xff" + first
    return inner + block


HELLO_REQUEST = bytes.fromhex("1603030004" "00000000")



def tls_record(kind: int, octets: bytes = b"") -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(octets)) + octets


def in_chunks(*steps: Step) -> tuple[Step, ...]:
    return (http(b"", "Transfer-Encoding: chunked", length=None), *steps)


# What would keep a worker at it, and the scan from all others (tests/e2e/test_attacks.py).
ATTACK_CASES = (
    plain("hello-requests", "policy-tls-protocol", Endless(HELLO_REQUEST * 5000)),
    plain("changes-of-cipher", "policy-tls-protocol", Endless(tls_record(20, b"\1") * 5000)),
    plain("warnings", "policy-tls-protocol", Endless(tls_record(21, b"\1\x5a") * 5000)),
    plain("empty-records", "policy-tls-protocol", Endless(tls_record(22) * 5000)),
    plain("empty-records-of-data", "policy-tls-protocol", Endless(tls_record(23) * 5000)),
    plain("a-message-of-16-mb", "policy-tls-protocol", tls_record(22, b"\2\xff\xff\xff" + bytes(999)),
          Endless(tls_record(22, bytes(16000)))),
    web("chunk-size-of-zeros", INVALID, *in_chunks(Endless(b"0" * 4096))),
    web("chunk-size-over-64-bits", INVALID, *in_chunks(b"F" * 17 + b"\r\n", Endless(b"x" * 4096))),
    web("chunks-of-an-octet", INVALID, *in_chunks(Endless(b"1\r\n#\r\n" * 1000))),
    web("extension-of-each-chunk", INVALID, *in_chunks(Endless(b"1;" + b"a" * 60000 + b"\r\n#\r\n"))),
    web("a-trailer-without-end", INVALID, *in_chunks(b"1\r\na\r\n0\r\nX: ", Endless(b"a" * 4096))),
    web("trailers-without-a-colon", INVALID, *in_chunks(b"1\r\na\r\n0\r\n", Endless(b"a\r\n" * 500))),
    web("empty-lines-first", INVALID, Endless(b"\r\n" * 2000)),
    web("interim-answers", INVALID,
        Endless(b"HTTP/1.1 100 A\r\n\r\nHTTP/1.1 102 B\r\n\r\nHTTP/1.1 103 C\r\nLink: x\r\n\r\n" * 50)),
    web("cookies", INVALID, b"HTTP/1.1 200 OK\r\n", Endless(b"Set-Cookie: a=b; Domain=.test; Secure\r\n" * 300)),
    web("coded-in-two-fields", INVALID,
        http(chunk(gzip.compress(POLICY, mtime=0)), "Transfer-Encoding: gzip", "Transfer-Encoding: chunked",
             length=None)),
    web("chunked-twice", INVALID, http(chunk(chunk(POLICY)), "Transfer-Encoding: chunked, chunked", length=None)),
    web("coded-as-identity", INVALID, http(POLICY, "Transfer-Encoding: identity")),
    web("coded-in-a-folded-line", INVALID,
        http(chunk(POLICY), "Transfer-Encoding: chunked\r\n , gzip", length=None)),
    web("a-bomb-of-gzip", "policy-http-encoding",
        http(gzip.compress(bytes(1 << 23), mtime=0), "Content-Encoding: gzip")),
    web("folded-first-line", INVALID,
        b"HTTP/1.1 200 OK\r\n folded: y\r\nContent-Length: 0\r\n\r\n"),
    web("layers-of-gzip", INVALID,
        http(chunk(layers()), "Transfer-Encoding: gzip, gzip, gzip, gzip, chunked", length=None)),
    web("chunk-extension", INVALID, http(b"1;", "Transfer-Encoding: chunked", length=None),
        Endless(b"a" * 65536)),
    web("chunk-extension-by-octets", INVALID, http(b"1;", "Transfer-Encoding: chunked", length=None),
        Endless(b"a")),
    web("trailers", INVALID,
        http(b"1\r\na\r\n0\r\n", "Transfer-Encoding: chunked", length=None),
        Endless(b"X: " + b"a" * 90 + b"\r\n")),
    web("body-by-octets", INVALID, http(b"", length=None), Endless(b"a")),
)

CASES: tuple[Case, ...] = (
    *RECORD_CASES, *HOST_CASES, *BLOCKED_CASES, *MX_CASES, *TLSRPT_CASES, *CONNECT_CASES, *HANDSHAKE_CASES,
    *CERTIFICATE_CASES, *STEP_CASES, *HTTP_CASES, *ATTACK_CASES, *BUSY_CASES)
