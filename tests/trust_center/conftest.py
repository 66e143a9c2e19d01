"""The content of the repository, loaded and signed once for each test that asks for it."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.trust_center import publishing


@pytest.fixture
def content(db: None) -> None:
    call_command("load_content", verbosity=0)
    publishing.publish_all(timezone.now())
