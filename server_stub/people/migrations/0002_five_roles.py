"""The role "admin" is called "administrator"; who had it keeps it."""

from typing import Any

from django.db import migrations


def rename(apps: Any, schema_editor: Any) -> None:
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name="admin").update(name="administrator")


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
