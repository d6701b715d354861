"""Which addresses the mover may call: a user's URL must never make the platform look behind its own walls."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from jiaozi.order.ports import UnableToMove, UnableToReachPlace

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network:
    """Read a network such as ``10.1.0.0/16``; raises ValueError."""
    return ipaddress.ip_network(text)


def is_loopback(net: Network) -> bool:
    """Say whether a network has this machine's own addresses in it."""
    return any(net.version == own.version and net.overlaps(own) for own in (_LOOPBACK_4, _LOOPBACK_6))


_LOOPBACK_4, _LOOPBACK_6 = ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")


def check_host(host: str, networks: Sequence[str], url: str) -> None:
    """Let a host be called whose every address is public, or lies in a network that the operator named.

    Raises
    ------
    UnableToMove
        When one is private, loopback, link-local or the like.
    UnableToReachPlace
        When the name is not known now.
    """
    known = [network(each) for each in networks]
    try:
        found = {ipaddress.ip_address(str(each[4][0]).split("%")[0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as unknown:
        raise UnableToReachPlace("BROKE_OFF", "主机名无法解析", "its host name is not known", field=url) from unknown
    if not all(_allowed(each, known) for each in found):
        raise UnableToMove(
            "PRIVATE_ADDRESS", "不得访问内部网络地址", "leads to a private address, which is not allowed", field=url
        )


def _allowed(address: Address, networks: Sequence[Network]) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain.version == each.version and plain in each for each in networks):
        return True
    return plain.is_global and not plain.is_multicast


def host_of(endpoint: str) -> str:
    """Give the host of an endpoint's address."""
    return urlsplit(endpoint).hostname or endpoint
