import uuid

from django.db import models
from django.db.models import Q

from audit.encryption import PersonalText
from audit.history import History
from tenants.members.signing_rights import catalogue


class IdentityCheck(models.Model):
    """Another person made sure who somebody is, before that person may sign (§11.100(b)).

    It holds for the name that was verified: under another name nobody signs on the strength of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="identity_checks", db_index=False)
    subject_key = models.ForeignKey("audit.SubjectKey", on_delete=models.PROTECT, related_name="+", db_index=False)
    full_name = PersonalText()
    method = models.CharField(max_length=20, choices=[*catalogue.METHODS.items()])
    note = PersonalText(default="", blank=True)
    verified_at = models.DateTimeField()
    verified_by = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        "members.User", on_delete=models.PROTECT, related_name="+", db_index=False, null=True
    )

    history = History()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="identity_check_withdrawn_at_and_by_together",
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
            models.CheckConstraint(name="identity_check_method_is_known", condition=Q(method__in=[*catalogue.METHODS])),
            models.CheckConstraint(
                name="identity_check_is_by_another_person", condition=~Q(verified_by=models.F("user"))
            ),
        ]


class SigningPolicy(models.Model):
    """On what terms people sign here: a text to be accepted (§11.10(j)), the series window (§11.200(a)(1)(i)), and
    whether the regulated company has certified to the FDA (§11.100(c)). A new version is a new row."""

    version = models.PositiveIntegerField(primary_key=True)
    text = models.TextField()
    # Minutes in which later signatures of a series take one component; 0 asks for all of them each time.
    series_minutes = models.PositiveSmallIntegerField(default=catalogue.NO_SERIES)
    effective_at = models.DateTimeField()
    # Empty for the text that a workspace begins with.
    published_by = models.ForeignKey(
        "members.User", on_delete=models.PROTECT, related_name="+", db_index=False, null=True
    )
    certified_on = models.DateField(null=True)
    certification_note = models.TextField(blank=True, default="")

    history = History()

    class Meta:
        verbose_name = "signing policy"
        constraints = [
            models.CheckConstraint(
                name="signing_series_is_at_most_an_hour",
                condition=Q(series_minutes__lte=int(catalogue.LONGEST_SERIES.total_seconds() // 60)),
            ),
        ]


class PolicyAcceptance(models.Model):
    """Somebody took on accountability for what they sign, under one version of the policy (§11.10(j))."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("members.User", on_delete=models.PROTECT, related_name="acceptances", db_index=False)
    policy = models.ForeignKey(SigningPolicy, on_delete=models.PROTECT, related_name="+", db_index=False)
    accepted_at = models.DateTimeField()

    history = History()

    class Meta:
        verbose_name = "acceptance of the signing policy"
