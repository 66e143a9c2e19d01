from django.urls import path

from tenants.members.access_reviews import views

urlpatterns = [
    path("", views.reviews, name="access-reviews"),
    path("open/", views.open_now, name="access-review-open"),
    path("<uuid:pk>/", views.review, name="access-review"),
    path("<uuid:pk>/people/<uuid:person_id>/", views.decide, name="access-review-decide"),
    path("<uuid:pk>/sign-off/", views.sign_off, name="access-review-sign-off"),
    path("<uuid:pk>/review.csv", views.file, name="access-review-file"),
]
