"""The listing of WhatsApp's folders, as the script prints it, read back whatever stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes import ProbeError, whatsapp_storage
from agent.probes.whatsapp_storage import Access, Folder, Listing, StoredFile, Volume

LABELS = {"com.whatsapp": "WhatsApp", "com.whatsapp.w4b": "WhatsApp Business"}
NAMES = st.from_regex(r"msgstore[A-Za-z0-9._-]{0,40}", fullmatch=True)


@st.composite
def folders(draw: st.DrawFn, volume: str) -> Folder:
    package = draw(st.sampled_from(sorted(LABELS)))
    account = draw(st.sampled_from([0, 1000, 1001]))
    below = f"{LABELS[package]}/" + (f"accounts/{account}/" if account else "") + "Databases"
    if draw(st.booleans()):
        below = f"Android/media/{package}/{below}"
    path = f"/storage/{volume}/{below}"
    access = draw(st.sampled_from([Access.PRESENT, Access.ABSENT, Access.UNREADABLE]))
    if access is not Access.PRESENT:
        return Folder(path, package, account, access)
    skeletons = st.none() | st.from_regex(r"[0-9]{1,3}( \+)?( [0-9]{1,2}[=:][0-9]{1,3}){0,5} \.", fullmatch=True)
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    numbers = st.tuples(st.integers(-(10**11), 10**11), st.integers(0, 10**15), st.integers(0, 10**6), skeletons)
    files = tuple(StoredFile(f"{path}/{name}", name, *draw(numbers)) for name in names)
    return Folder(path, package, account, access, draw(st.integers(0, 10**6)), files)


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    volumes = []
    for name in draw(st.lists(st.sampled_from(["emulated/0", "emulated/999", "1A2B-3C4D"]), unique=True)):
        user = int(name.rpartition("/")[2]) if "/" in name else None
        unlocked = draw(st.sampled_from([True, False, None])) if user is not None else None
        access = draw(st.sampled_from(Access))
        inside = draw(st.lists(folders(name), max_size=3, unique_by=lambda folder: folder.path))
        volumes.append(Volume(name, user, access, unlocked, inside))
    return Listing(draw(st.integers(10**8, 10**10)), tuple(volumes), draw(st.booleans()))


def printed(listing: Listing) -> str:
    lines = [f"now {listing.now_s}"]
    for volume in listing.volumes:
        unlocked = {True: " true", False: " false", None: " " if volume.user is not None else ""}[volume.unlocked]
        lines.append(f"root {volume.name} {volume.access}{unlocked}")
        for folder in volume.folders:
            lines.append(f"folder {folder.access} {folder.path.removeprefix(f'/storage/{volume.name}/')}")
            lines += [f"owner {folder.owner}", "odd"] if folder.owner is not None else []
            lines += [f"file {f.modified_s} {f.size_bytes} {f.owner} {f.name}" for f in folder.files]
            lines += [f"head {f.name} {f.skeleton}" for f in folder.files if f.skeleton is not None]
    lines += [f"volumes {'listed' if listing.cards_listed else 'unreadable'}", "end"]
    return "\n".join(lines) + "\n"


@given(listings())
def test_what_the_script_prints_is_read_back(listing: Listing) -> None:
    assert whatsapp_storage.parse(printed(listing)) == listing


@given(listings(), st.integers(0, 100_000), st.sampled_from(["\n", "x", "\nfile 1 2 3 msgstore\n", "\nend\n", "…"]))
def test_a_spoiled_listing_is_refused_or_read_but_never_breaks(listing: Listing, at: int, spoil: str) -> None:
    text = printed(listing)
    at %= len(text)
    try:
        whatsapp_storage.parse(text[:at] + spoil + text[at:])
    except ProbeError:
        return


@pytest.mark.parametrize(
    "name", ["../../x", "emulated/0/../10", "x\n", "emulated/99999999", "emulated/0 present present"]
)
def test_a_strange_volume_is_not_passed_over(name: str) -> None:
    text = f"now 1777900000\nroot {name} present true\nfolder absent WhatsApp/Databases\nvolumes listed\nend\n"
    with pytest.raises(ProbeError):
        whatsapp_storage.parse(text)
