"""Compiles the translations (.po to .mo) when the project is built or installed."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTranslations(BuildHookInterface):  # type: ignore[type-arg]
    """Writes each catalogue's .mo beside its .po; .mo files are not kept in git."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every .po below agent/ and server_stub/."""
        for top in ("agent", "server_stub"):
            for source in Path(self.root, top).rglob("*.po"):
                with source.open("rb") as stream:
                    catalogue = read_po(stream)
                with source.with_suffix(".mo").open("wb") as stream:
                    write_mo(stream, catalogue)
