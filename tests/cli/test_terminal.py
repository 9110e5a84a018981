"""Words for a terminal that has not every letter."""

import io

import pytest
from rich.console import Console

from agent.cli.terminal import printable


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "¿Contraseña? “Ajustes › Más” … ⋮ 東"),
        ("iso-8859-1", '¿Contraseña? "Ajustes > Más" ... : ?'),
        ("ascii", 'Contrasena? "Ajustes > Mas" ... : ?'),
    ],
)
def test_what_a_terminal_cannot_show_becomes_plain(encoding: str, shown: str) -> None:
    out = Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert printable("¿Contraseña? “Ajustes › Más” … ⋮ 東", out) == shown
