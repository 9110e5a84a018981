"""The JSON Schema of a policy's files, for editors to complete and check them by."""

from typing import Any

from pydantic import TypeAdapter

from agent.policy.document import Head, Overlay, RuleFile, WholePolicy


def json_schema() -> dict[str, Any]:
    """One schema for policy.yaml, a clause's file, a policy in one file and an overlay."""
    schema = TypeAdapter(WholePolicy | Head | RuleFile | Overlay).json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "posture policy", **schema}
