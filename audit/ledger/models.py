"""The ledger as its readers see it. The tables are the database administrator's: see content/."""

import hashlib
import json
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Event(models.Model):
    """One change of one row, as the database wrote it down. Exempt from history: it is the trail itself."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    obj = models.TextField()
    pk_text = models.TextField(db_column="pk")
    ver = models.IntegerField()
    op = models.TextField()
    payload = models.TextField()
    leaf = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger_event"

    @cached_property
    def document(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.payload)
        return read

    @property
    def is_unaltered(self) -> bool:
        return hashlib.sha256(b"\x00" + self.payload.encode()).digest() == bytes(self.leaf)


class Leaf(models.Model):
    """The place of an event in the log, and what it is searched by. Exempt from history: it is the trail itself."""

    idx = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.DO_NOTHING, db_column="seq", related_name="place")
    hash = models.BinaryField()
    at = models.DateTimeField()
    actor = models.TextField()
    obj = models.TextField()
    pk_text = models.TextField(db_column="pk")
    ver = models.IntegerField()
    op = models.TextField()
    reason = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_leaf"


class Checkpoint(models.Model):
    """A signed head of the log, verbatim (C2SP tlog-checkpoint). Exempt from history: it is the trail itself."""

    # The first column in the key of the table; read by epoch and size together.
    size = models.BigIntegerField(primary_key=True)
    epoch = models.IntegerField()
    root = models.BinaryField()
    at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_checkpoint"


class Anchor(models.Model):
    """Evidence from outside for a head of the log. Exempt from history: it is the trail itself."""

    id = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField()
    kind = models.TextField()
    at = models.DateTimeField()
    evidence = models.BinaryField()
    about = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_anchor"


class Access(models.Model):
    """Who looked at whose personal data, or was refused what. Exempt from history: it is the trail itself."""

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    kind = models.TextField()
    actor = models.JSONField()
    what = models.TextField()
    records = ArrayField(models.TextField())
    request = models.TextField()
    detail = models.TextField()

    class Meta:
        managed = False
        db_table = "ledger_access"
