"""What deadlines are computed with: holiday calendars, weekends, time zones and legal parameters, all as dated data.

Pure: no Django, no clock reads. A calendar says which years it covers; nothing outside them is guessed (CLK-06).
"""

from calendar import FRIDAY, SATURDAY, SUNDAY
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from zoneinfo import ZoneInfo

import holidays

FIRST_YEAR, LAST_YEAR = 2015, 2045

# Movable feasts that the source knows for fewer years than we ask for; beyond them it would leave holidays out.
KNOWN_YEARS = {"IN": (2001, 2035)}

SAT_SUN = frozenset({SATURDAY, SUNDAY})
FRI_SAT = frozenset({FRIDAY, SATURDAY})

_FRI_SAT_COUNTRIES = "AF BD BH DJ DZ EG IL IQ JO KW MR MV OM QA SA SD SY YE"

# Countries whose offices do not rest on Saturday and Sunday: (in force from, days of rest), oldest first (DOC-03).
WEEKENDS: Mapping[str, tuple[tuple[date, frozenset[int]], ...]] = {
    **dict.fromkeys(_FRI_SAT_COUNTRIES.split(), ((date(FIRST_YEAR, 1, 1), FRI_SAT),)),
    "AE": ((date(FIRST_YEAR, 1, 1), FRI_SAT), (date(2022, 1, 1), SAT_SUN)),
    "BN": ((date(FIRST_YEAR, 1, 1), frozenset({FRIDAY, SUNDAY})),),
    "IR": ((date(FIRST_YEAR, 1, 1), frozenset({FRIDAY})),),
}

# The zone of the seat of government, where a country has several (the order of the tz database's zone.tab elsewhere).
_ZONES = """
    AD=Europe/Andorra AE=Asia/Dubai AF=Asia/Kabul AG=America/Antigua AI=America/Anguilla AL=Europe/Tirane
    AM=Asia/Yerevan AO=Africa/Luanda AQ=Antarctica/McMurdo AR=America/Argentina/Buenos_Aires AS=Pacific/Pago_Pago
    AT=Europe/Vienna AU=Australia/Sydney AW=America/Aruba AX=Europe/Mariehamn AZ=Asia/Baku BA=Europe/Sarajevo
    BB=America/Barbados BD=Asia/Dhaka BE=Europe/Brussels BF=Africa/Ouagadougou BG=Europe/Sofia BH=Asia/Bahrain
    BI=Africa/Bujumbura BJ=Africa/Porto-Novo BL=America/St_Barthelemy BM=Atlantic/Bermuda BN=Asia/Brunei
    BO=America/La_Paz BQ=America/Kralendijk BR=America/Sao_Paulo BS=America/Nassau BT=Asia/Thimphu BV=Europe/Oslo
    BW=Africa/Gaborone BY=Europe/Minsk BZ=America/Belize CA=America/Toronto CC=Indian/Cocos CD=Africa/Kinshasa
    CF=Africa/Bangui CG=Africa/Brazzaville CH=Europe/Zurich CI=Africa/Abidjan CK=Pacific/Rarotonga
    CL=America/Santiago CM=Africa/Douala CN=Asia/Shanghai CO=America/Bogota CR=America/Costa_Rica CU=America/Havana
    CV=Atlantic/Cape_Verde CW=America/Curacao CX=Indian/Christmas CY=Asia/Nicosia CZ=Europe/Prague DE=Europe/Berlin
    DJ=Africa/Djibouti DK=Europe/Copenhagen DM=America/Dominica DO=America/Santo_Domingo DZ=Africa/Algiers
    EC=America/Guayaquil EE=Europe/Tallinn EG=Africa/Cairo EH=Africa/El_Aaiun ER=Africa/Asmara ES=Europe/Madrid
    ET=Africa/Addis_Ababa FI=Europe/Helsinki FJ=Pacific/Fiji FK=Atlantic/Stanley FM=Pacific/Pohnpei
    FO=Atlantic/Faroe FR=Europe/Paris GA=Africa/Libreville GB=Europe/London GD=America/Grenada GE=Asia/Tbilisi
    GF=America/Cayenne GG=Europe/Guernsey GH=Africa/Accra GI=Europe/Gibraltar GL=America/Nuuk GM=Africa/Banjul
    GN=Africa/Conakry GP=America/Guadeloupe GQ=Africa/Malabo GR=Europe/Athens GS=Atlantic/South_Georgia
    GT=America/Guatemala GU=Pacific/Guam GW=Africa/Bissau GY=America/Guyana HK=Asia/Hong_Kong HM=Indian/Kerguelen
    HN=America/Tegucigalpa HR=Europe/Zagreb HT=America/Port-au-Prince HU=Europe/Budapest ID=Asia/Jakarta
    IE=Europe/Dublin IL=Asia/Jerusalem IM=Europe/Isle_of_Man IN=Asia/Kolkata IO=Indian/Chagos IQ=Asia/Baghdad
    IR=Asia/Tehran IS=Atlantic/Reykjavik IT=Europe/Rome JE=Europe/Jersey JM=America/Jamaica JO=Asia/Amman
    JP=Asia/Tokyo KE=Africa/Nairobi KG=Asia/Bishkek KH=Asia/Phnom_Penh KI=Pacific/Tarawa KM=Indian/Comoro
    KN=America/St_Kitts KP=Asia/Pyongyang KR=Asia/Seoul KW=Asia/Kuwait KY=America/Cayman KZ=Asia/Almaty
    LA=Asia/Vientiane LB=Asia/Beirut LC=America/St_Lucia LI=Europe/Vaduz LK=Asia/Colombo LR=Africa/Monrovia
    LS=Africa/Maseru LT=Europe/Vilnius LU=Europe/Luxembourg LV=Europe/Riga LY=Africa/Tripoli MA=Africa/Casablanca
    MC=Europe/Monaco MD=Europe/Chisinau ME=Europe/Podgorica MF=America/Marigot MG=Indian/Antananarivo
    MH=Pacific/Majuro MK=Europe/Skopje ML=Africa/Bamako MM=Asia/Yangon MN=Asia/Ulaanbaatar MO=Asia/Macau
    MP=Pacific/Saipan MQ=America/Martinique MR=Africa/Nouakchott MS=America/Montserrat MT=Europe/Malta
    MU=Indian/Mauritius MV=Indian/Maldives MW=Africa/Blantyre MX=America/Mexico_City MY=Asia/Kuala_Lumpur
    MZ=Africa/Maputo NA=Africa/Windhoek NC=Pacific/Noumea NE=Africa/Niamey NF=Pacific/Norfolk NG=Africa/Lagos
    NI=America/Managua NL=Europe/Amsterdam NO=Europe/Oslo NP=Asia/Kathmandu NR=Pacific/Nauru NU=Pacific/Niue
    NZ=Pacific/Auckland OM=Asia/Muscat PA=America/Panama PE=America/Lima PF=Pacific/Tahiti PG=Pacific/Port_Moresby
    PH=Asia/Manila PK=Asia/Karachi PL=Europe/Warsaw PM=America/Miquelon PN=Pacific/Pitcairn PR=America/Puerto_Rico
    PS=Asia/Hebron PT=Europe/Lisbon PW=Pacific/Palau PY=America/Asuncion QA=Asia/Qatar RE=Indian/Reunion
    RO=Europe/Bucharest RS=Europe/Belgrade RU=Europe/Moscow RW=Africa/Kigali SA=Asia/Riyadh SB=Pacific/Guadalcanal
    SC=Indian/Mahe SD=Africa/Khartoum SE=Europe/Stockholm SG=Asia/Singapore SH=Atlantic/St_Helena
    SI=Europe/Ljubljana SJ=Arctic/Longyearbyen SK=Europe/Bratislava SL=Africa/Freetown SM=Europe/San_Marino
    SN=Africa/Dakar SO=Africa/Mogadishu SR=America/Paramaribo SS=Africa/Juba ST=Africa/Sao_Tome
    SV=America/El_Salvador SX=America/Lower_Princes SY=Asia/Damascus SZ=Africa/Mbabane TC=America/Grand_Turk
    TD=Africa/Ndjamena TF=Indian/Kerguelen TG=Africa/Lome TH=Asia/Bangkok TJ=Asia/Dushanbe TK=Pacific/Fakaofo
    TL=Asia/Dili TM=Asia/Ashgabat TN=Africa/Tunis TO=Pacific/Tongatapu TR=Europe/Istanbul TT=America/Port_of_Spain
    TV=Pacific/Funafuti TW=Asia/Taipei TZ=Africa/Dar_es_Salaam UA=Europe/Kyiv UG=Africa/Kampala UM=Pacific/Wake
    US=America/New_York UY=America/Montevideo UZ=Asia/Tashkent VA=Europe/Vatican VC=America/St_Vincent
    VE=America/Caracas VG=America/Tortola VI=America/St_Thomas VN=Asia/Ho_Chi_Minh VU=Pacific/Efate
    WF=Pacific/Wallis WS=Pacific/Apia XK=Europe/Belgrade YE=Asia/Aden YT=Indian/Mayotte ZA=Africa/Johannesburg
    ZM=Africa/Lusaka ZW=Africa/Harare
"""
ZONES: Mapping[str, str] = MappingProxyType(dict(pair.split("=") for pair in _ZONES.split()))

# The nations of the United Kingdom have bank holidays of their own, and no national set stands above them.
NATIONS = frozenset({"GB-ENG", "GB-NIR", "GB-SCT", "GB-WLS"})


class UnknownCalendar(ValueError):
    """No calendar, or no statutory calendar, goes by this code."""


class UnknownParameter(LookupError):
    """No legal parameter of this name is in force in this jurisdiction on this day."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """The public holidays and weekend of one country or subdivision, for the years `first_year` to `last_year`."""

    code: str
    version: str
    first_year: int
    last_year: int
    holidays: Mapping[date, str]
    weekends: tuple[tuple[date, frozenset[int]], ...]

    def holiday(self, day: date) -> str | None:
        """The name of the public holiday on `day` (substitute days included), or None."""
        return self.holidays.get(day)

    def is_weekend(self, day: date) -> bool:
        """Whether offices of the country rest on this weekday, under the weekend in force on `day` (DOC-03)."""
        in_force = [days for since, days in self.weekends if since <= day]
        return day.weekday() in in_force[-1]


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """When a serving region answers documents: calendar, zone, opening time and the cut-off, which is exclusive."""

    calendar: Calendar
    zone: ZoneInfo
    opens: time = time(9)
    cutoff: time = time(17)


@dataclass(frozen=True, slots=True)
class LegalParameter:
    """One number of the law or of a contract, in force from `valid_from` to `valid_to`, both days included."""

    key: str
    jurisdiction: str
    value: int
    unit: str
    valid_from: date
    valid_to: date | None
    source: str

    def in_force(self, on: date) -> bool:
        """Whether the row applies to a clock that starts on this local day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def holiday_calendar(code: str) -> Calendar:
    """The calendar of an ISO 3166 country ("DE") or of a subdivision ("GB-ENG"). Raises UnknownCalendar."""
    country, _, subdivision = code.partition("-")
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported or (("-" in code) and subdivision not in supported[country]):
        raise UnknownCalendar(f"no holiday calendar for {code!r}")
    return _build(country, subdivision)


def statutory_calendar(code: str) -> Calendar:
    """The calendar that statutory periods roll over: national holidays only, Reg. 1182/71 Art. 2(1) (CLK-05)."""
    if "-" in code and code not in NATIONS:
        raise UnknownCalendar(f"{code!r} is regional: statutory periods use the national calendar")
    return holiday_calendar(code)


def service_hours(code: str, zone: str | None = None) -> ServiceHours:
    """Hours of the serving region with this calendar, in `zone` or the country's default. Raises UnknownCalendar."""
    calendar = holiday_calendar(code)
    return ServiceHours(calendar, ZoneInfo(zone) if zone else default_zone(code))


def default_zone(code: str) -> ZoneInfo:
    """The zone of a calendar when nothing says otherwise: of the seat of government. Raises UnknownCalendar."""
    country = code.partition("-")[0]
    if country not in ZONES:
        raise UnknownCalendar(f"no default time zone for {code!r}")
    return ZoneInfo(ZONES[country])


@cache
def _build(country: str, subdivision: str) -> Calendar:
    source = getattr(holidays, country)
    known_from, known_to = KNOWN_YEARS.get(country, (source.start_year, source.end_year))
    first, last = max(FIRST_YEAR, known_from), min(LAST_YEAR, known_to)
    days = holidays.country_holidays(
        country,
        subdiv=subdivision or None,
        years=range(first, last + 1),
        observed=True,
        categories=(holidays.PUBLIC,),
        language=next((language for language in source.supported_languages if language.startswith("en")), None),
    )
    code = f"{country}-{subdivision}" if subdivision else country
    return Calendar(
        code=code,
        version=f"{code}@holidays-{version('holidays')}/{first}-{last}",
        first_year=first,
        last_year=last,
        holidays=MappingProxyType(dict(sorted(days.items()))),
        weekends=WEEKENDS.get(country, ((date(FIRST_YEAR, 1, 1), SAT_SUN),)),
    )


GDPR_APPLIES = date(2018, 5, 25)
UK_LEFT = date(2021, 1, 1)
UK_ARTICLE_12A = date(2026, 2, 5)


def _promised(key: str, value: int, unit: str, source: str) -> tuple[LegalParameter, LegalParameter]:
    return (
        LegalParameter(key, "EU", value, unit, GDPR_APPLIES, None, source),
        LegalParameter(key, "UK", value, unit, GDPR_APPLIES, None, source),
    )


def _statutory(key: str, value: int, unit: str, article: str) -> tuple[LegalParameter, LegalParameter, LegalParameter]:
    return (
        LegalParameter(key, "EU", value, unit, GDPR_APPLIES, None, f"GDPR {article}"),
        LegalParameter(key, "UK", value, unit, GDPR_APPLIES, date(2020, 12, 31), f"GDPR {article}"),
        LegalParameter(key, "UK", value, unit, UK_LEFT, None, f"UK GDPR {article}"),
    )


def _uk_request(key: str, value: int) -> tuple[LegalParameter, LegalParameter, LegalParameter, LegalParameter]:
    return (
        LegalParameter(key, "EU", value, "months", GDPR_APPLIES, None, "GDPR Art. 12(3)"),
        LegalParameter(key, "UK", value, "months", GDPR_APPLIES, date(2020, 12, 31), "GDPR Art. 12(3)"),
        LegalParameter(key, "UK", value, "months", UK_LEFT, date(2026, 2, 4), "UK GDPR Art. 12(3)"),
        LegalParameter(key, "UK", value, "months", UK_ARTICLE_12A, None, "UK GDPR Art. 12A"),
    )


# Every number that a deadline is made of. A change of law adds a row and closes one; a clock keeps the rows it was
# computed with, so that no running deadline moves by itself (BRE-16).
PARAMETERS: Sequence[LegalParameter] = (
    *_uk_request("dsr.base_months", 1),
    *_uk_request("dsr.extension_months", 2),
    *_statutory("breach.controller_hours", 72, "hours", "Art. 33(1)"),
    *_promised("breach.processor_promise_hours", 72, "hours", "contract"),
    *_promised("breach.processor_target_hours", 24, "hours", "project rule"),
    *_promised("breach.awareness_reason_hours", 24, "hours", "project rule"),
    *_promised("breach.bounce_escalation_hours", 1, "hours", "project rule"),
    *_promised("breach.acknowledgement_hours", 24, "hours", "project rule"),
    *_promised("dsr.promise_days", 30, "days", "contract"),
    *_promised("dsr.target_days", 10, "days", "project rule"),
    LegalParameter("dsr.idcheck_max_days", "EU", 5, "days", GDPR_APPLIES, None, "project rule on GDPR Art. 12(6)"),
    *_promised("subprocessor.notice_days", 30, "days", "data processing agreement, GDPR Art. 28(2)"),
    *_promised("doc.business_days", 1, "business days", "contract"),
)


def parameter(key: str, jurisdiction: str, on: date, rows: Sequence[LegalParameter] = PARAMETERS) -> LegalParameter:
    """The row in force on the local day `on` ("EU" or "UK"). Raises UnknownParameter, also when two rows overlap."""
    found = [row for row in rows if (row.key, row.jurisdiction) == (key, jurisdiction) and row.in_force(on)]
    if len(found) != 1:
        raise UnknownParameter(f"{len(found)} rows of {key} are in force in {jurisdiction} on {on}")
    return found[0]


def jurisdiction(code: str) -> str:
    """Whose parameters bind a clock with this calendar: "UK" for the United Kingdom, otherwise "EU"."""
    return "UK" if code.partition("-")[0] == "GB" else "EU"
