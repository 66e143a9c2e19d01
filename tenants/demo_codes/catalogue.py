"""Which authenticator apps the demonstration gives to everybody. Pure: no framework."""

from typing import Final

# An app that a visitor sets up has another name, and its codes are the visitor's alone.
APP: Final = "App of the demonstration"
