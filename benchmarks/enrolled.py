"""A collector as it is in use: an agent enrolled, and the policy published that the agents' reports were judged by."""

from tests.collector.signing import Signer


def enrolled() -> Signer:
    """Enrol an agent and publish the policy that comes with this version, in Django's database."""
    from django.utils import timezone

    from agent.policy import load
    from server_stub.agents.models import Agent
    from server_stub.people.models import Person
    from server_stub.policies.models import Edition
    from server_stub.policies.published import coming_along, packed

    signer, now, policy = Signer(), timezone.now(), load()
    Agent.objects.create(id=signer.id, name="Bench", public_jwk=signer.public_jwk, enrolled_at=now)
    one, other = (Person.objects.create_user(name) for name in ("one", "other"))
    Edition.objects.create(
        layer=Edition.Layer.POLICY,
        number=1,
        files=packed(coming_along()),
        policy=policy.id,
        version=policy.version,
        sha256=policy.sha256,
        state=Edition.State.PUBLISHED,
        submitted_by=one,
        submitted_at=now,
        decided_by=other,
        decided_at=now,
        effective_from=now,
        judged_at=now,
    )
    return signer
