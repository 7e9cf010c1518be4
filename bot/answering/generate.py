"""The writer that asks a language model, lets out only what the passages support, and quotes where that fails.

Before anything was let out, a draft that cannot be is written once more; whatever goes wrong then, the passage is
quoted. After something was let out, a sentence that cannot be is left out, and an answer that breaks off is marked so.
Where the customer's patience is at its end before anything could be let out, the passage is quoted meanwhile; a draft
that comes later and says more replaces the quote, and says so.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from bot.answering.attribution.attributor import Attribution, Attributor
from bot.answering.first_line import ANSWER_TOKENS, Patience, says_more
from bot.answering.grounding import Fault, Grounding, Judged
from bot.answering.judging import DraftJudge
from bot.answering.ports import AnswerWriter, GenerationMeter
from bot.answering.prompt import SYSTEM, answer_prompt, correction_prompt, select_shown_turns
from bot.answering.sentences import Sentences
from bot.chat.conversation import AnswerChunk, WritingRequest
from bot.chat.markup import titled_link
from bot.i18n import words_for
from bot.runtime.faults import log_fault
from bot.runtime.lookahead import Lookahead
from inference.errors import GeneratorBroken, GeneratorError, GeneratorRefused
from inference.interfaces import Generator, Message
from retrieval.documents import Passage
from retrieval.text.cleaning import clean_text

PASSAGES = 6  # in a prompt; of those further down hardly one is ever the right one
TOKENS = 700  # of an answer
_OPEN_CHARACTERS = 3000  # of a sentence that does not end: no answer looks like that
_WHOLE = re.compile(r"[.!?。！？\]][*_\"'”’」』）)]*\s*\Z")
_STEP = re.compile(r"\s*\d{1,3}[.)、]\s")
_ROUNDS = 2
_REPEATS = (
    3  # sentences that it has written before: then it goes round in circles, and would until its tokens are used up
)
_OVERHEAD = 64  # tokens of a chat template, for the prompt and again for each message


@dataclass
class _Answer:
    """An answer in the making."""

    brief: WritingRequest
    model: str
    passages: Sequence[Passage]
    until: float
    rounds: int = 0
    shown: bool = False
    quoted: bool = False  # meanwhile
    broken: bool = False  # off, after something was shown
    refused: bool = False
    failed: Judged | None = None  # what makes another round worth while
    holed: bool = False  # a step of a procedure was left out
    cited: frozenset[int] = frozenset()
    begun: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.until - time.monotonic()

    @property
    def waited(self) -> float:
        """Seconds since the question."""
        return self.brief.waited + time.monotonic() - self.begun

    @property
    def outcome(self) -> str:
        if self.refused:
            return "refused"
        if not self.shown:
            return "quoted"
        if self.broken:
            return "cut_off"
        return "written" if self.rounds == 1 else "rewritten"


class GeneratedWriter:
    """An AnswerWriter. The model has `seconds` for all it does for one answer, and the customer `patience`; `fallback`
    quotes. `attributor` finds the passage that carries a sentence; without one a sentence goes out by its marker. A
    `judge` has the last word on a draft that is written soon enough."""

    def __init__(
        self,
        generator: Generator,
        fallback: AnswerWriter,
        meter: GenerationMeter,
        *,
        seconds: float = 60,
        attributor: Attributor | None = None,
        patience: Patience | None = None,
        judge: DraftJudge | None = None,
    ) -> None:
        self._generator = generator
        self._attributor = attributor
        self._fallback = fallback
        self._meter = meter
        self._seconds = seconds
        self._patience = patience or Patience()
        self._judge = judge

    async def write_answer(self, brief: WritingRequest) -> AsyncIterator[AnswerChunk]:
        answer = _Answer(brief, "", (), time.monotonic() + self._seconds)
        outcome = "quoted"
        if not self._patience.is_worth_asking(self._generator.expect_seconds(ANSWER_TOKENS)):
            outcome = "too_slow"
        elif brief.result.passages:
            async with aclosing(Lookahead(self._write_drafts(answer))) as pieces:
                if await pieces.arrives_within(self._patience.first_line - answer.waited):
                    async for piece in self._show_drafts(answer, pieces):
                        yield piece
                    outcome = answer.outcome
                elif brief.editable:
                    async for piece in self._show_quote_meanwhile(answer, pieces):
                        yield piece
                    outcome = answer.outcome if answer.refused else "replaced" if answer.shown else "kept"
        if outcome == "refused":
            yield AnswerChunk("", answer.model, refused=True, anew=answer.quoted)
        elif outcome in {"quoted", "too_slow"}:
            async for piece in self._fallback.write_answer(brief):
                yield piece
        self._meter.generated(outcome, time.monotonic() - answer.begun)

    async def _show_drafts(self, answer: _Answer, pieces: Lookahead[AnswerChunk]) -> AsyncIterator[AnswerChunk]:
        """What the model writes, as it comes."""
        begun = False
        try:
            async for piece in pieces:
                if not begun:
                    begun = answer.shown = True
                    self._meter.shown(answer.waited)
                yield piece
            if answer.holed:
                yield AnswerChunk(_format_more(answer), answer.model)
        except GeneratorError as error:
            self._log_fault(answer.brief, error)
            if answer.shown:
                answer.broken = True
                yield AnswerChunk(_format_cut_off(answer), answer.model)

    async def _show_quote_meanwhile(
        self, answer: _Answer, pieces: Lookahead[AnswerChunk]
    ) -> AsyncIterator[AnswerChunk]:
        """The passage in its own words, and what the model writes in its place if that comes in time and says more."""
        quote = [piece async for piece in self._fallback.write_answer(answer.brief)]
        text = "".join(piece.text for piece in quote)
        answer.quoted = True
        self._meter.shown(answer.waited)
        yield AnswerChunk(text, quote[-1].model, interim=True)
        draft = await self._await_draft(answer, pieces)
        answer.shown = bool(draft) and self._says_more(answer, draft, text)
        if answer.shown:
            more = _format_more(answer) if answer.holed else ""
            yield AnswerChunk(f"{draft}{more}{_format_replaced(answer)}", answer.model, anew=True)

    async def _await_draft(self, answer: _Answer, pieces: Lookahead[AnswerChunk]) -> str:
        """All of a draft that comes to its end in time, else nothing."""
        limit = self._patience.limit_draft(answer.waited, self._generator.expect_seconds(ANSWER_TOKENS))
        draft = []
        try:
            async with asyncio.timeout(limit):
                async for piece in pieces:
                    answer.shown = True  # as far as the model's work goes: it begins no second draft
                    draft.append(piece.text)
        except TimeoutError:
            return ""
        except GeneratorError as error:
            self._log_fault(answer.brief, error)
            return ""
        return "".join(draft)

    def _says_more(self, answer: _Answer, draft: str, quote: str) -> bool:
        brief, cited = answer.brief, [answer.passages[number - 1] for number in sorted(answer.cited)]
        return says_more(draft, cited, quote, answer.passages[0], brief.question, brief.language)

    async def _write_drafts(self, answer: _Answer) -> AsyncGenerator[AnswerChunk, None]:
        """The answer, written once more if the first draft cannot be let out at all."""
        answer.model = await self._generator.model_name()
        messages = await self._fit_prompt(answer)
        while answer.rounds < _ROUNDS:
            answer.rounds += 1
            answer.failed = None
            async with aclosing(self._judge_draft(answer, self._write_draft(answer, messages))) as pieces:
                async for piece in pieces:
                    yield piece
            failed = answer.failed
            if answer.shown or answer.refused or failed is None or failed.fault is None:
                return
            messages = [*messages, *correction_prompt(failed.text, failed.fault.value, failed.lacking)]

    async def _judge_draft(
        self, answer: _Answer, draft: AsyncGenerator[AnswerChunk, None]
    ) -> AsyncGenerator[AnswerChunk, None]:
        """The draft as the judge lets it stand, if there is one."""
        if self._judge is None:
            async with aclosing(draft):
                async for piece in draft:
                    yield piece
            return

        held: list[AnswerChunk] = []
        told: list[AnswerChunk] = []

        def note_held(piece: AnswerChunk) -> None:
            held.append(piece)
            answer.shown = True  # as far as the model's work goes: what fails now is left out

        seconds = self._patience.limit_judging(answer.waited)
        async with aclosing(self._judge.judge_draft(draft, answer.passages, seconds, note_held)) as stands:
            async for piece in stands:
                told.append(piece)
                yield piece
        answer.shown = bool(told)
        answer.holed = answer.holed or any(_STEP.match(piece.text) for piece in held if piece not in told)

    async def _write_draft(self, answer: _Answer, messages: Sequence[Message]) -> AsyncGenerator[AnswerChunk, None]:
        brief = answer.brief
        grounding: Grounding | None = None
        repeats = 0
        stream = aclosing(self._stream_units(messages, answer.left))
        async with self._read_passages(answer) as attribution, stream as units:
            async for unit in units:
                grounding = grounding or Grounding(
                    answer.passages, brief.question, brief.language, SYSTEM, await attribution
                )
                for judged in await asyncio.to_thread(_judge, grounding, unit):
                    if judged.fault is None:
                        if answer.shown or judged.text.strip():
                            answer.cited = grounding.cited
                            yield AnswerChunk(judged.text, answer.model)
                        continue
                    self._meter.withheld(judged.fault.value)
                    repeats += judged.fault is Fault.REPEATED
                    if repeats == _REPEATS:
                        return
                    answer.failed = answer.failed or judged
                    lost = judged.fault is not Fault.REPEATED and _STEP.match(judged.text) is not None
                    answer.holed = answer.holed or (answer.shown and lost)
                    if answer.shown:
                        continue
                    if judged.fault is Fault.REFUSAL:
                        answer.refused = True
                        return
                    if answer.rounds < _ROUNDS and judged.fault is not Fault.ASIDE:
                        return

    @asynccontextmanager
    async def _read_passages(self, answer: _Answer) -> AsyncIterator[asyncio.Task[Attribution | None]]:
        """Read what the answer may be attributed to while the model begins; given up with the answer."""

        def read() -> Attribution | None:
            brief = answer.brief
            if self._attributor is None:
                return None
            return self._attributor.read_passages(answer.passages, brief.question, brief.language)

        reading = asyncio.create_task(asyncio.to_thread(read))
        try:
            yield reading
        finally:
            reading.cancel()

    async def _stream_units(self, messages: Sequence[Message], seconds: float) -> AsyncGenerator[str | None, None]:
        """Sentences as the model ends them, then None. Raises GeneratorError."""
        sentences = Sentences()
        pieces = self._generator.stream_text(messages, max_tokens=TOKENS, seconds=seconds)
        fault: GeneratorError | None = None
        async with aclosing(pieces):
            try:
                async for piece in pieces:
                    for unit in sentences.feed(clean_text(piece).replace("\r", "")):
                        yield unit
                    if len(sentences.rest) > _OPEN_CHARACTERS:
                        raise GeneratorBroken("The model writes without end: is it the right one?", begun=True)
            except GeneratorError as error:
                fault = error
        whole = fault is None or _WHOLE.search(sentences.rest)
        for unit in sentences.finish() if whole else ():
            yield unit
        yield None
        if fault:
            raise fault

    async def _fit_prompt(self, answer: _Answer) -> list[Message]:
        """The prompt with as many passages, by rank, and earlier turns as the model takes."""
        brief = answer.brief
        passages, also = [scored.passage for scored in brief.result.passages[:PASSAGES]], brief.result.rewritten
        room = await self._generator.context_length() - TOKENS
        for steps in (2, 1, 0):
            answer.passages = passages
            messages = answer_prompt(
                brief.question, brief.language, passages, select_shown_turns(brief.earlier, steps), also
            )
            if await self._fits_model(messages, room):
                return messages
        for count in range(len(passages) - 1, 0, -1):
            answer.passages = passages[:count]
            messages = answer_prompt(brief.question, brief.language, answer.passages, (), also)
            if await self._fits_model(messages, room):
                return messages
        raise GeneratorRefused("A single passage is more than the model takes: give vLLM a larger --max-model-len.")

    async def _fits_model(self, messages: Sequence[Message], room: int) -> bool:
        """Whether a prompt has at most `room` tokens. A token is at least a byte long, so most need no counting."""
        if sum(len(message.content.encode()) + _OVERHEAD for message in messages) + _OVERHEAD <= room:
            return True
        return await self._generator.count_tokens(messages) <= room

    def _log_fault(self, brief: WritingRequest, error: GeneratorError) -> None:
        self._meter.generator_fault(type(error).__name__)
        log_fault(error, "generator fault", turn=brief.id, cause=str(error))


def _judge(grounding: Grounding, unit: str | None) -> list[Judged]:
    """What is settled by a further unit, or by the end."""
    return grounding.judge_unit(unit) if unit is not None else grounding.finish()


def _format_cut_off(answer: _Answer) -> str:
    """That the answer broke off, and where the whole of it stands."""
    return f"\n\n_{words_for(answer.brief.language).say('cut_off', link=_format_link(answer))}_"


def _format_replaced(answer: _Answer) -> str:
    """That there was another answer in its place."""
    return f"\n\n_{words_for(answer.brief.language).say('replaced')}_"


def _format_more(answer: _Answer) -> str:
    """That there is more to the answer, and where."""
    return f"\n\n{words_for(answer.brief.language).say('more', link=_format_link(answer))}"


def _format_link(answer: _Answer) -> str:
    first = answer.passages[min(answer.cited, default=1) - 1].document
    return titled_link(first.question, first.url)
