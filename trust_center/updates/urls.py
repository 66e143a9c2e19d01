"""Subscribing to changes, under /sub-processors/."""

from django.urls import path

from trust_center.updates import views

public = [
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/sent/", views.sent, name="subscription-sent"),
    path("subscribe/confirm/<str:token>/", views.confirm, name="confirm-subscription"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
