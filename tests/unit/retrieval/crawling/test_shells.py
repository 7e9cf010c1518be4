import pytest

from retrieval.crawling.shells import is_shell, shows_only_links, shows_text

LONG = "Parcels that have not been opened may come back within thirty days of delivery, free of charge. " * 4


@pytest.mark.parametrize(
    "body",
    [
        '<div id="root"></div><script src="/app.js"></script>',
        '<app-root>Loading …</app-root><script type="module" src="/main.js"></script>',
        f"<noscript>You need to enable JavaScript. {LONG}</noscript><div id=app></div><script>start()</script>",
        f"<header>{LONG}</header><nav>{LONG}</nav><div id=app></div><script src=a.js></script><footer>{LONG}</footer>",
    ],
)
def test_what_shows_next_to_nothing_and_has_scripts_is_a_shell(body: str) -> None:
    assert is_shell(body.encode())
    assert not shows_text(body.encode())


@pytest.mark.parametrize(
    "body",
    [
        "<p>Nothing here",
        '<p>Soon</p><script type="application/ld+json">{"@type": "FAQPage"}</script>',
        f"<main>{LONG}</main><script src=a.js></script>",
        "",
    ],
)
def test_what_has_text_or_no_scripts_is_none(body: str) -> None:
    assert not is_shell(body.encode())


def test_letters_count_in_any_charset() -> None:
    page = f"<p>{'退货须在三十天内' * 30}</p><script></script>".encode("gbk")
    assert shows_text(page, "text/html; charset=gbk")
    assert not is_shell(page, "text/html; charset=gbk")


def test_links_are_no_text_of_a_page() -> None:
    links = "".join(f'<a href="/{n}">All that there is to say about parcel number {n}</a>' for n in range(20))
    page = f"<main>{links}</main><div id=app></div><script src=a.js></script>"
    assert shows_only_links(page.encode())
    assert not is_shell(page.encode())
    assert not shows_text(page.encode(), beside_links=True)
    assert not shows_only_links(f"{page}<p>{LONG}</p>".encode())
    assert not shows_only_links(f"<main>{links}</main>".encode())  # without a script nothing more can come
