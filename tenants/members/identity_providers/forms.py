"""What an admin types while setting up a provider. Shape only."""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from tenants.members.accounts.forms import OneLine, Reason
from tenants.members.identity_providers.catalogue import Mapping
from tenants.members.identity_providers.states import Kind

PLAIN: Final = {"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
ADDRESS: Final = re.compile(r"https?://[!-~]+")
TOKEN: Final = re.compile(r"[!#-\[\]-~]+")
MOST_METADATA: Final = 512 * 1024
SPARE_ROWS: Final = 3
ROW: Final = re.compile(r"group_([1-9][0-9]{0,2})")
MOST_ROWS: Final = 100
KINDS: Final = [
    (Kind.OIDC.value, "OpenID Connect: Entra ID, Okta, Google, Keycloak and most others"),
    (Kind.SAML.value, "SAML 2.0: for providers that speak nothing else, such as AD FS or Shibboleth"),
]


class Begin(forms.Form):
    kind = forms.ChoiceField(
        label="How it speaks",
        choices=KINDS,
        widget=forms.RadioSelect,
        help_text="If your provider offers both, take OpenID Connect.",
        error_messages={"required": "Choose how your provider speaks."},
    )
    name = OneLine(
        label="Name",
        max_length=80,
        help_text="People read it on the sign-in page, for example “Acme account”.",
        error_messages={"required": "Enter the name that people will read on the sign-in page."},
    )


class Rename(forms.Form):
    name = OneLine(label="Name", max_length=80, error_messages={"required": "Enter a name."})


class Issuer(forms.Form):
    issuer = forms.CharField(
        label="Issuer",
        max_length=500,
        help_text="An address that begins with https://, as your provider shows it. We read the rest from there.",
        error_messages={"required": "Enter the issuer."},
        widget=forms.TextInput(attrs=PLAIN | {"inputmode": "url"}),
    )

    def clean_issuer(self) -> str:
        typed = str(self.cleaned_data["issuer"])
        if not ADDRESS.fullmatch(typed):
            raise ValidationError("Enter an address that begins with https://.", code="address")
        return typed


class Client(forms.Form):
    client_id = forms.CharField(
        label="Client id",
        max_length=255,
        help_text="Some providers call it application id.",
        error_messages={"required": "Enter the client id."},
        widget=forms.TextInput(attrs=PLAIN),
    )
    client_secret = forms.CharField(
        label="Client secret",
        max_length=1000,
        error_messages={"required": "Enter the client secret."},
        widget=forms.PasswordInput(attrs=PLAIN, render_value=False),
    )
    scopes = forms.CharField(
        label="Scopes",
        max_length=300,
        help_text="With spaces between them. “openid” is always asked for.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    acr_values = forms.CharField(
        label="Required authentication contexts (acr)",
        required=False,
        max_length=500,
        help_text="With spaces between them. Whoever was authenticated otherwise is refused. Empty: any.",
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(self, *args: Any, has_secret: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = "One is kept; nobody can read it here. Leave this empty to keep it."
        self.fields["client_secret"].required = not has_secret
        self.fields["client_secret"].help_text = kept if has_secret else "Stored encrypted, and never shown again."

    def clean_client_secret(self) -> str:
        typed = str(self.cleaned_data["client_secret"])
        if not typed.isprintable():
            raise ValidationError("Use one line without control characters.", code="control")
        return typed

    def clean_client_id(self) -> str:
        return _tokens(self.cleaned_data["client_id"], most=1)[0]

    def clean_scopes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(["openid", *_tokens(self.cleaned_data["scopes"], most=20)]))

    def clean_acr_values(self) -> tuple[str, ...]:
        return tuple(_tokens(self.cleaned_data["acr_values"], most=20))


class Metadata(forms.Form):
    file = forms.FileField(label="Metadata file", required=False, help_text="XML, as your provider offers it.")
    text = forms.CharField(
        label="Or paste the metadata",
        required=False,
        max_length=MOST_METADATA,
        widget=forms.Textarea(attrs=PLAIN | {"rows": 8}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        file, text = cleaned.get("file"), cleaned.get("text", "")
        if not file and not text:
            raise ValidationError("Choose the file, or paste its content.", code="required")
        if file and file.size > MOST_METADATA:
            self.add_error("file", "This is too large: metadata of one provider have at most 512 KiB.")
        return cleaned

    def xml(self) -> bytes:
        file = self.cleaned_data.get("file")
        return bytes(file.read()) if file else str(self.cleaned_data["text"]).encode()


class Confirm(forms.Form):
    found = forms.CharField(widget=forms.HiddenInput)


class SamlChoices(forms.Form):
    authn_contexts = forms.CharField(
        label="Required classes of authentication (AuthnContextClassRef)",
        required=False,
        max_length=1000,
        help_text="One a line. Whoever was authenticated otherwise is refused. Empty: any.",
        widget=forms.Textarea(attrs=PLAIN | {"rows": 3}),
    )
    allows_unsolicited = forms.BooleanField(
        label="Sign-in may begin at the provider",
        required=False,
        help_text="From its page of tiles. Weaker: an answer that nobody here asked for is tied to no browser.",
    )

    def clean_authn_contexts(self) -> tuple[str, ...]:
        return tuple(_tokens(self.cleaned_data["authn_contexts"], most=20))


class Rules(forms.Form):
    create_accounts = forms.BooleanField(
        label="Make an account at the first sign-in",
        required=False,
        help_text="Only for verified addresses of your proved e-mail domains that nobody here has yet. "
        "Otherwise people are invited first, and link the provider on their account page.",
    )
    trusts_second_factor = forms.BooleanField(
        label="Take its word that a second factor was shown",
        required=False,
        help_text="Only when the provider says so at each sign-in. Whoever it says nothing of is asked here.",
    )


class Mapped(forms.Form):
    """Which claim says what, and a row for each group: `group_1`, `role_1`, and so on."""

    email = forms.CharField(label="E-mail address from", max_length=200, widget=forms.TextInput(attrs=PLAIN))
    name = forms.CharField(label="Name from", max_length=200, widget=forms.TextInput(attrs=PLAIN))
    groups = forms.CharField(label="Groups from", max_length=200, widget=forms.TextInput(attrs=PLAIN))
    default_role = forms.ChoiceField(
        label="Role of who is in none of these groups",
        required=False,
        help_text="Without one, nobody outside of these groups gets an account.",
    )
    follow_groups = forms.BooleanField(
        label="Roles follow the groups at each sign-in",
        required=False,
        help_text="A role named here is taken from whoever left its groups; roles given by hand stay. "
        "The last administrator keeps theirs. Off: roles are given once, with the account.",
    )

    def __init__(self, *args: Any, known: Mapping, roles: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "No role"), *roles]
        self.fields["default_role"].choices = choices  # type: ignore[attr-defined]
        given = [*known.roles.items()]
        # What was sent decides how many rows there are, so that nothing typed is lost.
        sent = max((int(found[1]) for name in self.data if (found := ROW.fullmatch(name))), default=0)
        self.rows = min(max(len(given) + SPARE_ROWS, sent), MOST_ROWS)
        for row in range(1, self.rows + 1):
            group, role = given[row - 1] if row <= len(given) else ("", "")
            # A role that is given no more is kept to be seen, and refused when sent.
            self.fields[f"group_{row}"] = OneLine(
                label=f"Group {row}", required=False, max_length=254, initial=group, widget=forms.TextInput(attrs=PLAIN)
            )
            self.fields[f"role_{row}"] = forms.ChoiceField(
                label=f"Role of group {row}", required=False, choices=choices, initial=role
            )

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"group_{row}"], self[f"role_{row}"]) for row in range(1, self.rows + 1)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        seen: set[str] = set()
        for row in range(1, self.rows + 1):
            group, role = cleaned.get(f"group_{row}", ""), cleaned.get(f"role_{row}", "")
            if bool(group) != bool(role) and f"role_{row}" not in self.errors:
                self.add_error(f"role_{row}" if group else f"group_{row}", "A row names a group and its role.")
            if group and group in seen:
                self.add_error(f"group_{row}", "This group has a row already: each gives one role.")
            seen.add(group)
        return cleaned

    def mapping(self) -> Mapping:
        said = self.cleaned_data
        rows = [(said[f"group_{row}"], said[f"role_{row}"]) for row in range(1, self.rows + 1)]
        return Mapping(
            email=said["email"],
            name=said["name"],
            groups=said["groups"],
            roles={group: role for group, role in rows if group},
            default_role=said["default_role"],
            follow_groups=said["follow_groups"],
        )


class WithReason(forms.Form):
    reason = Reason()


def _tokens(text: str, *, most: int) -> list[str]:
    found = text.split()
    if len(found) > most or not all(TOKEN.fullmatch(one) for one in found):
        raise ValidationError("Use letters, digits and signs without spaces or quotation marks.", code="token")
    return found
