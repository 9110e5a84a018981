"""The database itself refuses to change or remove a row of the audit log."""

from typing import Any

from django.db import migrations

_SAYS = "the audit log is append-only"
_SQLITE = [
    "CREATE TRIGGER audit_entry_no_{0} BEFORE {0} ON audit_entry BEGIN SELECT RAISE(ABORT, '{1}'); END".format(
        what, _SAYS
    )
    for what in ("UPDATE", "DELETE")
]
_POSTGRESQL = [
    # Emptying an empty table changes nothing, and is what a test does after itself.
    f"""
    CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'TRUNCATE' OR EXISTS (SELECT 1 FROM audit_entry) THEN
            RAISE EXCEPTION '{_SAYS}';
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
    "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
    "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
]


def guard(apps: Any, schema_editor: Any) -> None:
    for statement in _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
