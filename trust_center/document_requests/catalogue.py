"""What a request is made of: its fields, countries, and mail services whose addresses last for minutes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from uuid import UUID


class Serving(Protocol):
    """The tenant, or Complere itself, whose region answers."""

    @property
    def pk(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def calendar(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


class Ringing(Protocol):
    """A deadline whose alarm rings."""

    @property
    def subject(self) -> str: ...
    @property
    def state(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Filing:
    """What somebody filled in, as checked by the form."""

    name: str
    email: str
    company: str
    country: str
    purpose: str
    message: str
    is_customer: bool
    kinds: tuple[str, ...]


# ISO 3166-1 alpha-2 with the usual English name, from the table of the tz database (public domain).
_NAMES = """
    AD=Andorra; AE=United Arab Emirates; AF=Afghanistan; AG=Antigua & Barbuda; AI=Anguilla; AL=Albania; AM=Armenia;
    AO=Angola; AQ=Antarctica; AR=Argentina; AS=American Samoa; AT=Austria; AU=Australia; AW=Aruba; AX=Åland Islands;
    AZ=Azerbaijan; BA=Bosnia & Herzegovina; BB=Barbados; BD=Bangladesh; BE=Belgium; BF=Burkina Faso; BG=Bulgaria;
    BH=Bahrain; BI=Burundi; BJ=Benin; BL=St Barthélemy; BM=Bermuda; BN=Brunei; BO=Bolivia; BQ=Caribbean Netherlands;
    BR=Brazil; BS=Bahamas; BT=Bhutan; BV=Bouvet Island; BW=Botswana; BY=Belarus; BZ=Belize; CA=Canada;
    CC=Cocos (Keeling) Islands; CD=Congo (Democratic Republic); CF=Central African Rep.; CG=Congo (Republic);
    CH=Switzerland; CI=Côte d'Ivoire; CK=Cook Islands; CL=Chile; CM=Cameroon; CN=China; CO=Colombia; CR=Costa Rica;
    CU=Cuba; CV=Cabo Verde; CW=Curaçao; CX=Christmas Island; CY=Cyprus; CZ=Czechia; DE=Germany; DJ=Djibouti;
    DK=Denmark; DM=Dominica; DO=Dominican Republic; DZ=Algeria; EC=Ecuador; EE=Estonia; EG=Egypt; EH=Western Sahara;
    ER=Eritrea; ES=Spain; ET=Ethiopia; FI=Finland; FJ=Fiji; FK=Falkland Islands; FM=Micronesia; FO=Faroe Islands;
    FR=France; GA=Gabon; GB=United Kingdom; GD=Grenada; GE=Georgia; GF=French Guiana; GG=Guernsey; GH=Ghana;
    GI=Gibraltar; GL=Greenland; GM=Gambia; GN=Guinea; GP=Guadeloupe; GQ=Equatorial Guinea; GR=Greece;
    GS=South Georgia & the South Sandwich Islands; GT=Guatemala; GU=Guam; GW=Guinea-Bissau; GY=Guyana; HK=Hong Kong;
    HM=Heard Island & McDonald Islands; HN=Honduras; HR=Croatia; HT=Haiti; HU=Hungary; ID=Indonesia; IE=Ireland;
    IL=Israel; IM=Isle of Man; IN=India; IO=British Indian Ocean Territory; IQ=Iraq; IR=Iran; IS=Iceland; IT=Italy;
    JE=Jersey; JM=Jamaica; JO=Jordan; JP=Japan; KE=Kenya; KG=Kyrgyzstan; KH=Cambodia; KI=Kiribati; KM=Comoros;
    KN=St Kitts & Nevis; KP=North Korea; KR=South Korea; KW=Kuwait; KY=Cayman Islands; KZ=Kazakhstan; LA=Laos;
    LB=Lebanon; LC=St Lucia; LI=Liechtenstein; LK=Sri Lanka; LR=Liberia; LS=Lesotho; LT=Lithuania; LU=Luxembourg;
    LV=Latvia; LY=Libya; MA=Morocco; MC=Monaco; MD=Moldova; ME=Montenegro; MF=St Martin (French part);
    MG=Madagascar; MH=Marshall Islands; MK=North Macedonia; ML=Mali; MM=Myanmar; MN=Mongolia; MO=Macao;
    MP=Northern Mariana Islands; MQ=Martinique; MR=Mauritania; MS=Montserrat; MT=Malta; MU=Mauritius; MV=Maldives;
    MW=Malawi; MX=Mexico; MY=Malaysia; MZ=Mozambique; NA=Namibia; NC=New Caledonia; NE=Niger; NF=Norfolk Island;
    NG=Nigeria; NI=Nicaragua; NL=Netherlands; NO=Norway; NP=Nepal; NR=Nauru; NU=Niue; NZ=New Zealand; OM=Oman;
    PA=Panama; PE=Peru; PF=French Polynesia; PG=Papua New Guinea; PH=Philippines; PK=Pakistan; PL=Poland;
    PM=St Pierre & Miquelon; PN=Pitcairn; PR=Puerto Rico; PS=Palestine; PT=Portugal; PW=Palau; PY=Paraguay;
    QA=Qatar; RE=Réunion; RO=Romania; RS=Serbia; RU=Russia; RW=Rwanda; SA=Saudi Arabia; SB=Solomon Islands;
    SC=Seychelles; SD=Sudan; SE=Sweden; SG=Singapore; SH=St Helena; SI=Slovenia; SJ=Svalbard & Jan Mayen;
    SK=Slovakia; SL=Sierra Leone; SM=San Marino; SN=Senegal; SO=Somalia; SR=Suriname; SS=South Sudan;
    ST=São Tomé & Príncipe; SV=El Salvador; SX=St Maarten (Dutch part); SY=Syria; SZ=Eswatini; TC=Turks & Caicos Is;
    TD=Chad; TF=French Southern Territories; TG=Togo; TH=Thailand; TJ=Tajikistan; TK=Tokelau; TL=Timor-Leste;
    TM=Turkmenistan; TN=Tunisia; TO=Tonga; TR=Türkiye; TT=Trinidad & Tobago; TV=Tuvalu; TW=Taiwan; TZ=Tanzania;
    UA=Ukraine; UG=Uganda; UM=US Minor Outlying Islands; US=United States; UY=Uruguay; UZ=Uzbekistan;
    VA=Vatican City; VC=St Vincent; VE=Venezuela; VG=British Virgin Islands; VI=US Virgin Islands; VN=Vietnam;
    VU=Vanuatu; WF=Wallis & Futuna; WS=Samoa; YE=Yemen; YT=Mayotte; ZA=South Africa; ZM=Zambia; ZW=Zimbabwe;
"""
COUNTRIES: Mapping[str, str] = MappingProxyType(
    dict(pair.strip().split("=") for pair in " ".join(_NAMES.split()).split(";") if pair.strip())
)

# A request from such an address is taken, but marked for whoever answers it.
_DISPOSABLE = """
    10minutemail.com 10minutemail.net 20minutemail.com anonbox.net burnermail.io byom.de crazymailing.com
    deadaddress.com discard.email discardmail.com dispostable.com dropmail.me einrot.com emailfake.com emailondeck.com
    emailtemporanea.com fakeinbox.com fakemail.net generator.email getairmail.com getnada.com grr.la guerrillamail.biz
    guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com
    harakirimail.com inboxbear.com inboxkitten.com incognitomail.org jetable.org linshiyouxiang.net mail-temp.com
    mail-temporaire.fr mailcatch.com maildrop.cc mailinator.com mailinator.net mailnesia.com mailnull.com mailpoof.com
    mailsac.com mailtemp.info meltmail.com minuteinbox.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email
    neverbox.com one-time.email owlymail.com sharklasers.com spam4.me spambog.com spambox.us spamgourmet.com
    tempail.com tempinbox.com tempmail.com tempmail.net tempmailaddress.com tempmailo.com tempr.email temp-mail.io
    temp-mail.org throwawaymail.com tmail.ws tmpmail.net tmpmail.org trash-mail.com trashmail.com trashmail.de
    trashmail.net trbvm.com wegwerfmail.de wegwerfmail.net wegwerfmail.org yopmail.com yopmail.fr yopmail.net
"""
DISPOSABLE = frozenset(_DISPOSABLE.split())


def is_disposable(email: str) -> bool:
    """Whether the address belongs to a service for throw-away addresses, sub-domains included."""
    labels = email.rpartition("@")[2].casefold().split(".")
    return any(".".join(labels[start:]) in DISPOSABLE for start in range(len(labels) - 1))
