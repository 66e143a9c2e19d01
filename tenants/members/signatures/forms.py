from typing import Any

from django import forms


class Unshown(forms.TextInput):
    """Never written back into the page: what proves a person is typed anew."""

    def format_value(self, value: Any) -> str:
        return ""


class UnshownHidden(forms.HiddenInput):
    def format_value(self, value: Any) -> str:
        return ""


class AlwaysFresh(forms.HiddenInput):
    """Shows what the page tells now, not what was posted from the page before."""

    fresh = ""

    def format_value(self, value: Any) -> str:
        return self.fresh
