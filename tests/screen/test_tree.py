"""The tree of a screen comes from a stranger: read within bounds, never more than what its form allows."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.screen.record import Row, Stop, rows
from agent.screen.tree import LIMIT_BYTES, Node, NoTree, parse
from tests.probes.phone import saved


def node(
    name: str = "", inner: str = "", text: str = "", *, clickable: bool = False, package: str = "com.whatsapp"
) -> str:
    own = f"{package}:id/{name}" if name else ""
    return (
        f'<node text="{text}" resource-id="{own}" package="{package}" clickable="{str(clickable).lower()}" '
        f'scrollable="true" bounds="[0,0][9,9]">{inner}</node>'
    )


def screen(*nodes: str) -> bytes:
    return f"<hierarchy>{''.join(nodes)}</hierarchy>".encode()


def test_a_whole_dump() -> None:
    found = parse(saved("screen/pixel7-a14-linked.txt").partition("UI hierchary")[0].encode())
    area = found.find("linked_device_recycler_view")
    assert area is not None
    assert (area.package, area.scrollable, area.bounds) == ("com.whatsapp", False, (0, 400, 1080, 850))
    assert rows(area, "name", "status", ()) == [
        Row(name="Google Chrome (Windows)", status="Activo ahora"),
        Row(name='Microsoft Edge (Windows) <b> "3" & más', status="Última vez activo ayer a las 18:05"),
        Row(name="iPad", status="Última vez activo el lunes a las 7:12 a. m."),
    ]


BOMB = b'<!DOCTYPE h [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><hierarchy><node text="&b;"/></hierarchy>'
HOSTILE = {
    "nothing": b"",
    "a document type with entities": BOMB,
    "an entity that nobody declared": b'<hierarchy><node text="&x;"/></hierarchy>',
    "an external document type": b'<!DOCTYPE h SYSTEM "file:///etc/passwd"><hierarchy/>',
    "another element": b"<html><body/></html>",
    "deeper than any screen": b"<hierarchy>" + b"<node>" * 5000 + b"</node>" * 5000 + b"</hierarchy>",
    "more nodes than any screen": b"<hierarchy>" + b"<node/>" * 5001 + b"</hierarchy>",
    "more bytes than any screen": b"<hierarchy>" + b" " * LIMIT_BYTES + b"</hierarchy>",
    "cut in half": screen(node("name", text="Windows"))[:60],
    "bytes that are no text": b'<hierarchy><node text="\xff\xfe"/></hierarchy>',
    "two of them": screen() + screen(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_tree_is_refused(name: str) -> None:
    with pytest.raises(NoTree):
        parse(HOSTILE[name])


@pytest.mark.parametrize("bounds", ["", "[0,0]", "[9,9][0,0]", "[-5,0][9,9]", "[0,0][999999,9]", "[٣,0][9,9]x"])
def test_a_place_that_cannot_be_is_no_place(bounds: str) -> None:
    (found,) = parse(screen(f'<node bounds="{bounds}"/>')).children[0].children
    assert found.bounds is None


def test_an_id_counts_only_in_its_own_package() -> None:
    alien = '<node resource-id="com.whatsapp:id/name" package="com.other" text="x"/>'
    other = '<node resource-id="com.other:id/name" package="com.other" text="x"/>'
    assert parse(screen(alien, other)).find("name") is None


def test_a_text_is_shown_without_controls_and_not_without_end() -> None:
    (found,) = parse(screen(node(text="a\u202eb" + "x" * 500))).children[0].children
    assert found.text.startswith("a\N{REPLACEMENT CHARACTER}bx")
    assert len(found.text) == 120


def listed(*children: str) -> list[Row] | str:
    area = parse(screen(node("linked_device_recycler_view", "".join(children)))).find("linked_device_recycler_view")
    assert area is not None
    try:
        return rows(area, "name", "status", ("link_device_button",))
    except Stop as stop:
        return stop.trouble


DEVICE = node("row", node("name", text="Windows") + node("status", text="Active now"), clickable=True)


@pytest.mark.parametrize(
    ("children", "found"),
    [
        ([], []),
        ([DEVICE], [Row(name="Windows", status="Active now")]),
        ([node("heading", text="?"), DEVICE], [Row(name="Windows", status="Active now")]),
        ([node("link_device_button", clickable=True), DEVICE], [Row(name="Windows", status="Active now")]),
        ([node("row", node("name", text="Windows"), clickable=True)], [Row(name="Windows", status="")]),
        # What could be a device, but has no name where one has it.
        ([DEVICE, node("glasses_row", node("title", text="?"), clickable=True)], "unknown row"),
        ([DEVICE, node("row", node("name", text=""), clickable=True)], "unknown row"),
        ([DEVICE, node("row", node("status", text="Active now"), clickable=True)], "unknown row"),
        ([node("row", node("name", text="a") + node("name", text="b"))], "unknown row"),
    ],
)
def test_a_row_is_a_device_or_surely_none(children: list[str], found: list[Row] | str) -> None:
    assert listed(*children) == found


def test_a_row_that_the_upper_edge_cuts_was_whole_before() -> None:
    cut = node("row", node("status", text="Active now"), clickable=True)
    area = parse(screen(node("linked_device_recycler_view", cut + DEVICE))).children[0].children[0]
    assert rows(area, "name", "status", scrolled=True) == [Row(name="Windows", status="Active now")]
    with pytest.raises(Stop, match="unknown row"):
        rows(area, "name", "status")


@given(data=st.binary(max_size=300) | st.text(alphabet='<>/="node hierarchy', max_size=200).map(str.encode))
def test_any_bytes_are_a_tree_or_none(data: bytes) -> None:
    with suppress(NoTree):
        assert isinstance(parse(data), Node)
