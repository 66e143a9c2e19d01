from django.db import models


class BrowserReport(models.Model):
    """Something that a page tried and its policy forbade, as browsers told us (ASVS 3.4.7); in no tenant's schema.

    Exempt from history: what strangers send is no act on a record. Names the page's kind, never its address.
    """

    # Digest of page, directive and what was blocked: the same is counted, not kept again.
    key = models.CharField(max_length=64, primary_key=True)
    page = models.CharField(max_length=80)
    directive = models.CharField(max_length=60)
    blocked = models.CharField(max_length=200)
    source = models.CharField(max_length=200, default="", blank=True)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="browser_report_newest", fields=["-last_at"])]
