from django.urls import path

from privacy.intake import views

urlpatterns = [
    path("", views.data_request, name="data-request"),
    path("sent/", views.data_request_sent, name="data-request-sent"),
    path("confirm/<str:token>/", views.confirm_data_request, name="confirm-data-request"),
    path("follow/<str:token>/", views.follow_data_request, name="follow-data-request"),
    path("follow/<str:token>/files/<uuid:file_id>/", views.data_request_file, name="data-request-file"),
]
