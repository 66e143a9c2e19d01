import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from complere.embedded import place, services


def open_folder():
    """A folder that every account may enter: pytest's own are closed to the one that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(dir=place.OPEN_FOLDER))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def empty_dir():
    """A data folder that does not exist yet; nothing is left running afterwards."""
    above = open_folder()
    folder = above / "var"
    yield folder
    if folder.exists():
        services.erase(folder)
    shutil.rmtree(above)


@pytest.fixture(scope="session")
def made_once():
    """A data folder that was used once. Its services are stopped."""
    above = open_folder()
    services.enter(above / "var", durable=False).release()
    (above / "var" / "services.json").unlink()
    yield above / "var"
    services.erase(above / "var")
    shutil.rmtree(above)


@pytest.fixture
def data_dir(made_once, empty_dir):
    """A data folder that was used before."""
    subprocess.run(["cp", "-a", str(made_once), str(empty_dir)], check=True)
    return empty_dir
