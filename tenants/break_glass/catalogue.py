"""The limits of an entry. Pure: no framework."""

from datetime import timedelta
from typing import Final

SHORTEST: Final = 5
LONGEST: Final = 60
USUAL: Final = 30
# Nobody decided by then: the matter has passed, or is to be explained anew.
REQUEST_LIFE: Final = timedelta(hours=24)

# How an entry came to its end, in words that the tenant reads, too.
GIVEN_BACK: Final = "Given back by the visitor before its time was over"
TIME_OVER: Final = "Its time was over"
WITHDRAWN: Final = "Withdrawn before anybody decided"
NOT_DECIDED: Final = "Nobody decided within 24 hours"
TENANT_CLOSED: Final = "The workspace is suspended or closed"
