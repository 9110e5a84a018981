"""The role "admin" is called "administrator"; who had it keeps it."""

from typing import Any

from django.db import migrations


def rename(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    groups, people = apps.get_model("auth", "Group"), apps.get_model("people", "Person")
    for before in groups.objects.using(alias).filter(name="admin"):
        role, _ = groups.objects.using(alias).get_or_create(name="administrator")
        for person in people.objects.using(alias).filter(groups=before):
            person.groups.add(role)
        before.delete()


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
