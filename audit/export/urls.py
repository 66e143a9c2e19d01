from django.urls import path

from audit.export import views

urlpatterns = [
    path("", views.exports, name="exports"),
    path("<uuid:export_id>/", views.export, name="export"),
    path("<uuid:export_id>/file/", views.download, name="export-file"),
    path("record/<str:kind>/<str:pk>/", views.export_record, name="export-record"),
]
