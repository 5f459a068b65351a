"""From the cases to what the servers serve: a root zone, policy hosts, and expectations."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from domains import CASES, Case

HTTPS_ADDRESSES = 20  # 127.0.1.1 and on: policy hosts are spread, as in the real world
SEED = "stscan lab"


@dataclass(frozen=True)
class Deployment:
    """A case under a name."""

    domain: str
    case: Case
    https: str  # the address that {https} stands for

    def fill(self, text: str) -> str:
        return text.replace("{d}", self.domain).replace("{https}", self.https)

    @property
    def policy_host(self) -> str:
        return f"mta-sts.{self.domain}"


def a_labels(name: str) -> str:
    return name.encode("idna").decode() if not name.isascii() else name


def hash_of(text: str) -> int:
    return zlib.crc32(f"{SEED} {text}".encode())


def deploy(name: str, case: Case) -> Deployment:
    domain = a_labels(name)
    served_as = case.host.cname if case.host and case.host.cname else domain
    return Deployment(domain, case, f"127.0.1.{1 + hash_of(served_as) % HTTPS_ADDRESSES}")


def own_deployments() -> list[Deployment]:
    """Each case under its own name."""
    return [deploy(f"{case.name}.example", case) for case in CASES]


def weighted_case(number: int) -> Case:
    total = sum(case.weight for case in CASES)
    left = number % total
    for case in CASES:
        if left < case.weight:
            return case
        left -= case.weight
    raise AssertionError


def list_deployments(names: list[str], share: float) -> list[Deployment]:
    """The cases, by weight, under the given share of the names; always the same ones."""
    limit = int(share * 1_000_000)
    return [deploy(name, weighted_case(hash_of("case " + name)))
            for name in names if hash_of(name) % 1_000_000 < limit]


def quote(text: str) -> str:
    escaped = "".join(f"\\{byte:03d}" if byte < 32 or byte > 126 or chr(byte) in "\"\\;" else chr(byte)
                      for byte in text.encode())
    return f'"{escaped}"'


def txt_records(owner: str, texts: tuple[str | tuple[str, ...], ...], d: Deployment) -> list[str]:
    lines = []
    for text in texts:
        strings = (text,) if isinstance(text, str) else text
        lines.append(f"{owner}. TXT " + " ".join(quote(d.fill(s)) for s in strings))
    return lines


def zone_lines(d: Deployment) -> list[str]:
    case, lines = d.case, []
    owner = f"_mta-sts.{d.domain}"
    if case.record_cname:
        lines.append(f"{owner}. CNAME {case.record_cname}.")
        owner = case.record_cname
    lines += txt_records(owner, case.txt, d)
    for near, text in case.near:
        lines += txt_records(d.fill(near), (text,), d)
    if not case.txt and case.status == "absent":
        lines.append(f"{owner}. A 127.0.0.1")
    if case.host:
        host = d.policy_host
        if case.host.cname:
            lines.append(f"{host}. CNAME {case.host.cname}.")
            host = case.host.cname
        lines += [f"{host}. A {d.fill(a)}" for a in case.host.a]
        lines += [f"{host}. AAAA {aaaa}" for aaaa in case.host.aaaa]
    lines += [f"{d.domain}. MX {preference} {d.fill(mx).rstrip('.')}." for preference, mx in case.mx]
    if case.address:
        lines.append(f"{d.domain}. A 127.0.0.1")
    return lines + txt_records(f"_smtp._tls.{d.domain}", case.tlsrpt, d)


def zone(origin: str, name_servers: tuple[str, ...], more: list[str]) -> str:
    lines = [f"$ORIGIN {origin}", "$TTL 300", "@ SOA ns.lab. hostmaster.lab. 1 3600 600 86400 60",
             *(f"@ NS {name_server}." for name_server in name_servers), *more]
    return "\n".join(dict.fromkeys(lines)) + "\n"


def root_zone(deployments: list[Deployment]) -> str:
    lines = ["ns.lab. A 127.0.0.1", "nodata.provider.example.net. TXT \"no address here\""]
    for deployment in deployments:
        lines += [f"{deployment.domain}. NS ns.lab."] if deployment.case.ns else zone_lines(deployment)
    return zone(".", ("ns.lab",), lines)


def own_zones(deployments: list[Deployment]) -> dict[str, str]:
    """The zones of domains with name servers of their own."""
    return {d.domain: zone(f"{d.domain}.", d.case.ns, zone_lines(d)) for d in deployments if d.case.ns}


def failing_domains(deployments: list[Deployment], how: str) -> list[str]:
    return [d.domain for d in deployments if d.case.dns == how]
