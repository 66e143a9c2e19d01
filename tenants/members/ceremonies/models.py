from django.db import models


class Ceremony(models.Model):
    """Something begun with a browser or a provider that ends once: a sign-in under way, a response already spent.

    Exempt from history: what strangers begin is no act on a record, and rows go within hours. `key` is a digest, so
    that a copy of the table opens nothing.
    """

    key = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=20)
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
