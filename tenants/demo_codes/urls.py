from django.urls import path

from tenants.demo_codes import views

urlpatterns = [
    path("", views.codes, name="demo-codes"),
]
