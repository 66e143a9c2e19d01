"""What is told of a breach: the parts of GDPR Art. 33(3) and of our promise; and when alarms ring. Pure: no Django."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any


class Nature(StrEnum):
    """What was breached (EDPB 9/2022 para 17)."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


NATURES = {
    Nature.CONFIDENTIALITY: "Confidentiality: data were disclosed or accessed without right",
    Nature.INTEGRITY: "Integrity: data were altered without right",
    Nature.AVAILABILITY: "Availability: data were lost, destroyed or cannot be reached",
}


ALARMS = tuple(timedelta(hours=hours) for hours in (48, 24, 12, 4, 1, 0))

# Part, its heading, the provision that asks for it (BRE-08).
PARTS = (
    ("nature", "Nature of the breach", "GDPR Art. 33(3)(a)"),
    ("data_subjects", "Data subjects concerned", "GDPR Art. 33(3)(a)"),
    ("records", "Personal-data records concerned", "GDPR Art. 33(3)(a)"),
    ("contact_point", "Contact point for more information", "GDPR Art. 33(3)(b)"),
    ("likely_consequences", "Likely consequences", "GDPR Art. 33(3)(c)"),
    ("measures_taken", "Measures taken", "GDPR Art. 33(3)(d)"),
    ("measures_proposed", "Measures proposed", "GDPR Art. 33(3)(d)"),
    ("recommended_actions", "Recommended actions", "Our promise"),
)
KEYS = tuple(key for key, _, _ in PARTS)
HEADINGS = {key: heading for key, heading, _ in PARTS}
TEXTS = ("likely_consequences", "measures_taken", "measures_proposed", "recommended_actions")
SCALES = ("data_subjects", "records")
CONTACT = ("name", "email", "phone")
CATEGORIES = {"data_subjects": "subject_categories", "records": "record_categories"}

# What may be marked “unknown yet”, which is an answer; an empty field is none (BRE-07).
UNKNOWN = "Unknown yet"
MAY_BE_UNKNOWN = {
    "subject_categories": "Categories of data subjects",
    "record_categories": "Categories of records",
    "likely_consequences": "Likely consequences",
    "measures_taken": "Measures taken",
    "measures_proposed": "Measures proposed",
    "recommended_actions": "Recommended actions",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the eight parts of Art. 33(3), in words."""

    key: str
    heading: str
    article: str
    lines: list[str]


def content(values: Mapping[str, Any]) -> dict[str, Any]:
    """The eight parts as they are stored and shown, from the flat fields of an incident or a form."""
    unknown = set(values.get("unknown_yet") or ())
    return {
        "nature": {"kinds": [*(values.get("natures") or ())], "text": values.get("nature_text") or ""},
        "data_subjects": _scale(values, "subject_categories", "subjects", unknown),
        "records": _scale(values, "record_categories", "records", unknown),
        "contact_point": {way: values.get(f"contact_{way}") or "" for way in CONTACT},
        **{key: {"text": values.get(key) or "", "unknown_yet": key in unknown} for key in TEXTS},
    }


def flat(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The flat fields of a form, from the eight parts."""
    values: dict[str, Any] = {"natures": parts["nature"]["kinds"], "nature_text": parts["nature"]["text"]}
    for key, prefix in (("data_subjects", "subjects"), ("records", "records")):
        values[CATEGORIES[key]] = parts[key]["categories"]
        values[f"{prefix}_number"] = parts[key]["number"]
        values[f"{prefix}_unknown_because"] = parts[key]["unknown_because"]
    values |= {f"contact_{way}": text for way, text in parts["contact_point"].items()}
    values |= {key: parts[key]["text"] for key in TEXTS}
    unknown = [CATEGORIES[key] for key in SCALES if parts[key]["unknown_yet"]]
    return {**values, "unknown_yet": unknown + [key for key in TEXTS if parts[key]["unknown_yet"]]}


def problems(parts: Mapping[str, Any]) -> dict[str, str]:
    """What is missing or contradicts itself, by form field; empty when a notice may carry these parts (BRE-08)."""
    if set(parts) != set(KEYS):
        missing = ", ".join(sorted(set(KEYS) - set(parts))) or "none"
        return {"": f"A notice holds exactly {len(KEYS)} parts; missing: {missing}."}
    found = _nature_problems(parts["nature"]) | _contact_problems(parts["contact_point"])
    for key, prefix in (("data_subjects", "subjects"), ("records", "records")):
        found |= scale_problems(parts[key], CATEGORIES[key], prefix)
    for key in TEXTS:
        found |= _text_problems(key, parts[key]["text"], unknown_yet=parts[key]["unknown_yet"])
    return found


def scale_problems(scale: Mapping[str, Any], categories: str, prefix: str) -> dict[str, str]:
    """Categories are named or unknown yet; a number is given, or why it is unknown."""
    found = _text_problems(categories, scale["categories"], unknown_yet=scale["unknown_yet"])
    number, because = scale["number"], scale["unknown_because"]
    if number is None and not because:
        found[f"{prefix}_number"] = "Give an approximate number, or say why it is unknown."
    if number is not None and because:
        found[f"{prefix}_unknown_because"] = "Give either a number or the reason why it is unknown, not both."
    return found


def either(key: str, text: str, *, unknown_yet: bool) -> dict[str, str]:
    """Text and “unknown yet” contradict each other."""
    return (
        {key: f"{MAY_BE_UNKNOWN[key]}: write it, or mark it as unknown yet, not both."} if text and unknown_yet else {}
    )


def figure(number: int | None, because: str) -> str:
    """An approximate number in words; empty when nobody has looked yet."""
    if number is not None:
        return f"about {number:,}"
    return f"unknown ({because})" if because else ""


def told(content: Mapping[str, Any]) -> list[Part]:
    """The eight parts in words, in the order of the article."""
    return [Part(key, heading, article, _lines(key, content[key])) for key, heading, article in PARTS]


def _scale(values: Mapping[str, Any], categories: str, prefix: str, unknown: set[str]) -> dict[str, Any]:
    return {
        "categories": values.get(categories) or "",
        "unknown_yet": categories in unknown,
        "number": values.get(f"{prefix}_number"),
        "unknown_because": values.get(f"{prefix}_unknown_because") or "",
    }


def _text_problems(key: str, text: str, *, unknown_yet: bool) -> dict[str, str]:
    if not text and not unknown_yet:
        return {key: f"{MAY_BE_UNKNOWN[key]}: write it, or mark it as unknown yet."}
    return either(key, text, unknown_yet=unknown_yet)


def _nature_problems(nature: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    if not nature["kinds"] or not set(nature["kinds"]) <= set(Nature):
        found["natures"] = "Choose what was breached: confidentiality, integrity, availability, or several."
    if not nature["text"]:
        found["nature_text"] = "Say what happened to this tenant's data."
    return found


def _contact_problems(contact: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    if not contact["name"]:
        found["contact_name"] = "Name the contact point, for example the data protection officer."
    if not contact["email"] and not contact["phone"]:
        found["contact_email"] = "Give an e-mail address or a telephone number of the contact point."
    return found


def _lines(key: str, value: Mapping[str, Any]) -> list[str]:
    if key == "nature":
        return [NATURES[Nature(kind)] for kind in value["kinds"]] + [value["text"]] * bool(value["text"])
    if key == "contact_point":
        return [value[way] for way in CONTACT if value[way]]
    if key in SCALES:
        categories = UNKNOWN if value["unknown_yet"] else value["categories"]
        number = figure(value["number"], value["unknown_because"])
        return [text for text in (categories, f"Number: {number}" if number else "") if text]
    return [UNKNOWN] if value["unknown_yet"] else [text for text in [value["text"]] if text]
