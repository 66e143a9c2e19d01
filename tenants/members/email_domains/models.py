from django.db import models

from audit.history import History


class EmailDomain(models.Model):
    """An e-mail domain that the tenant says is its own; proved by a DNS TXT record (`_complere-challenge.<domain>`)."""

    domain = models.CharField(max_length=253, primary_key=True)
    token = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True)
    # When it was last looked up, and what was wrong then.
    checked_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()
    created_by = models.TextField()

    history = History(excluded_fields=["checked_at"])

    class Meta:
        verbose_name = "e-mail domain"
