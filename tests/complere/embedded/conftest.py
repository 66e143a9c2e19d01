import shutil
import tempfile
from pathlib import Path

import pytest

from complere.embedded import place, services


@pytest.fixture
def data_dir():
    """A data folder of the test's own, which every account may enter; nothing is left running afterwards."""
    above = Path(tempfile.mkdtemp(dir=place.OPEN_FOLDER))
    above.chmod(0o755)
    folder = above / "var"
    yield folder
    if folder.exists():
        services.erase(folder)
    shutil.rmtree(above)
