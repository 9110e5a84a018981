"""A second factor for the roles that the installation names: who has none yet sets one up before anything else.

Who came by the organisation's own provider is asked by that provider for whatever it wants. Tokens only read.
"""

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop

from server_stub.ingest.api import problem
from server_stub.ingest.refusal import Refusal
from server_stub.people.models import Person
from server_stub.tokens.models import Bearer
from server_stub.web.answer import wants_json
from server_stub.web.sheet import wants_csv

_SENTENCE = gettext_noop("Your role asks for a second factor; set one up first.")
_WITHOUT = ("/account/", "/preferences/", "/static/", "/api/")


def required(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lead a person whose role asks for a second factor to where it is set up."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not settings.SECOND_FACTOR_FOR or request.path_info.startswith(_WITHOUT) or not _lacks_it(request):
            return get_response(request)
        if wants_json(request) or wants_csv(request):
            return problem(Refusal(403, "second-factor-needed", _SENTENCE))
        messages.warning(request, gettext(_SENTENCE))
        return redirect("mfa_index")

    return answer


def _lacks_it(request: HttpRequest) -> bool:
    person = request.user
    if not isinstance(person, Person) or isinstance(person, Bearer):
        return False
    if not person.groups.filter(name__in=settings.SECOND_FACTOR_FOR).exists():
        return False
    methods = {record.get("method") for record in get_authentication_records(request, person)}
    return "socialaccount" not in methods and not is_mfa_enabled(person)
