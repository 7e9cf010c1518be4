from retrieval.crawling.frontier import Frontier, measure_depths
from retrieval.interfaces import KnownPage


def test_each_url_is_asked_once_breadth_first_and_not_too_deep() -> None:
    frontier = Frontier(max_pages=10, max_depth=1)
    assert frontier.offer_url("a", 0)
    assert frontier.offer_url("b", 1)
    assert not frontier.offer_url("a", 1)
    assert not frontier.offer_url("c", 2)
    assert [ask.url for ask in iter(frontier.take_next, None)] == ["a", "b"]


def test_what_is_in_flight_counts_towards_the_limit_until_it_turns_out_to_be_no_page() -> None:
    frontier = Frontier(max_pages=2, max_depth=9)
    for url in "abcd":
        frontier.offer_url(url, 0)
    assert frontier.take_next()
    assert frontier.take_next()
    assert frontier.take_next() is None
    frontier.record_answer(taken=False)
    assert frontier.take_next()
    frontier.record_answer(taken=True)
    frontier.record_answer(taken=True)
    assert frontier.take_next() is None
    assert frontier.is_full
    assert frontier.discovered_pages == 2


def test_a_stopped_one_gives_nothing_more() -> None:
    frontier = Frontier(max_pages=2, max_depth=9)
    frontier.offer_url("a", 0)
    frontier.stopped = "time is up"
    assert frontier.take_next() is None
    assert not frontier.is_full


def test_depths_follow_the_links_of_the_last_crawl() -> None:
    known = {
        "a": KnownPage("a", links=("b", "c")),
        "b": KnownPage("b", links=("d", "elsewhere")),
        "c": KnownPage("c", links=("a",)),
        "d": KnownPage("d"),
        "orphan": KnownPage("orphan"),
    }
    assert measure_depths("a", known) == {"a": 0, "b": 1, "c": 1, "d": 2, "orphan": 1}
