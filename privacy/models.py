"""Where Django finds the models of this app."""

from privacy.breach_notices.models import Delivery, Notice, ReceivedNotice
from privacy.case_files.models import RequestFile, RequestLink, RequestLinkUse, RequestNote
from privacy.deadlines.models import Alarm, Deadline
from privacy.incidents.models import AffectedTenant, Incident
from privacy.subject_requests.models import RequestCounter, SubjectRequest

__all__ = [
    "AffectedTenant",
    "Alarm",
    "Deadline",
    "Delivery",
    "Incident",
    "Notice",
    "ReceivedNotice",
    "RequestCounter",
    "RequestFile",
    "RequestLink",
    "RequestLinkUse",
    "RequestNote",
    "SubjectRequest",
]
