"""What the sign-in page says to whoever is sent there."""

from typing import Final

from tenants.members.sessions.catalogue import Ended

ENDED: Final = {
    Ended.IDLE: "Your session ended, as it was not used for a while.",
    Ended.OVER: "Your session ended: it had lasted as long as the rules here allow.",
    Ended.ELSEWHERE: "Your session has ended.",
    Ended.DISPLACED: "Your session ended, as you signed in with more browsers than the rules here allow.",
    Ended.NETWORK: "Your session ended: the rules here allow sign-in from certain networks only, and this is none.",
    Ended.SECOND: "The rules here ask for a second factor now. Sign in once more and show it.",
}


def why_ended(said: str) -> str:
    """In words, why somebody has to sign in again; empty for anything that is no reason of ours."""
    return ENDED[Ended(said)] if said in {*Ended} else ""
