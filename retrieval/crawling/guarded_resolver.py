"""The address guard at work: the resolver through which every connection of the crawl process goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from retrieval.crawling.addresses import AddressGuard


class GuardedResolver(CachingHostnameResolver):  # type: ignore[misc]
    """Hands on only the addresses that the guard permits.

    Twisted asks the reactor's resolver for every host, an IP address in a URL included, and connects to the very
    addresses it is given without resolving again: no second answer of a DNS server can slip in between.
    `refused` keeps, by host, the address that was withheld and its kind.
    """

    def __init__(self, reactor: Any, cache_size: int, guard: AddressGuard) -> None:
        super().__init__(reactor, cache_size)
        self._guard = guard
        self.refused: dict[str, tuple[str, str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """Takes the CIDRs to allow from the setting FRONTDESK_ALLOW."""
        return cls(reactor, crawler.settings.getint("DNSCACHE_SIZE"), AddressGuard(crawler.settings["FRONTDESK_ALLOW"]))

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[Any]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """See IHostnameResolver."""
        receiver = _PermittedOnly(resolutionReceiver, hostName, self._guard, self.refused)
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _PermittedOnly:
    """Passes permitted addresses on to another receiver."""

    def __init__(self, receiver: Any, host: str, guard: AddressGuard, refused: dict[str, tuple[str, str]]) -> None:
        self._receiver = receiver
        self._host = host
        self._guard = guard
        self._refused = refused

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """See IResolutionReceiver."""
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:
        """See IResolutionReceiver."""
        kind = self._guard.find_refusal(address.host)
        if kind:
            self._refused[self._host] = (address.host, kind)
        else:
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:
        """See IResolutionReceiver."""
        self._receiver.resolutionComplete()
