from django.urls import path

from audit.signed_records import views

urlpatterns = [
    path("<uuid:pk>/", views.signature, name="signature"),
]
