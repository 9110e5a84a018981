"""What somebody sends to be published: a policy in one file, a signed bundle, or an overlay; read, checked, placed."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from agent.messages import Message
from agent.policy import bundle, cases
from agent.policy.document import Overlay
from agent.policy.files import Files, digest
from agent.policy.loading import assemble
from agent.policy.model import Policy
from agent.policy.source import PolicyError, Source, parse
from agent.policy.validation import validate
from server_stub.policies.models import Edition
from server_stub.policies.published import Layers, Stack, coming_along, files_of, holding, of_everybody, unpacked


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft in its place. `files`: what would be kept; `policy`: what phones there would be judged by."""

    layer: Edition.Layer
    name: str
    files: Files
    policy: Policy
    version: str
    sha256: str


def read(text: bytes, at: datetime | None = None) -> Draft:
    """Read a draft against what holds (at `at`, else now). Raises PolicyError, which names line and column."""
    if _is_bundle(text):
        files = bundle.unpack(text)
        return Draft(Edition.Layer.POLICY, "", files, assemble(files), bundle.release(files).version, files.sha256)
    source = parse(text, gettext("draft"))
    if not (isinstance(source.data, dict) and "overlays" in source.data):
        files = Files((source,))
        return Draft(Edition.Layer.POLICY, "", files, assemble(files), files.head.version, files.sha256)
    return _overlay(source, at)


def of_edition(edition: Edition) -> Draft:
    """What somebody submitted, over what holds now. Raises PolicyError where it does not fit any more."""
    kept, layer = unpacked(edition.files), Edition.Layer(edition.layer)
    below = kept if kept.base else _everybody(None)
    policy = assemble(below if kept.base else Files(below.base, (*below.overlays, *kept.overlays)))
    return Draft(layer, edition.name, kept, policy, edition.version, edition.sha256)


def over(draft: Draft, layers: Layers, at: datetime) -> Policy:
    """What a phone with these layers would be judged by, were the draft published. Raises PolicyError."""
    parts: list[Files] = []
    for layer in Edition.Layer:
        held = layers.newest(layer, at)
        if layer == draft.layer:
            parts.append(draft.files)
        elif held is not None and held.sha256:
            parts.append(files_of(Stack((held.sha256,), (held.pk,))) if layer == Edition.Layer.POLICY else _laid(held))
    base = parts[0].base or coming_along().base
    return assemble(Files(base, tuple(overlay for part in parts for overlay in part.overlays)))


def _laid(edition: Edition) -> Files:
    return unpacked(Edition.objects.get(pk=edition.pk).files)


def _is_bundle(text: bytes) -> bool:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and {"payload", "protected"} <= set(told)


def _overlay(source: Source, at: datetime | None) -> Draft:
    overlay = validate(source, Overlay)
    below = _everybody(at)
    if overlay.layer == "organisation":
        files = Files(_base(overlay, below), (source,))
        return Draft(Edition.Layer.POLICY, "", files, assemble(files), overlay.version or "", files.sha256)
    laid = Files(below.base, (*below.overlays, source))
    layer = Edition.Layer.GROUP if overlay.layer == "group" else Edition.Layer.PHONE
    return Draft(layer, overlay.name, Files((), (source,)), assemble(laid), overlay.version or "", digest([source]))


def _base(overlay: Overlay, below: Files) -> tuple[Source, ...]:
    """The policy that an organisation's overlay is for: the published one, else the one that comes along."""
    return below.base if below.head.id == overlay.overlays else coming_along().base


def _everybody(at: datetime | None) -> Files:
    edition = of_everybody(at)
    return files_of(Stack((edition.sha256,), (edition.pk,))) if edition else coming_along()


def check_dated(draft: Draft) -> None:
    """Raise PolicyError for an overlay without version and date: nobody could tell two of its editions apart."""
    for source in draft.files.overlays:
        told = validate(source, Overlay)
        if told.version is None or told.date is None:
            raise source.error((), Message("an overlay that is published needs a version and a date"))


def check_cases(draft: Draft) -> None:
    """Raise PolicyError where a rule does not decide one of its own cases as it says: nobody meant it so."""
    for each in cases.run(draft.policy):
        if isinstance(each, cases.Outcome) and not each.passed:
            told: dict[str, str | int | Message] = {
                "rule": each.rule,
                "case": each.case,
                "expected": each.expected,
                "status": each.status,
            }
            raise PolicyError(Message("{rule}: “{case}” ends in {status}, not in {expected}", told))


def check_above(draft: Draft) -> None:
    """Raise PolicyError where an overlay that holds for a group or a phone would no longer fit over this one."""
    if draft.layer != Edition.Layer.POLICY:
        return
    for edition in holding():
        if edition.layer != Edition.Layer.POLICY:
            assemble(Files(draft.files.base, (*draft.files.overlays, *unpacked(edition.files).overlays)))
