"""How an identity is verified before somebody may sign, and the policy that a workspace begins with. Pure."""

from datetime import timedelta
from pathlib import Path
from typing import Final

METHODS: Final = {
    "document_in_person": "Official identity document, seen in person",
    "document_by_video": "Official identity document, seen in a video call",
    "electronic_id": "Electronic identification of a state (eIDAS, substantial or high)",
    "employment_record": "Employment record, compared with the person",
}

FIRST_VERSION: Final = 1
FIRST_TEXT: Final = (Path(__file__).parent / "content" / "signing-policy.txt").read_text(encoding="utf-8").strip()

# 0: each signature takes all components (§11.200(a)(1)(ii)).
NO_SERIES: Final = 0
LONGEST_SERIES: Final = timedelta(minutes=60)
LONGEST_NOTICE: Final = timedelta(days=365)
