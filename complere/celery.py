"""The Celery app. Every task runs through tenants.tenant_task: authenticated tenant, or refused."""

import sys

from complere import env
from complere.embedded import services

services.attach()
env.put({"DJANGO_SETTINGS_MODULE": "complere.settings"})

from celery import Celery  # noqa: E402

from complere import checks  # noqa: E402

checks.refuse_to_start()
if "worker" in sys.argv:
    checks.refuse_to_sign_without_key()
app = Celery("complere", task_cls="tenants.tenant_task:TenantTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tenants.wakeups", "tenants.books"])

from complere import schedule  # noqa: E402

app.conf.beat_schedule = schedule.timers()
