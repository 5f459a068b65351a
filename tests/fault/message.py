"""DNS messages as a name server sees and makes them, sound or not (RFC 1035, RFC 6891)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

A, CNAME, PTR, MX, TXT, AAAA, OPT = 1, 5, 12, 15, 16, 28, 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN, NOTAUTH = 0, 1, 2, 3, 4, 5, 6, 9
QR, TC, RD, RA = 0x8000, 0x0200, 0x0100, 0x0080
UDP_SIZE_WITHOUT_EDNS = 512
TTL = 300

OWN_NAME = b"\xc0\x0c"  # a pointer to the name of the question


@dataclass(frozen=True)
class Data:
    """What an RR holds."""

    type: int
    octets: bytes
    owner: bytes = OWN_NAME

    def packed(self) -> bytes:
        return self.owner + struct.pack("!HHIH", self.type, 1, TTL, len(self.octets)) + self.octets


@dataclass(frozen=True)
class Query:
    id: int
    name: str
    type: int
    question: bytes
    edns: bool
    size: int  # the largest answer that the asker takes by UDP
    tcp: bool = False
    turn: int = 1  # how often this name and type was asked for


def name(text: str) -> bytes:
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def txt(*strings: str | bytes) -> Data:
    """One TXT record of these strings."""
    raw = [s.encode() if isinstance(s, str) else s for s in strings]
    return Data(TXT, b"".join(bytes([len(s)]) + s for s in raw))


def address(text: str) -> Data:
    packed = ipaddress.ip_address(text).packed
    return Data(A if len(packed) == 4 else AAAA, packed)


def mx(preference: int, host: str) -> Data:
    return Data(MX, struct.pack("!H", preference) + name(host))


def ptr(host: str) -> Data:
    return Data(PTR, name(host))


def cname(target: str, owner: str | None = None) -> Data:
    return Data(CNAME, name(target), name(owner) if owner else OWN_NAME)


def read_query(packet: bytes) -> Query:
    """Only what a well-behaved client sends; else it raises."""
    number, _, questions, _, _, additional = struct.unpack_from("!6H", packet)
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
        at += 1 + packet[at]
    kind, = struct.unpack_from("!H", packet, at + 1)
    end, size = at + 5, UDP_SIZE_WITHOUT_EDNS
    if questions != 1:
        raise ValueError("not one question")
    if additional:
        size, = struct.unpack_from("!H", packet, end + 3)
    return Query(number, ".".join(labels).lower(), kind, packet[12:end], additional > 0, size)


def extended_error(code: int, text: str | bytes = b"") -> bytes:
    """An option of the OPT record (RFC 8914 section 2)."""
    octets = text.encode() if isinstance(text, str) else text
    return struct.pack("!HHH", 15, 2 + len(octets), code) + octets


def answer(query: Query, *data: Data, rcode: int = NOERROR, flags: int = QR | RD | RA,
           number: int | None = None, question: bytes | None = None,
           count: int | None = None, options: bytes = b"") -> bytes:
    opt = b"\0" + struct.pack("!HHIH", OPT, 1232, 0, len(options)) + options if query.edns else b""
    return struct.pack("!6H", query.id if number is None else number, flags | rcode, 1,
                       len(data) if count is None else count, 0, 1 if opt else 0) + \
        (query.question if question is None else question) + \
        b"".join(d.packed() for d in data) + opt
