from django.urls import path

from tenants.console import views

urlpatterns = [
    path("", views.tenants, name="tenants"),
    path("provision/", views.provision, name="tenant-provision"),
    path("<uuid:pk>/", views.tenant, name="tenant"),
    path("<uuid:pk>/plan/", views.change_plan, name="tenant-plan"),
    path("<uuid:pk>/suspend/", views.suspend, name="tenant-suspend"),
    path("<uuid:pk>/resume/", views.resume, name="tenant-resume"),
    path("<uuid:pk>/close/", views.close, name="tenant-close"),
]
