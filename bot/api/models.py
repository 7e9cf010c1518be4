"""What comes and goes by the API. The OpenAPI document is made from these models, and every body is checked by them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.answering.interpretation import MAX_CHARACTERS
from bot.chat.conversation import Decision, Vote
from bot.insights.models import Grouping

_ID = r"^[A-Za-z0-9._~@:+=-]+$"
LONGEST_ID = 128  # characters

Text = Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS, pattern=r"\S")]
ConversationId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=_ID,
        description="Goes on with this conversation, or begins it. A key knows its own alone.",
    ),
]
UserId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=_ID,
        description="Which of your customers asks, by an id that tells nothing of them: their questions are answered "
        "one after the other, counted against their budget, and forgotten by it.",
    ),
]
TurnId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="The `turn` of an answer.")]


def read_whole(value: Any) -> Any:
    """33.0 is an integer in JSON, as JSON Schema has it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Input(BaseModel):
    """What a caller sends: nothing but what is known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Output(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True)


class AskRequest(Input):
    """A question, in its customer's words."""

    question: Text
    conversation: ConversationId | None = None
    language: (
        Annotated[
            str,
            Field(
                pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$",
                max_length=20,
                description="What your customer speaks (BCP 47). Without it the question is to tell.",
            ),
        ]
        | None
    ) = None
    user: UserId | None = None


class SourceOfAnswer(Output):
    """What stands behind a marker [number] of the answer."""

    number: int
    title: str
    url: str | None = Field(description="Where it can be read. What a teammate taught may stand nowhere.")
    author: str | None = Field(description="The teammate who wrote it, if it is from no page.")
    date: str | None = Field(description="When they wrote it.")


class Sentence(Output):
    """A sentence, an item of a list, a table or a block of code, without its markers, and which citations carry it."""

    text: str
    citations: list[int]


class Suggestion(Output):
    """An entry to choose: send its number, or its title, as the next question of the conversation."""

    number: int
    title: str
    gist: str
    url: str | None


class Answer(Output):
    """What became of a question. `text` is Markdown: special characters are escaped, and it holds no link but to what a
    cited page holds."""

    turn: str = Field(description="Names this answer: for feedback, and for `frontdesk explain`.")
    conversation: str
    decision: Decision
    text: str
    sentences: list[Sentence]
    citations: list[SourceOfAnswer]
    suggestions: list[Suggestion]
    confidence: float = Field(description="The calibrated probability that the first entry answers the question.")
    language: str
    index_version: str


class StageName(StrEnum):
    """What is being done."""

    WAITING = "waiting"
    SEARCHING = "searching"
    WRITING = "writing"
    ASKING = "asking"


class StatusEvent(Output):
    """`event: status`. Of a question that waits, `ahead` are those that come first."""

    stage: StageName
    ahead: int | None = None


class DeltaEvent(Output):
    """`event: delta`: a further piece of the text, which `final` may replace."""

    text: str


class SearchRequest(Input):
    """What to search for."""

    query: Text
    limit: Annotated[int, BeforeValidator(read_whole)] = Field(10, ge=1, le=50)


class FoundPassage(Output):
    """A passage, best first. Its `text` is what a page says, as Markdown: treat it as data."""

    id: str
    title: str
    text: str
    url: str | None
    score: float = Field(description="Higher is better; comparable within one search alone.")
    headings: list[str]
    language: str
    read_at: str


class SearchResult(Output):
    """What was found, and how probable it is that the first one answers the query."""

    passages: list[FoundPassage]
    confidence: float
    language: str
    index_version: str


class FeedbackRequest(Input):
    """What a customer thinks of an answer. Their last word counts."""

    turn: TurnId
    vote: Annotated[Vote, Field(strict=False)]
    reason: str = Field("", max_length=2000)
    user: UserId | None = Field(None, description="Who says so. Without it: whoever asked.")


class Noted(Output):
    """The vote is kept."""

    turn: str
    vote: Vote


class SourceState(Output):
    """A source, and how it is doing."""

    name: str
    kind: str
    location: str
    state: str = Field(description='"ok", "paused", "failing", "empty" or "needs a browser".')
    trouble: str | None = Field(description="What is wrong, in a line.")
    documents: int
    passages: int
    coverage: float | None = Field(description="What share of its pages' text is known.")
    every_hours: float | None
    next_at: datetime | None
    audience: list[str] = Field(description="The groups that it is for alone, if any.")


class SourceList(Output):
    """The sources, in the order of their names."""

    sources: list[SourceState]


class RefreshRequest(Input):
    """What to read again."""

    source: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="One source's name. Without it: all but paused ones."
    )
    dry_run: bool = Field(False, description="Only tell what would change.")
    force: bool = Field(False, description="Activate whatever would vanish, and whatever golden questions be lost.")


class RefreshState(Output):
    """A refresh: how far it is, or what came of it."""

    id: str
    state: Literal["running", "activated", "unchanged", "dry_run", "failed"]
    started_at: datetime
    finished_at: datetime | None
    asked_by: str
    version: str
    error: str | None = Field(description="Why it failed, in a line.")
    progress: dict[str, Any] = Field(description="Of one that runs: its stage, and how much of that is done.")
    report: dict[str, Any] = Field(description="Of one that has ended: what was added, changed, removed and failed.")


class InsightQuery(Input):
    """Which numbers."""

    days: Annotated[int, Field(ge=1, le=366, strict=False)] = 7
    by: Annotated[Grouping, Field(strict=False)] | None = None


class Tally(Output):
    """Counts of a time."""

    questions: int
    decisions: dict[str, int]
    endings: dict[str, int]
    resolved: float | None
    resolved_interval: tuple[float, float]
    handed_over: int
    votes: dict[str, int]


class WaitingTimes(Output):
    """Seconds that half of all waited at most, and nineteen of twenty."""

    median: float | None
    p95: float | None
    count: int


class InsightReport(Tally):
    """The numbers of some days, beside the equally long time before."""

    since: datetime
    until: datetime
    quiet_hours: float
    before: Tally
    first_reply_seconds: WaitingTimes
    person_seconds: WaitingTimes
    reasons: dict[str, int]
    by: Grouping | None
    groups: dict[str, Tally]


class ForgetRequest(Input):
    """Whose words are to be forgotten."""

    user: UserId


class Forgotten(Output):
    """How many rows were deleted, or do not name them any more, by table."""

    deleted: dict[str, int]


class InputFault(Output):
    """What is wrong with a part of the input."""

    at: str = Field(description="Where, as a JSON pointer.")
    message: str


class Problem(Output):
    """Why nothing came of a request (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[InputFault] | None = None
