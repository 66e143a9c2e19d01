-- Event triggers: only a superuser can make them, so a managed server may have to do without (the daily inventory then finds what they would refuse).
CREATE OR REPLACE FUNCTION ledger.on_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE r record; bad text;
BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    SELECT string_agg(t.tgname || ' on ' || t.tgrelid::regclass::text, ', ') INTO bad FROM pg_trigger t
      WHERE t.tgrelid = r.objid AND r.classid = 'pg_class'::regclass
        AND t.tgname IN ('zz_audit', 'zz_truncate', 'aa_guard', 'stamp') AND t.tgenabled NOT IN ('A', 'O');
    IF bad IS NOT NULL THEN
      RAISE EXCEPTION 'capture may not be disabled: %', bad USING ERRCODE = 'AU405';
    END IF;
    IF r.object_type IN ('table', 'table column') THEN
      PERFORM ledger.note_structure(r.schema_name, split_part(r.object_identity, '.', 2), r.command_tag, current_query());
    END IF;
  END LOOP;
END $f$;

CREATE OR REPLACE FUNCTION ledger.on_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $f$
DECLARE r record;
BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
    IF r.original AND r.object_type = 'trigger' AND r.object_identity ~ '^(zz_audit|zz_truncate|aa_guard|stamp) on ' THEN
      RAISE EXCEPTION 'capture may not be dropped: %', r.object_identity USING ERRCODE = 'AU405';
    END IF;
    IF r.original AND r.object_type IN ('table', 'table column', 'schema') THEN
      PERFORM ledger.note_structure(coalesce(r.schema_name, r.object_name), coalesce(r.object_name, r.object_identity), 'DROP ' || upper(r.object_type), current_query());
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
ALTER FUNCTION ledger.on_ddl() OWNER TO complere_ledger;
ALTER FUNCTION ledger.on_drop() OWNER TO complere_ledger;
ALTER FUNCTION ledger.on_rewrite() OWNER TO complere_ledger;

DROP EVENT TRIGGER IF EXISTS ledger_ddl;
CREATE EVENT TRIGGER ledger_ddl ON ddl_command_end EXECUTE FUNCTION ledger.on_ddl();
DROP EVENT TRIGGER IF EXISTS ledger_drop;
CREATE EVENT TRIGGER ledger_drop ON sql_drop EXECUTE FUNCTION ledger.on_drop();
DROP EVENT TRIGGER IF EXISTS ledger_rewrite;
CREATE EVENT TRIGGER ledger_rewrite ON table_rewrite EXECUTE FUNCTION ledger.on_rewrite();
