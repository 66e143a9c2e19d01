-- Event triggers: only a superuser can make them, so a managed server may have to do without (the daily inventory then finds what they would refuse).
-- What the triggers of a table must look like: name, function, moment (pg_trigger.tgtype). By the function too, so that a
-- trigger under another name or with another function in its place is seen.
CREATE OR REPLACE FUNCTION ledger.check_capture(relation oid, making boolean) RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE bad text;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = relation AND NOT t.tgisinternal) THEN RETURN; END IF;
  WITH ours AS (
    SELECT t.tgname::text AS name, t.tgtype, t.tgenabled, t.tgqual, t.tgattr, f.proname::text AS function,
      fn.nspname::text AS place, rn.nspname::text AS home
    FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_namespace fn ON fn.oid = f.pronamespace
      JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace rn ON rn.oid = c.relnamespace
    WHERE t.tgrelid = relation AND NOT t.tgisinternal AND rn.nspname <> 'ledger' AND rn.nspname !~ '^audit_'
      AND (fn.nspname = 'ledger' OR fn.nspname ~ '^audit_' OR t.tgname IN ('zz_audit', 'zz_truncate', 'aa_guard', 'stamp', 'no_change')))
  SELECT string_agg(o.name, ', ') INTO bad FROM ours o
    WHERE NOT EXISTS (
        SELECT 1 FROM (VALUES ('zz_audit', 'capture', 29), ('aa_guard', 'guard', 31), ('aa_guard', 'seal', 31),
          ('stamp', 'stamp', 7), ('zz_truncate', 'refuse', 34), ('no_change', 'refuse', 58)) AS w (name, function, moment)
        WHERE (w.name, w.function, w.moment) = (o.name, o.function, o.tgtype)
          AND o.place = CASE w.function WHEN 'refuse' THEN 'ledger' ELSE 'audit_' || o.home END)
      OR o.tgqual IS NOT NULL OR o.tgattr::text <> '' OR (o.tgenabled <> 'A' AND NOT making);
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'capture on % may not be disabled or replaced: %', relation::regclass, bad USING ERRCODE = 'AU405';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid JOIN pg_namespace n ON n.oid = f.pronamespace
                 WHERE t.tgrelid = relation AND n.nspname ~ '^audit_') THEN
    RETURN;
  END IF;
  -- A type of somebody's own can bring a cast to JSON, and that would run with the rights of the ledger.
  SELECT string_agg(a.attname, ', ') INTO bad FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'extensions');
  IF bad IS NULL THEN
    SELECT 'row security' INTO bad FROM pg_class c WHERE c.oid = relation AND c.relrowsecurity;
  END IF;
  IF bad IS NOT NULL THEN
    RAISE EXCEPTION 'a regulated table takes types of the server and no row security: % of %', bad, relation::regclass USING ERRCODE = 'AU405';
  END IF;
END $f$;

CREATE OR REPLACE FUNCTION ledger.on_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE r record; place record; relation oid;
BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    relation := CASE r.classid
      WHEN 'pg_class'::regclass THEN r.objid
      WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = r.objid)
      WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite WHERE oid = r.objid)
      WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = r.objid) END;
    CONTINUE WHEN relation IS NULL;
    PERFORM ledger.check_capture(relation, r.command_tag = 'CREATE TRIGGER');
    IF r.object_type IN ('table', 'table column', 'view', 'trigger', 'rule', 'policy') THEN
      SELECT n.nspname::text AS home, c.relname::text AS name INTO place
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation;
      PERFORM ledger.note_structure(place.home, place.name, r.command_tag, current_query());
    END IF;
  END LOOP;
END $f$;

CREATE OR REPLACE FUNCTION ledger.on_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE r record;
BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
    IF r.original AND r.object_type = 'trigger' AND r.object_identity ~ '^(zz_audit|zz_truncate|aa_guard|stamp|no_change) on ' THEN
      RAISE EXCEPTION 'capture may not be dropped: %', r.object_identity USING ERRCODE = 'AU405';
    END IF;
    IF r.original AND r.object_type IN ('table', 'table column', 'schema') THEN
      PERFORM ledger.note_structure(coalesce(r.schema_name, r.object_name), coalesce(r.object_name, split_part(r.object_identity, '.', 2)), 'DROP ' || upper(r.object_type), current_query());
    END IF;
  END LOOP;
END $f$;

CREATE OR REPLACE FUNCTION ledger.on_rewrite() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE r record;
BEGIN
  SELECT n.nspname, c.relname INTO r FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = pg_event_trigger_table_rewrite_oid();
  PERFORM ledger.note_structure(r.nspname, r.relname, 'TABLE REWRITE', current_query());
END $f$;
REVOKE EXECUTE ON FUNCTION ledger.check_capture(oid, boolean) FROM PUBLIC;
ALTER FUNCTION ledger.check_capture(oid, boolean) OWNER TO complere_ledger;
ALTER FUNCTION ledger.on_ddl() OWNER TO complere_ledger;
ALTER FUNCTION ledger.on_drop() OWNER TO complere_ledger;
ALTER FUNCTION ledger.on_rewrite() OWNER TO complere_ledger;

DROP EVENT TRIGGER IF EXISTS ledger_ddl;
CREATE EVENT TRIGGER ledger_ddl ON ddl_command_end EXECUTE FUNCTION ledger.on_ddl();
DROP EVENT TRIGGER IF EXISTS ledger_drop;
CREATE EVENT TRIGGER ledger_drop ON sql_drop EXECUTE FUNCTION ledger.on_drop();
DROP EVENT TRIGGER IF EXISTS ledger_rewrite;
CREATE EVENT TRIGGER ledger_rewrite ON table_rewrite EXECUTE FUNCTION ledger.on_rewrite();
