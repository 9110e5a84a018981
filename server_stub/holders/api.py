"""Holders and groups from another system: a program says of some phones whose they are, as a CSV would."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Router, Schema
from pydantic import ConfigDict, Field, TypeAdapter

from server_stub.audit.chain import by
from server_stub.holders.importing import Outcome, bring
from server_stub.holders.reading import read_rows
from server_stub.ingest.refusal import Refusal
from server_stub.tokens.models import Bearer

router = Router()
_MOST = 5000
_OUTCOME = TypeAdapter(Outcome)


class HolderIn(Schema):
    """One phone. What is absent or null stays as it is; "" takes it away. Lengths and rules are those of the CSV."""

    model_config = ConfigDict(extra="forbid")

    serial: str = Field(description="As the phone reports it.")
    holder: str = Field(description='Whose it is; "": nobody\'s.')
    holder_id: str | None = Field(default=None, description="The staff number.")
    group: str | None = None
    asset_tag: str | None = None
    late_after_hours: int | None = Field(default=None, description="The group's: after so many hours a phone is late.")


def _may(request: HttpRequest) -> bool:
    """Whether a token came that may. Raises Refusal; a session alone is none, since its browser can be misled."""
    if not isinstance(request.user, Bearer):
        status = 403 if request.user.is_authenticated else 401
        raise Refusal(status, "token-required", "This address takes a token with the scope holders:write.")
    if not request.user.has_perm("holders.import_holder"):
        raise Refusal(403, "not-allowed", "Your role, or your token's scopes, do not include this.")
    return True


@router.post(
    "/holders",
    operation_id="post_holders",
    summary="Say whose phones are: all of what is sent, or nothing of it",
    description=(
        "A token needs the scope holders:write, and its person the role operator or administrator. Sent again it "
        "changes nothing. Phones that are not named stay as they are. Problems name the entry's place, from 1."
    ),
    auth=_may,
    openapi_extra={
        "security": [{"token": []}],
        "responses": {
            200: {
                "description": "Brought in, or with dry_run what it would change",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}},
            },
            "4XX": {
                "description": "Refused, and why; `problems` tells of each entry",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
            },
        },
    },
    response={200: None},
)
def post_holders(
    request: HttpRequest, entries: Annotated[list[HolderIn], Body(max_length=_MOST)], *, dry_run: bool = False
) -> HttpResponse:
    """Bring them in."""
    rows = [{name: str(cell) for name, cell in entry.model_dump(exclude_none=True).items()} for entry in entries]
    outcome = bring(read_rows(rows), by(request.user), dry_run=dry_run)
    told = _OUTCOME.dump_python(outcome, mode="json")
    if not outcome.problems:
        return JsonResponse(told)
    refusal = Refusal(422, "wrong-entries", "Nothing was brought in; some of the entries are wrong.")
    answer = JsonResponse(refusal.problem() | {"problems": told["problems"]}, status=422)
    answer.headers["Content-Type"] = "application/problem+json"
    return answer
