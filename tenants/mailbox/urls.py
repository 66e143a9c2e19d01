from django.urls import path

from tenants.mailbox import views

urlpatterns = [
    path("", views.mails, name="demo-mail"),
    path("<slug:name>/", views.mail, name="demo-mail-message"),
]
