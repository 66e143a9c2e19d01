from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "tenants.members"
    label = "members"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants.members import machines, panels, passwords, ways_in
        from tenants.members.access_policies import queries as policies
        from tenants.members.api_tokens.views import recognise
        from tenants.members.entrance import actions as entrance
        from tenants.members.factor_resets.presenters import person_panel
        from tenants.members.factors.presenters import account_panel
        from tenants.members.federation import presenters as federation
        from tenants.members.oidc import actions as oidc
        from tenants.members.saml import actions as saml

        entrance.register_way_out(oidc.sign_out_url)
        entrance.register_way_out(saml.sign_out_url)
        passwords.tell_length(lambda: policies.rules().password_length)
        machines.register(recognise)
        panels.register(panels.ACCOUNT, account_panel)
        panels.register(panels.PERSON, person_panel)
        panels.register(panels.ACCOUNT, federation.account_panel)
        panels.register(panels.PERSON, federation.person_panel)
        ways_in.open_up()
        self._chores()
        self._stories()

    def _chores(self) -> None:
        from tenants import chores
        from tenants.members.access_reviews import actions as access_reviews
        from tenants.members.access_reviews import queries as review_queries
        from tenants.members.accounts import actions as accounts
        from tenants.members.accounts import queries as account_queries
        from tenants.members.api_tokens import actions as api_tokens
        from tenants.members.api_tokens import queries as token_queries
        from tenants.members.ceremonies import actions as ceremonies
        from tenants.members.ceremonies import queries as ceremony_queries
        from tenants.members.contacts import actions as contacts
        from tenants.members.contacts import queries as contact_queries
        from tenants.members.email_domains import actions as email_domains
        from tenants.members.email_domains import queries as domain_queries
        from tenants.members.outbox import actions as outbox
        from tenants.members.outbox import queries as mails
        from tenants.members.saml import actions as saml
        from tenants.members.saml import queries as saml_queries
        from tenants.members.sessions import actions as sessions
        from tenants.members.sessions import queries as session_queries

        chores.register(chores.Chore("outbox", run=outbox.deliver_due, next_due=mails.next_due))
        # After the outbox: a mail that has just failed flags its contact in the same round.
        chores.register(chores.Chore("contacts", run=contacts.look_after, next_due=contact_queries.next_due))
        chores.register(chores.Chore("used links", run=accounts.forget_ended, next_due=account_queries.next_forgetting))
        chores.register(chores.Chore("ended sessions", run=sessions.forget_ended, next_due=session_queries.next_end))
        chores.register(chores.Chore("ceremonies", run=ceremonies.forget_ended, next_due=ceremony_queries.next_end))
        chores.register(chores.Chore("ends of tokens", run=api_tokens.tell_of_ends, next_due=token_queries.next_due))
        chores.register(chores.Chore("e-mail domains", run=email_domains.check_due, next_due=domain_queries.next_check))
        chores.register(chores.Chore("access reviews", run=access_reviews.look_after, next_due=review_queries.next_due))
        chores.register(chores.Chore("certificates", run=saml.warn_of_ends, next_due=saml_queries.next_warning))

    def _stories(self) -> None:
        from audit import presenters
        from tenants.members.access_reviews.presenters import STORIES as ACCESS_REVIEWS
        from tenants.members.accounts.presenters import STORIES as ACCOUNTS
        from tenants.members.api_tokens.presenters import STORIES as API_TOKENS
        from tenants.members.contacts.presenters import STORIES as CONTACTS
        from tenants.members.email_domains.presenters import STORIES as EMAIL_DOMAINS
        from tenants.members.factor_resets.presenters import STORIES as FACTOR_RESETS
        from tenants.members.factors.presenters import STORIES as FACTORS
        from tenants.members.federation.presenters import STORIES as FEDERATION
        from tenants.members.identity_providers.presenters import STORIES as IDENTITY_PROVIDERS
        from tenants.members.roles.presenters import STORIES as ROLES
        from tenants.members.safeguards.presenters import STORIES as SAFEGUARDS
        from tenants.members.scim.presenters import STORIES as SCIM
        from tenants.members.signing_rights.presenters import STORIES as SIGNING_RIGHTS
        from tenants.members.staff_entries.presenters import STORIES as STAFF_ENTRIES

        for stories in (
            *(ACCOUNTS, ROLES, CONTACTS, SAFEGUARDS, SIGNING_RIGHTS, FACTORS, FACTOR_RESETS),
            *(IDENTITY_PROVIDERS, EMAIL_DOMAINS, FEDERATION),
            *(API_TOKENS, SCIM, STAFF_ENTRIES, ACCESS_REVIEWS),
        ):
            for story in stories:
                presenters.register(story)
