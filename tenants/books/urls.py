"""`urlpatterns` under trail/checks/ at the desk, `platform` on the public site, `every_host` on all."""

from django.urls import path

from tenants.books import views

urlpatterns = [
    path("", views.checks, name="trail-checks"),
    path("ask/", views.request_check, name="request-trail-check"),
    path("head.tlog-proof", views.anchor, name="trail-anchor"),
    path("<uuid:trail_check_id>/", views.check, name="trail-check"),
]
platform = [
    path("transparency/", views.transparency, name="transparency"),
    path("transparency/checkpoint", views.checkpoint, name="transparency-checkpoint"),
    path("transparency/heads.json", views.heads, name="transparency-heads"),
    path("transparency/tile/<str:kind>/<path:number>", views.tile, name="transparency-tile"),
]
every_host = [
    path(".well-known/complere-log-keys", views.keys, name="log-keys"),
]
