"""One machine with everything on it for all tests of this folder that a process runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.support.browser import a_browser
from tests.support.everything import everything

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import pytest

    from tests.support.everything import Everything


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Everything]:
    async with a_browser() as browser, everything(tmp_path_factory.mktemp("home"), browser) as running:
        yield running
