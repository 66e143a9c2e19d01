from django.urls import path

from audit.trail import views

urlpatterns = [
    path("<str:kind>/<str:pk>/", views.record_history, name="record-history"),
]
trail = [
    path("", views.trail, name="trail"),
]
