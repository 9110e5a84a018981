"""Opening the collector's state for one of its commands. Django is loaded only then."""

from pathlib import Path
from types import ModuleType

from agent.data_dir import DataDir
from agent.messages import Message, PostureError, because


def opened(data: Path | None) -> ModuleType:
    """`server_stub.run`, ready for the state in `data`. Raises PostureError."""
    from server_stub import run  # noqa: PLC0415 - Django is heavy, and its settings read the environment

    try:
        run.configure(DataDir.find(data).root)
    except ValueError as error:
        raise PostureError(Message("{why}", {"why": str(error)})) from error
    except OSError as error:
        raise PostureError(
            Message(
                "the folder {path} cannot be used: {why}",
                {"path": str(DataDir.find(data).root), "why": because(error)},
            )
        ) from error
    return run


def migrated(data: Path | None) -> ModuleType:
    """The same; its tables are those of this version where nobody else uses the database."""
    run = opened(data)
    if run.on_sqlite():
        run.migrate()
    return run
