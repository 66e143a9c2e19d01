from django.urls import path

from tenants.members.factor_resets import views

# Under people.
urlpatterns = [
    path("<uuid:person_id>/factors/reset/", views.ask, name="factor-reset-ask"),
    path("factor-resets/<uuid:reset_id>/", views.reset, name="factor-reset"),
]
