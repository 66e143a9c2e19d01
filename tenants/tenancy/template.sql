CREATE TABLE __schema__.audit_export (
    id uuid NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    since_at timestamp with time zone,
    until_at timestamp with time zone,
    reason text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by uuid NOT NULL,
    asked_by_name text NOT NULL,
    time_zone character varying(64) NOT NULL,
    from_index bigint NOT NULL,
    event_count bigint NOT NULL,
    log_size bigint NOT NULL,
    file_size bigint NOT NULL,
    file_digest character varying(64) NOT NULL,
    failure text NOT NULL,
    expires_at timestamp with time zone,
    done bigint NOT NULL,
    total bigint NOT NULL,
    due_at timestamp with time zone,
    tries smallint NOT NULL,
    content_key_id uuid NOT NULL,
    subject_key_id uuid NOT NULL,
    CONSTRAINT audit_export_tries_check CHECK ((tries >= 0)),
    CONSTRAINT trail_export_state_is_known CHECK (((state)::text = ANY ((ARRAY['waiting'::character varying, 'running'::character varying, 'ready'::character varying, 'failed'::character varying, 'expired'::character varying, 'withdrawn'::character varying])::text[])))
);
CREATE SEQUENCE __schema__.history_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE __schema__.audit_exportpart (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    export_id uuid NOT NULL,
    CONSTRAINT audit_exportpart_number_check CHECK ((number >= 0))
);
CREATE TABLE __schema__.audit_finding (
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    place text NOT NULL,
    text text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT finding_is_resolved_after_it_was_seen CHECK (((resolved_at IS NULL) OR (resolved_at >= first_seen_at)))
);
CREATE TABLE __schema__.audit_historicalexport (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    since_at timestamp with time zone,
    until_at timestamp with time zone,
    reason text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by uuid NOT NULL,
    asked_by_name text NOT NULL,
    time_zone character varying(64) NOT NULL,
    from_index bigint NOT NULL,
    event_count bigint NOT NULL,
    log_size bigint NOT NULL,
    file_size bigint NOT NULL,
    file_digest character varying(64) NOT NULL,
    failure text NOT NULL,
    expires_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    content_key_id uuid,
    subject_key_id uuid,
    CONSTRAINT audit_historicalexport_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.audit_historicalfinding (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    place text NOT NULL,
    text text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT audit_historicalfinding_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.audit_historicallogkey (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    purpose character varying(10) NOT NULL,
    version integer NOT NULL,
    epoch integer NOT NULL,
    name character varying(300) NOT NULL,
    vkey character varying(400) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    announcement text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT audit_historicallogkey_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT audit_historicallogkey_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT audit_historicallogkey_version_check CHECK ((version >= 0))
);
CREATE TABLE __schema__.audit_historicalsignature (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    act_id uuid NOT NULL,
    kind character varying(80) NOT NULL,
    obj character varying(80) NOT NULL,
    pk character varying(64) NOT NULL,
    signed_version integer NOT NULL,
    signed_leaf character varying(64) NOT NULL,
    from_state character varying(40) NOT NULL,
    to_state character varying(40) NOT NULL,
    meaning character varying(20) NOT NULL,
    signer_id uuid NOT NULL,
    signer_name text NOT NULL,
    signer_role text NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    time_zone character varying(64) NOT NULL,
    methods jsonb NOT NULL,
    authenticated_at timestamp with time zone NOT NULL,
    evidence jsonb NOT NULL,
    reason text NOT NULL,
    intent text NOT NULL,
    intent_digest character varying(64) NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    CONSTRAINT audit_historicalsignature_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT audit_historicalsignature_signed_version_check CHECK ((signed_version >= 0))
);
CREATE TABLE __schema__.audit_logkey (
    id uuid NOT NULL,
    purpose character varying(10) NOT NULL,
    version integer NOT NULL,
    epoch integer NOT NULL,
    name character varying(300) NOT NULL,
    vkey character varying(400) NOT NULL,
    wrapped bytea,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    announcement text NOT NULL,
    CONSTRAINT audit_logkey_epoch_check CHECK ((epoch >= 0)),
    CONSTRAINT audit_logkey_version_check CHECK ((version >= 0)),
    CONSTRAINT log_key_is_whole_or_retired CHECK ((((retired_at IS NULL) AND (wrapped IS NOT NULL)) OR ((retired_at IS NOT NULL) AND (wrapped IS NULL))))
);
CREATE TABLE __schema__.audit_signature (
    id uuid NOT NULL,
    act_id uuid NOT NULL,
    kind character varying(80) NOT NULL,
    obj character varying(80) NOT NULL,
    pk character varying(64) NOT NULL,
    signed_version integer NOT NULL,
    signed_leaf character varying(64) NOT NULL,
    from_state character varying(40) NOT NULL,
    to_state character varying(40) NOT NULL,
    meaning character varying(20) NOT NULL,
    signer_id uuid NOT NULL,
    signer_name text NOT NULL,
    signer_role text NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    time_zone character varying(64) NOT NULL,
    methods jsonb NOT NULL,
    authenticated_at timestamp with time zone NOT NULL,
    evidence jsonb NOT NULL,
    reason text NOT NULL,
    intent text NOT NULL,
    intent_digest character varying(64) NOT NULL,
    transaction_id bigint NOT NULL,
    subject_key_id uuid NOT NULL,
    CONSTRAINT audit_signature_signed_version_check CHECK ((signed_version >= 0)),
    CONSTRAINT signature_meaning_is_known CHECK (((meaning)::text = ANY ((ARRAY['authorship'::character varying, 'review'::character varying, 'approval'::character varying, 'responsibility'::character varying])::text[])))
);
CREATE TABLE __schema__.audit_subjectkey (
    id uuid NOT NULL,
    wrapped bytea,
    created_at timestamp with time zone NOT NULL,
    destroyed_at timestamp with time zone,
    destroyed_by text,
    destroyed_because text,
    CONSTRAINT subject_key_is_whole_or_destroyed_with_who_and_why CHECK ((((destroyed_at IS NULL) AND (destroyed_because IS NULL) AND (destroyed_by IS NULL) AND (wrapped IS NOT NULL)) OR ((destroyed_at IS NOT NULL) AND (destroyed_because IS NOT NULL) AND (destroyed_by IS NOT NULL) AND (wrapped IS NULL))))
);
CREATE TABLE __schema__.audit_tenantkey (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    purpose character varying(10) NOT NULL,
    version integer NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT audit_tenantkey_version_check CHECK ((version >= 0))
);
CREATE TABLE __schema__.audit_trailcheck (
    id uuid NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    asker text NOT NULL,
    asker_key_id uuid,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    done bigint NOT NULL,
    total bigint NOT NULL,
    seconds double precision,
    size bigint,
    root character varying(64) NOT NULL,
    heads integer NOT NULL,
    findings jsonb NOT NULL,
    failure text NOT NULL,
    CONSTRAINT trail_check_ends_after_it_began CHECK ((((finished_at IS NULL) AND (seconds IS NULL)) OR ((finished_at IS NOT NULL) AND (started_at IS NOT NULL))))
);
CREATE TABLE __schema__.django_migrations (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
CREATE TABLE __schema__.members_accesspolicy (
    id smallint NOT NULL,
    second_factor character varying(10) NOT NULL,
    second_factor_roles character varying(30)[] NOT NULL,
    idle_minutes integer NOT NULL,
    admin_idle_minutes integer NOT NULL,
    absolute_minutes integer NOT NULL,
    sessions_at_once smallint NOT NULL,
    networks character varying(50)[] NOT NULL,
    sso_required boolean NOT NULL,
    recovery_accounts uuid[] NOT NULL,
    password_length smallint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT members_accesspolicy_absolute_minutes_check CHECK ((absolute_minutes >= 0)),
    CONSTRAINT members_accesspolicy_admin_idle_minutes_check CHECK ((admin_idle_minutes >= 0)),
    CONSTRAINT members_accesspolicy_id_check CHECK ((id >= 0)),
    CONSTRAINT members_accesspolicy_idle_minutes_check CHECK ((idle_minutes >= 0)),
    CONSTRAINT members_accesspolicy_password_length_check CHECK ((password_length >= 0)),
    CONSTRAINT members_accesspolicy_sessions_at_once_check CHECK ((sessions_at_once >= 0)),
    CONSTRAINT one_access_policy CHECK ((id = 1)),
    CONSTRAINT second_factor_rule_is_known CHECK (((second_factor)::text = ANY ((ARRAY['optional'::character varying, 'by_role'::character varying, 'required'::character varying])::text[])))
);
CREATE TABLE __schema__.members_accessreview (
    id uuid NOT NULL,
    state character varying(12) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    reminded_at timestamp with time zone,
    rows jsonb NOT NULL,
    machines jsonb NOT NULL,
    visits jsonb NOT NULL,
    note text NOT NULL,
    CONSTRAINT access_review_state_is_known CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'signed_off'::character varying])::text[])))
);
CREATE TABLE __schema__.members_accesstoken (
    id uuid NOT NULL,
    purpose character varying(10) NOT NULL,
    name character varying(80) NOT NULL,
    scopes character varying(60)[] NOT NULL,
    networks character varying(50)[] NOT NULL,
    digest character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by text,
    warned_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT token_purpose_is_known CHECK (((purpose)::text = ANY ((ARRAY['api'::character varying, 'scim'::character varying])::text[]))),
    CONSTRAINT token_revoked_at_and_by_together CHECK ((((revoked_at IS NULL) AND (revoked_by IS NULL)) OR ((revoked_at IS NOT NULL) AND (revoked_by IS NOT NULL))))
);
CREATE TABLE __schema__.members_ceremony (
    key character varying(64) NOT NULL,
    kind character varying(20) NOT NULL,
    content jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE __schema__.members_contact (
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    full_name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    verified_at timestamp with time zone,
    verification_hash character varying(64) NOT NULL,
    verification_sent_at timestamp with time zone,
    bounced_at timestamp with time zone,
    subject_key_id uuid NOT NULL
);
CREATE TABLE __schema__.members_customrole (
    key character varying(30) NOT NULL,
    name character varying(60) NOT NULL,
    purpose character varying(200) NOT NULL,
    permissions character varying(60)[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    retired_at timestamp with time zone,
    retired_by text,
    CONSTRAINT custom_role_key_is_generated CHECK (((key)::text ~ '^c_[a-f0-9]{8}$'::text)),
    CONSTRAINT custom_role_retired_at_and_by_together CHECK ((((retired_at IS NULL) AND (retired_by IS NULL)) OR ((retired_at IS NOT NULL) AND (retired_by IS NOT NULL))))
);
CREATE TABLE __schema__.members_email (
    id uuid NOT NULL,
    "to" text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    html text NOT NULL,
    about character varying(120) NOT NULL,
    template character varying(60) NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    next_try_at timestamp with time zone,
    tries integer NOT NULL,
    last_error text NOT NULL,
    bounced_at timestamp with time zone,
    subject_key_id uuid NOT NULL,
    unsubscribe text NOT NULL,
    CONSTRAINT email_state_is_known CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'sent'::character varying, 'failed'::character varying])::text[]))),
    CONSTRAINT email_waits_exactly_while_queued CHECK ((((next_try_at IS NOT NULL) AND ((state)::text = 'queued'::text)) OR ((NOT ((state)::text = 'queued'::text)) AND (next_try_at IS NULL)))),
    CONSTRAINT members_email_tries_check CHECK ((tries >= 0))
);
CREATE TABLE __schema__.members_emaildomain (
    domain character varying(253) NOT NULL,
    token character varying(64) NOT NULL,
    verified_at timestamp with time zone,
    checked_at timestamp with time zone,
    problem text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL
);
CREATE TABLE __schema__.members_factor (
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    name text NOT NULL,
    secret bytea NOT NULL,
    last_step bigint,
    credential_id text,
    public_key text NOT NULL,
    sign_count bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    last_used_at timestamp with time zone,
    removed_at timestamp with time zone,
    subject_key_id uuid NOT NULL,
    user_id uuid NOT NULL,
    CONSTRAINT factor_has_a_credential_exactly_when_a_passkey CHECK ((((credential_id IS NOT NULL) AND ((kind)::text = 'passkey'::text)) OR ((credential_id IS NULL) AND ((kind)::text = 'totp'::text)))),
    CONSTRAINT factor_kind_is_known CHECK (((kind)::text = ANY ((ARRAY['totp'::character varying, 'passkey'::character varying])::text[])))
);
CREATE TABLE __schema__.members_factorreset (
    id uuid NOT NULL,
    state character varying(10) NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    asked_by_id uuid NOT NULL,
    decided_by_id uuid,
    user_id uuid NOT NULL,
    CONSTRAINT factor_reset_decided_at_and_by_together CHECK ((((decided_at IS NULL) AND (decided_by_id IS NULL) AND ((state)::text = 'asked'::text)) OR ((NOT ((state)::text = 'asked'::text)) AND (decided_at IS NOT NULL) AND (decided_by_id IS NOT NULL)))),
    CONSTRAINT factor_reset_is_decided_by_another_person CHECK (((decided_by_id IS NULL) OR ((NOT ((decided_by_id = asked_by_id) AND (decided_by_id IS NOT NULL))) AND (NOT ((decided_by_id = user_id) AND (decided_by_id IS NOT NULL)))))),
    CONSTRAINT factor_reset_state_is_known CHECK (((state)::text = ANY ((ARRAY['asked'::character varying, 'approved'::character varying, 'declined'::character varying])::text[])))
);
CREATE TABLE __schema__.members_federatedidentity (
    key character varying(64) NOT NULL,
    subject text NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    linked_by text NOT NULL,
    last_used_at timestamp with time zone,
    subject_key_id uuid NOT NULL,
    user_id uuid NOT NULL,
    provider_id uuid NOT NULL
);
CREATE TABLE __schema__.members_historicalaccesspolicy (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id smallint NOT NULL,
    second_factor character varying(10) NOT NULL,
    second_factor_roles character varying(30)[] NOT NULL,
    idle_minutes integer NOT NULL,
    admin_idle_minutes integer NOT NULL,
    absolute_minutes integer NOT NULL,
    sessions_at_once smallint NOT NULL,
    networks character varying(50)[] NOT NULL,
    sso_required boolean NOT NULL,
    recovery_accounts uuid[] NOT NULL,
    password_length smallint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    changed_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalaccesspolicy_absolute_minutes_check CHECK ((absolute_minutes >= 0)),
    CONSTRAINT members_historicalaccesspolicy_admin_idle_minutes_check CHECK ((admin_idle_minutes >= 0)),
    CONSTRAINT members_historicalaccesspolicy_id_check CHECK ((id >= 0)),
    CONSTRAINT members_historicalaccesspolicy_idle_minutes_check CHECK ((idle_minutes >= 0)),
    CONSTRAINT members_historicalaccesspolicy_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT members_historicalaccesspolicy_password_length_check CHECK ((password_length >= 0)),
    CONSTRAINT members_historicalaccesspolicy_sessions_at_once_check CHECK ((sessions_at_once >= 0))
);
CREATE TABLE __schema__.members_historicalaccessreview (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    state character varying(12) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    rows jsonb NOT NULL,
    machines jsonb NOT NULL,
    visits jsonb NOT NULL,
    note text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalaccessreview_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalaccesstoken (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    purpose character varying(10) NOT NULL,
    name character varying(80) NOT NULL,
    scopes character varying(60)[] NOT NULL,
    networks character varying(50)[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by text,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalaccesstoken_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalcontact (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    full_name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    verified_at timestamp with time zone,
    verification_sent_at timestamp with time zone,
    bounced_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT members_historicalcontact_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalcustomrole (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    key character varying(30) NOT NULL,
    name character varying(60) NOT NULL,
    purpose character varying(200) NOT NULL,
    permissions character varying(60)[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    retired_at timestamp with time zone,
    retired_by text,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalcustomrole_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalemaildomain (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    domain character varying(253) NOT NULL,
    token character varying(64) NOT NULL,
    verified_at timestamp with time zone,
    problem text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalemaildomain_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalfactor (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    name text NOT NULL,
    credential_id text,
    public_key text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    removed_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    user_id uuid,
    CONSTRAINT members_historicalfactor_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalfactorreset (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    state character varying(10) NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    asked_by_id uuid,
    decided_by_id uuid,
    user_id uuid,
    CONSTRAINT members_historicalfactorreset_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalfederatedidentity (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    key character varying(64) NOT NULL,
    subject text NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    linked_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text CONSTRAINT members_historicalfederatedident_history_change_reason_not_null NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    user_id uuid,
    provider_id uuid,
    CONSTRAINT members_historicalfederatedidentity_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalidentitycheck (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    full_name text NOT NULL,
    method character varying(20) NOT NULL,
    note text NOT NULL,
    verified_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    user_id uuid,
    verified_by_id uuid,
    withdrawn_by_id uuid,
    CONSTRAINT members_historicalidentitycheck_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalidentityprovider (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    name character varying(80) NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    issuer character varying(500) NOT NULL,
    settings jsonb NOT NULL,
    mapping jsonb NOT NULL,
    create_accounts boolean NOT NULL,
    trusts_second_factor boolean CONSTRAINT members_historicalidentityprovide_trusts_second_factor_not_null NOT NULL,
    can_sign boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text CONSTRAINT members_historicalidentityprovid_history_change_reason_not_null NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalidentityprovider_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalinvitation (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    invited_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    user_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT members_historicalinvitation_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalpolicyacceptance (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    accepted_at timestamp with time zone NOT NULL,
    history_user_id uuid,
    history_change_reason text CONSTRAINT members_historicalpolicyacceptan_history_change_reason_not_null NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    user_id uuid,
    policy_id integer,
    CONSTRAINT members_historicalpolicyacceptance_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalprovisionedgroup (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    display_name character varying(255) NOT NULL,
    external_id character varying(255) NOT NULL,
    members uuid[] NOT NULL,
    role character varying(30) NOT NULL,
    given_to uuid[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    history_user_id uuid,
    history_change_reason text CONSTRAINT members_historicalprovisionedgro_history_change_reason_not_null NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalprovisionedgroup_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalrolegrant (
    id bigint NOT NULL,
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    role character varying(30) NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    granted_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    user_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    custom_id character varying(30),
    CONSTRAINT members_historicalrolegrant_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicalsafeguard (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    locked_until timestamp with time zone,
    recovery_left smallint NOT NULL,
    recovery_made_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalsafeguard_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT members_historicalsafeguard_recovery_left_check CHECK ((recovery_left >= 0))
);
CREATE TABLE __schema__.members_historicalsigningpolicy (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    version integer NOT NULL,
    text text NOT NULL,
    series_minutes smallint NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    certified_on date,
    certification_note text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    published_by_id uuid,
    CONSTRAINT members_historicalsigningpolicy_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT members_historicalsigningpolicy_series_minutes_check CHECK ((series_minutes >= 0)),
    CONSTRAINT members_historicalsigningpolicy_version_check CHECK ((version >= 0))
);
CREATE TABLE __schema__.members_historicalstaffentry (
    actor_name text NOT NULL,
    actor_key_id uuid,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    ledger_version integer,
    id uuid NOT NULL,
    visitor_id uuid NOT NULL,
    visitor text NOT NULL,
    reason text NOT NULL,
    ticket character varying(80) NOT NULL,
    approved_by text NOT NULL,
    approved_at timestamp with time zone NOT NULL,
    may_write boolean NOT NULL,
    write_reason text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    entered_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by text,
    ended_because text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    CONSTRAINT members_historicalstaffentry_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_historicaluser (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    full_name text NOT NULL,
    job_title text NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deactivated_at timestamp with time zone,
    deactivated_by text,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    external_id character varying(255) NOT NULL,
    managed_by character varying(10) NOT NULL,
    password_changed_at timestamp with time zone,
    CONSTRAINT members_historicaluser_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.members_identitycheck (
    id uuid NOT NULL,
    full_name text NOT NULL,
    method character varying(20) NOT NULL,
    note text NOT NULL,
    verified_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone,
    subject_key_id uuid NOT NULL,
    user_id uuid NOT NULL,
    verified_by_id uuid NOT NULL,
    withdrawn_by_id uuid,
    CONSTRAINT identity_check_is_by_another_person CHECK ((NOT (verified_by_id = user_id))),
    CONSTRAINT identity_check_method_is_known CHECK (((method)::text = ANY ((ARRAY['document_in_person'::character varying, 'document_by_video'::character varying, 'electronic_id'::character varying, 'employment_record'::character varying])::text[]))),
    CONSTRAINT identity_check_withdrawn_at_and_by_together CHECK ((((withdrawn_at IS NULL) AND (withdrawn_by_id IS NULL)) OR ((withdrawn_at IS NOT NULL) AND (withdrawn_by_id IS NOT NULL))))
);
CREATE TABLE __schema__.members_identityprovider (
    id uuid NOT NULL,
    kind character varying(10) NOT NULL,
    name character varying(80) NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    issuer character varying(500) NOT NULL,
    settings jsonb NOT NULL,
    mapping jsonb NOT NULL,
    secret bytea NOT NULL,
    create_accounts boolean NOT NULL,
    trusts_second_factor boolean NOT NULL,
    can_sign boolean NOT NULL,
    last_test jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT identity_provider_kind_is_known CHECK (((kind)::text = ANY ((ARRAY['oidc'::character varying, 'saml'::character varying])::text[]))),
    CONSTRAINT identity_provider_state_is_known CHECK (((state)::text = ANY ((ARRAY['draft'::character varying, 'active'::character varying, 'off'::character varying])::text[])))
);
CREATE TABLE __schema__.members_invitation (
    id uuid NOT NULL,
    token_hash character varying(64) NOT NULL,
    invited_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    user_id uuid NOT NULL
);
CREATE TABLE __schema__.members_passwordreset (
    token_hash character varying(64) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    user_id uuid NOT NULL
);
CREATE TABLE __schema__.members_policyacceptance (
    id uuid NOT NULL,
    accepted_at timestamp with time zone NOT NULL,
    user_id uuid NOT NULL,
    policy_id integer NOT NULL
);
CREATE TABLE __schema__.members_provisionedgroup (
    id uuid NOT NULL,
    display_name character varying(255) NOT NULL,
    external_id character varying(255) NOT NULL,
    members uuid[] NOT NULL,
    role character varying(30) NOT NULL,
    given_to uuid[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE __schema__.members_rolegrant (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    role character varying(30) NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    granted_by text NOT NULL,
    user_id uuid NOT NULL,
    custom_id character varying(30),
    CONSTRAINT granted_role_is_in_the_catalogue_or_made_here CHECK ((((custom_id IS NULL) AND ((role)::text = ANY ((ARRAY['tenant_admin'::character varying, 'privacy_officer'::character varying, 'security_officer'::character varying, 'member'::character varying, 'auditor'::character varying, 'platform_admin'::character varying, 'trust_editor'::character varying, 'legal'::character varying, 'security_team'::character varying, 'support'::character varying, 'staff_auditor'::character varying])::text[]))) OR ((custom_id IS NOT NULL) AND ((role)::text = (custom_id)::text))))
);
CREATE TABLE __schema__.members_safeguard (
    id uuid NOT NULL,
    failed_at timestamp with time zone[] NOT NULL,
    locked_until timestamp with time zone,
    recovery_digests character varying(64)[] NOT NULL,
    recovery_left smallint NOT NULL,
    recovery_made_at timestamp with time zone,
    CONSTRAINT members_safeguard_recovery_left_check CHECK ((recovery_left >= 0))
);
CREATE TABLE __schema__.members_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL,
    user_id uuid,
    entry_id uuid,
    method character varying(20) NOT NULL,
    opened_at timestamp with time zone,
    seen_at timestamp with time zone,
    provider_id uuid,
    provider_subject character varying(64) NOT NULL,
    provider_session character varying(64) NOT NULL
);
CREATE TABLE __schema__.members_signingpolicy (
    version integer NOT NULL,
    text text NOT NULL,
    series_minutes smallint NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    certified_on date,
    certification_note text NOT NULL,
    published_by_id uuid,
    CONSTRAINT members_signingpolicy_series_minutes_check CHECK ((series_minutes >= 0)),
    CONSTRAINT members_signingpolicy_version_check CHECK ((version >= 0)),
    CONSTRAINT signing_series_is_at_most_an_hour CHECK ((series_minutes <= 60))
);
CREATE TABLE __schema__.members_staffentry (
    id uuid NOT NULL,
    visitor_id uuid NOT NULL,
    visitor text NOT NULL,
    reason text NOT NULL,
    ticket character varying(80) NOT NULL,
    approved_by text NOT NULL,
    approved_at timestamp with time zone NOT NULL,
    may_write boolean NOT NULL,
    write_reason text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    entered_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_by text,
    ended_because text NOT NULL,
    CONSTRAINT staff_entry_ended_at_and_by_together CHECK ((((ended_at IS NULL) AND (ended_by IS NULL)) OR ((ended_at IS NOT NULL) AND (ended_by IS NOT NULL))))
);
CREATE TABLE __schema__.members_user (
    password character varying(128) NOT NULL,
    id uuid NOT NULL,
    email text NOT NULL,
    email_index character varying(64) NOT NULL,
    full_name text NOT NULL,
    job_title text NOT NULL,
    is_active boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deactivated_at timestamp with time zone,
    deactivated_by text,
    last_sign_in_at timestamp with time zone,
    failed_sign_ins integer NOT NULL,
    locked_until timestamp with time zone,
    session_epoch integer NOT NULL,
    subject_key_id uuid NOT NULL,
    external_id character varying(255) NOT NULL,
    former_passwords character varying(256)[] NOT NULL,
    managed_by character varying(10) NOT NULL,
    password_changed_at timestamp with time zone,
    CONSTRAINT members_user_failed_sign_ins_check CHECK ((failed_sign_ins >= 0)),
    CONSTRAINT members_user_session_epoch_check CHECK ((session_epoch >= 0)),
    CONSTRAINT user_deactivated_at_and_by_together CHECK ((((deactivated_at IS NULL) AND (deactivated_by IS NULL)) OR ((deactivated_at IS NOT NULL) AND (deactivated_by IS NOT NULL)))),
    CONSTRAINT user_is_active_or_deactivated CHECK ((((deactivated_at IS NULL) AND is_active) OR ((deactivated_at IS NOT NULL) AND (NOT is_active))))
);
CREATE TABLE __schema__.privacy_affectedtenant (
    subject_categories text NOT NULL,
    subjects_number bigint,
    subjects_unknown_because text NOT NULL,
    record_categories text NOT NULL,
    records_number bigint,
    records_unknown_because text NOT NULL,
    unknown_yet jsonb NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    tenant_name character varying(120) NOT NULL,
    particulars text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    notified_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    incident_id uuid NOT NULL,
    CONSTRAINT notified_tenant_is_not_removed CHECK (((removed_at IS NULL) OR (notified_at IS NULL))),
    CONSTRAINT privacy_affectedtenant_records_number_check CHECK ((records_number >= 0)),
    CONSTRAINT privacy_affectedtenant_subjects_number_check CHECK ((subjects_number >= 0))
);
CREATE TABLE __schema__.privacy_alarm (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    due_at timestamp with time zone NOT NULL,
    rung_at timestamp with time zone NOT NULL,
    deadline_id uuid NOT NULL
);
CREATE TABLE __schema__.privacy_deadline (
    id uuid NOT NULL,
    subject character varying(120) NOT NULL,
    kind character varying(30) NOT NULL,
    basis character varying(10) NOT NULL,
    title character varying(120) NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    last_day date,
    time_zone character varying(64) NOT NULL,
    calendar_version character varying(60) NOT NULL,
    computation jsonb NOT NULL,
    alarms jsonb NOT NULL,
    next_alarm_at timestamp with time zone,
    met_at timestamp with time zone,
    CONSTRAINT deadline_alarms_only_while_open CHECK (((next_alarm_at IS NULL) OR ((state)::text = ANY ((ARRAY['running'::character varying, 'suspended'::character varying, 'missed'::character varying])::text[])))),
    CONSTRAINT deadline_basis_is_known CHECK (((basis)::text = ANY ((ARRAY['law'::character varying, 'promise'::character varying, 'target'::character varying])::text[]))),
    CONSTRAINT deadline_ends_after_it_starts CHECK ((due_at > started_at)),
    CONSTRAINT deadline_met_has_its_moment CHECK ((((met_at IS NOT NULL) AND ((state)::text = 'met'::text)) OR ((NOT ((state)::text = 'met'::text)) AND (met_at IS NULL)))),
    CONSTRAINT deadline_state_is_known CHECK (((state)::text = ANY ((ARRAY['running'::character varying, 'suspended'::character varying, 'met'::character varying, 'missed'::character varying, 'ended'::character varying])::text[])))
);
CREATE TABLE __schema__.privacy_delivery (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    recipient character varying(60) NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    escalate_at timestamp with time zone NOT NULL,
    escalated_at timestamp with time zone,
    email_id uuid NOT NULL,
    notice_id uuid NOT NULL
);
CREATE TABLE __schema__.privacy_historicalaffectedtenant (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    subject_categories text NOT NULL,
    subjects_number bigint,
    subjects_unknown_because text CONSTRAINT privacy_historicalaffectedten_subjects_unknown_because_not_null NOT NULL,
    record_categories text NOT NULL,
    records_number bigint,
    records_unknown_because text CONSTRAINT privacy_historicalaffectedtena_records_unknown_because_not_null NOT NULL,
    unknown_yet jsonb NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    tenant_name character varying(120) NOT NULL,
    particulars text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone,
    notified_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    incident_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalaffectedtenant_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT privacy_historicalaffectedtenant_records_number_check CHECK ((records_number >= 0)),
    CONSTRAINT privacy_historicalaffectedtenant_subjects_number_check CHECK ((subjects_number >= 0))
);
CREATE TABLE __schema__.privacy_historicaldeadline (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    subject character varying(120) NOT NULL,
    kind character varying(30) NOT NULL,
    basis character varying(10) NOT NULL,
    title character varying(120) NOT NULL,
    state character varying(10) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    last_day date,
    time_zone character varying(64) NOT NULL,
    calendar_version character varying(60) NOT NULL,
    computation jsonb NOT NULL,
    alarms jsonb NOT NULL,
    met_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicaldeadline_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.privacy_historicalincident (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    subject_categories text NOT NULL,
    subjects_number bigint,
    subjects_unknown_because text NOT NULL,
    record_categories text NOT NULL,
    records_number bigint,
    records_unknown_because text NOT NULL,
    unknown_yet jsonb NOT NULL,
    id uuid NOT NULL,
    reference character varying(20) NOT NULL,
    state character varying(20) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    state_reason text NOT NULL,
    logged_at timestamp with time zone NOT NULL,
    logged_by_id uuid,
    logged_by text NOT NULL,
    title character varying(160) NOT NULL,
    description text NOT NULL,
    natures jsonb NOT NULL,
    own_data boolean NOT NULL,
    told_by_processor boolean NOT NULL,
    detected_at timestamp with time zone NOT NULL,
    investigation_started_at timestamp with time zone,
    aware_at timestamp with time zone,
    awareness_reason text NOT NULL,
    certainty text NOT NULL,
    decided_by text NOT NULL,
    subprocessor character varying(160) NOT NULL,
    subprocessor_told_at timestamp with time zone,
    likely_consequences text NOT NULL,
    measures_taken text NOT NULL,
    measures_proposed text NOT NULL,
    recommended_actions text NOT NULL,
    contact_name text NOT NULL,
    contact_email text NOT NULL,
    contact_phone text NOT NULL,
    notification character varying(20) NOT NULL,
    notification_reason text NOT NULL,
    authority character varying(160) NOT NULL,
    authority_reference character varying(160) NOT NULL,
    authority_told_at timestamp with time zone,
    authority_delay_reasons text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalincident_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT privacy_historicalincident_records_number_check CHECK ((records_number >= 0)),
    CONSTRAINT privacy_historicalincident_subjects_number_check CHECK ((subjects_number >= 0))
);
CREATE TABLE __schema__.privacy_historicalnotice (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    what_is_new text NOT NULL,
    delay_reasons text NOT NULL,
    next_update_at timestamp with time zone,
    state_changed_at timestamp with time zone NOT NULL,
    controller_safe_at timestamp with time zone,
    controller_limit_at timestamp with time zone,
    controller_zone character varying(64) NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text NOT NULL,
    acknowledgement text NOT NULL,
    state character varying(20) NOT NULL,
    writers jsonb NOT NULL,
    written_by text NOT NULL,
    drafted_at timestamp with time zone NOT NULL,
    next_update_hours integer,
    approved_at timestamp with time zone,
    approved_by text,
    sent_at timestamp with time zone,
    sent_by text,
    sent_to text NOT NULL,
    mail_trouble text NOT NULL,
    mail_trouble_at timestamp with time zone,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    affected_id uuid,
    subject_key_id uuid,
    supersedes_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalnotice_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT privacy_historicalnotice_next_update_hours_check CHECK ((next_update_hours >= 0)),
    CONSTRAINT privacy_historicalnotice_version_check CHECK ((version >= 0))
);
CREATE TABLE __schema__.privacy_historicalreceivednotice (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    what_is_new text NOT NULL,
    delay_reasons text NOT NULL,
    next_update_at timestamp with time zone,
    state_changed_at timestamp with time zone NOT NULL,
    controller_safe_at timestamp with time zone,
    controller_limit_at timestamp with time zone,
    controller_zone character varying(64) NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text NOT NULL,
    acknowledgement text NOT NULL,
    state character varying(20) NOT NULL,
    reference character varying(20) NOT NULL,
    aware_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone NOT NULL,
    acknowledged_by_id uuid,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    subject_key_id uuid,
    case_id uuid,
    supersedes_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalreceivednotice_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT privacy_historicalreceivednotice_version_check CHECK ((version >= 0))
);
CREATE TABLE __schema__.privacy_historicalrequestfile (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    id uuid NOT NULL,
    purpose character varying(10) NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    size integer NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    content_key_id uuid,
    request_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalrequestfile_ledger_version_check CHECK ((ledger_version >= 0)),
    CONSTRAINT privacy_historicalrequestfile_size_check CHECK ((size >= 0))
);
CREATE TABLE __schema__.privacy_historicalrequestnote (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    id uuid NOT NULL,
    text text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    written_by text NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    content_key_id uuid,
    request_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalrequestnote_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.privacy_historicalsubjectrequest (
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    actor_kind character varying(10) NOT NULL,
    request_id character varying(64) NOT NULL,
    id uuid NOT NULL,
    reference character varying(20) NOT NULL,
    state character varying(20) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    "right" character varying(20) NOT NULL,
    subject_name text NOT NULL,
    subject_email text NOT NULL,
    identifiers text NOT NULL,
    details text NOT NULL,
    relation character varying(20) NOT NULL,
    channel character varying(20) NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_first_at timestamp with time zone,
    late_entry_reason text NOT NULL,
    filed_at timestamp with time zone NOT NULL,
    filed_by text NOT NULL,
    email_confirmed_at timestamp with time zone,
    identity_asked_at timestamp with time zone,
    identity_doubt text NOT NULL,
    identity_asked_for text NOT NULL,
    validated_at timestamp with time zone,
    validated_by text,
    validation_check character varying(20) NOT NULL,
    validation_note text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    answer text NOT NULL,
    checklist text NOT NULL,
    answer_open_until timestamp with time zone,
    refusal_ground character varying(20) NOT NULL,
    refusal_reasons text NOT NULL,
    refusal_evidence text NOT NULL,
    refusal_complaint text NOT NULL,
    refusal_remedy text NOT NULL,
    for_tenant uuid,
    for_tenant_name character varying(120) NOT NULL,
    handed_over_at timestamp with time zone,
    handed_over_by text,
    handed_over_reference character varying(20) NOT NULL,
    taken_by text NOT NULL,
    taken_reference character varying(20) NOT NULL,
    history_user_id uuid,
    history_change_reason text NOT NULL,
    history_id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    history_date timestamp with time zone NOT NULL,
    history_type character varying(1) NOT NULL,
    assignee_id uuid,
    content_key_id uuid,
    subject_key_id uuid,
    actor_key_id uuid,
    ledger_version integer,
    CONSTRAINT privacy_historicalsubjectrequest_ledger_version_check CHECK ((ledger_version >= 0))
);
CREATE TABLE __schema__.privacy_incident (
    subject_categories text NOT NULL,
    subjects_number bigint,
    subjects_unknown_because text NOT NULL,
    record_categories text NOT NULL,
    records_number bigint,
    records_unknown_because text NOT NULL,
    unknown_yet jsonb NOT NULL,
    id uuid NOT NULL,
    reference character varying(20) NOT NULL,
    form_token uuid,
    state character varying(20) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    state_reason text NOT NULL,
    logged_at timestamp with time zone NOT NULL,
    logged_by_id uuid,
    logged_by text NOT NULL,
    title character varying(160) NOT NULL,
    description text NOT NULL,
    natures jsonb NOT NULL,
    own_data boolean NOT NULL,
    told_by_processor boolean NOT NULL,
    detected_at timestamp with time zone NOT NULL,
    investigation_started_at timestamp with time zone,
    aware_at timestamp with time zone,
    awareness_reason text NOT NULL,
    certainty text NOT NULL,
    decided_by text NOT NULL,
    subprocessor character varying(160) NOT NULL,
    subprocessor_told_at timestamp with time zone,
    likely_consequences text NOT NULL,
    measures_taken text NOT NULL,
    measures_proposed text NOT NULL,
    recommended_actions text NOT NULL,
    contact_name text NOT NULL,
    contact_email text NOT NULL,
    contact_phone text NOT NULL,
    notification character varying(20) NOT NULL,
    notification_reason text NOT NULL,
    authority character varying(160) NOT NULL,
    authority_reference character varying(160) NOT NULL,
    authority_told_at timestamp with time zone,
    authority_delay_reasons text NOT NULL,
    subject_key_id uuid NOT NULL,
    CONSTRAINT incident_authority_told_is_named CHECK (((authority_told_at IS NULL) OR (NOT ((authority)::text = ''::text)))),
    CONSTRAINT incident_aware_not_before_detected CHECK (((aware_at IS NULL) OR (aware_at >= detected_at))),
    CONSTRAINT incident_breach_has_its_awareness CHECK (((NOT ((state)::text = ANY ((ARRAY['confirmed_breach'::character varying, 'contained'::character varying])::text[]))) OR (aware_at IS NOT NULL))),
    CONSTRAINT incident_not_notifiable_has_a_reason CHECK (((NOT ((notification)::text = 'not_notifiable'::text)) OR (NOT (notification_reason = ''::text)))),
    CONSTRAINT incident_state_is_known CHECK (((state)::text = ANY ((ARRAY['logged'::character varying, 'assessing'::character varying, 'confirmed_breach'::character varying, 'no_breach'::character varying, 'contained'::character varying, 'closed'::character varying])::text[]))),
    CONSTRAINT privacy_incident_records_number_check CHECK ((records_number >= 0)),
    CONSTRAINT privacy_incident_subjects_number_check CHECK ((subjects_number >= 0))
);
CREATE TABLE __schema__.privacy_notice (
    id uuid NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    what_is_new text NOT NULL,
    delay_reasons text NOT NULL,
    next_update_at timestamp with time zone,
    state_changed_at timestamp with time zone NOT NULL,
    controller_safe_at timestamp with time zone,
    controller_limit_at timestamp with time zone,
    controller_zone character varying(64) NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text NOT NULL,
    acknowledgement text NOT NULL,
    state character varying(20) NOT NULL,
    writers jsonb NOT NULL,
    written_by text NOT NULL,
    drafted_at timestamp with time zone NOT NULL,
    next_update_hours integer,
    approved_at timestamp with time zone,
    approved_by text,
    sent_at timestamp with time zone,
    sent_by text,
    sent_to text NOT NULL,
    mail_trouble text NOT NULL,
    mail_trouble_at timestamp with time zone,
    affected_id uuid NOT NULL,
    subject_key_id uuid NOT NULL,
    supersedes_id uuid,
    CONSTRAINT notice_acknowledged_at_and_by_together CHECK ((((acknowledged_at IS NULL) AND (acknowledged_by = ''::text)) OR ((acknowledged_at IS NOT NULL) AND (NOT (acknowledged_by = ''::text))))),
    CONSTRAINT notice_approved_at_and_by_together CHECK ((((approved_at IS NULL) AND (approved_by IS NULL)) OR ((approved_at IS NOT NULL) AND (approved_by IS NOT NULL)))),
    CONSTRAINT notice_later_version_says_what_is_new CHECK (((version = 1) OR (NOT (what_is_new = ''::text)))),
    CONSTRAINT notice_sent_was_approved CHECK ((((sent_at IS NULL) AND (sent_by IS NULL)) OR ((approved_at IS NOT NULL) AND (sent_at IS NOT NULL) AND (sent_by IS NOT NULL)))),
    CONSTRAINT notice_state_is_known CHECK (((state)::text = ANY ((ARRAY['draft'::character varying, 'approved'::character varying, 'sent'::character varying, 'acknowledged'::character varying])::text[]))),
    CONSTRAINT privacy_notice_next_update_hours_check CHECK ((next_update_hours >= 0)),
    CONSTRAINT privacy_notice_version_check CHECK ((version >= 0))
);
CREATE TABLE __schema__.privacy_receivednotice (
    id uuid NOT NULL,
    version integer NOT NULL,
    content text NOT NULL,
    what_is_new text NOT NULL,
    delay_reasons text NOT NULL,
    next_update_at timestamp with time zone,
    state_changed_at timestamp with time zone NOT NULL,
    controller_safe_at timestamp with time zone,
    controller_limit_at timestamp with time zone,
    controller_zone character varying(64) NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text NOT NULL,
    acknowledgement text NOT NULL,
    state character varying(20) NOT NULL,
    reference character varying(20) NOT NULL,
    aware_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone NOT NULL,
    acknowledged_by_id uuid,
    remind_at timestamp with time zone,
    case_id uuid NOT NULL,
    subject_key_id uuid NOT NULL,
    supersedes_id uuid,
    CONSTRAINT privacy_receivednotice_version_check CHECK ((version >= 0)),
    CONSTRAINT received_notice_acknowledged_at_and_by_together CHECK ((((acknowledged_at IS NULL) AND (acknowledged_by = ''::text) AND ((state)::text = 'delivered'::text)) OR ((acknowledged_at IS NOT NULL) AND ((state)::text = 'acknowledged'::text) AND (NOT (acknowledged_by = ''::text))))),
    CONSTRAINT received_notice_state_is_known CHECK (((state)::text = ANY ((ARRAY['delivered'::character varying, 'acknowledged'::character varying])::text[])))
);
CREATE TABLE __schema__.privacy_requestcounter (
    year integer NOT NULL,
    last integer NOT NULL,
    CONSTRAINT privacy_requestcounter_last_check CHECK ((last >= 0)),
    CONSTRAINT privacy_requestcounter_year_check CHECK ((year >= 0))
);
CREATE TABLE __schema__.privacy_requestfile (
    id uuid NOT NULL,
    purpose character varying(10) NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    size integer NOT NULL,
    content bytea NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    form_token uuid,
    content_key_id uuid NOT NULL,
    request_id uuid NOT NULL,
    CONSTRAINT privacy_requestfile_size_check CHECK ((size >= 0)),
    CONSTRAINT request_file_purpose_is_known CHECK (((purpose)::text = ANY ((ARRAY['evidence'::character varying, 'answer'::character varying])::text[])))
);
CREATE TABLE __schema__.privacy_requestlink (
    token_hash character varying(64) NOT NULL,
    door character varying(10) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    request_id uuid NOT NULL
);
CREATE TABLE __schema__.privacy_requestlinkuse (
    id bigint DEFAULT nextval('__schema__.history_number'::regclass) NOT NULL,
    what character varying(60) NOT NULL,
    used_at timestamp with time zone NOT NULL,
    used_from text NOT NULL,
    subject_key_id uuid NOT NULL,
    request_id uuid NOT NULL
);
CREATE TABLE __schema__.privacy_requestnote (
    id uuid NOT NULL,
    text text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    written_by text NOT NULL,
    form_token uuid,
    content_key_id uuid NOT NULL,
    request_id uuid NOT NULL
);
CREATE TABLE __schema__.privacy_subjectrequest (
    id uuid NOT NULL,
    reference character varying(20) NOT NULL,
    state character varying(20) NOT NULL,
    state_changed_at timestamp with time zone NOT NULL,
    "right" character varying(20) NOT NULL,
    subject_name text NOT NULL,
    subject_email text NOT NULL,
    email_index character varying(64) NOT NULL,
    name_words character varying(24)[] NOT NULL,
    identifiers text NOT NULL,
    details text NOT NULL,
    relation character varying(20) NOT NULL,
    channel character varying(20) NOT NULL,
    received_at timestamp with time zone NOT NULL,
    received_first_at timestamp with time zone,
    late_entry_reason text NOT NULL,
    filed_at timestamp with time zone NOT NULL,
    filed_by text NOT NULL,
    email_confirmed_at timestamp with time zone,
    form_token uuid,
    due_at timestamp with time zone NOT NULL,
    identity_asked_at timestamp with time zone,
    identity_doubt text NOT NULL,
    identity_asked_for text NOT NULL,
    validated_at timestamp with time zone,
    validated_by text,
    validation_check character varying(20) NOT NULL,
    validation_note text NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    answer text NOT NULL,
    checklist text NOT NULL,
    answer_open_until timestamp with time zone,
    refusal_ground character varying(20) NOT NULL,
    refusal_reasons text NOT NULL,
    refusal_evidence text NOT NULL,
    refusal_complaint text NOT NULL,
    refusal_remedy text NOT NULL,
    for_tenant uuid,
    for_tenant_name character varying(120) NOT NULL,
    handed_over_at timestamp with time zone,
    handed_over_by text,
    handed_over_reference character varying(20) NOT NULL,
    taken_by text NOT NULL,
    taken_reference character varying(20) NOT NULL,
    assignee_id uuid,
    content_key_id uuid NOT NULL,
    subject_key_id uuid NOT NULL,
    CONSTRAINT subject_request_closed_with_who_and_when CHECK ((((closed_at IS NOT NULL) AND (closed_by IS NOT NULL) AND ((state)::text = ANY ((ARRAY['delivered'::character varying, 'forwarded'::character varying, 'refused'::character varying, 'withdrawn'::character varying])::text[]))) OR ((NOT ((state)::text = ANY ((ARRAY['delivered'::character varying, 'forwarded'::character varying, 'refused'::character varying, 'withdrawn'::character varying])::text[]))) AND (closed_at IS NULL) AND (closed_by IS NULL)))),
    CONSTRAINT subject_request_delivered_with_answer_and_checklist CHECK (((NOT ((state)::text = 'delivered'::text)) OR ((NOT (answer = ''::text)) AND (NOT (checklist = ''::text))))),
    CONSTRAINT subject_request_forwarded_with_proof CHECK ((((for_tenant IS NOT NULL) AND (handed_over_at IS NOT NULL) AND (handed_over_by IS NOT NULL) AND ((state)::text = 'forwarded'::text) AND (NOT ((handed_over_reference)::text = ''::text))) OR ((NOT ((state)::text = 'forwarded'::text)) AND (handed_over_at IS NULL) AND (handed_over_by IS NULL) AND ((handed_over_reference)::text = ''::text)))),
    CONSTRAINT subject_request_is_worked_only_once_validated CHECK (((NOT ((state)::text = ANY ((ARRAY['delivered'::character varying, 'in_progress'::character varying, 'validated'::character varying])::text[]))) OR (validated_at IS NOT NULL))),
    CONSTRAINT subject_request_not_filed_before_it_was_received CHECK (((received_at <= filed_at) AND ((received_first_at IS NULL) OR (received_first_at <= filed_at)))),
    CONSTRAINT subject_request_refused_with_ground_and_three_parts CHECK (((NOT ((state)::text = 'refused'::text)) OR ((NOT ((refusal_ground)::text = ''::text)) AND (NOT (refusal_reasons = ''::text)) AND (NOT (refusal_complaint = ''::text)) AND (NOT (refusal_remedy = ''::text))))),
    CONSTRAINT subject_request_right_is_known CHECK ((("right")::text = ANY ((ARRAY['access'::character varying, 'rectification'::character varying, 'erasure'::character varying, 'restriction'::character varying, 'recipients'::character varying, 'portability'::character varying, 'objection'::character varying, 'automated'::character varying, 'consent'::character varying])::text[]))),
    CONSTRAINT subject_request_state_is_known CHECK (((state)::text = ANY ((ARRAY['received'::character varying, 'identity_pending'::character varying, 'validated'::character varying, 'in_progress'::character varying, 'delivered'::character varying, 'refused'::character varying, 'withdrawn'::character varying, 'forwarded'::character varying])::text[]))),
    CONSTRAINT subject_request_validated_at_by_and_check_together CHECK ((((validated_at IS NULL) AND (validated_by IS NULL) AND ((validation_check)::text = ''::text)) OR ((validated_at IS NOT NULL) AND (validated_by IS NOT NULL) AND (NOT ((validation_check)::text = ''::text)))))
);
ALTER TABLE ONLY __schema__.privacy_alarm
    ADD CONSTRAINT alarm_rings_once UNIQUE (deadline_id, due_at);
ALTER TABLE ONLY __schema__.audit_export
    ADD CONSTRAINT audit_export_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_exportpart
    ADD CONSTRAINT audit_exportpart_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_finding
    ADD CONSTRAINT audit_finding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_historicalexport
    ADD CONSTRAINT audit_historicalexport_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.audit_historicalfinding
    ADD CONSTRAINT audit_historicalfinding_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.audit_historicallogkey
    ADD CONSTRAINT audit_historicallogkey_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.audit_historicalsignature
    ADD CONSTRAINT audit_historicalsignature_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.audit_logkey
    ADD CONSTRAINT audit_logkey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_signature
    ADD CONSTRAINT audit_signature_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_subjectkey
    ADD CONSTRAINT audit_subjectkey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_tenantkey
    ADD CONSTRAINT audit_tenantkey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.audit_trailcheck
    ADD CONSTRAINT audit_trailcheck_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_accesspolicy
    ADD CONSTRAINT members_accesspolicy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_accessreview
    ADD CONSTRAINT members_accessreview_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_accesstoken
    ADD CONSTRAINT members_accesstoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_ceremony
    ADD CONSTRAINT members_ceremony_pkey PRIMARY KEY (key);
ALTER TABLE ONLY __schema__.members_contact
    ADD CONSTRAINT members_contact_kind_key UNIQUE (kind);
ALTER TABLE ONLY __schema__.members_contact
    ADD CONSTRAINT members_contact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_customrole
    ADD CONSTRAINT members_customrole_pkey PRIMARY KEY (key);
ALTER TABLE ONLY __schema__.members_email
    ADD CONSTRAINT members_email_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_emaildomain
    ADD CONSTRAINT members_emaildomain_pkey PRIMARY KEY (domain);
ALTER TABLE ONLY __schema__.members_factor
    ADD CONSTRAINT members_factor_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_factorreset
    ADD CONSTRAINT members_factorreset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_federatedidentity
    ADD CONSTRAINT members_federatedidentity_pkey PRIMARY KEY (key);
ALTER TABLE ONLY __schema__.members_historicalaccesspolicy
    ADD CONSTRAINT members_historicalaccesspolicy_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalaccessreview
    ADD CONSTRAINT members_historicalaccessreview_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalaccesstoken
    ADD CONSTRAINT members_historicalaccesstoken_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalcontact
    ADD CONSTRAINT members_historicalcontact_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalcustomrole
    ADD CONSTRAINT members_historicalcustomrole_pkey PRIMARY KEY (key, history_id);
ALTER TABLE ONLY __schema__.members_historicalemaildomain
    ADD CONSTRAINT members_historicalemaildomain_pkey PRIMARY KEY (domain, history_id);
ALTER TABLE ONLY __schema__.members_historicalfactor
    ADD CONSTRAINT members_historicalfactor_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalfactorreset
    ADD CONSTRAINT members_historicalfactorreset_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalfederatedidentity
    ADD CONSTRAINT members_historicalfederatedidentity_pkey PRIMARY KEY (key, history_id);
ALTER TABLE ONLY __schema__.members_historicalidentitycheck
    ADD CONSTRAINT members_historicalidentitycheck_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalidentityprovider
    ADD CONSTRAINT members_historicalidentityprovider_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalinvitation
    ADD CONSTRAINT members_historicalinvitation_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalpolicyacceptance
    ADD CONSTRAINT members_historicalpolicyacceptance_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalprovisionedgroup
    ADD CONSTRAINT members_historicalprovisionedgroup_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalrolegrant
    ADD CONSTRAINT members_historicalrolegrant_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalsafeguard
    ADD CONSTRAINT members_historicalsafeguard_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicalsigningpolicy
    ADD CONSTRAINT members_historicalsigningpolicy_pkey PRIMARY KEY (version, history_id);
ALTER TABLE ONLY __schema__.members_historicalstaffentry
    ADD CONSTRAINT members_historicalstaffentry_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_historicaluser
    ADD CONSTRAINT members_historicaluser_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.members_identitycheck
    ADD CONSTRAINT members_identitycheck_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_identityprovider
    ADD CONSTRAINT members_identityprovider_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_invitation
    ADD CONSTRAINT members_invitation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_invitation
    ADD CONSTRAINT members_invitation_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY __schema__.members_passwordreset
    ADD CONSTRAINT members_passwordreset_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY __schema__.members_policyacceptance
    ADD CONSTRAINT members_policyacceptance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_provisionedgroup
    ADD CONSTRAINT members_provisionedgroup_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_rolegrant
    ADD CONSTRAINT members_rolegrant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_safeguard
    ADD CONSTRAINT members_safeguard_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_session
    ADD CONSTRAINT members_session_pkey PRIMARY KEY (session_key);
ALTER TABLE ONLY __schema__.members_signingpolicy
    ADD CONSTRAINT members_signingpolicy_pkey PRIMARY KEY (version);
ALTER TABLE ONLY __schema__.members_staffentry
    ADD CONSTRAINT members_staffentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.members_user
    ADD CONSTRAINT members_user_email_index_key UNIQUE (email_index);
ALTER TABLE ONLY __schema__.members_user
    ADD CONSTRAINT members_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_notice
    ADD CONSTRAINT notice_version_once_a_tenant UNIQUE (affected_id, version);
ALTER TABLE ONLY __schema__.audit_logkey
    ADD CONSTRAINT one_log_key_of_a_version UNIQUE (purpose, version);
ALTER TABLE ONLY __schema__.audit_signature
    ADD CONSTRAINT one_signature_of_a_person_for_a_move UNIQUE (obj, pk, signed_version, to_state, signer_id);
ALTER TABLE ONLY __schema__.audit_tenantkey
    ADD CONSTRAINT one_tenant_key_of_a_purpose_and_version UNIQUE (purpose, version);
ALTER TABLE ONLY __schema__.audit_exportpart
    ADD CONSTRAINT one_trail_export_part_of_a_number UNIQUE (export_id, number);
ALTER TABLE ONLY __schema__.members_factor
    ADD CONSTRAINT passkey_registered_once UNIQUE (credential_id);
ALTER TABLE ONLY __schema__.privacy_affectedtenant
    ADD CONSTRAINT privacy_affectedtenant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_alarm
    ADD CONSTRAINT privacy_alarm_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_deadline
    ADD CONSTRAINT privacy_deadline_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_delivery
    ADD CONSTRAINT privacy_delivery_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_historicalaffectedtenant
    ADD CONSTRAINT privacy_historicalaffectedtenant_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicaldeadline
    ADD CONSTRAINT privacy_historicaldeadline_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicalincident
    ADD CONSTRAINT privacy_historicalincident_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicalnotice
    ADD CONSTRAINT privacy_historicalnotice_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicalreceivednotice
    ADD CONSTRAINT privacy_historicalreceivednotice_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicalrequestfile
    ADD CONSTRAINT privacy_historicalrequestfile_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicalrequestnote
    ADD CONSTRAINT privacy_historicalrequestnote_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_historicalsubjectrequest
    ADD CONSTRAINT privacy_historicalsubjectrequest_pkey PRIMARY KEY (id, history_id);
ALTER TABLE ONLY __schema__.privacy_incident
    ADD CONSTRAINT privacy_incident_form_token_key UNIQUE (form_token);
ALTER TABLE ONLY __schema__.privacy_incident
    ADD CONSTRAINT privacy_incident_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_incident
    ADD CONSTRAINT privacy_incident_reference_key UNIQUE (reference);
ALTER TABLE ONLY __schema__.privacy_notice
    ADD CONSTRAINT privacy_notice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_receivednotice
    ADD CONSTRAINT privacy_receivednotice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_requestcounter
    ADD CONSTRAINT privacy_requestcounter_pkey PRIMARY KEY (year);
ALTER TABLE ONLY __schema__.privacy_requestfile
    ADD CONSTRAINT privacy_requestfile_form_token_key UNIQUE (form_token);
ALTER TABLE ONLY __schema__.privacy_requestfile
    ADD CONSTRAINT privacy_requestfile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_requestlink
    ADD CONSTRAINT privacy_requestlink_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY __schema__.privacy_requestlinkuse
    ADD CONSTRAINT privacy_requestlinkuse_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_requestnote
    ADD CONSTRAINT privacy_requestnote_form_token_key UNIQUE (form_token);
ALTER TABLE ONLY __schema__.privacy_requestnote
    ADD CONSTRAINT privacy_requestnote_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_subjectrequest
    ADD CONSTRAINT privacy_subjectrequest_form_token_key UNIQUE (form_token);
ALTER TABLE ONLY __schema__.privacy_subjectrequest
    ADD CONSTRAINT privacy_subjectrequest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY __schema__.privacy_subjectrequest
    ADD CONSTRAINT privacy_subjectrequest_reference_key UNIQUE (reference);
ALTER TABLE ONLY __schema__.privacy_receivednotice
    ADD CONSTRAINT received_notice_version_once UNIQUE (case_id, version);
ALTER TABLE ONLY __schema__.members_rolegrant
    ADD CONSTRAINT role_granted_once UNIQUE (user_id, role);
ALTER TABLE ONLY __schema__.privacy_affectedtenant
    ADD CONSTRAINT tenant_affected_once_by_an_incident UNIQUE (incident_id, tenant_id);
CREATE INDEX deadline_next_alarm ON __schema__.privacy_deadline USING btree (next_alarm_at) WHERE (next_alarm_at IS NOT NULL);
CREATE INDEX deadline_subject ON __schema__.privacy_deadline USING btree (subject);
CREATE INDEX email_about ON __schema__.members_email USING btree (about);
CREATE INDEX email_failed ON __schema__.members_email USING btree (state_changed_at DESC) WHERE ((state)::text = 'failed'::text);
CREATE INDEX email_next_try ON __schema__.members_email USING btree (next_try_at) WHERE (next_try_at IS NOT NULL);
CREATE INDEX incident_newest ON __schema__.privacy_incident USING btree (logged_at DESC);
CREATE UNIQUE INDEX one_log_key_signs_at_a_time ON __schema__.audit_logkey USING btree (purpose) WHERE (retired_at IS NULL);
CREATE UNIQUE INDEX one_unsent_notice_a_tenant ON __schema__.privacy_notice USING btree (affected_id) WHERE ((state)::text = ANY ((ARRAY['draft'::character varying, 'approved'::character varying])::text[]));
CREATE INDEX privacy_delivery_notice_id_4fc72821 ON __schema__.privacy_delivery USING btree (notice_id);
CREATE INDEX privacy_requestfile_request_id_f314f052 ON __schema__.privacy_requestfile USING btree (request_id);
CREATE INDEX privacy_requestlinkuse_request_id_5da11e85 ON __schema__.privacy_requestlinkuse USING btree (request_id);
CREATE INDEX privacy_requestnote_request_id_6d026a90 ON __schema__.privacy_requestnote USING btree (request_id);
CREATE INDEX received_notice_newest ON __schema__.privacy_receivednotice USING btree (delivered_at DESC);
CREATE INDEX received_notice_remind ON __schema__.privacy_receivednotice USING btree (remind_at) WHERE (remind_at IS NOT NULL);
CREATE INDEX request_link_expires ON __schema__.privacy_requestlink USING btree (expires_at);
CREATE INDEX session_of_person ON __schema__.members_session USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX signature_of_record ON __schema__.audit_signature USING btree (obj, pk, signed_version);
CREATE INDEX subject_request_assignee_due ON __schema__.privacy_subjectrequest USING btree (assignee_id, due_at, id);
CREATE INDEX subject_request_due ON __schema__.privacy_subjectrequest USING btree (due_at, id);
CREATE INDEX subject_request_email ON __schema__.privacy_subjectrequest USING btree (email_index) WHERE (NOT ((email_index)::text = ''::text));
CREATE INDEX subject_request_name_words ON __schema__.privacy_subjectrequest USING gin (name_words);
CREATE INDEX subject_request_open_assignee ON __schema__.privacy_subjectrequest USING btree (assignee_id, due_at, id) WHERE (closed_at IS NULL);
CREATE INDEX subject_request_open_due ON __schema__.privacy_subjectrequest USING btree (due_at, id) WHERE (closed_at IS NULL);
CREATE INDEX subject_request_received ON __schema__.privacy_subjectrequest USING btree (received_at, id);
CREATE INDEX subject_request_right_due ON __schema__.privacy_subjectrequest USING btree ("right", due_at, id);
CREATE INDEX subject_request_state_due ON __schema__.privacy_subjectrequest USING btree (state, due_at, id);
CREATE INDEX trail_check_newest ON __schema__.audit_trailcheck USING btree (requested_at DESC);
CREATE INDEX trail_export_due ON __schema__.audit_export USING btree (due_at) WHERE (due_at IS NOT NULL);
ALTER TABLE ONLY __schema__.audit_export
    ADD CONSTRAINT audit_export_content_key_id_d979fd6e_fk_audit_subjectkey_id FOREIGN KEY (content_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.audit_export
    ADD CONSTRAINT audit_export_subject_key_id_44adf156_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.audit_exportpart
    ADD CONSTRAINT audit_exportpart_export_id_8e251454_fk_audit_export_id FOREIGN KEY (export_id) REFERENCES __schema__.audit_export(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.audit_signature
    ADD CONSTRAINT audit_signature_subject_key_id_a82f4ea1_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_contact
    ADD CONSTRAINT members_contact_subject_key_id_bb8d9f32_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_email
    ADD CONSTRAINT members_email_subject_key_id_b3c685ca_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_factor
    ADD CONSTRAINT members_factor_subject_key_id_c7469fcf_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_factor
    ADD CONSTRAINT members_factor_user_id_9dd38c0e_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_factorreset
    ADD CONSTRAINT members_factorreset_asked_by_id_345cc12e_fk_members_user_id FOREIGN KEY (asked_by_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_factorreset
    ADD CONSTRAINT members_factorreset_decided_by_id_06d5d2c2_fk_members_user_id FOREIGN KEY (decided_by_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_factorreset
    ADD CONSTRAINT members_factorreset_user_id_fad73ba2_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_federatedidentity
    ADD CONSTRAINT members_federatedide_provider_id_e2cabb4f_fk_members_i FOREIGN KEY (provider_id) REFERENCES __schema__.members_identityprovider(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_federatedidentity
    ADD CONSTRAINT members_federatedide_subject_key_id_4fbd8f8d_fk_audit_sub FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_federatedidentity
    ADD CONSTRAINT members_federatedidentity_user_id_5023c206_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_identitycheck
    ADD CONSTRAINT members_identitychec_subject_key_id_ee80f31f_fk_audit_sub FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_identitycheck
    ADD CONSTRAINT members_identitychec_verified_by_id_cf676626_fk_members_u FOREIGN KEY (verified_by_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_identitycheck
    ADD CONSTRAINT members_identitychec_withdrawn_by_id_441dc001_fk_members_u FOREIGN KEY (withdrawn_by_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_identitycheck
    ADD CONSTRAINT members_identitycheck_user_id_db3a847c_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_invitation
    ADD CONSTRAINT members_invitation_user_id_ace388af_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_passwordreset
    ADD CONSTRAINT members_passwordreset_user_id_deb1e7eb_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_policyacceptance
    ADD CONSTRAINT members_policyaccept_policy_id_e6f81846_fk_members_s FOREIGN KEY (policy_id) REFERENCES __schema__.members_signingpolicy(version) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_policyacceptance
    ADD CONSTRAINT members_policyacceptance_user_id_a0179b94_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_rolegrant
    ADD CONSTRAINT members_rolegrant_custom_id_1be45355_fk_members_customrole_key FOREIGN KEY (custom_id) REFERENCES __schema__.members_customrole(key) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_rolegrant
    ADD CONSTRAINT members_rolegrant_user_id_b3de68f0_fk_members_user_id FOREIGN KEY (user_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_signingpolicy
    ADD CONSTRAINT members_signingpolic_published_by_id_cd6864c8_fk_members_u FOREIGN KEY (published_by_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.members_user
    ADD CONSTRAINT members_user_subject_key_id_8d5f3ddb_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_affectedtenant
    ADD CONSTRAINT privacy_affectedtena_incident_id_e6129c59_fk_privacy_i FOREIGN KEY (incident_id) REFERENCES __schema__.privacy_incident(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_alarm
    ADD CONSTRAINT privacy_alarm_deadline_id_b00bc885_fk_privacy_deadline_id FOREIGN KEY (deadline_id) REFERENCES __schema__.privacy_deadline(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_delivery
    ADD CONSTRAINT privacy_delivery_email_id_368bb938_fk_members_email_id FOREIGN KEY (email_id) REFERENCES __schema__.members_email(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_delivery
    ADD CONSTRAINT privacy_delivery_notice_id_4fc72821_fk_privacy_r FOREIGN KEY (notice_id) REFERENCES __schema__.privacy_receivednotice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_incident
    ADD CONSTRAINT privacy_incident_subject_key_id_1379c392_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_notice
    ADD CONSTRAINT privacy_notice_affected_id_ee3baf05_fk_privacy_a FOREIGN KEY (affected_id) REFERENCES __schema__.privacy_affectedtenant(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_notice
    ADD CONSTRAINT privacy_notice_subject_key_id_f3cd1c82_fk_audit_subjectkey_id FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_notice
    ADD CONSTRAINT privacy_notice_supersedes_id_6d9077ab_fk_privacy_notice_id FOREIGN KEY (supersedes_id) REFERENCES __schema__.privacy_notice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_receivednotice
    ADD CONSTRAINT privacy_receivednoti_subject_key_id_48006991_fk_audit_sub FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_receivednotice
    ADD CONSTRAINT privacy_receivednoti_supersedes_id_3e674158_fk_privacy_r FOREIGN KEY (supersedes_id) REFERENCES __schema__.privacy_receivednotice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_receivednotice
    ADD CONSTRAINT privacy_receivednotice_case_id_f1ff01a2_fk_privacy_incident_id FOREIGN KEY (case_id) REFERENCES __schema__.privacy_incident(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestfile
    ADD CONSTRAINT privacy_requestfile_content_key_id_74726eff_fk_audit_sub FOREIGN KEY (content_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestfile
    ADD CONSTRAINT privacy_requestfile_request_id_f314f052_fk_privacy_s FOREIGN KEY (request_id) REFERENCES __schema__.privacy_subjectrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestlink
    ADD CONSTRAINT privacy_requestlink_request_id_86545ea0_fk_privacy_s FOREIGN KEY (request_id) REFERENCES __schema__.privacy_subjectrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestlinkuse
    ADD CONSTRAINT privacy_requestlinku_request_id_5da11e85_fk_privacy_s FOREIGN KEY (request_id) REFERENCES __schema__.privacy_subjectrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestlinkuse
    ADD CONSTRAINT privacy_requestlinku_subject_key_id_5ba35c29_fk_audit_sub FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestnote
    ADD CONSTRAINT privacy_requestnote_content_key_id_03d7f778_fk_audit_sub FOREIGN KEY (content_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_requestnote
    ADD CONSTRAINT privacy_requestnote_request_id_6d026a90_fk_privacy_s FOREIGN KEY (request_id) REFERENCES __schema__.privacy_subjectrequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_subjectrequest
    ADD CONSTRAINT privacy_subjectreque_content_key_id_976a87df_fk_audit_sub FOREIGN KEY (content_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_subjectrequest
    ADD CONSTRAINT privacy_subjectreque_subject_key_id_57498e25_fk_audit_sub FOREIGN KEY (subject_key_id) REFERENCES __schema__.audit_subjectkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY __schema__.privacy_subjectrequest
    ADD CONSTRAINT privacy_subjectrequest_assignee_id_bd5dd797_fk_members_user_id FOREIGN KEY (assignee_id) REFERENCES __schema__.members_user(id) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO __schema__.django_migrations (app, name, applied) VALUES ('audit', '0001_initial', now()), ('audit', '0002_trail_and_signatures', now()), ('audit', '0003_who_may_come_in', now()), ('contenttypes', '0001_initial', now()), ('contenttypes', '0002_remove_content_type_name', now()), ('auth', '0001_initial', now()), ('auth', '0002_alter_permission_name_max_length', now()), ('auth', '0003_alter_user_email_max_length', now()), ('auth', '0004_alter_user_username_opts', now()), ('auth', '0005_alter_user_last_login_null', now()), ('auth', '0006_require_contenttypes_0002', now()), ('auth', '0007_alter_validators_add_error_messages', now()), ('auth', '0008_alter_user_username_max_length', now()), ('auth', '0009_alter_user_last_name_max_length', now()), ('auth', '0010_alter_group_name_max_length', now()), ('auth', '0011_update_proxy_permissions', now()), ('auth', '0012_alter_user_first_name_max_length', now()), ('members', '0001_initial', now()), ('members', '0002_trail_and_signatures', now()), ('members', '0003_who_may_come_in', now()), ('privacy', '0001_initial', now()), ('privacy', '0002_trail_and_signatures', now()), ('tenants', '0001_initial', now()), ('tenants', '0002_trail_and_signatures', now()), ('tenants', '0003_who_may_come_in', now()), ('trust_center', '0001_initial', now()), ('trust_center', '0002_trail_and_signatures', now());
SELECT doors.grant_rights('__schema__', '__schema__');
