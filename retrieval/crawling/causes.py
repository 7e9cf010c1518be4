"""What lies beneath the exceptions of Scrapy's downloader."""

from __future__ import annotations

from collections.abc import Iterator


def find_tls_fault(error: BaseException) -> str:
    """The TLS library's own words, e.g. "certificate verify failed"; "" when it was not TLS that failed."""
    for cause in _iterate_causes(error):
        module = type(cause).__module__
        if module.startswith("service_identity"):
            return "the certificate is another host's"
        if module.startswith("OpenSSL"):
            details = cause.args[0] if cause.args else None
            return str(details[0][-1]) if isinstance(details, list) and details else "no TLS on that port?"
    return ""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the crawl process had no room for the answer."""
    return any(isinstance(cause, MemoryError) for cause in _iterate_causes(error))


def _iterate_causes(error: BaseException) -> Iterator[BaseException]:
    """Twisted keeps them as `reasons` of the exception that Scrapy's was raised from."""
    yield error
    for reason in getattr(error.__cause__, "reasons", None) or ():
        yield reason.value
