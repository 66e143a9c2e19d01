from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

# What machines call; `urlpatterns` is the desk.
api: list[URLPattern] = []
