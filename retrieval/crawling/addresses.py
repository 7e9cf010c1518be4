"""The address guard: which IP addresses a crawl may connect to. Pure; enforced where connections are made."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence

from retrieval.errors import AddressRefused, SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Public by its number, but answers only to the machine it runs on (Azure's wire server). The other clouds' metadata
# services live in link-local, unique-local and shared ranges, which are refused as such.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
_KNOWN_METADATA = frozenset(
    map(ipaddress.ip_address, ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"))
)
_SHARED = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598, carrier-grade NAT
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, deprecated
_NUMERIC_HOST = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE)


class AddressGuard:
    """Refuses every address that is not public, unless it lies in one of the `allow` CIDRs.

    An IPv6 address that carries an IPv4 one (mapped, compatible, 6to4, NAT64, Teredo, ISATAP) is judged by both.
    Raises SourceError when a CIDR cannot be read.
    """

    def __init__(self, allow: Sequence[str] = ()) -> None:
        try:
            self._allowed = tuple(ipaddress.ip_network(cidr, strict=False) for cidr in allow)
        except ValueError as error:
            raise SourceError(
                f"{error}: FRONTDESK_CRAWL_ALLOW takes ranges such as 10.0.0.0/8,127.0.0.1/32."
            ) from error

    def find_refusal(self, address: str) -> str:
        """What kind of address it is ("loopback", "private", …) if it is refused; "" if it may be reached."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return "unreadable"
        if self._is_allowed(ip):
            return ""
        judged: list[Address] = [*find_embedded_ipv4(ip)]
        if not (judged and _is_translation(ip)):
            judged.append(ip)
        return next((kind for one in judged if not self._is_allowed(one) and (kind := classify_address(one))), "")

    def check_address(self, address: str, host: str = "") -> None:
        """Raises AddressRefused with the mend; `host` is the name that resolved to it."""
        kind = self.find_refusal(address)
        if kind:
            raise AddressRefused(format_refusal(address, kind, host))

    def _is_allowed(self, ip: Address) -> bool:
        return any(ip in network for network in self._allowed if network.version == ip.version)


def format_refusal(address: str, kind: str, host: str = "") -> str:
    """One line for the operator: what was refused, and what to set if it was meant."""
    what = f"{host} leads to {address}" if host and host != address else address
    bits = 128 if ":" in address else 32
    return (
        f"{what}, a {kind} address, which a crawl may not reach. "
        f"If it is meant, allow it with FRONTDESK_CRAWL_ALLOW={address}/{bits}"
    )


def classify_address(ip: Address) -> str:
    """Why an address is not public; "" for one that is."""
    tests = (
        ("metadata", ip in _METADATA or ip in _KNOWN_METADATA),
        ("loopback", ip.is_loopback),
        ("unspecified", ip.is_unspecified),
        ("link-local", ip.is_link_local),
        ("multicast", ip.is_multicast),
        ("shared", ip.version == 4 and ip in _SHARED),
        ("reserved", ip.is_reserved),
        ("private", ip.is_private or (ip.version == 6 and ip.is_site_local)),
        ("non-public", not ip.is_global),
    )
    return next((kind for kind, holds in tests if holds), "")


def find_embedded_ipv4(ip: Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address carries, and a gateway or this machine's own stack would reach."""
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if ip.sixtofour:
        return [ip.sixtofour]
    if ip.teredo:
        return list(ip.teredo)
    number = int(ip)
    low = ipaddress.IPv4Address(number & 0xFFFFFFFF)
    carries = (
        any(ip in network for network in _NAT64)
        or (ip in _COMPATIBLE and number > 0xFFFF)
        or (number >> 32) & 0xFDFFFFFF == 0x00005EFE  # ISATAP, RFC 5214
    )
    return [low] if carries else []


def _is_translation(ip: Address) -> bool:
    """Whether reaching it means reaching the IPv4 address within, and nothing else."""
    mapped = ip.version == 6 and (ip.ipv4_mapped is not None or ip.sixtofour is not None)
    return mapped or ip in _NAT64[0] or ip in _COMPATIBLE


def parse_host(host: str) -> Address | None:
    """The IP address that a URL's host stands for, in any form a resolver takes (127.1, 0x7f.1, 0177.0.0.1,
    2130706433, [::1]); None for a name."""
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    if not _NUMERIC_HOST.fullmatch(bare):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare.rstrip(".")))
    except (OSError, ValueError):
        return None
