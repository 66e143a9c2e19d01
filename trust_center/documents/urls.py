from django.urls import path

from trust_center.documents import views

urlpatterns = [
    path("", views.documents, name="documents-desk"),
    path("versions/<uuid:pk>/pdf/", views.pdf, name="document-pdf"),
    path("versions/<uuid:pk>/as-signed/", views.signed_pdf, name="document-as-signed"),
    path("versions/<uuid:pk>/publish/", views.publish, name="document-publish"),
    path("versions/<uuid:pk>/discard/", views.discard, name="document-discard"),
    path("versions/<uuid:pk>/withdraw/", views.retire, name="document-retire"),
    path("versions/<uuid:pk>/print-again/", views.retry, name="document-retry"),
    path("<slug:kind>/", views.document, name="document-desk"),
    path("<slug:kind>/new-version/", views.prepare, name="document-prepare"),
]
