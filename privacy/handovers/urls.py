from django.urls import path

from privacy.handovers import views

urlpatterns = [path("<uuid:request_id>/hand-over/", views.hand_over, name="hand-over-subject-request")]
