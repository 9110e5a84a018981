"""Messages on their way: by a real SMTP server, signed to a real web server, again when it fails, never inwards."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from standardwebhooks import Webhook

from server_stub.alerts.models import Channel, Delivery, Subscription
from server_stub.alerts.outgoing import Outgoing
from server_stub.alerts.sealing import unseal
from server_stub.alerts.sending import TRIES, lost, pause, send
from server_stub.audit.models import Entry
from tests.collector.receiving import Posted, http_server, self_signed, smtp_server
from tests.collector.telling import channel, something_told

pytestmark = pytest.mark.django_db
LOCAL = "127.0.0.1"
HERE = (ip_network("127.0.0.0/8"),)


MAIL = {"POSTURE_MAIL_FROM": "posture@example.org"}


def test_the_environment_says_how_mail_goes() -> None:
    found = Outgoing.read(MAIL | {"POSTURE_SMTP_URL": "smtp://ana:p%40ss@mail.example.org"})
    server = (found.smtp_host, found.smtp_port, found.smtp_user, found.smtp_password, found.smtp_security)
    assert server == ("mail.example.org", 587, "ana", "p@ss", "starttls")
    assert Outgoing.read({}).mail_from == ""
    assert Outgoing.read({"POSTURE_PUBLIC_URL": "https://posture.example.org/"}).public_url.endswith(".org")


@pytest.mark.parametrize(
    "variables",
    [
        {"POSTURE_SMTP_URL": "mail.example.org"} | MAIL,
        {"POSTURE_SMTP_URL": "smtps://"} | MAIL,
        {"POSTURE_SMTP_URL": "smtps://mail.example.org"},
        {"POSTURE_PUBLIC_URL": "posture.example.org"},
        {"POSTURE_REMINDER_LANGUAGE": "fr"},
        {"POSTURE_ALERT_NETWORKS": "10.0.0.1/8"},
    ],
)
def test_a_wrong_environment_is_one_sentence(variables: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^POSTURE_"):
        Outgoing.read(variables)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Posted]:
    settings.ALERT_NETWORKS = HERE
    with http_server() as posted:
        yield posted


@pytest.fixture
def admin(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("administrator")


def made(admin: Client, kind: str, address: str) -> dict[str, Any]:
    """Make a channel by the form; what its answer shows."""
    form = {"name": "Security", "kind": kind, "address": address}
    answer = admin.post("/alerts/channels/?format=json", form)
    page: dict[str, Any] = answer.json() if answer.status_code != 302 else admin.get("/alerts/?format=json").json()
    return page


def try_it(admin: Client, work: Callable[[], None]) -> Delivery:
    admin.post(f"/alerts/channels/{Channel.objects.get().pk}/try/")
    work()
    return Delivery.objects.get()


def test_by_mail(admin: Client, work: Callable[[], None], settings: Any) -> None:
    made(admin, "email", "security@example.org; night@example.org")
    with smtp_server() as mails:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mails.port
        settings.EMAIL_USE_TLS, settings.MAIL_FROM = False, "posture@example.org"
        sent = try_it(admin, work)
    assert (sent.state, [each["said"] for each in sent.log]) == ("sent", ["250"])
    assert mails.to == [["security@example.org", "night@example.org"]]
    mail = mails.messages[0]
    assert (mail["From"], mail["Subject"]) == ("posture@example.org", "Phone Posture: a trial")
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (f"<{sent.pk}@posture>", "auto-generated")


def test_no_mail_server_is_said(admin: Client, work: Callable[[], None]) -> None:
    made(admin, "email", "security@example.org")
    sent = try_it(admin, work)
    assert (sent.state, "POSTURE_SMTP_URL" in sent.log[0]["said"]) == ("failed", True)
    admin.cookies["django_language"] = "es"
    page = admin.get("/alerts/")
    assert "No hay servidor de correo" in page.content.decode()
    assert '<option value="es" lang="es" selected>' in page.content.decode()


def test_a_webhook_is_signed_and_its_secret_shown_once(
    admin: Client, work: Callable[[], None], receiver: Posted
) -> None:
    page = made(admin, "webhook", f"{receiver.url}/hook?to=soc")
    secret = page["secret"]
    assert (page["channels"][0]["shown"], len(secret)) == (f"{receiver.url}/…", 50)
    assert secret not in admin.get("/alerts/").content.decode()
    assert secret not in Channel.objects.get().sealed
    assert secret not in json.dumps(list(Entry.objects.values_list("details", "subject")))
    sent = try_it(admin, work)
    assert (sent.state, receiver.paths) == ("sent", ["/hook?to=soc"])
    headers = {name.lower(): value for name, value in receiver.headers[0].items()}
    told = Webhook(secret).verify(receiver.bodies[0], headers)
    assert told["type"] == "posture.alert"
    assert told["data"] == {"summary": "Phone Posture: a trial", "counts": {}, "events": []}
    assert headers["webhook-id"] == f"msg_{sent.pk.hex}"
    renewed = admin.post(f"/alerts/channels/{Channel.objects.get().pk}/secret/?format=json").json()["secret"]
    assert renewed not in (None, secret)
    assert unseal(Channel.objects.get().sealed)["secret"] == renewed


def test_what_fails_is_tried_again_later_and_not_for_ever(
    admin: Client, work: Callable[[], None], receiver: Posted
) -> None:
    made(admin, "webhook", receiver.url)
    receiver.answers = [(500, {}, b"no " * 4000)]
    sent = try_it(admin, work)
    assert (sent.state, sent.tries, sent.log[0]["said"][:6]) == ("waiting", 1, "500 no")
    assert len(sent.log[0]["said"]) <= 240
    assert timedelta(seconds=20) < sent.next_at - datetime.now(UTC) < timedelta(seconds=40)
    work()  # it is not due
    assert len(receiver.bodies) == 1
    for _ in range(TRIES * 2):
        Delivery.objects.filter(state="waiting").update(next_at=datetime.now(UTC))
        send.func(str(sent.pk))
    sent.refresh_from_db()
    assert (sent.state, sent.tries, len(receiver.bodies)) == ("failed", TRIES, TRIES)
    receiver.answers = [(200, {}, b"thanks")]
    admin.post(f"/alerts/messages/{sent.pk}/replay/")
    work()
    sent.refresh_from_db()
    assert (sent.state, sent.tries, sent.log[-1]["said"]) == ("sent", 1, "200 thanks")
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1
    assert Entry.objects.filter(action="alerts.replayed", subject=str(sent.pk)).count() == 1


def test_pauses_grow() -> None:
    usual = [30, 120, 480, 1920, 7680, 30720, 43200, 43200]
    for tries, seconds in enumerate(usual, start=1):
        assert 0.8 * seconds <= pause(tries).total_seconds() <= 1.2 * seconds + 1


@pytest.mark.parametrize(("status", "state"), [(302, "waiting"), (404, "waiting"), (410, "failed")])
def test_no_redirect_is_followed(
    admin: Client, work: Callable[[], None], receiver: Posted, status: int, state: str
) -> None:
    made(admin, "webhook", receiver.url)
    receiver.answers = [(status, {"Location": f"{receiver.url}/inside"}, b"")]
    assert (try_it(admin, work).state, receiver.paths) == (state, ["/"])


def test_what_a_lost_worker_took_is_sent_again(work: Callable[[], None], receiver: Posted) -> None:
    now = datetime.now(UTC)
    of = channel("webhook", url=receiver.url, secret="whsec_" + "QQ==" * 8)
    Delivery.objects.create(channel=of, made_at=now, next_at=now + timedelta(minutes=1), state="sending", subject="s")
    lost(now)
    work()
    assert receiver.bodies == []
    Delivery.objects.update(next_at=now)  # its time is over
    lost(now)
    work()
    assert (len(receiver.bodies), Delivery.objects.get().state) == (1, "sent")


INWARD = (
    "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/", "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/", "https://0.0.0.0/", "https://224.0.0.1/", "https://192.168.0.1/", "https://2130706433/",
    "https://[fd00::1]/", "https://100.64.0.1/",
)  # fmt: skip
NO_ADDRESS = (
    "ftp://192.0.2.1/", "https://", "https://user@8.8.8.8/", "https://8.8.8.8:99999/", "file:///etc/passwd",
    "http://8.8.8.8/",
)  # fmt: skip


@pytest.mark.parametrize("address", [*INWARD, *NO_ADDRESS])
def test_no_webhook_leads_inward(admin: Client, address: str) -> None:
    page = made(admin, "webhook", address)
    assert (page["channels"], page["secret"]) == ([], None)
    assert page["problem"]


def test_a_name_that_moves_inward_is_refused_and_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch, admin: Client, work: Callable[[], None], receiver: Posted, settings: Any
) -> None:
    port = int(receiver.url.rsplit(":", 1)[1])
    real, answers = socket.getaddrinfo, ["127.0.0.1"]

    def resolver(host: Any, *words: Any, **others: Any) -> Any:
        return real(answers[0] if host == "hooks.example.org" else host, *words, **others)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    made(admin, "webhook", f"http://hooks.example.org:{port}/")
    assert try_it(admin, work).state == "sent"
    assert receiver.headers[0]["Host"] == f"hooks.example.org:{port}"
    answers[0] = "10.0.0.7"
    Delivery.objects.all().delete()
    refused = try_it(admin, work)
    assert (refused.state, "POSTURE_ALERT_NETWORKS" in refused.log[0]["said"]) == ("failed", True)
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize(("named", "state"), [("hooks.example.org", "sent"), ("other.example.org", "waiting")])
def test_tls_asks_for_the_name_at_the_checked_address(
    monkeypatch: pytest.MonkeyPatch, settings: Any, admin: Client, work: Callable[[], None], tmp_path: Path,
    named: str, state: str,
) -> None:  # fmt: skip
    certificate = self_signed(tmp_path, named)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *words, **others: real(LOCAL, *words, **others))
    settings.ALERT_NETWORKS = HERE
    with http_server(certificate) as receiver:
        made(admin, "webhook", receiver.url.replace(LOCAL, "hooks.example.org"))
        sent = try_it(admin, work)
    assert (sent.state, len(receiver.bodies)) == (state, int(state == "sent"))
    assert sent.log[0]["said"] == ("204" if state == "sent" else "SSLError")


def test_by_apprise(admin: Client, work: Callable[[], None], receiver: Posted) -> None:
    port = receiver.url.rsplit(":", 1)[1]
    receiver.answers = [(200, {}, b"{}")]
    page = made(admin, "apprise", f"ntfy://ana:secret@127.0.0.1:{port}/posture")
    assert (page["channels"][0]["shown"], page["problem"]) == ("ntfy", "")
    assert try_it(admin, work).state == "sent"
    assert json.loads(receiver.bodies[0])["title"] == "Phone Posture: a trial"
    Delivery.objects.all().delete()
    receiver.answers = [(500, {}, b"")]
    assert try_it(admin, work).state == "waiting"


@pytest.mark.parametrize(
    "address", ["ntfy://10.0.0.1/topic", "json://8.8.8.8/", "syslog://", "dbus://", "nothing", "mailto://nobody:x@::1"]
)
def test_apprise_leads_nowhere_inward_either(admin: Client, address: str) -> None:
    page = made(admin, "apprise", address)
    assert (page["channels"], bool(page["problem"])) == ([], True)


def test_an_ended_channel_keeps_its_log_and_no_address(admin: Client, work: Callable[[], None]) -> None:
    told = something_told("X")
    admin.post(f"/alerts/channels/{told.channel.pk}/end/")
    admin.post(f"/alerts/messages/{told.delivery.pk}/replay/")
    work()
    told.delivery.refresh_from_db()
    ended = Channel.objects.get()
    assert (ended.sealed, told.delivery.state, Subscription.objects.count()) == ("", "failed", 0)
    page = admin.get("/alerts/?format=json").json()
    assert (page["channels"], [each["to"] for each in page["deliveries"]]) == ([], ["Security"])


def test_another_key_reads_no_address(admin: Client, work: Callable[[], None], settings: Any) -> None:
    made(admin, "email", "security@example.org")
    settings.SECRET_KEY = "another"
    sealed = try_it_without_session(work)
    assert (sealed.state, "anew" in sealed.log[0]["said"]) == ("failed", True)


def try_it_without_session(work: Callable[[], None]) -> Delivery:
    now = datetime.now(UTC)
    delivery = Delivery.objects.create(channel=Channel.objects.get(), made_at=now, next_at=now, subject="s")
    send.enqueue(str(delivery.pk))
    work()
    delivery.refresh_from_db()
    return delivery


def test_the_page(sign_in: Callable[[str], Client], admin: Client) -> None:
    told = something_told("X")
    form = {"channel": told.channel.pk, "events": ["phone.late"], "least": "high", "digest_hour": "7", "language": "es"}
    assert admin.post("/alerts/subscriptions/", form).status_code == 302
    assert admin.post("/alerts/graces/", {"name": "screen-lock-set", "days": "5"}).status_code == 302
    assert admin.post("/alerts/graces/", {"name": "no-such-rule", "days": "5"}).status_code == 422
    page = admin.get("/alerts/?format=json").json()
    assert [(each["least"], each["digest_hour"], each["language"]) for each in page["subscriptions"]] == [
        ("Low", None, "en"),
        ("High", 7, "es"),
    ]
    assert [(each["name"], each["days"]) for each in page["graces"]] == [("screen-lock-set", 5)]
    assert len(admin.get("/alerts/?state=sent&format=json").json()["deliveries"]) == 1
    assert admin.get("/alerts/?state=failed&format=json").json()["deliveries"] == []
    log = b"".join(admin.get("/alerts/?format=csv").streaming_content).decode()
    assert [line.split(",")[1:5] for line in log.splitlines()[1:]] == [["Security", "One", "sent", "0"]]
    seen = sign_in("operator").get("/alerts/").content.decode()
    assert '<form method="post"' not in seen.partition("<main")[2]
    changes = Entry.objects.filter(action__startswith="alerts.").order_by("number")
    assert list(changes.values_list("action", flat=True)) == ["alerts.subscribed", "alerts.grace-set"]
