from typing import Any

from django.db import migrations, models


def compress_quickly(apps: Any, schema_editor: Any) -> None:
    """Let PostgreSQL compress signed reports by LZ4 where it can: smaller than by its own method, in a quarter of the
    time. What is stored already stays as it is and is read all the same."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        if cursor.fetchone() == (True,):
            cursor.execute("ALTER TABLE phones_storedreport ALTER COLUMN signed SET COMPRESSION lz4")


class Migration(migrations.Migration):

    dependencies = [
        ('phones', '0005_policy_digest'),
    ]

    operations = [
        migrations.AddField(
            model_name='phone',
            name='rules_digest',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.RunPython(compress_quickly, migrations.RunPython.noop, elidable=True),
    ]
