"""The resolver that connections go through, over answers that a hostile DNS server could give."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.resolver import HostResolution, dnscache
from twisted.internet.address import IPv4Address, IPv6Address

from retrieval.crawling.addresses import AddressGuard
from retrieval.crawling.guarded_resolver import GuardedResolver


class Answers:
    """A resolver that gives each time the next of its answers; the system's own answer for what it was not given."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0, *_: Any) -> Any:
        receiver.resolutionBegan(HostResolution(hostName))
        prepared = self.answers.get(hostName)
        addresses = prepared.pop(0) if prepared else _system(hostName)
        for address in addresses:
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, portNumber))
        receiver.resolutionComplete()
        return receiver


def _system(host: str) -> list[str]:
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)})


class Receiver:
    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.complete = False

    def resolutionBegan(self, resolution: Any) -> None: ...

    def addressResolved(self, address: Any) -> None:
        self.hosts.append(address.host)

    def resolutionComplete(self) -> None:
        self.complete = True


def resolve(resolver: GuardedResolver, host: str) -> list[str]:
    receiver = Receiver()
    resolver.resolveHostName(receiver, host, 80)
    assert receiver.complete
    return receiver.hosts


@pytest.fixture(autouse=True)
def _no_cache() -> None:
    dnscache.clear()


def resolver(allow: tuple[str, ...] = (), cache_size: int = 0, **answers: list[list[str]]) -> GuardedResolver:
    return GuardedResolver(SimpleNamespace(nameResolver=Answers(**answers)), cache_size, AddressGuard(allow))


def test_private_answers_are_withheld_and_remembered() -> None:
    guarded = resolver(evil=[["10.0.0.1"]])
    assert resolve(guarded, "evil") == []
    assert guarded.refused == {"evil": ("10.0.0.1", "private")}


def test_of_a_mixed_answer_only_the_public_part_is_connected_to() -> None:
    assert resolve(resolver(mixed=[["127.0.0.1", "8.8.8.8", "::ffff:10.0.0.1", "::1"]]), "mixed") == ["8.8.8.8"]


@pytest.mark.parametrize("cache_size", [0, 100])
def test_a_second_answer_is_judged_again(cache_size: int) -> None:
    guarded = resolver(cache_size=cache_size, rebinding=[["8.8.8.8"], ["169.254.169.254"]])
    assert resolve(guarded, "rebinding") == ["8.8.8.8"]
    assert "169.254.169.254" not in resolve(guarded, "rebinding")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "localhost", "::1", "::ffff:127.0.0.1"]
)
def test_every_spelling_that_the_system_takes_for_loopback_is_withheld(host: str) -> None:
    assert resolve(resolver(), host) == []


def test_an_allowed_address_is_handed_on() -> None:
    assert resolve(resolver(("127.0.0.1/32",)), "127.1") == ["127.0.0.1"]
