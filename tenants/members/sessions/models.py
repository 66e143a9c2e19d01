from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """A browser that is signed in, or that only came by. Exempt from history: the trail tells of what is done in it.

    Its data are ciphertext under the key of the schema: from where and with what somebody came stands in no backup.
    `expire_date` is its absolute end, however much it is used (ASVS 7.3.2). The columns beside the data are copies of
    what the data say at `catalogue.DOOR`, so that sessions can be listed, counted and ended.
    """

    # About one's own browsers; the rows go with the session.
    looks_are_logged = False
    expire_date = models.DateTimeField()
    user_id = models.UUIDField(null=True)
    # A visit of Complere's staff (`staff_entries`), in place of a user.
    entry_id = models.UUIDField(null=True)
    method = models.CharField(max_length=20, default="", blank=True)
    opened_at = models.DateTimeField(null=True)
    # When it was last used, exact to a minute.
    seen_at = models.DateTimeField(null=True)
    # What the identity provider calls this session and its subject (digests), for logout from there.
    provider_id = models.UUIDField(null=True)
    provider_subject = models.CharField(max_length=64, default="", blank=True)
    provider_session = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        indexes = [
            # Used by sessions.queries.of_person, at each sign-in and on the account page.
            models.Index(name="session_of_person", fields=["user_id"], condition=models.Q(user_id__isnull=False)),
        ]
