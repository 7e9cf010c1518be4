"""Models take a while to load: who watches is told what is being checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import doctor
from bot.settings import load_settings


def test_each_part_is_named_before_it_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    seen: list[list[str]] = []

    def check(_settings: object) -> list[doctor.Check]:
        seen.append(list(told))
        return []

    for name in [name for name in vars(doctor) if name.startswith("_check_")]:
        monkeypatch.setattr(doctor, name, check)
    doctor.run_checks(load_settings(data_dir=tmp_path, _env_file=None), told.append)
    assert "embedding model" in told
    assert seen == [told[: n + 1] for n in range(len(told))]
