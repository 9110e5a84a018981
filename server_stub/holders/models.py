"""Holders, groups, and the phones given to them. Small tables: reference tables when distributed.

`phones.Phone` repeats what lists need of them, so that the fleet page reads one table.
"""

from django.db import models


class Group(models.Model):
    """Phones that are looked after together; not seen for longer than `late_after_hours`, one is late."""

    name = models.CharField(max_length=120, unique=True)
    late_after_hours = models.PositiveIntegerField(null=True)  # null: as POSTURE_LATE_AFTER_HOURS says

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Holder(models.Model):
    """A person who was given phones. `reference` is the staff number, or the name where there is none."""

    reference = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        """Who may see and who may change them."""

        default_permissions = ("view",)
        permissions = (("import_holder", "May import holders and groups"), ("erase_holder", "May erase holders"))

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """To whom a phone was given; it may be known before the phone was ever scanned."""

    phone_key = models.CharField(primary_key=True, max_length=80)  # as `phones.Phone.key`
    serial = models.CharField(max_length=300)
    holder = models.ForeignKey(Holder, null=True, on_delete=models.SET_NULL, related_name="phones")
    group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="phones")
    asset_tag = models.CharField(max_length=80, blank=True)

    class Meta:
        """No permissions of its own."""

        default_permissions = ()

    def __str__(self) -> str:
        return self.serial
