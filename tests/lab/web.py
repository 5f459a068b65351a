"""The policy hosts as nginx serves them: files, certificates, server blocks."""

from __future__ import annotations

from pathlib import Path

from certificates import KINDS, Authority, group_size
from domains import PLAIN_HTTP
from zone import Deployment

LOCATION = "/.well-known/mta-sts.txt"


def is_served(d: Deployment) -> bool:
    return d.case.host is not None and "{https}" in d.case.host.a


def write_body(folder: Path, d: Deployment) -> Path:
    assert d.case.host
    path = folder / "www" / d.policy_host
    path.mkdir(parents=True, exist_ok=True)
    (path / "policy").write_bytes(d.fill(d.case.host.body).encode())
    return path / "policy"


def answer(folder: Path, d: Deployment) -> str:
    host = d.case.host
    assert host
    if host.location:
        return f"return {host.status} {host.location};"
    if host.status != 200:
        return f"return {host.status};"
    return f'default_type "{host.content_type}"; alias {write_body(folder, d)};'


def server_block(folder: Path, d: Deployment, port: int, chain: tuple[Path, Path] | None) -> str:
    listens = [f"listen {d.https}:{port} ssl;"]
    assert d.case.host
    if d.case.host.aaaa:
        listens.append(f"listen [::1]:{port} ssl;")
    tls = f"ssl_certificate {chain[0]}; ssl_certificate_key {chain[1]};" if chain else \
          "ssl_reject_handshake on;"
    return (f"    server {{ {' '.join(listens)} server_name {d.policy_host}; {tls}\n"
            f"        location = {LOCATION} {{ {answer(folder, d)} }} }}\n")


def chains_of(authority: Authority, deployments: list[Deployment]) -> dict[str, tuple[Path, Path]]:
    """Policy host -> its chain and key; hosts of one kind share certificates in groups."""
    chains: dict[str, tuple[Path, Path]] = {}
    for name, kind in KINDS.items():
        hosts = [d.policy_host for d in deployments if d.case.host and d.case.host.cert == name]
        size = group_size(kind)
        for start in range(0, len(hosts), size):
            group = hosts[start:start + size]
            chain = authority.issue(f"{name}-{start // size}", kind, group)
            chains.update(dict.fromkeys(group, chain))
    return chains


def server_blocks(folder: Path, authority: Authority, deployments: list[Deployment],
                  port: int) -> str:
    served = [d for d in deployments if is_served(d)]
    chains = chains_of(authority, served)
    blocks = [server_block(folder, d, port, chains.get(d.policy_host)) for d in served]
    blocks.append(f"    server {{ listen {PLAIN_HTTP}:{port}; return 200 'no TLS here'; }}\n")
    return "".join(blocks)
