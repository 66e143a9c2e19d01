from django.urls import path

from privacy.deadlines import views

urlpatterns = [path("", views.explain_deadline, name="explain-deadline")]
