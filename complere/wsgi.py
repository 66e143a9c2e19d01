"""WSGI entry point; complere/rsgi.py stands before it in production."""

from complere.embedded import services

services.attach()

from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
