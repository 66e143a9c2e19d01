"""The questionnaire's answers, read from the repository and checked, so that no half answer is printed."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, cast

import yaml
from django.conf import settings

FILE = Path(settings.BASE_DIR) / "trust_center" / "documents" / "content" / "questionnaire.yaml"
# Domains of the Cloud Controls Matrix; identifiers only, its texts are not ours.
CONTROL = re.compile(r"\A(A&A|AIS|BCR|CCC|CEK|DCS|DSP|GRC|HRS|IAM|IPY|IVS|LOG|SEF|STA|TVM|UEM)-\d{2}\Z")
GIVEN = ("Yes", "No", "NA")
OWNERS = (
    "CSP-owned",
    "CSC-owned",
    "3rd-party outsourced",
    "Shared CSP and CSC",
    "Shared CSP and 3rd-party",
)
FIELDS = {"control", "question", "answer", "owner", "text"}


class AnswersRefused(ValueError):
    """The file holds an answer that may not be printed; the message names it."""


def read(file: Path = FILE) -> dict[str, Any]:
    """Domains with their answers and counts. Raises `AnswersRefused`."""
    content = cast("dict[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")))
    version = str(content["ccm_version"])
    domains = [_domain(domain, version) for domain in content["domains"]]
    totals = {key: sum(domain[key] for domain in domains) for key in ("yes", "no", "na")}
    return {"ccm_version": version, "domains": domains, "count": sum(totals.values()), **totals}


def _domain(domain: dict[str, Any], version: str) -> dict[str, Any]:
    answers = [_answer(answer, version) for answer in domain["answers"]]
    given = Counter(answer["answer"] for answer in answers)
    return {
        "name": domain["name"],
        "answers": answers,
        "yes": given["Yes"],
        "no": given["No"],
        "na": given["NA"],
    }


def _answer(answer: dict[str, str], version: str) -> dict[str, str]:
    name = f"{answer.get('control')}: {answer.get('question')}"
    if set(answer) != FIELDS or not all(str(value).strip() for value in answer.values()):
        raise AnswersRefused(f"{name} needs exactly {', '.join(sorted(FIELDS))}")
    if not CONTROL.match(answer["control"]):
        raise AnswersRefused(f"{name}: there is no control of this form")
    if answer["answer"] not in GIVEN:
        raise AnswersRefused(f"{name}: answer with one of {', '.join(GIVEN)}")
    if answer["owner"] not in OWNERS:
        raise AnswersRefused(f"{name}: the owner is one of {', '.join(OWNERS)}")
    return {
        **{key: " ".join(value.split()) for key, value in answer.items()},
        "control_label": f"CCM {version}, {answer['control']}",
    }
