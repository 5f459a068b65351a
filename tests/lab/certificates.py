"""A test CA and the certificates of the lab, made on the spot with the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

NAMES_PER_CERTIFICATE = 20  # so that a few hundred hosts need a few dozen certificates


@dataclass(frozen=True)
class Kind:
    """How a certificate differs from a sound one of an ECDSA key."""

    issuer: str = "intermediate"
    rsa: bool = False
    begins: int = -1  # days from now
    ends: int = 90
    names: str = "own"  # own, wrong, wildcard, common
    sends_intermediate: bool = True


KINDS = {
    "good": Kind(),
    "rsa": Kind(rsa=True),
    "wildcard": Kind(names="wildcard"),
    "wrong-name": Kind(names="wrong"),
    "common-name": Kind(names="common"),
    "expired": Kind(begins=-90, ends=-3),
    "expired-wrong-name": Kind(begins=-90, ends=-3, names="wrong"),
    "not-yet-valid": Kind(begins=3),
    "expires-soon": Kind(begins=-80, ends=7),
    "self-signed": Kind(issuer="self"),
    "unknown-issuer": Kind(issuer="stranger"),
    "no-intermediate": Kind(sends_intermediate=False),
}

CA_CONFIG = """[ca]
default_ca = lab
[lab]
new_certs_dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = supplied
"""

AUTHORITIES = {  # name -> who signs it
    "root": "root",
    "stranger": "stranger",
    "intermediate": "root",
}


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def stamp(days: int) -> str:
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """Everything below one folder; ca.pem is the root to trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        (folder / "ca.cnf").write_text(CA_CONFIG.format(folder=folder))
        for name, issuer in AUTHORITIES.items():
            self.key(name)
            self.sign(name, name, issuer, "basicConstraints=critical,CA:TRUE\n", -100, 3650)
        self.key("leaf")
        self.key("leaf-rsa", rsa=True)

    def path(self, name: str) -> Path:
        return self.folder / name

    def key(self, name: str, rsa: bool = False, bits: int = 2048) -> None:
        kind = ["RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}"] if rsa else \
               ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        openssl("genpkey", "-algorithm", *kind, "-out", self.path(f"{name}.key"))

    def sign(self, name: str, key: str, issuer: str, extensions: str, begins: int, ends: int,
             subject: str | None = None, digest: str = "sha256") -> None:
        """Makes name.pem for the key; an issuer of the certificate's own name is itself."""
        (self.path(f"{name}.ext")).write_text(extensions)
        openssl("req", "-new", "-key", self.path(f"{key}.key"), "-subj", f"/CN={subject or name}",
                "-out", self.path(f"{name}.csr"))
        signer = ["-selfsign", "-keyfile", self.path(f"{key}.key")] if issuer == name else \
                 ["-cert", self.path(f"{issuer}.pem"), "-keyfile", self.path(f"{issuer}.key")]
        openssl("ca", "-batch", "-notext", "-md", digest, "-config", self.path("ca.cnf"), *signer,
                "-startdate", stamp(begins), "-enddate", stamp(ends),
                "-extfile", self.path(f"{name}.ext"), "-in", self.path(f"{name}.csr"),
                "-out", self.path(f"{name}.pem"))

    def issue(self, name: str, kind: Kind, hosts: list[str]) -> tuple[Path, Path]:
        """The chain to send for these hosts, and its key."""
        names, subject = names_of(kind, hosts)
        extensions = f"subjectAltName={','.join(f'DNS:{n}' for n in names)}\n" if names else \
                     "basicConstraints=CA:FALSE\n"
        key = "leaf-rsa" if kind.rsa else "leaf"
        self.sign(name, key, name if kind.issuer == "self" else kind.issuer, extensions,
                  kind.begins, kind.ends, subject)
        chain = self.path(f"{name}.pem").read_text()
        if kind.sends_intermediate and kind.issuer == "intermediate":
            chain += self.path("intermediate.pem").read_text()
        self.path(f"{name}.chain").write_text(chain)
        return self.path(f"{name}.chain"), self.path(f"{key}.key")


def names_of(kind: Kind, hosts: list[str]) -> tuple[list[str], str]:
    """The SAN dNSNames and the CN."""
    if kind.names == "wrong":
        return ["www.hosting.example.net"], "www.hosting.example.net"
    if kind.names == "common":
        return [], hosts[0]
    if kind.names == "wildcard":
        return ["*." + host.split(".", 1)[1] for host in hosts], "wildcard"
    return hosts, hosts[0]


def group_size(kind: Kind) -> int:
    return 1 if kind.names == "common" else NAMES_PER_CERTIFICATE
