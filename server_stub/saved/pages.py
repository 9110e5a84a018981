"""The forms about saved views; all stand on the fleet page and lead back to it."""

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from server_stub.saved import views

if TYPE_CHECKING:
    from server_stub.people.models import Person

_LONGEST_QUERY = 2000


@require_POST
@permission_required("phones.view_phone", raise_exception=True)
def save(request: HttpRequest) -> HttpResponse:
    """Keep the present filters under a name."""
    person, shared = cast("Person", request.user), request.POST.get("shared") == "yes"
    if shared and not person.has_perm("saved.share_view"):
        raise PermissionDenied
    name, query = views.name_of(request.POST.get("name", "")), request.POST.get("query", "")[:_LONGEST_QUERY]
    if not name:
        messages.error(request, gettext("A view needs a name."))
        return HttpResponseRedirect(f"/?{query}")
    view = views.save(person, name, query, shared=shared)
    if view is None:
        messages.error(request, gettext("You have %(most)s views already; delete one first.") % {"most": views.MOST})
        return HttpResponseRedirect(f"/?{query}")
    if request.POST.get("opens") == "yes":
        views.open_with(person, view.pk, opens=True)
    messages.success(request, gettext("The view “%(name)s” is saved.") % {"name": name})
    return HttpResponseRedirect(f"/?{view.query or 'view=all'}")


@require_POST
@permission_required("phones.view_phone", raise_exception=True)
def delete(request: HttpRequest, view_id: int) -> HttpResponseRedirect:
    """Delete one's own view."""
    if not views.delete(cast("Person", request.user), view_id):
        raise Http404
    return HttpResponseRedirect("/?view=all")


@require_POST
@permission_required("phones.view_phone", raise_exception=True)
def open_with(request: HttpRequest, view_id: int) -> HttpResponseRedirect:
    """Open the fleet page with this view from now on, or no more."""
    if not views.open_with(cast("Person", request.user), view_id, opens=request.POST.get("opens") == "yes"):
        raise Http404
    return HttpResponseRedirect("/")
