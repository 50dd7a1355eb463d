"""Where things stand: the paths of one checkout and the settings that the launcher itself must know."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from broadcaster.bootstrap import env_file


@dataclass(frozen=True, slots=True)
class Project:
    """One checkout. `settings` is `.env` with the process environment laid over it, as settings.py reads them."""

    root: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path) -> "Project":
        """Read the checkout at this folder."""
        return cls(root, env_file.read(root / ".env") | os.environ)

    @property
    def venv(self) -> Path:
        """The folder of the virtual environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The interpreter that has the packages."""
        return self.venv / "bin" / "python"

    @property
    def manage(self) -> list[str]:
        """The beginning of every Django command line."""
        return [str(self.python), str(self.root / "manage.py")]

    @property
    def data(self) -> Path:
        """The folder of database, files and logs, made if it is missing; nobody else on the machine looks inside."""
        folder = self.root / self.settings.get("DATA_DIR", "data")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @property
    def logs(self) -> Path:
        """The folder of the children's logs, made if it is missing."""
        folder = self.data / "logs"
        folder.mkdir(exist_ok=True)
        return folder

    def unless_set(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return those of the settings that nobody has chosen, to be passed on to children."""
        return {name: value for name, value in settings.items() if not self.settings.get(name)}
