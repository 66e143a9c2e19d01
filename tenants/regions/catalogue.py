"""The regions a tenant can be hosted in. Pure: no framework.

A region is chosen at provisioning and never changes (FMT-RG04). Country codes are ISO 3166;
the calendar is the one whose public holidays bind statutory periods there (CLK-05).
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Region:
    code: str
    name: str
    country: str
    calendar: str
    time_zone: str
    eea: bool
    jurisdiction: str
    opened_on: date


REGIONS = {
    region.code: region
    for region in (
        Region("eu-central", "EU Central (Frankfurt)", "DE", "DE", "Europe/Berlin", True, "EU", date(2024, 1, 1)),  # noqa: FBT003
        Region("eu-west", "EU West (Dublin)", "IE", "IE", "Europe/Dublin", True, "EU", date(2024, 1, 1)),  # noqa: FBT003
        Region("us-east", "US East (Virginia)", "US", "US", "America/New_York", False, "US", date(2024, 1, 1)),  # noqa: FBT003
        Region("ap-south", "Asia Pacific South (Mumbai)", "IN", "IN", "Asia/Kolkata", False, "IN", date(2024, 1, 1)),  # noqa: FBT003
    )
}


class UnknownRegion(LookupError):
    """No such region in the catalogue."""


def region(code: str) -> Region:
    try:
        return REGIONS[code]
    except KeyError:
        raise UnknownRegion(f"There is no region “{code}”. Choose one of: {', '.join(REGIONS)}.") from None
