-- The ledger's own house, installed by the database's administrator: nobody who migrates, serves or works can change it.
-- Error codes: AU0xx a regulated write is refused, AU1xx a signature is missing, AU3xx the trail is altered, AU4xx it is append-only.
CREATE SCHEMA IF NOT EXISTS ledger AUTHORIZATION complere_ledger;
GRANT USAGE ON SCHEMA ledger TO PUBLIC;
SET LOCAL ROLE complere_ledger;

-- One book for each schema. `origin` names its log for ever, whatever the tenant is called.
CREATE TABLE IF NOT EXISTS ledger.book (
  schema_name text PRIMARY KEY, origin uuid NOT NULL DEFAULT gen_random_uuid(),
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp());
-- Which books have events that are not in their log yet: one row a transaction, from its first event on.
-- It shows when its transaction commits, so a late commit cannot be overlooked.
CREATE TABLE IF NOT EXISTS ledger.dirty (
  schema_name text NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
-- What makes a book; the administrator writes it.
CREATE TABLE IF NOT EXISTS ledger.script (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), text text NOT NULL);
-- Records with signed states: `open` are the values of `col` in which content may change, `free` columns never are content.
CREATE TABLE IF NOT EXISTS ledger.signed_record (
  obj text PRIMARY KEY, col text NOT NULL, open text[] NOT NULL, free text[] NOT NULL, sealed text[]);
CREATE TABLE IF NOT EXISTS ledger.signed_transition (
  obj text NOT NULL REFERENCES ledger.signed_record ON DELETE CASCADE, from_value text NOT NULL, to_value text NOT NULL,
  PRIMARY KEY (obj, from_value, to_value));
GRANT SELECT ON ledger.book, ledger.dirty, ledger.signed_record, ledger.signed_transition TO complere_platform, complere_owner;
-- The heads of all books, hour by hour: a log of logs in Complere's own book (see book.sql).

CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  RAISE EXCEPTION 'the trail is append-only: % on %.% refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'AU403';
END $f$;

-- Make or renew the book of a schema. `reader` is the role that may read it.
CREATE OR REPLACE FUNCTION ledger.open(schema_name text, reader text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $f$
BEGIN
  IF schema_name !~ '^(public|t_[a-z0-9]{12})$' THEN
    RAISE EXCEPTION 'schema name % is not a generated one', schema_name;
  END IF;
  EXECUTE replace(replace((SELECT text FROM ledger.script), '__schema__', schema_name), '__reader__', reader);
END $f$;

-- From here on changes of the structure are events of the book as well.
CREATE OR REPLACE FUNCTION ledger.register(schema_name text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
  INSERT INTO ledger.book (schema_name) VALUES (schema_name) ON CONFLICT DO NOTHING
$f$;

CREATE OR REPLACE FUNCTION ledger.set_signed_records(rules jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  DELETE FROM ledger.signed_record WHERE obj NOT IN (SELECT r->>'obj' FROM jsonb_array_elements(rules) r);
  DELETE FROM ledger.signed_transition;
  INSERT INTO ledger.signed_record (obj, col, open, free, sealed)
    SELECT r->>'obj', r->>'col', ARRAY(SELECT jsonb_array_elements_text(r->'open')), ARRAY(SELECT jsonb_array_elements_text(r->'free')),
      CASE WHEN jsonb_typeof(r->'sealed') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(r->'sealed')) END
    FROM jsonb_array_elements(rules) r
    ON CONFLICT (obj) DO UPDATE SET col = excluded.col, open = excluded.open, free = excluded.free, sealed = excluded.sealed;
  INSERT INTO ledger.signed_transition (obj, from_value, to_value)
    SELECT r->>'obj', t->>0, t->>1 FROM jsonb_array_elements(rules) r, jsonb_array_elements(r->'moves') t;
END $f$;

-- A change of structure as an event of the book it concerns: op S, no record.
CREATE OR REPLACE FUNCTION ledger.note_structure(in_schema text, relation text, tag text, statement text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $f$
DECLARE v int; p text; now_at timestamptz := clock_timestamp(); s bigint;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM ledger.book b WHERE b.schema_name = in_schema) THEN RETURN; END IF;
  EXECUTE format('LOCK TABLE %I.ledger_structure IN SHARE ROW EXCLUSIVE MODE', 'audit_' || in_schema);
  EXECUTE format('SELECT coalesce(max(ver), 0) + 1 FROM %I.ledger_event WHERE obj = $1 AND pk = $2', 'audit_' || in_schema)
    INTO v USING relation, '';
  p := jsonb_build_object('v', 1, 'tenant', in_schema, 'obj', relation, 'pk', '', 'ver', v, 'op', 'S', 'at', now_at,
    'xid', pg_current_xact_id()::text, 'actor', jsonb_build_object('kind', 'migration', 'name', session_user, 'role', 'database owner'),
    'reason', tag, 'role', session_user, 'statement', left(statement, 2000))::text;
  EXECUTE format('INSERT INTO %I.ledger_event (at, obj, pk, ver, op, payload, leaf) VALUES ($1, $2, $3, $4, $5, $6, sha256(''\x00''::bytea || convert_to($6, ''UTF8''))) RETURNING seq',
    'audit_' || in_schema) INTO s USING now_at, relation, '', v, 'S', p;
  INSERT INTO ledger.dirty (schema_name, seq) VALUES (in_schema, s);
END $f$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open(text, text), ledger.register(text), ledger.set_signed_records(jsonb) TO complere_owner;
GRANT EXECUTE ON FUNCTION ledger.refuse() TO PUBLIC;
RESET ROLE;
