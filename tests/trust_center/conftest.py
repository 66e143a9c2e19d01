"""The content of the repository, loaded once for each test that asks for it."""

import pytest
from django.core.management import call_command


@pytest.fixture
def content(db: None) -> None:
    call_command("load_content", verbosity=0)
