from django.urls import path

from tenants.browser_reports import views

urlpatterns = [path("", views.reports, name="browser-reports")]
every_host = [path("csp-reports/", views.receive, name="csp-reports")]
