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
-- The newest head of each book as it was published. A book that was restored from a backup is behind it.
CREATE TABLE IF NOT EXISTS ledger.published (
  schema_name text PRIMARY KEY, epoch int NOT NULL, size bigint NOT NULL, root bytea NOT NULL, at timestamptz NOT NULL, note text NOT NULL);
-- The log of logs: hour by hour the heads of all books, each a leaf, with tiles and heads of its own.
CREATE TABLE IF NOT EXISTS ledger.head (
  idx bigint PRIMARY KEY, schema_name text NOT NULL, epoch int NOT NULL, size bigint NOT NULL, at timestamptz NOT NULL,
  note text NOT NULL, hash bytea NOT NULL, UNIQUE (schema_name, epoch, size));
CREATE TABLE IF NOT EXISTS ledger.head_tile (level int, n bigint, hash bytea NOT NULL, PRIMARY KEY (level, n));
CREATE TABLE IF NOT EXISTS ledger.head_checkpoint (
  epoch int NOT NULL, size bigint NOT NULL, root bytea NOT NULL, at timestamptz NOT NULL, note text NOT NULL, PRIMARY KEY (epoch, size));
GRANT SELECT ON ledger.published, ledger.head, ledger.head_tile, ledger.head_checkpoint TO complere_platform;

CREATE OR REPLACE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  RAISE EXCEPTION 'the trail is append-only: % on %.% refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'AU403';
END $f$;

DO $d$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['head', 'head_tile', 'head_checkpoint'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER no_change BEFORE UPDATE OR DELETE ON ledger.%s FOR EACH ROW EXECUTE FUNCTION ledger.refuse()', t);
    EXECUTE format('CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.%s FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse()', t);
    EXECUTE format('ALTER TABLE ledger.%s ENABLE ALWAYS TRIGGER no_change', t);
    EXECUTE format('ALTER TABLE ledger.%s ENABLE ALWAYS TRIGGER no_truncate', t);
  END LOOP;
END $d$;

-- Every published head that is not in the log of logs yet becomes a leaf of it. Returns the first new index and the size.
CREATE OR REPLACE FUNCTION ledger.collect_heads() RETURNS TABLE (first_idx bigint, size bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
DECLARE added bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('ledger.head', 0));
  SELECT coalesce(max(h.idx), -1) + 1 INTO first_idx FROM ledger.head h;
  INSERT INTO ledger.head (idx, schema_name, epoch, size, at, note, hash)
    SELECT first_idx + row_number() OVER (ORDER BY p.at, p.schema_name) - 1, p.schema_name, p.epoch, p.size, p.at, p.note,
      sha256('\x00'::bytea || convert_to(p.note, 'UTF8'))
    FROM ledger.published p WHERE NOT EXISTS (
      SELECT 1 FROM ledger.head h WHERE h.schema_name = p.schema_name AND h.epoch = p.epoch AND h.size = p.size);
  GET DIAGNOSTICS added = ROW_COUNT;
  size := first_idx + added;
  RETURN NEXT;
END $f$;

CREATE OR REPLACE FUNCTION ledger.publish_heads(in_epoch int, in_size bigint, in_root bytea, in_at timestamptz, in_note text, tiles jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  IF in_size > (SELECT coalesce(max(idx), -1) + 1 FROM ledger.head) THEN
    RAISE EXCEPTION 'a head over % heads is ahead of their log', in_size USING ERRCODE = 'AU302';
  END IF;
  INSERT INTO ledger.head_tile (level, n, hash)
    SELECT (t ->> 0)::int, (t ->> 1)::bigint, decode(t ->> 2, 'hex') FROM jsonb_array_elements(tiles) t;
  INSERT INTO ledger.head_checkpoint (epoch, size, root, at, note) VALUES (in_epoch, in_size, in_root, in_at, in_note);
END $f$;

-- Make or renew the book of a schema. `reader` is the role that may read it.
CREATE OR REPLACE FUNCTION ledger.open(schema_name text, reader text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $f$
BEGIN
  IF schema_name !~ '^(public|t_[a-z0-9]{12})$' THEN
    RAISE EXCEPTION 'schema name % is not a generated one', schema_name;
  END IF;
  -- Both become parts of statements that run with the rights of the ledger.
  IF reader IS DISTINCT FROM (CASE schema_name WHEN 'public' THEN 'complere_platform' ELSE schema_name END) THEN
    RAISE EXCEPTION 'the book of % is not for %', schema_name, reader USING ERRCODE = 'AU403';
  END IF;
  EXECUTE replace(replace((SELECT text FROM ledger.script), '__schema__', schema_name), '__reader__', reader);
END $f$;

-- From here on changes of the structure are events of the book as well.
CREATE OR REPLACE FUNCTION ledger.register(schema_name text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
  INSERT INTO ledger.book (schema_name) VALUES (schema_name) ON CONFLICT DO NOTHING
$f$;

-- Which moves take a signature, as text: what the book keeps when that changes.
CREATE OR REPLACE FUNCTION ledger.signed_rules() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $f$
  SELECT coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object('moves',
      (SELECT jsonb_agg(jsonb_build_array(t.from_value, t.to_value) ORDER BY t.from_value, t.to_value)
       FROM ledger.signed_transition t WHERE t.obj = s.obj)) ORDER BY s.obj), '[]')::text
  FROM ledger.signed_record s
$f$;

CREATE OR REPLACE FUNCTION ledger.set_signed_records(rules jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE was text := ledger.signed_rules(); becomes text;
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
  becomes := ledger.signed_rules();
  IF was IS DISTINCT FROM becomes THEN
    PERFORM ledger.note_structure('public', 'signed_record', 'SIGNED STATES', becomes);
  END IF;
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
GRANT EXECUTE ON FUNCTION ledger.collect_heads(), ledger.publish_heads(int, bigint, bytea, timestamptz, text, jsonb) TO complere_platform;
GRANT EXECUTE ON FUNCTION ledger.refuse() TO PUBLIC;
RESET ROLE;

-- The administrator's own: a role for a new tenant. So the owner needs no right to make roles, with which it could
-- make itself the ledger on PostgreSQL 15.
CREATE SCHEMA IF NOT EXISTS administration;
GRANT USAGE ON SCHEMA administration TO complere_owner;
CREATE OR REPLACE FUNCTION administration.make_role(schema_name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  IF schema_name !~ '^t_[a-z0-9]{12}$' THEN
    RAISE EXCEPTION 'schema name % is not a generated one', schema_name;
  END IF;
  EXECUTE format('CREATE ROLE %I NOLOGIN', schema_name);
  EXECUTE format('GRANT %I TO complere_runtime', schema_name);
END $f$;
REVOKE EXECUTE ON FUNCTION administration.make_role(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION administration.make_role(text) TO complere_owner;
