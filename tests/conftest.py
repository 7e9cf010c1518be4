"""What every test has."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# How long an example takes is the machine's affair. The same examples each time: a commit passes everywhere or nowhere.
settings.register_profile("frontdesk", deadline=None, derandomize=True)
settings.load_profile("frontdesk")


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """The log is as it comes: an application that a test opens has it written to the standard error of that test, which
    is closed when the next one begins, and from some level on."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)
