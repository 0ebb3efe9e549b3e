-- Counts of the store by what agents may do change with what others run of an agent, which no column of "marketplace_items" has.
CREATE FUNCTION "marketplace_abilities_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "marketplace_versions" SET "version" = "version" + 1, "changed_in" = pg_current_xact_id()::text
		WHERE "item" = 'marketplace_items' AND "changed_in" IS DISTINCT FROM pg_current_xact_id()::text;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "agent_versions_abilities" AFTER INSERT ON "agent_versions"
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "marketplace_abilities_changed"();--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "agents_abilities" AFTER UPDATE OF "tools", "config" ON "agents"
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	WHEN ((OLD."tools", OLD."config") IS DISTINCT FROM (NEW."tools", NEW."config"))
	EXECUTE FUNCTION "marketplace_abilities_changed"();
