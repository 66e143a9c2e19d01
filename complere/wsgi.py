"""WSGI entry point; complere/rsgi.py stands before it in production."""

from complere import env
from complere.embedded import services

services.attach()
env.put_default("DJANGO_SETTINGS_MODULE", "complere.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

from complere import checks  # noqa: E402

checks.refuse_to_start()
application = get_wsgi_application()
