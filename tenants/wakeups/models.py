from django.db import models


class WakeUp(models.Model):
    """When anything in a schema is next due. The sweep asks this table and no other.

    Exempt from history: it is derived from the rows of the schema and moves with every sweep.
    """

    schema_name = models.CharField(max_length=63, primary_key=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Used by queries.due. Holds only the schemas that wait for something.
            models.Index(name="wakeup_due", fields=["due_at"], condition=models.Q(due_at__isnull=False)),
        ]
