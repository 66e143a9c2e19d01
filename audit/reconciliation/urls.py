from django.urls import path

from audit.reconciliation import views

urlpatterns = [
    path("", views.findings, name="trail-findings"),
]
