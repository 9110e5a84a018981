"""Where imported indicator files are kept: one JSON file each, replaced when a file of the same name comes again."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agent.indicators.model import IndicatorError, IndicatorFile
from agent.messages import Message, because
from agent.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of the imported files; it is made on first use."""

    folder: Path

    def add(self, file: IndicatorFile) -> None:
        """Keep a file instead of any earlier one of its name."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(file.name), file.model_dump_json())
        except OSError as error:
            raise _trouble(self.folder, error) from error

    def remove(self, name: str) -> bool:
        """Forget the file of that name; False where there is none."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _trouble(self.folder, error) from error
        return True

    def load(self) -> tuple[IndicatorFile, ...]:
        """Return every file, by name. Raises IndicatorError where one is damaged: a scan without it would pass."""
        files: list[IndicatorFile] = []
        try:
            for path in sorted(self.folder.glob("*.json")):
                files.append(IndicatorFile.model_validate_json(path.read_bytes()))
        except OSError as error:
            raise _trouble(self.folder, error) from error
        except ValidationError as error:
            raise IndicatorError(
                Message("{path} is damaged; delete it and import the indicator file again", {"path": str(path)}),
                permanent=True,
            ) from error
        return tuple(sorted(files, key=lambda file: file.name))

    def _path(self, name: str) -> Path:
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"


def _trouble(folder: Path, error: OSError) -> IndicatorError:
    return IndicatorError(Message("{path} cannot be used: {why}", {"path": str(folder), "why": because(error)}))
