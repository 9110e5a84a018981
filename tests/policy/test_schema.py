"""The published JSON Schema is the one that the code has, and the shipped files hold to it."""

import json
from pathlib import Path

import jsonschema
import pytest

from agent.policy.loading import shipped
from agent.policy.schema import json_schema
from agent.policy.source import read

PUBLISHED = Path(__file__).parents[2] / "docs" / "policy.schema.json"


def test_it_is_current() -> None:
    assert json.loads(PUBLISHED.read_text()) == json_schema(), "posture policy schema > docs/policy.schema.json"


@pytest.mark.parametrize("path", sorted(shipped().rglob("*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shipped_files_hold_to_it(path: Path) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(read(path, path.name).data)
