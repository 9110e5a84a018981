"""All addresses but /healthz, /readyz and /metrics, which `web.middleware` answers before anything else."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, register_converter
from django.views.i18n import set_language

from server_stub.agents import pages as agents
from server_stub.alerts import pages as alerts
from server_stub.audit import pages as audit
from server_stub.decisions import due
from server_stub.decisions import pages as decisions
from server_stub.guideline import pages as guideline
from server_stub.holders import pages as holders
from server_stub.holders.api import router as holders_of_programs
from server_stub.ingest.api import api
from server_stub.packs import pages as packs
from server_stub.papers import pages as papers
from server_stub.phones import pages as phones
from server_stub.policies import pages as policies
from server_stub.policies.handing import router as policy_for_agents
from server_stub.privacy import pages as privacy
from server_stub.saved import pages as saved
from server_stub.web import preferences


class Key:
    """A phone's key or an agent's id in an address."""

    regex = r"[A-Za-z0-9~_-][A-Za-z0-9._:-]{0,79}"

    def to_python(self, value: str) -> str:
        """The key itself."""
        return value

    def to_url(self, value: str) -> str:
        """The key itself."""
        return value


class Decision:
    """What is done about an exception."""

    regex = "approve|refuse|end"

    def to_python(self, value: str) -> str:
        """The word itself."""
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


class Step:
    """What is done about a policy's edition."""

    regex = "approve|refuse|withdraw|again|lift"

    def to_python(self, value: str) -> str:
        """The word itself."""
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


register_converter(Key, "key")
register_converter(Step, "step")
register_converter(papers.PaperForm, "paper-form")
register_converter(papers.ManyForm, "many-form")
register_converter(Decision, "decision")
register_converter(alerts.OfChannel, "of-channel")
api.add_router("", policy_for_agents)
api.add_router("", holders_of_programs)
urlpatterns = [
    path("", phones.fleet_page, name="fleet"),
    path("views/", saved.save, name="save-view"),
    path("views/<int:view_id>/delete/", saved.delete, name="delete-view"),
    path("views/<int:view_id>/opening/", saved.open_with, name="open-with-view"),
    path("phones/<key:key>/", phones.phone_page, name="phone"),
    path("phones/<key:key>/reports/<uuid:report_id>/signed", phones.signed_report, name="signed-report"),
    path("phones/<key:key>/reports/<uuid:report_id>/as/<paper-form:form>", papers.paper, name="paper"),
    path("exports/<many-form:form>", papers.many, name="many"),
    path("clauses/", guideline.clauses_page, name="clauses"),
    path("clauses/<key:number>/", guideline.clause_page, name="clause"),
    path("policy/", guideline.policy_page, name="policy"),
    path("policy/preview/", guideline.preview_page, name="preview"),
    path("policy/submit/", policies.submit, name="submit-policy"),
    path("policy/history/", policies.history_page, name="editions"),
    path("policy/editions/<int:edition_id>/", policies.edition_page, name="edition"),
    path("policy/editions/<int:edition_id>/<step:what>/", policies.step, name="edition-step"),
    path("agents/", agents.agents_page, name="agents"),
    path("agents/codes/", agents.new_code, name="new-code"),
    path("agents/<key:agent_id>/revoke/", agents.revoke, name="revoke-agent"),
    path("agents/<key:agent_id>/rotation/", agents.ask_rotation, name="ask-rotation"),
    path("agents/<key:agent_id>/group/", agents.limit, name="limit-agent"),
    path("phones/<key:key>/decide/", decisions.decide_page, name="decide"),
    path("phones/<key:key>/waivers/", decisions.ask, name="ask-waiver"),
    path("phones/<key:key>/statements/", decisions.state, name="state"),
    path("waivers/<int:waiver_id>/<decision:what>/", decisions.decide, name="decide-waiver"),
    path("due/", due.due_page, name="due"),
    path("holders/", holders.holders_page, name="holders"),
    path("holders/import/", holders.import_file, name="import-holders"),
    path("holders/groups/<int:group_id>/period/", holders.group_period, name="group-period"),
    path("data-protection/", privacy.page, name="data-protection"),
    path("data-protection/erase/", privacy.erase, name="erase-holder"),
    path("alerts/", alerts.alerts_page, name="alerts"),
    path("alerts/<int:alert_id>/", alerts.alert, name="alert"),
    path("alerts/channels/", alerts.new_channel, name="new-channel"),
    path("alerts/channels/<int:channel_id>/<of-channel:what>/", alerts.change_channel, name="change-channel"),
    path("alerts/subscriptions/", alerts.new_subscription, name="new-subscription"),
    path("alerts/subscriptions/<int:subscription_id>/end/", alerts.end_subscription, name="end-subscription"),
    path("alerts/messages/<uuid:delivery_id>/replay/", alerts.replay_delivery, name="replay"),
    path("alerts/graces/", alerts.new_grace, name="new-grace"),
    path("audit/", audit.audit_page, name="audit"),
    path("audit/pack/", packs.pack, name="audit-pack"),
    path("audit/rows/", packs.rows, name="audit-rows"),
    path("audit/stamps/<int:stamp_id>.tsr", audit.stamp_file, name="stamp"),
    path("account/", include("server_stub.people.urls")),
    path("preferences/theme/", preferences.set_theme, name="set-theme"),
    path("preferences/language/", login_not_required(set_language), name="set-language"),
    path("api/", api.urls),
]
