"""A fleet of any size in PostgreSQL, with its history, written by SQL: no agent could send it while anybody waits.

5 phones in 100 fail, 3 are not proved, 1 is late; 40 rules in eight clauses a phone. Of the reports all but a few
phones' two newest hold no bytes but those by which PostgreSQL would point to them: bodies lie beside the table.
"""

from collections.abc import Sequence
from typing import Any

TABLES = (
    "phones_phone", "phones_rulestate", "phones_clausestate", "phones_storedreport", "phones_receipt", "phones_tally",
    "phones_movement",
)  # fmt: skip
SAMPLED = 50  # phones whose two newest reports are whole: these have a page that can be opened


def fill(connection: Any, phones: int, reports_each: int, body: bytes) -> None:
    """Fill the empty tables. `body`: a signed report."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
        for statement in _STATE:
            cursor.execute(statement, {"phones": phones} if "%(" in statement else None)
        _history(cursor, phones, reports_each)
        cursor.execute(_BODIES, {"body": body, "phones": list(sampled(phones))})
        cursor.execute("RESET session_replication_role")
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")


def sampled(phones: int) -> Sequence[str]:
    """The keys of phones that have a page."""
    return [f"P{n}" for n in range(phones // SAMPLED, phones + 1, phones // SAMPLED)]


def _history(cursor: Any, phones: int, reports_each: int) -> None:
    """Night by night, so that a phone's reports lie as far apart as they do when nights go by.

    The indexes are made at the end, in a tenth of the time.
    """
    cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'report_by_time'")
    (by_time,) = cursor.fetchone()
    cursor.execute("ALTER TABLE phones_storedreport DROP CONSTRAINT phones_storedreport_pkey")
    cursor.execute("ALTER TABLE phones_receipt DROP CONSTRAINT phones_receipt_pkey")
    cursor.execute("DROP INDEX report_by_time")
    for night in range(reports_each - 1, -1, -1):
        cursor.execute(_NIGHT, {"night": night, "phones": phones})
        cursor.execute(_RECEIPTS, {"night": night, "phones": phones})
    cursor.execute("ALTER TABLE phones_storedreport ADD PRIMARY KEY (phone_id, report_id)")
    cursor.execute("ALTER TABLE phones_receipt ADD PRIMARY KEY (report_id)")
    cursor.execute(by_time)


_STATE = (
    """INSERT INTO phones_phone (key, serial, manufacturer, model, android_version, security_patch, holder, "group",
         asset_tag, first_seen_at, report_id, scanned_at, rank, rank_since, profile, headline, policy_sha256,
         rules_digest)
       SELECT 'P' || n, 'P' || n, 'Maker ' || mod(n, 12), 'Model ' || mod(n, 90), (8 + mod(n, 9))::text,
         '2026-0' || (1 + mod(n, 9)) || '-05', 'Holder ' || n, '', '', now() - interval '200 days',
         md5('0-' || n)::uuid,
         now() - make_interval(hours => CASE WHEN mod(n, 100) = 9 THEN 40 ELSE 1 + mod(n, 20) END),
         CASE WHEN mod(n, 100) < 5 THEN 0 WHEN mod(n, 100) < 8 THEN 1 ELSE 2 END,
         now() - make_interval(days => mod(n, 80)),
         'in-use', '{"en": "A sentence.", "es": "Una frase."}', '', ''
       FROM generate_series(1, %(phones)s) AS n""",
    """INSERT INTO phones_rulestate (phone_id, rule, clause, status, severity, strength, in_the_way, since)
       SELECT key, 'rule-' || c || '-' || r, c::text,
         CASE WHEN rank = 0 AND c = 7 AND r = 1 THEN 'fail' ELSE 'pass' END,
         'high', 'required', rank = 0 AND c = 7 AND r = 1, rank_since
       FROM phones_phone, generate_series(1, 8) AS c, generate_series(1, 5) AS r""",
    """INSERT INTO phones_clausestate (phone_id, clause, rank, since)
       SELECT key, c::text, CASE WHEN rank = 0 AND c = 7 THEN 0 ELSE 2 END, rank_since
       FROM phones_phone, generate_series(1, 8) AS c""",
    """INSERT INTO phones_tally (topic, rank, shard, number)
       SELECT '', rank, mod(abs(hashtext(key)), 16), count(*) FROM phones_phone GROUP BY 2, 3""",
    """INSERT INTO phones_tally (topic, rank, shard, number)
       SELECT clause, rank, mod(abs(hashtext(phone_id)), 16), count(*) FROM phones_clausestate GROUP BY 1, 2, 3""",
    """INSERT INTO phones_movement (topic, day, rank, shard, number)
       SELECT t.topic, (now() - make_interval(days => d))::date, t.rank, t.shard,
         CASE mod(d, 2) WHEN 0 THEN 1 ELSE -1 END
       FROM phones_tally t, generate_series(1, 88) AS d""",
)
_NIGHT = """
    INSERT INTO phones_storedreport (phone_id, report_id, agent_id, scanned_at, received_at, rank, profile, source,
      policy, failed, not_proved, media_type, signed)
    SELECT 'P' || n, md5(%(night)s || '-' || n)::uuid, (SELECT min(id) FROM agents_agent),
      now() - make_interval(days => %(night)s, hours => CASE WHEN mod(n, 100) = 9 THEN 40 ELSE 1 + mod(n, 20) END),
      now() - make_interval(days => %(night)s), CASE WHEN mod(n, 100) < 5 THEN 0 WHEN mod(n, 100) < 8 THEN 1 ELSE 2 END,
      'in-use', 'live', 'cm-g-03 2.1', 0, 0, 'application/jose+json', '\\x000000000000000000000000000000000000'
    FROM generate_series(1, %(phones)s) AS n
"""
_RECEIPTS = """
    INSERT INTO phones_receipt (report_id, digest)
    SELECT md5(%(night)s || '-' || n)::uuid, md5('a' || n) || md5('b' || n) FROM generate_series(1, %(phones)s) AS n
"""
_BODIES = """
    UPDATE phones_storedreport SET signed = %(body)s
    WHERE phone_id = ANY(%(phones)s)
      AND scanned_at > now() - interval '70 hours'
"""
