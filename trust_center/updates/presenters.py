"""Subscriptions in their history."""

from audit.presenters import Story

STORIES = (
    Story(
        kind="trust_center.subscription",
        permission="trust.view_document_requests",
        title=lambda row: "Subscription to changes",
        labels={"every_change": "also changes of promises and clauses"},
    ),
)
