"""The data-protection page: what is kept, why, for how long, who sees it; and erasing a holder."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from server_stub.audit.chain import by
from server_stub.privacy.erasure import Erased, erase_holder
from server_stub.web.answer import answer
from server_stub.work.queueing import KEEP_FAILED


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data. `days` None: as long as the collector runs, or as `how_long` says."""

    kind: str
    what: str
    why: str
    how_long: str
    days: int | None
    who: str


@dataclass(frozen=True, slots=True)
class DataProtectionPage:
    """What the page shows. `erased` and `problem` are there right after an erasure was asked for."""

    kept: list[Kept]
    never: list[str]
    erased: Erased | None
    problem: str


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """What is kept and why."""
    return answer(request, "data-protection.html", _page())


@require_POST
@permission_required("holders.erase_holder", raise_exception=True)
def erase(request: HttpRequest) -> HttpResponse:
    """Erase a holder, by number or name; asked for twice, since nothing brings it back."""
    reference = request.POST.get("holder", "").strip()
    erased, problem = None, ""
    if request.POST.get("sure") != "yes":
        problem = gettext("Tick that you mean it; an erasure cannot be taken back.")
    elif (erased := erase_holder(reference, by(request.user))) is None:
        problem = gettext("There is no holder of this number or name.")
    response = answer(request, "data-protection.html", _page(erased, problem))
    response.status_code = 422 if problem else 200
    return response


def _page(erased: Erased | None = None, problem: str = "") -> DataProtectionPage:
    everybody = gettext("every role")
    contents, history, codes = settings.KEEP_CONTENTS.days, settings.KEEP_HISTORY.days, settings.KEEP_CODES.days
    return DataProtectionPage(
        kept=[
            Kept(
                gettext("Holders and groups"),
                gettext("name, staff number, group, the phones given out and their asset tags"),
                gettext("to know whom to ask about a phone"),
                gettext("until they are erased"),
                None,
                everybody,
            ),
            Kept(
                gettext("A phone's state"),
                gettext("serial, model, Android version, verdict, how each rule stands and since when"),
                gettext("to see which phones need attention"),
                gettext("as long as the phone is looked after"),
                None,
                everybody,
            ),
            Kept(
                gettext("Contents of reports"),
                gettext("what a scan read and the lines that prove it, signed by the workstation"),
                gettext("so that a verdict can be checked"),
                gettext("then emptied; a phone's newest report stays whole"),
                contents,
                gettext("every role; names of networks, linked devices and computers not the viewer"),
            ),
            Kept(
                gettext("History"),
                gettext("a line for each report: when, verdict, counts, policy, workstation"),
                gettext("for trends and for what was true on a past day"),
                gettext("then deleted"),
                history,
                everybody,
            ),
            Kept(
                gettext("Exceptions and statements"),
                gettext("reason, who asked, who approved, who stated what, until when"),
                gettext("to account for what was not measured"),
                gettext("after their end, then deleted"),
                history,
                everybody,
            ),
            Kept(
                gettext("Receipts"),
                gettext("a report's number and digest, nothing of its contents"),
                gettext("so that an old report cannot be played back"),
                gettext("as long as the collector runs"),
                None,
                gettext("nobody"),
            ),
            Kept(
                gettext("Published policies"),
                gettext("the policy's text, who submitted and approved it, when and why"),
                gettext("so that what was judged can be judged again"),
                gettext("as long as the collector runs"),
                None,
                gettext("every role; names of networks not the viewer"),
            ),
            Kept(
                gettext("Audit log"),
                gettext("who of the staff or which workstation changed what, when; no holder's name"),
                gettext("to account for every change"),
                gettext("as long as the collector runs"),
                None,
                gettext("auditor, administrator"),
            ),
            Kept(
                gettext("Accounts and sessions"),
                gettext(
                    "user name, name and e-mail address where given, the number by which a provider knows the "
                    "person, digest of the password, second factors, saved views; a session for 12 hours"
                ),
                gettext("to know who works here"),
                gettext("until an administrator removes the account"),
                None,
                gettext("administrator"),
            ),
            Kept(
                gettext("Attempts to sign in"),
                gettext(
                    "when, under a keyed digest of the user name or of the network address, never these themselves"
                ),
                gettext("to slow down whoever guesses"),
                gettext("until they count no more, then deleted"),
                None,
                gettext("nobody"),
            ),
            Kept(
                gettext("Alerts"),
                gettext("messages without names, where they were sent, each try; addresses are sealed"),
                gettext("to tell people, and to show that they were told"),
                gettext("after they were made, then deleted"),
                settings.KEEP_ALERTS.days,
                gettext("auditor, operator, administrator"),
            ),
            Kept(
                gettext("Workstations"),
                gettext("name, host name, version, public key, last contact, refused deliveries by kind"),
                gettext("to know whose reports to believe"),
                gettext("as long as the collector runs"),
                None,
                everybody,
            ),
            Kept(
                gettext("API tokens"),
                gettext("a token's name, its digest, whose it is, what it may read, until when"),
                gettext("so that programs may read for a person"),
                gettext("until the person's account is removed"),
                None,
                gettext("administrator"),
            ),
            Kept(
                gettext("Background work"),
                gettext("of a job that failed: its error, which may quote a row of the database"),
                gettext("to find out why it failed"),
                gettext("after it failed, then deleted"),
                KEEP_FAILED.days,
                gettext("nobody"),
            ),
            Kept(
                gettext("Enrolment codes"),
                gettext("the digest of a one-time code"),
                gettext("to take a workstation in"),
                gettext("after they expire, then deleted"),
                codes,
                gettext("nobody"),
            ),
        ],
        never=[
            gettext("messages, calls, contacts, photos and files"),
            gettext("a phone's position"),
            gettext("passwords, PINs and patterns"),
            gettext("addresses of the network from which people sign in"),
        ],
        erased=erased,
        problem=problem,
    )
