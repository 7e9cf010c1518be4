"""What the command line says before it keeps everybody waiting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.cli import privacy


@pytest.mark.parametrize(("seconds", "told"), [(0.0, ""), (0.4, ""), (13.6, "about 14 s")])
async def test_a_long_compaction_is_announced(seconds: float, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    async def estimate_compaction() -> float:
        return seconds

    store = SimpleNamespace(estimate_compaction=estimate_compaction)
    await privacy._announce_compaction(cast(Any, SimpleNamespace(privacy_store=store)))
    out, err = capsys.readouterr()
    assert out == "" and bool(err) is bool(told) and told in err
