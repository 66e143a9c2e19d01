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

-- Which tables are regulated: their key, the columns that no trail holds, a digest of the others, and their history.
CREATE TABLE IF NOT EXISTS doors.regulated_table (
  name text PRIMARY KEY, key text NOT NULL, hidden text NOT NULL, digest text NOT NULL, history text NOT NULL);
REVOKE ALL ON doors.regulated_table FROM PUBLIC;
GRANT SELECT ON doors.regulated_table TO complere_platform;

-- What Django makes for every table and no query of ours reads: a sequence for each table, where one for all will do;
-- a key of each history beside the index by record, where one over both does the same; and indexes for LIKE.
CREATE OR REPLACE FUNCTION doors.make_lean(schema_name text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $f$
DECLARE t text; last bigint; r record;
BEGIN
  EXECUTE format('CREATE SEQUENCE IF NOT EXISTS %I.history_number', schema_name);
  FOR r IN SELECT c.table_name AS t, c.column_name AS col FROM information_schema.columns c
      WHERE c.table_schema = schema_name AND c.is_identity = 'YES' ORDER BY 1 LOOP
    EXECUTE format('SELECT max(%I) FROM %I.%I', r.col, schema_name, r.t) INTO last;
    EXECUTE format('SELECT setval(''%I.history_number'', greatest($1, nextval(''%1$I.history_number'')))', schema_name) USING coalesce(last, 1);
    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I DROP IDENTITY', schema_name, r.t, r.col);
    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET DEFAULT nextval(''%1$I.history_number'')', schema_name, r.t, r.col);
  END LOOP;
  FOR r IN SELECT c.relname AS t, k.conname AS pkey, i.relname AS by_record, a.attname AS col
      FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' AND cardinality(k.conkey) = 1
        JOIN pg_index x ON x.indrelid = c.oid AND NOT x.indisunique AND x.indnatts = 1
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
      WHERE c.relnamespace = schema_name::regnamespace AND c.relname LIKE '%\_historical%' AND i.relname NOT LIKE '%\_like' ORDER BY 1 LOOP
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT %I, ADD CONSTRAINT %3$I PRIMARY KEY (%I, history_id)', schema_name, r.t, r.pkey, r.col);
    EXECUTE format('DROP INDEX %I.%I', schema_name, r.by_record);
  END LOOP;
  FOR t IN SELECT i.indexname FROM pg_indexes i WHERE i.schemaname = schema_name AND i.indexname LIKE '%\_like' LOOP
    EXECUTE format('DROP INDEX %I.%I', schema_name, t);
  END LOOP;
  -- Sessions moved to a table of ours; those of the old one ended with that.
  IF to_regclass(format('%I.django_session', schema_name)) IS NOT NULL THEN
    EXECUTE format('DROP TABLE %I.django_session', schema_name);
    EXECUTE format('DELETE FROM %I.django_migrations WHERE app = $1', schema_name) USING 'sessions';
  END IF;
END $f$;
REVOKE EXECUTE ON FUNCTION doors.make_lean(text) FROM PUBLIC;

-- Put a trigger on a table, ALWAYS, unless it stands there with these very arguments.
CREATE OR REPLACE FUNCTION doors.attach(trigger_name text, moment text, relation text, call text) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $f$
BEGIN
  IF EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = relation::regclass AND t.tgname = trigger_name AND t.tgenabled = 'A'
             AND pg_get_triggerdef(t.oid) LIKE '%EXECUTE FUNCTION ' || call) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE OR REPLACE TRIGGER %I %s ON %s %s EXECUTE FUNCTION %s', trigger_name, moment, relation,
    CASE WHEN moment LIKE '%TRUNCATE' THEN '' ELSE 'FOR EACH ROW' END, call);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, trigger_name);
  RETURN true;
END $f$;

-- Capture on every regulated table of a schema, guards on those with signed states. Rows that were there before get
-- their first event now, so that every later one can be compared with it.
CREATE OR REPLACE FUNCTION doors.attach_capture(schema_name text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE r record; relation text; book text := 'audit_' || schema_name; was text := current_setting('app.context', true);
BEGIN
  PERFORM set_config('app.context', jsonb_build_object('schema', schema_name, 'reason', 'Baseline: the ledger begins with this', 'baseline', true,
    'actor', jsonb_build_object('id', NULL, 'name', 'migration', 'role', 'service', 'kind', 'service'))::text, true);
  FOR r IN SELECT d.* FROM doors.regulated_table d JOIN pg_tables t ON t.schemaname = schema_name AND t.tablename = d.name LOOP
    relation := format('%I.%I', schema_name, r.name);
    IF EXISTS (SELECT 1 FROM ledger.signed_record s WHERE s.obj = r.name) THEN
      PERFORM doors.attach('aa_guard', 'BEFORE INSERT OR DELETE OR UPDATE', relation, format('%I.guard(%L)', book, r.key));
    END IF;
    IF r.name = 'audit_signature' THEN
      PERFORM doors.attach('aa_guard', 'BEFORE INSERT OR DELETE OR UPDATE', relation, format('%I.seal()', book));
    END IF;
    PERFORM doors.attach('zz_truncate', 'BEFORE TRUNCATE', relation, 'ledger.refuse()');
    PERFORM doors.attach('stamp', 'BEFORE INSERT', format('%I.%I', schema_name, r.history), format('%I.stamp(%L, %L)', book, r.name, r.key));
    -- Grants keep the runtime from it, this keeps the owner from it as well.
    PERFORM doors.attach('no_change', 'BEFORE UPDATE OR DELETE OR TRUNCATE', format('%I.%I', schema_name, r.history), 'ledger.refuse()');
    IF doors.attach('zz_audit', 'AFTER INSERT OR DELETE OR UPDATE', relation, format('%I.capture(%L, %L, %L)', book, r.key, r.hidden, r.digest)) THEN
      EXECUTE format('UPDATE %s t SET %2$I = %2$I WHERE NOT EXISTS (SELECT 1 FROM %3$I.ledger_event e WHERE e.obj = %4$L AND e.pk = t.%2$I::text)',
        relation, r.key, book, r.name);
    END IF;
  END LOOP;
  PERFORM set_config('app.context', coalesce(was, ''), true);
END $f$;
REVOKE EXECUTE ON FUNCTION doors.attach(text, text, text, text), doors.attach_capture(text) FROM PUBLIC;

-- Make schema and role of a new tenant, in the caller's transaction: half-way failures leave nothing.
CREATE OR REPLACE FUNCTION doors.provision(schema_name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  IF schema_name !~ '^t_[a-z0-9]{12}$' THEN
    RAISE EXCEPTION 'schema name % is not a generated one', schema_name;
  END IF;
  PERFORM administration.make_role(schema_name);
  EXECUTE format('CREATE SCHEMA %I', schema_name);
  EXECUTE replace((SELECT script FROM doors.tenant_template), '__schema__', schema_name);
  PERFORM ledger.open(schema_name, schema_name);
  PERFORM doors.attach_capture(schema_name);
  PERFORM ledger.register(schema_name);
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
    ELSIF t LIKE '%\_historical%' OR t = 'audit_signature' THEN
      EXECUTE format('GRANT SELECT, INSERT ON %I.%I TO %I', schema_name, t, role_name);
    ELSE
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I', schema_name, t, role_name);
    END IF;
  END LOOP;
  -- The guard of signed states looks for the signature.
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO complere_ledger', schema_name);
  IF to_regclass(format('%I.audit_signature', schema_name)) IS NOT NULL THEN
    EXECUTE format('GRANT SELECT ON %I.audit_signature TO complere_ledger', schema_name);
  END IF;
END $f$;
REVOKE EXECUTE ON FUNCTION doors.grant_rights(text, text) FROM PUBLIC;
