"""Where Django finds the models of this app."""

from trust_center.claims.models import SecurityContact, Statement
from trust_center.document_requests.models import DocumentRequest, Download, Enquiry, Grant, Pass
from trust_center.documents.models import Document, DocumentVersion, SignedCopy
from trust_center.subprocessor_register.models import Edition, Listing
from trust_center.updates.models import Subscription, Update

__all__ = [
    "Document",
    "DocumentRequest",
    "DocumentVersion",
    "Download",
    "Edition",
    "Enquiry",
    "Grant",
    "Listing",
    "Pass",
    "SecurityContact",
    "SignedCopy",
    "Statement",
    "Subscription",
    "Update",
]
