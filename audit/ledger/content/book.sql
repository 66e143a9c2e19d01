-- One schema's book. Run by ledger.open as complere_ledger; running it again renews the functions and keeps the rows.
CREATE SCHEMA IF NOT EXISTS audit___schema__;
GRANT USAGE ON SCHEMA audit___schema__ TO __reader__;

-- What happened, as it was written: `payload` is what is hashed, byte for byte, and nobody ever makes it again.
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_event (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL, obj text NOT NULL, pk text NOT NULL,
  ver int NOT NULL, op text NOT NULL, payload text NOT NULL, leaf bytea NOT NULL, UNIQUE (obj, pk, ver));
-- Only locked, so that two changes of structure number their events one after the other.
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_structure (nothing boolean);
-- The place of each event in the log, with what it is searched by. A table of its own, so that an event is never updated.
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_leaf (
  idx bigint PRIMARY KEY, seq bigint NOT NULL UNIQUE, hash bytea NOT NULL, at timestamptz NOT NULL, actor text NOT NULL,
  obj text NOT NULL, pk text NOT NULL, ver int NOT NULL, op text NOT NULL, reason text NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_leaf_by_time ON audit___schema__.ledger_leaf (at);
CREATE INDEX IF NOT EXISTS ledger_leaf_by_actor ON audit___schema__.ledger_leaf (actor, idx);
CREATE INDEX IF NOT EXISTS ledger_leaf_by_record ON audit___schema__.ledger_leaf (obj, pk, idx);
CREATE INDEX IF NOT EXISTS ledger_leaf_by_reason ON audit___schema__.ledger_leaf USING gin (reason extensions.gin_trgm_ops);
-- Roots of full blocks of 256: level 1 over leaves, level 2 over those, and so on.
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_tile (level int, n bigint, hash bytea NOT NULL, PRIMARY KEY (level, n));
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_checkpoint (
  epoch int NOT NULL DEFAULT 1, size bigint NOT NULL, root bytea NOT NULL, at timestamptz NOT NULL, note text NOT NULL, PRIMARY KEY (epoch, size));
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_anchor (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, size bigint NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, evidence bytea NOT NULL, about text NOT NULL DEFAULT '');
-- Who looked at personal data, and what was refused.
CREATE TABLE IF NOT EXISTS audit___schema__.ledger_access (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), kind text NOT NULL,
  actor jsonb NOT NULL, what text NOT NULL, records text[] NOT NULL, request text NOT NULL, detail text NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_access_by_record ON audit___schema__.ledger_access USING gin (records);
CREATE INDEX IF NOT EXISTS ledger_access_by_actor ON audit___schema__.ledger_access ((actor ->> 'id'), id);
CREATE INDEX IF NOT EXISTS ledger_access_by_time ON audit___schema__.ledger_access (at);
GRANT SELECT ON ALL TABLES IN SCHEMA audit___schema__ TO __reader__;
REVOKE SELECT ON audit___schema__.ledger_structure FROM __reader__;

DO $d$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['event', 'leaf', 'tile', 'checkpoint', 'anchor', 'access'] LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER no_change BEFORE UPDATE OR DELETE ON audit___schema__.ledger_%s FOR EACH ROW EXECUTE FUNCTION ledger.refuse()', t);
    EXECUTE format('CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON audit___schema__.ledger_%s FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse()', t);
    EXECUTE format('ALTER TABLE audit___schema__.ledger_%s ENABLE ALWAYS TRIGGER no_change', t);
    EXECUTE format('ALTER TABLE audit___schema__.ledger_%s ENABLE ALWAYS TRIGGER no_truncate', t);
  END LOOP;
END $d$;

-- Arguments: the key column, columns that are kept out, a digest of the columns.
CREATE OR REPLACE FUNCTION audit___schema__.capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $f$
DECLARE
  c jsonb; n jsonb; o jsonb; was jsonb; hidden text[] := string_to_array(TG_ARGV[1], ',');
  -- TG_TABLE_NAME has a collation of its own, with which no index would be used.
  v_obj text := TG_TABLE_NAME; v_pk text; v_ver int; v_op text; v_at timestamptz := clock_timestamp();
  p text; s bigint; v_sig text; place text;
BEGIN
  -- Nobody writes into this book by a table of the same name elsewhere.
  IF TG_TABLE_SCHEMA <> '__schema__' THEN
    RAISE EXCEPTION '%.% is no table of this book', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'AU002';
  END IF;
  IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) - hidden; END IF;
  IF TG_OP <> 'DELETE' THEN n := to_jsonb(NEW) - hidden; END IF;
  -- A file is too large for a trail, and is in it by its digest.
  IF 'content' = ANY (hidden) THEN
    was := was || jsonb_build_object('content', jsonb_build_object('sha256',
      encode(sha256(decode(substr(to_jsonb(OLD) ->> 'content', 3), 'hex')), 'hex')));
    n := n || jsonb_build_object('content', jsonb_build_object('sha256',
      encode(sha256(decode(substr(to_jsonb(NEW) ->> 'content', 3), 'hex')), 'hex')));
  END IF;
  c := nullif(current_setting('app.context', true), '')::jsonb;
  -- Nothing that a trail holds has changed; only the first event of a row that was there before says so all the same.
  IF TG_OP = 'UPDATE' AND n = was AND c -> 'baseline' IS NULL THEN RETURN NULL; END IF;
  IF c IS NULL OR coalesce(c #>> '{actor,name}', '') !~ '\S' OR coalesce(c ->> 'reason', '') !~ '\S' THEN
    RAISE EXCEPTION '% on %.% refused: the transaction names no actor and reason', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'AU001';
  END IF;
  IF c ->> 'schema' IS DISTINCT FROM '__schema__' THEN
    RAISE EXCEPTION '% on %.% refused: the transaction was opened for %', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, c ->> 'schema' USING ERRCODE = 'AU002';
  END IF;
  v_op := left(TG_OP, 1);
  v_pk := coalesce(n, was) ->> TG_ARGV[0];
  IF TG_OP = 'UPDATE' THEN
    IF was ->> TG_ARGV[0] IS DISTINCT FROM v_pk THEN
      RAISE EXCEPTION 'UPDATE on %.% refused: a record keeps its key', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'AU003';
    END IF;
    SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') INTO o FROM jsonb_each(was) e WHERE n -> e.key IS DISTINCT FROM e.value;
  ELSE
    o := was;
  END IF;
  SELECT ver INTO v_ver FROM audit___schema__.ledger_event WHERE obj = v_obj AND pk = v_pk ORDER BY ver DESC LIMIT 1;
  v_ver := coalesce(v_ver, 0) + 1;
  -- The guard says which signature it found; it counts for the one move that it was given for.
  IF coalesce(current_setting('app.signature', true), '') <> '' THEN
    SELECT e.payload::jsonb #>> '{new,id}' INTO v_sig FROM audit___schema__.ledger_event e
      WHERE e.obj = 'audit_signature' AND e.pk = current_setting('app.signature', true)
        AND e.payload::jsonb ->> 'xid' = pg_current_xact_id()::text AND e.payload::jsonb #>> '{new,obj}' = v_obj
        AND e.payload::jsonb #>> '{new,pk}' = v_pk AND e.payload::jsonb #>> '{new,signed_version}' = (v_ver - 1)::text;
  END IF;
  p := jsonb_build_object('v', 1, 'tenant', '__schema__', 'obj', v_obj, 'pk', v_pk, 'ver', v_ver, 'op', v_op, 'at', v_at,
    'xid', pg_current_xact_id()::text, 'actor', c -> 'actor', 'auth', c -> 'auth', 'reason', c ->> 'reason', 'req', c ->> 'request',
    'app', c ->> 'app', 'role', session_user, 'schema', TG_ARGV[2], 'sig', v_sig, 'old', o, 'new', n)::text;
  INSERT INTO audit___schema__.ledger_event (at, obj, pk, ver, op, payload, leaf)
    VALUES (v_at, v_obj, v_pk, v_ver, v_op, p, sha256('\x00'::bytea || convert_to(p, 'UTF8'))) RETURNING seq INTO s;
  place := pg_current_xact_id()::text || '/__schema__';
  IF current_setting('app.dirty', true) IS DISTINCT FROM place THEN
    INSERT INTO ledger.dirty (schema_name, seq) VALUES ('__schema__', s);
    PERFORM set_config('app.dirty', place, true);
  END IF;
  RETURN NULL;
END $f$;

-- A history row names the event of its own transaction that it tells of, or none when nothing was changed that a trail
-- holds; who and why are those of the transaction. Arguments: table and key column of the record.
CREATE OR REPLACE FUNCTION audit___schema__.stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE c jsonb := nullif(current_setting('app.context', true), '')::jsonb; h jsonb := to_jsonb(NEW); last record;
BEGIN
  IF c IS NULL OR c ->> 'schema' IS DISTINCT FROM '__schema__' OR TG_TABLE_SCHEMA <> '__schema__' THEN
    RAISE EXCEPTION 'a row of %.% refused: the transaction was opened for %', TG_TABLE_SCHEMA, TG_TABLE_NAME, coalesce(c ->> 'schema', 'nothing')
      USING ERRCODE = CASE WHEN c IS NULL THEN 'AU001' ELSE 'AU002' END;
  END IF;
  IF (h ->> 'history_user_id', h ->> 'actor_name', h ->> 'history_change_reason')
     IS DISTINCT FROM (c #>> '{actor,id}', c #>> '{actor,name}', c ->> 'reason') THEN
    RAISE EXCEPTION 'a row of %.% refused: it names another actor or reason than its transaction', TG_TABLE_SCHEMA, TG_TABLE_NAME
      USING ERRCODE = 'AU004';
  END IF;
  SELECT e.ver, e.payload::jsonb ->> 'xid' AS xid INTO last FROM audit___schema__.ledger_event e
    WHERE e.obj = TG_ARGV[0]::text AND e.pk = h ->> TG_ARGV[1] ORDER BY e.ver DESC LIMIT 1;
  NEW.ledger_version := CASE WHEN last.xid = pg_current_xact_id()::text THEN last.ver END;
  RETURN NEW;
END $f$;

-- A signature is of the moment: by whom the transaction acts, in this transaction, over the text it holds (§11.70).
CREATE OR REPLACE FUNCTION audit___schema__.seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE c jsonb := nullif(current_setting('app.context', true), '')::jsonb;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    RAISE EXCEPTION 'a signature is never changed or deleted' USING ERRCODE = 'AU403';
  END IF;
  IF c #>> '{actor,id}' IS DISTINCT FROM NEW.signer_id::text OR c #>> '{actor,kind}' IS DISTINCT FROM 'human' THEN
    RAISE EXCEPTION 'nobody signs for another person' USING ERRCODE = 'AU107';
  END IF;
  IF NEW.intent_digest IS DISTINCT FROM encode(sha256(convert_to(NEW.intent, 'UTF8')), 'hex') THEN
    RAISE EXCEPTION 'the signature does not cover its intent' USING ERRCODE = 'AU108';
  END IF;
  NEW.transaction_id := pg_current_xact_id()::text::bigint;
  RETURN NEW;
END $f$;

-- Signed states: entered with a signature only, over exactly what stands there (P11-70), and read-only from then on.
CREATE OR REPLACE FUNCTION audit___schema__.guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE
  v_obj text := TG_TABLE_NAME; v_pk text; rule ledger.signed_record; o jsonb; n jsonb; was text; becomes text;
  content_changed boolean; v_ver int; v_leaf text; sig text;
BEGIN
  SELECT * INTO rule FROM ledger.signed_record WHERE obj = v_obj;
  IF NOT FOUND THEN RETURN coalesce(NEW, OLD); END IF;
  IF TG_OP <> 'INSERT' THEN o := to_jsonb(OLD); was := o ->> rule.col; v_pk := o ->> TG_ARGV[0]; END IF;
  IF TG_OP <> 'DELETE' THEN n := to_jsonb(NEW); becomes := n ->> rule.col; END IF;
  IF TG_OP = 'INSERT' THEN
    IF EXISTS (SELECT 1 FROM ledger.signed_transition t WHERE t.obj = v_obj AND t.to_value = becomes) THEN
      RAISE EXCEPTION '% cannot be created as %: that takes a signature', v_obj, becomes USING ERRCODE = 'AU103';
    END IF;
    RETURN NEW;
  ELSIF TG_OP = 'DELETE' THEN
    IF was <> ALL (rule.open) THEN
      RAISE EXCEPTION '% is % and cannot be deleted', v_obj, was USING ERRCODE = 'AU101';
    END IF;
    RETURN OLD;
  END IF;
  IF rule.sealed IS NULL THEN
    content_changed := (n - rule.free - rule.col) IS DISTINCT FROM (o - rule.free - rule.col);
  ELSE
    content_changed := EXISTS (SELECT 1 FROM unnest(rule.sealed) k WHERE n -> k IS DISTINCT FROM o -> k);
  END IF;
  IF was IS DISTINCT FROM becomes AND EXISTS (
      SELECT 1 FROM ledger.signed_transition t WHERE t.obj = v_obj AND t.from_value IN (was, '*') AND t.to_value = becomes) THEN
    IF content_changed THEN
      RAISE EXCEPTION '% may not change its content while it becomes %: only what stands can be signed', v_obj, becomes USING ERRCODE = 'AU102';
    END IF;
    -- A view or a policy in place of the signatures' table would run what its owner wrote, with the rights of the ledger.
    LOCK TABLE __schema__.audit_signature IN ACCESS SHARE MODE;
    IF EXISTS (SELECT 1 FROM pg_class t WHERE t.oid = '__schema__.audit_signature'::regclass
               AND (t.relkind <> 'r' OR t.relrowsecurity OR t.relhasrules)) THEN
      RAISE EXCEPTION 'the table of signatures is not what it was' USING ERRCODE = 'AU405';
    END IF;
    SELECT ver, encode(leaf, 'hex') INTO v_ver, v_leaf FROM audit___schema__.ledger_event WHERE obj = v_obj AND pk = v_pk ORDER BY ver DESC LIMIT 1;
    SELECT id::text INTO sig FROM __schema__.audit_signature s WHERE s.obj = v_obj AND s.pk = v_pk AND s.signed_version = v_ver
      AND s.signed_leaf = v_leaf AND s.from_state = was AND s.to_state = becomes AND s.transaction_id = pg_current_xact_id()::text::bigint;
    IF NOT FOUND THEN
      RAISE EXCEPTION '% % becomes % by a signature over version % only', v_obj, v_pk, becomes, v_ver USING ERRCODE = 'AU103';
    END IF;
    PERFORM set_config('app.signature', sig, true);
  ELSIF content_changed AND was <> ALL (rule.open) AND becomes <> ALL (rule.open) THEN
    RAISE EXCEPTION '% is % and read-only: what was signed stays', v_obj, was USING ERRCODE = 'AU105';
  END IF;
  RETURN NEW;
END $f$;

-- Give every event that has no place in the log its place, in order. Returns the first new index and the size.
-- Leaves are hashed anew from the payload; one that differs from what the writer's transaction stored stops everything.
CREATE OR REPLACE FUNCTION audit___schema__.ledger_append(at_most int) RETURNS TABLE (first_idx bigint, size bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
DECLARE low bigint; added int; altered text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit___schema__', 0));
  SELECT coalesce(max(idx), -1) + 1 INTO first_idx FROM audit___schema__.ledger_leaf;
  WITH taken AS (DELETE FROM ledger.dirty WHERE schema_name = '__schema__' RETURNING seq) SELECT min(seq) INTO low FROM taken;
  -- What this very transaction writes after this waits anew.
  PERFORM set_config('app.dirty', '', true);
  IF low IS NOT NULL THEN
    WITH fresh AS (
      SELECT e.*, e.payload::jsonb AS doc FROM audit___schema__.ledger_event e
      WHERE e.seq >= low AND NOT EXISTS (SELECT 1 FROM audit___schema__.ledger_leaf l WHERE l.seq = e.seq)
      ORDER BY e.seq LIMIT at_most)
    INSERT INTO audit___schema__.ledger_leaf (idx, seq, hash, at, actor, obj, pk, ver, op, reason)
      SELECT first_idx + row_number() OVER (ORDER BY seq) - 1, seq, sha256('\x00'::bytea || convert_to(payload, 'UTF8')), at,
        coalesce(doc #>> '{actor,id}', (doc #>> '{actor,kind}') || ':' || (doc #>> '{actor,name}')), obj, pk, ver, op, coalesce(doc ->> 'reason', '')
      FROM fresh;
    GET DIAGNOSTICS added = ROW_COUNT;
    SELECT string_agg(e.obj || ':' || e.pk || ' version ' || e.ver, ', ') INTO altered
      FROM audit___schema__.ledger_leaf l JOIN audit___schema__.ledger_event e USING (seq)
      WHERE l.idx >= first_idx AND (l.hash <> e.leaf OR e.payload::jsonb ->> 'ver' <> e.ver::text);
    IF altered IS NOT NULL THEN
      RAISE EXCEPTION 'events altered before they reached the log: %', altered USING ERRCODE = 'AU301';
    END IF;
    IF added = at_most THEN
      -- All before the last of these have their place; whoever commits late has a row of their own in the queue.
      INSERT INTO ledger.dirty (schema_name, seq)
        SELECT '__schema__', max(seq) + 1 FROM audit___schema__.ledger_leaf WHERE idx >= first_idx;
    END IF;
  END IF;
  SELECT first_idx + coalesce(added, 0) INTO size;
  RETURN NEXT;
END $f$;

-- Events that wait although nothing says so; the nightly check asks. Returns how many were found and put back in the queue.
CREATE OR REPLACE FUNCTION audit___schema__.ledger_recover() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE low bigint; found_count bigint;
BEGIN
  SELECT min(e.seq), count(*) INTO low, found_count FROM audit___schema__.ledger_event e
    WHERE NOT EXISTS (SELECT 1 FROM audit___schema__.ledger_leaf l WHERE l.seq = e.seq)
      AND NOT EXISTS (SELECT 1 FROM ledger.dirty d WHERE d.schema_name = '__schema__' AND d.seq <= e.seq);
  IF found_count > 0 THEN INSERT INTO ledger.dirty (schema_name, seq) VALUES ('__schema__', low); END IF;
  RETURN found_count;
END $f$;

-- `tiles`: [[level, n, hash as hex], …], full blocks that are new with this checkpoint.
CREATE OR REPLACE FUNCTION audit___schema__.ledger_publish(in_epoch int, in_size bigint, in_root bytea, in_at timestamptz, in_note text, tiles jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
  IF in_size > (SELECT coalesce(max(idx), -1) + 1 FROM audit___schema__.ledger_leaf) THEN
    RAISE EXCEPTION 'a head of % events is ahead of the log', in_size USING ERRCODE = 'AU302';
  END IF;
  INSERT INTO audit___schema__.ledger_tile (level, n, hash)
    SELECT (t ->> 0)::int, (t ->> 1)::bigint, decode(t ->> 2, 'hex') FROM jsonb_array_elements(tiles) t;
  INSERT INTO audit___schema__.ledger_checkpoint (epoch, size, root, at, note) VALUES (in_epoch, in_size, in_root, in_at, in_note);
  INSERT INTO ledger.published AS p (schema_name, epoch, size, root, at, note)
    VALUES ('__schema__', in_epoch, in_size, in_root, in_at, in_note)
    ON CONFLICT (schema_name) DO UPDATE
      SET epoch = excluded.epoch, size = excluded.size, root = excluded.root, at = excluded.at, note = excluded.note
      WHERE (p.epoch, p.size) < (excluded.epoch, excluded.size);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a head beyond % events was published already, and a log never goes back', in_size USING ERRCODE = 'AU303';
  END IF;
END $f$;

-- What the world knows of this book: its lasting name, and the newest head that was published (nulls before the first).
CREATE OR REPLACE FUNCTION audit___schema__.ledger_standing() RETURNS TABLE (origin uuid, epoch int, size bigint, root bytea, at timestamptz, note text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
  SELECT b.origin, p.epoch, p.size, p.root, p.at, p.note FROM ledger.book b LEFT JOIN ledger.published p USING (schema_name)
  WHERE b.schema_name = '__schema__'
$f$;

CREATE OR REPLACE FUNCTION audit___schema__.ledger_add_anchor(in_size bigint, in_kind text, in_at timestamptz, in_evidence bytea, in_about text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
  INSERT INTO audit___schema__.ledger_anchor (size, kind, at, evidence, about) VALUES (in_size, in_kind, in_at, in_evidence, in_about)
$f$;

CREATE OR REPLACE FUNCTION audit___schema__.ledger_note_access(in_kind text, in_actor jsonb, in_what text, in_records text[], in_request text, in_detail text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$
  INSERT INTO audit___schema__.ledger_access (kind, actor, what, records, request, detail)
  VALUES (in_kind, in_actor, in_what, in_records, in_request, in_detail)
$f$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA audit___schema__ FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit___schema__.ledger_append(int), audit___schema__.ledger_recover(),
  audit___schema__.ledger_standing(),
  audit___schema__.ledger_publish(int, bigint, bytea, timestamptz, text, jsonb),
  audit___schema__.ledger_add_anchor(bigint, text, timestamptz, bytea, text),
  audit___schema__.ledger_note_access(text, jsonb, text, text[], text, text) TO __reader__;
-- Whoever makes a trigger must be allowed to run its function.
GRANT USAGE ON SCHEMA audit___schema__ TO complere_owner;
GRANT SELECT (obj, pk) ON audit___schema__.ledger_event TO complere_owner;
GRANT EXECUTE ON FUNCTION audit___schema__.capture(), audit___schema__.stamp(), audit___schema__.seal(), audit___schema__.guard() TO complere_owner;
