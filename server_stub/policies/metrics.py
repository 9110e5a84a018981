"""What /metrics tells of policies and of the audit log: numbers alone."""

from collections.abc import Iterator

from server_stub.audit.models import Head, Stamp
from server_stub.policies.judging import due
from server_stub.policies.models import Edition


def metric_lines() -> Iterator[str]:
    """Prometheus' text format."""
    waiting = Edition.objects.filter(state=Edition.State.SUBMITTED).count()
    yield "# HELP posture_policies Editions of policies that wait for an approval, or by which phones are being judged."
    yield "# TYPE posture_policies gauge"
    yield f'posture_policies{{state="waiting"}} {waiting}'
    yield f'posture_policies{{state="judging"}} {due().count()}'
    head, stamp = Head.objects.first(), Stamp.objects.order_by("-id").defer("response").first()
    yield "# HELP posture_audit_rows Rows of the audit log; stamped: up to which an authority has stamped it."
    yield "# TYPE posture_audit_rows gauge"
    yield f'posture_audit_rows{{state="all"}} {head.number if head else 0}'
    yield f'posture_audit_rows{{state="stamped"}} {stamp.number if stamp else 0}'
