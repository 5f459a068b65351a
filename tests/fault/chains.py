"""The certificates of the fault server: those of the lab, and chains with rarer faults."""

from __future__ import annotations

import ssl
from pathlib import Path

from certificates import KINDS, Authority
from webserver import Script

CA = "basicConstraints=critical,CA:TRUE\n"

# What a chain with a fault of its own is made of: (the issuer's name, its extensions, the day its
# time ends), and what the leaf's extensions have besides the names.
RARE = {
    "client-only": (("issuer-of-clients", CA, 3650), "extendedKeyUsage=clientAuth\n"),
    "not-an-authority": (("issuer-of-none", "basicConstraints=critical,CA:FALSE\n", 3650), ""),
    "expired-issuer": (("issuer-of-old", CA, -10), ""),
}

# Leaves below the lab's intermediate that are odd by what they say of the host, {h}, in the domain {d}.
ODD_NAMES = {
    "address-only": "IP:127.0.3.1",
    "partial-wildcard": "DNS:mta*.{d}",
    "wildcard-too-high": "DNS:*.fault.example",
    "sha-1": "DNS:{h}",
    "small-key": "DNS:{h}",
    "disordered": "DNS:{h}",
    "expired-self-signed": "DNS:{h}",
}
LONG_CHAIN = ("intermediate", "second", "third", "fourth")  # each signs the next

TLS = {  # name -> minimum, maximum, ciphers up to TLS 1.2, wants a certificate of the client
    "modern": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, None, False),
    "1.2": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, None, False),
    "1.0": (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1, "ALL:@SECLEVEL=0", False),
    "1.1": (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", False),
    "no-cipher": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, "NULL:@SECLEVEL=0", False),
    "client-certificate": (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, None, True),
}


class Chains:
    """The contexts of the hosts; the certificate of a kind is for all hosts of this kind."""

    def __init__(self, folder: Path, hosts: dict[str, Script]) -> None:
        self.authority = Authority(folder)
        self.contexts: dict[tuple[str, str], ssl.SSLContext] = {}
        self.files: dict[str, tuple[Path, Path]] = {}
        for cert in sorted({script.cert for script in hosts.values()}):
            names = [host for host, script in hosts.items() if script.cert == cert]
            self.files[cert] = self.issue(cert, names)

    @property
    def root(self) -> Path:
        return self.authority.path("root.pem")

    def issue(self, cert: str, names: list[str]) -> tuple[Path, Path]:
        if cert in KINDS:
            return self.authority.issue(cert, KINDS[cert], names)
        if cert == "stranger-sent":  # an unknown root that stands in the chain
            return self.issue_below("stranger", cert, names, "")
        if cert in ODD_NAMES:
            return self.issue_odd(cert, names[0])
        if cert == "long-chain":
            return self.issue_long(cert, names[0])
        (issuer, extensions, ends), more = RARE[cert]
        self.authority.key(issuer)
        self.authority.sign(issuer, issuer, "root", extensions, -100, ends)
        return self.issue_below(issuer, cert, names, more)

    def issue_odd(self, cert: str, host: str) -> tuple[Path, Path]:
        authority, key = self.authority, "leaf"
        if cert == "small-key":
            key = "leaf-small"
            authority.key(key, rsa=True, bits=1024)
        itself = cert == "expired-self-signed"
        names = ODD_NAMES[cert].format(h=host, d=host.split(".", 1)[1])
        authority.sign(cert, key, cert if itself else "intermediate", f"subjectAltName={names}\n", -90,
                       -3 if itself else 90, host, "sha1" if cert == "sha-1" else "sha256")
        others = () if itself else ("stranger", "root", "intermediate") if cert == "disordered" else ("intermediate",)
        return self.chain_of(cert, *others), authority.path(f"{key}.key")

    def issue_long(self, cert: str, host: str) -> tuple[Path, Path]:
        for signer, name in zip(LONG_CHAIN, LONG_CHAIN[1:]):
            self.authority.key(name)
            self.authority.sign(name, name, signer, CA, -100, 3650)
        self.authority.sign(cert, "leaf", LONG_CHAIN[-1], f"subjectAltName=DNS:{host}\n", -1, 90, host)
        return self.chain_of(cert, *reversed(LONG_CHAIN)), self.authority.path("leaf.key")

    def chain_of(self, *names: str) -> Path:
        """The file of the first, and what is sent behind it."""
        chain = self.authority.path(f"{names[0]}.chain")
        chain.write_text("".join(self.authority.path(f"{name}.pem").read_text() for name in names))
        return chain

    def issue_below(self, issuer: str, cert: str, names: list[str],
                    more: str) -> tuple[Path, Path]:
        extensions = f"subjectAltName={','.join(f'DNS:{n}' for n in names)}\n{more}"
        self.authority.sign(cert, "leaf", issuer, extensions, -1, 90, names[0])
        return self.chain_of(cert, issuer), self.authority.path("leaf.key")

    def context(self, script: Script) -> ssl.SSLContext:
        key = script.cert, script.tls
        if key not in self.contexts:
            self.contexts[key] = self.make_context(*key)
        return self.contexts[key]

    def make_context(self, cert: str, tls: str) -> ssl.SSLContext:
        least, most, ciphers, wants_client = TLS[tls]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if cert in ("sha-1", "small-key"):
            ciphers = "DEFAULT:@SECLEVEL=0"
        if ciphers:
            context.set_ciphers(ciphers)
        context.minimum_version, context.maximum_version = least, most
        context.load_cert_chain(*self.files[cert])
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.root)
        return context
