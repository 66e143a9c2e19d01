"""The register as the desk shows it."""

from typing import Any

from audit.presenters import Story
from trust_center.subprocessor_register.models import Listing
from trust_center.subprocessor_register.states import State

STORIES = (
    Story(
        kind="trust_center.listing",
        permission="trust.view_content",
        title=lambda row: f"{row.code} {row.category}, version {row.version}",
        labels={
            "personal_data": "categories of personal data",
            "chain": "further sub-processors",
            "engaged_on": "engaged since",
            "effective_on": "in force from",
        },
        hide=("source_digest", "from_file"),
    ),
)
TONES = {
    State.DRAFT: "attention",
    State.ANNOUNCED: "attention",
    State.CURRENT: "active",
    State.RETIRED: "closed",
    State.WITHDRAWN: "closed",
    State.DISCARDED: "closed",
}
WORDS = {State.CURRENT: "In use"}


def row(listing: Listing) -> dict[str, Any]:
    state = State(listing.state)
    return {"listing": listing, "tone": TONES[state], "word": WORDS.get(state, state.capitalize())}


def facts(listing: Listing) -> list[dict[str, Any]]:
    return [
        {"term": "Category", "text": listing.category},
        {"term": "Purpose", "text": listing.purpose},
        {"term": "Categories of personal data", "text": listing.personal_data},
        {"term": "Region", "text": listing.region},
        {"term": "Location", "text": listing.location},
        {"term": "Transfer tool", "text": listing.transfer_tool},
        {"term": "Vendor (not public)", "text": listing.vendor},
        {"term": "Address (not public)", "text": listing.vendor_address},
        {"term": "Contact (not public)", "text": listing.vendor_contact},
        {"term": "Further sub-processors", "text": listing.chain, "none": "None"},
        {"term": "Engaged since", "text": f"{listing.engaged_on:%A %-d %B %Y}"},
        {"term": "In force from", "text": f"{listing.effective_on:%A %-d %B %Y}"},
    ]
