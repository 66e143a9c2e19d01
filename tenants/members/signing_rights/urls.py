from django.urls import path

from tenants.members.signing_rights import views

# Under the person's own account.
urlpatterns = [
    path("policy/", views.policy, name="signing-policy"),
]

# Under people.
desk = [
    path("signing-policy/", views.policy_desk, name="signing-policy-desk"),
    path("signing-policy/publish/", views.publish, name="signing-policy-publish"),
    path("signing-policy/certification/", views.certify, name="signing-certification"),
    path("<uuid:person_id>/identity/", views.verify_identity, name="person-verify-identity"),
    path("identity-checks/<uuid:check_id>/withdraw/", views.withdraw_identity, name="identity-check-withdraw"),
]
