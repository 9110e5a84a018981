"""What of an indicator file is kept."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from agent.capture import quoted
from agent.messages import PostureError

_PACKAGE = re.compile(r"[A-Za-z0-9_-]{1,100}(?:\.[A-Za-z0-9_-]{1,100}){0,40}")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class IndicatorError(PostureError):
    """A file that holds no indicators which can be used. The message names the file and what to do."""


class IndicatorFile(BaseModel):
    """One imported file. `name`: its file name; `version`: what its maker or importer calls it; `sha256`: of the file.

    `packages` and `certificates` (SHA-1 or SHA-256, hexadecimal, small letters) lead to what each stands for.
    `unread`: indicators that a phone over ADB does not show (addresses, domains, hashes of files) or that are in
    a form which is not read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str | None
    sha256: str
    imported_at: str
    packages: Mapping[str, str]
    certificates: Mapping[str, str]
    unread: int

    @property
    def visible(self) -> bool:
        """Whether a phone can show anything of it: without a package or certificate, looking proves nothing."""
        return bool(self.packages or self.certificates)


def meant(text: str) -> str:
    """Return what an indicator stands for, fit to show; once for each name, however many indicators bear it."""
    return quoted(text, 120)


@dataclass(slots=True)
class Found:
    """What a reader collects of one file; meanings come from `meant`."""

    packages: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, str] = field(default_factory=dict)
    unread: int = 0

    def package(self, name: object, meaning: str) -> None:
        """Take a package's name, if it is one."""
        if isinstance(name, str) and _PACKAGE.fullmatch(name):
            self.packages.setdefault(name, meaning)
        else:
            self.unread += 1

    def certificate(self, digest: object, meaning: str) -> None:
        """Take a certificate's digest, with or without colons."""
        plain = digest.replace(":", "").strip().lower() if isinstance(digest, str) and len(digest) < 200 else ""
        if _DIGEST.fullmatch(plain):
            self.certificates.setdefault(plain, meaning)
        else:
            self.unread += 1

    def skip(self, others: Iterable[object]) -> None:
        """Count what a phone does not show."""
        self.unread += sum(1 for _ in others)
