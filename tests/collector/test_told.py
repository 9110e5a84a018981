"""From a scan to somebody who is told: a collector in a process of its own, its background work, a real web server."""

import json
from pathlib import Path

import jsonschema
import requests

from tests.collector.receiving import http_server
from tests.collector.serving import PASSWORD, posture_collector, served
from tests.collector.signing import Signer, encode, report, result


def test_known_spyware_is_told_of_at_once(tmp_path: Path) -> None:
    assert posture_collector(tmp_path, "create-user", "admin", "--role", "administrator").returncode == 0
    code = posture_collector(tmp_path, "enrol-code").stdout.strip()
    signer = Signer()
    with (
        http_server() as receiver,
        served(tmp_path, POSTURE_ALERT_NETWORKS="127.0.0.0/8", POSTURE_PUBLIC_URL="https://posture.example.org") as (
            address,
            _,
        ),
    ):
        browser = requests.Session()
        browser.get(f"{address}/account/login/", timeout=30)

        def send(path: str, **form: str) -> None:
            token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            assert browser.post(address + path, form | token, headers={"Referer": address}, timeout=30).ok

        send("/account/login/", login="admin", password=PASSWORD)
        send("/alerts/channels/", name="Guard", kind="webhook", address=receiver.url)
        send("/alerts/subscriptions/", channel="1", events="phone.spyware", least="low", language="en")
        sent = {"code": code, "name": "Bench", "public_jwk": signer.public_jwk}
        assert requests.post(f"{address}/api/enrol", json=sent, timeout=30).status_code == 200
        body = signer.sign(encode(report(signer.id, results=(result("no-known-spyware", "preamble", "fail"),))))
        headers = {"Content-Type": "application/jose+json"}
        assert requests.post(f"{address}/api/reports", body, headers=headers, timeout=30).status_code == 201
        assert receiver.arrived.wait(timeout=120)
        described = requests.get(f"{address}/api/openapi.json", timeout=30).json()
    shape = {"$ref": "#/components/schemas/Posted", "components": described["components"]}
    assert described["webhooks"]["posture.alert"]["post"]["requestBody"]["required"]
    jsonschema.validate(json.loads(receiver.bodies[0]), shape)
    told = json.loads(receiver.bodies[0])["data"]
    assert told["summary"] == "Phone Posture: Known spyware found: 1"
    event = told["events"][0]
    assert (event["phone"], event["severity"]) == ("…ST01", "critical")
    assert event["link"].startswith("https://posture.example.org/alerts/")
