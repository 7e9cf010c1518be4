"""From an exception of the crawl to one line for the operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from retrieval.crawling.addresses import format_refusal
from retrieval.crawling.browser import RenderFailure
from retrieval.crawling.causes import find_tls_fault, is_out_of_memory
from retrieval.crawling.politeness import RobotsForbid, RobotsUnreachable
from retrieval.crawling.settings import MIB, CrawlSettings


@dataclass(frozen=True, slots=True)
class Failure:
    """`reason` continues "the page cannot be read: …"; `mend` is a sentence on what to do. `hopeless` says that the
    host cannot be reached at all, `forbidden` that robots.txt says no, `refused` that the address guard did."""

    reason: str
    mend: str
    hopeless: bool = False
    forbidden: bool = False
    refused: bool = False


def explain_failure(
    error: BaseException, url: str, settings: CrawlSettings, refused: Mapping[str, tuple[str, str]]
) -> Failure:
    """What went wrong with `url`; `refused` is the guarded resolver's memory, by host."""
    host = urlsplit(url).hostname or ""
    if isinstance(error, RenderFailure):
        return Failure(error.reason, error.mend, hopeless=error.hopeless)
    if isinstance(error, CannotResolveHostError) and host in refused:
        address, kind = refused[host]
        return Failure(format_refusal(address, kind, host), "", hopeless=True, refused=True)
    if isinstance(error, RobotsForbid):
        return Failure("robots.txt forbids it", f"Ask the site's owner to allow {settings.user_agent}", forbidden=True)
    if isinstance(error, RobotsUnreachable):
        return Failure(str(error), "Try again when the server is well")
    if isinstance(error, (DownloadCancelledError, IgnoreRequest)):
        return Failure(f"it is larger than {settings.limit_bytes(url) / MIB:g} MiB", "Name a smaller page")
    if isinstance(error, DownloadTimeoutError):
        return Failure(
            f"no complete answer within {settings.page_timeout:g} s",
            "Try again, or give it longer with FRONTDESK_CRAWL_PAGE_TIMEOUT",
        )
    return _connection_failure(error, host)


def _connection_failure(error: BaseException, host: str) -> Failure:
    if isinstance(error, CannotResolveHostError):
        return Failure(f"the host {host} does not resolve", "Check the URL's spelling and the network", hopeless=True)
    if isinstance(error, DownloadConnectionRefusedError):
        return Failure(f"{host} refuses the connection", "Check the port and that the server runs", hopeless=True)
    if words := find_tls_fault(error):
        return Failure(
            f"the TLS connection to {host} failed ({words})",
            "Check its certificate; an authority of your own goes into a file named by SSL_CERT_FILE",
            hopeless=True,
        )
    if is_out_of_memory(error):
        return Failure("the crawl process has no memory left for it", "Lower FRONTDESK_CRAWL_CONCURRENCY")
    if isinstance(error, (ResponseDataLossError, DownloadFailedError)):
        return Failure("the connection broke off", "Try again")
    return Failure(f"it failed with {type(error).__name__}", "Check that the server can be reached from here")
