import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.crawling.addresses import AddressGuard, parse_host
from retrieval.errors import AddressRefused, SourceError

PUBLIC = ("8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1")
REFUSED = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "::1": "loopback",
    "10.1.2.3": "private",
    "172.31.0.1": "private",
    "192.168.0.1": "private",
    "fc00::1": "private",
    "fec0::1": "private",
    "169.254.1.1": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "169.254.169.254": "metadata",
    "fd00:ec2::254": "metadata",
    "100.100.100.200": "metadata",
    "168.63.129.16": "metadata",
    "100.64.0.1": "shared",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "192.0.2.1": "private",
    "198.18.0.1": "private",
    "2001:db8::1": "private",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "metadata",
    "::127.0.0.1": "loopback",
    "2002:7f00:1::": "loopback",
    "2002:c0a8:1::1": "private",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b:1::8.8.8.8": "reserved",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "private",
    "2a00::5efe:10.0.0.1": "private",
    "nonsense": "unreadable",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert AddressGuard().find_refusal(address) == ""


@pytest.mark.parametrize(("address", "kind"), REFUSED.items())
def test_all_others_are_refused_and_named(address: str, kind: str) -> None:
    assert AddressGuard().find_refusal(address) == kind


def test_an_allowed_range_is_let_through_in_every_dress_and_nothing_beside_it() -> None:
    guard = AddressGuard(("127.0.0.1/32", "fd00::/8"))
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd12::1"):
        assert guard.find_refusal(address) == ""
    for address in ("127.0.0.2", "::1", "::ffff:127.0.0.2", "10.0.0.1", "fc00::1"):
        assert guard.find_refusal(address)


def test_a_refusal_is_one_line_with_its_mend() -> None:
    with pytest.raises(AddressRefused) as told:
        AddressGuard().check_address("10.0.0.7", "intranet.example")
    assert "intranet.example leads to 10.0.0.7, a private address" in str(told.value)
    assert str(told.value).endswith("FRONTDESK_CRAWL_ALLOW=10.0.0.7/32")


def test_a_range_that_is_none_is_named() -> None:
    with pytest.raises(SourceError, match=r"everywhere.*FRONTDESK_CRAWL_ALLOW"):
        AddressGuard(("everywhere",))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_within_ipv6(ip: ipaddress.IPv4Address) -> None:
    guard = AddressGuard()
    plain = bool(guard.find_refusal(str(ip)))
    number = int(ip)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    nat64 = ipaddress.IPv6Address((0x0064FF9B << 96) | number)
    sixtofour = ipaddress.IPv6Address((0x2002 << 112) | (number << 80))
    for dressed in (mapped, nat64, sixtofour):
        assert bool(guard.find_refusal(str(dressed))) == plain


@given(st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_spelling_of_loopback_gets_through(ip: ipaddress.IPv4Address) -> None:
    number, octets = int(ip), ip.packed
    spellings = (
        str(number),
        hex(number),
        oct(number).replace("0o", "0"),
        ".".join(map(hex, octets)),
        f"{octets[0]}.{number & 0xFFFFFF}",
        f"[::ffff:{ip}]",
    )
    for spelling in spellings:
        assert AddressGuard().find_refusal(str(parse_host(spelling))) == "loopback"


@given(st.from_regex(r"\A[0-9a-fx.]{1,15}\Z"))
def test_hosts_are_read_as_the_resolver_reads_them(host: str) -> None:
    try:
        expected = socket.getaddrinfo(host, 80, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)[0][4][0]
    except (OSError, UnicodeError):
        return
    assert str(parse_host(host)) == expected


@pytest.mark.parametrize("host", ["example.com", "1.2.3.4.5", "999.1.1.1", "4294967296", "127.0.0.1 x", ""])
def test_a_name_is_no_address(host: str) -> None:
    assert parse_host(host) is None
