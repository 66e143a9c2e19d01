from django.urls import path

from privacy.subject_requests import views

urlpatterns = [
    path("", views.subject_requests, name="subject-requests"),
    path("new/", views.file_subject_request, name="file-subject-request"),
    path("<uuid:request_id>/", views.subject_request, name="subject-request"),
    path("<uuid:request_id>/note/", views.add_note, name="note-subject-request"),
    path("<uuid:request_id>/evidence/", views.add_evidence, name="evidence-subject-request"),
    path("<uuid:request_id>/files/<uuid:file_id>/", views.subject_request_file, name="subject-request-file"),
    *(
        path(f"<uuid:request_id>/{name}/", views.step, {"name": name}, name=f"{name}-subject-request")
        for name in views.STEPS
    ),
]
