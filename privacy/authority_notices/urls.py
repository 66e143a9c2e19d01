from django.urls import URLPattern, path

from privacy.authority_notices import views

urlpatterns: list[URLPattern] = [
    path("<uuid:pk>/authority/decide/", views.decide, name="authority-decide"),
    path("<uuid:pk>/authority/record/", views.record, name="authority-record"),
    path("<uuid:pk>/authority/package/", views.package, name="authority-package"),
]
