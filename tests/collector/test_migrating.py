"""A filled database of the first version goes forward to this one: nothing is lost, and everything works on it."""

import os
import subprocess
import sys
from pathlib import Path

_BEFORE = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from django.core.management import call_command
from server_stub import run

run.configure(Path(sys.argv[1]))
for app in ("people", "agents", "phones"):
    call_command("migrate", app, "0001", verbosity=0)
for app in ("contenttypes", "sessions"):
    call_command("migrate", app, verbosity=0)

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

first = MigrationExecutor(connection).loader.project_state(
    [("people", "0001_initial"), ("agents", "0001_initial"), ("phones", "0001_initial")]
).apps
at = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
admin = first.get_model("auth", "Group").objects.create(name="admin")
first.get_model("people", "Person").objects.create(username="ana").groups.add(admin)
agent = first.get_model("agents", "Agent").objects.create(id="k", name="Bench", public_jwk={}, enrolled_at=at)
Phone, Rule = first.get_model("phones", "Phone"), first.get_model("phones", "RuleState")
for key, rank in (("BAD", 0), ("GOOD", 2)):
    phone = Phone.objects.create(
        key=key, serial=key, first_seen_at=at, report_id="01900000-0000-7000-8000-00000000000%d" % rank,
        scanned_at=at, rank=rank, rank_since=at, profile="in-use", holder="Ana",
    )
    Rule.objects.create(
        phone=phone, rule="lock", clause="7", status="fail" if rank == 0 else "pass", severity="high",
        strength="required", in_the_way=rank == 0, since=at,
    )
    first.get_model("phones", "Receipt").objects.create(report_id=phone.report_id, digest="d")
    first.get_model("phones", "StoredReport").objects.create(
        phone=phone, report_id=phone.report_id, agent=agent, scanned_at=at, received_at=at, rank=rank,
        profile="in-use", source="live", policy="CM-G-03 1", failed=1, not_proved=0,
        media_type="application/jose", signed=b"bytes",
    )
"""
_AFTER = """
import sys
from pathlib import Path
from server_stub import run

run.configure(Path(sys.argv[1]))
run.migrate()
from server_stub.audit.chain import Verified
from server_stub.people.models import Person
from server_stub.phones import fleet
from server_stub.phones.models import ClauseState, Phone, Receipt, StoredReport

ana = Person.objects.get()
print(ana.groups.get().name, ana.has_perm("audit.view_entry"), ana.has_perm("decisions.approve_waiver"))
print(fleet.count())
print([(p.key, p.holder, p.group, p.late_hours) for p in Phone.objects.order_by("key")])
print(Receipt.objects.count(), [(r.erased_at, bytes(r.signed)) for r in StoredReport.objects.all()])
print(sorted((c.phone_id, c.clause, c.rank, c.since.day) for c in ClauseState.objects.all()))
run.create_person("eva", "seven-quiet-lanterns", "auditor")
run.import_holders(b"serial,holder,group,late_after_hours\\nBAD,Eva,Press,999\\n", "en", dry_run=False)
print(Phone.objects.get(key="BAD").group, isinstance(run.verify_audit(), Verified))
"""


def test_from_the_first_version(tmp_path: Path) -> None:
    said = []
    for script in (_BEFORE, _AFTER):
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        words = [sys.executable, "-c", script, str(tmp_path)]
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, ended.stderr
        said.append(ended.stdout)
    assert said[1].splitlines() == [
        "administrator True True",
        "Counts(total=2, fail=1, not_proved=0, late=2, meet=0)",
        "[('BAD', 'Ana', '', None), ('GOOD', 'Ana', '', None)]",
        "2 [(None, b'bytes'), (None, b'bytes')]",
        "[('BAD', '7', 0, 20), ('GOOD', '7', 2, 20)]",
        "Press True",
    ]
