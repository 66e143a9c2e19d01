-- Functions through which a less privileged role does exactly one thing. Installed by the owner.
CREATE SCHEMA IF NOT EXISTS doors;
GRANT USAGE ON SCHEMA doors TO PUBLIC;

-- Which schema the calling role stands for. The GUC still names the caller inside SECURITY DEFINER.
CREATE OR REPLACE FUNCTION doors.caller_schema() RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT CASE current_setting('role') WHEN 'complere_platform' THEN 'public' ELSE current_setting('role') END
$f$;

-- Add a wake-up for the caller's schema. Only ever an insert: a writer waits for nobody and nobody waits for a writer.
CREATE OR REPLACE FUNCTION doors.wake(at timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE s text := doors.caller_schema();
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.tenants_tenant WHERE schema_name = s) THEN
    RAISE EXCEPTION 'schema % belongs to no tenant and cannot be woken', s;
  END IF;
  INSERT INTO public.tenants_wakeup (schema_name, due_at) VALUES (s, at);
END $f$;

-- The script that makes a tenant's schema, written by the owner whenever migrations change.
CREATE TABLE IF NOT EXISTS doors.tenant_template (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), script text NOT NULL);
REVOKE ALL ON doors.tenant_template FROM PUBLIC;

-- Make schema and role of a new tenant, in the caller's transaction: half-way failures leave nothing.
CREATE OR REPLACE FUNCTION doors.provision(schema_name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  IF schema_name !~ '^t_[a-z0-9]{12}$' THEN
    RAISE EXCEPTION 'schema name % is not a generated one', schema_name;
  END IF;
  EXECUTE format('CREATE ROLE %I NOLOGIN', schema_name);
  EXECUTE format('GRANT %I TO complere_runtime', schema_name);
  EXECUTE format('CREATE SCHEMA %I', schema_name);
  EXECUTE replace((SELECT script FROM doors.tenant_template), '__schema__', schema_name);
END $f$;
REVOKE EXECUTE ON FUNCTION doors.provision(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION doors.provision(text) TO complere_platform;

-- What may be done in a schema: rows yes, structure no; history is written and read, never changed.
CREATE OR REPLACE FUNCTION doors.grant_rights(schema_name text, role_name text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE t text;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, role_name);
  EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', schema_name, role_name);
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = schema_name LOOP
    EXECUTE format('REVOKE ALL ON %I.%I FROM %I', schema_name, t, role_name);
    IF t = 'django_migrations' THEN
      EXECUTE format('GRANT SELECT ON %I.%I TO %I', schema_name, t, role_name);
    ELSIF t LIKE '%\_historical%' THEN
      EXECUTE format('GRANT SELECT, INSERT ON %I.%I TO %I', schema_name, t, role_name);
    ELSE
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I', schema_name, t, role_name);
    END IF;
  END LOOP;
END $f$;
REVOKE EXECUTE ON FUNCTION doors.grant_rights(text, text) FROM PUBLIC;
