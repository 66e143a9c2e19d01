from django.urls import path

from audit.proofs import views

urlpatterns = [
    path("<int:index>/", views.prove_entry, name="prove-entry"),
    path("<int:index>/proof/", views.download_proof, name="entry-proof"),
    path("<int:index>/entry/", views.download_entry, name="entry-payload"),
]
