from django.db import models


class WakeUp(models.Model):
    """A moment at which a schema must be looked into. The sweep asks this table and no other.

    Writers only add rows, so no writer ever waits for another or for a sweeper; a sweeper drops a row
    only when the work behind it could be seen. Exempt from history: derived from the rows of the schema.
    """

    schema_name = models.CharField(max_length=63)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Used by actions.claim_next.
            models.Index(name="wakeup_due", fields=["due_at"]),
            # Used by actions.claim_next and queries.of.
            models.Index(name="wakeup_schema", fields=["schema_name", "due_at"]),
        ]
