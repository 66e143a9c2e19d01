from django.urls import URLPattern, path

from privacy.breach_register import views

urlpatterns: list[URLPattern] = [
    path("register/", views.register, name="breach-register"),
    path("register/full/", views.in_full, name="breach-register-full"),
    path("register/export/", views.export, name="breach-register-export"),
]
