-- What is searched, derived by the database itself: `search_text` for parts of words, `search_words` for words and their order (features/marketplace/search.store.ts).
CREATE FUNCTION "marketplace_terms"(jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT coalesce(string_agg(term, ' '), '') FROM jsonb_array_elements_text($1) AS t(term)
$$;--> statement-breakpoint
ALTER TABLE "agents"
	ADD COLUMN "search_text" text GENERATED ALWAYS AS (lower("name" || ' ' || "description" || ' ' || marketplace_terms("tags"))) STORED,
	ADD COLUMN "search_words" tsvector GENERATED ALWAYS AS (
		setweight(to_tsvector('simple', "name"), 'A') || setweight(to_tsvector('simple', marketplace_terms("tags")), 'B') || setweight(to_tsvector('english', "description"), 'C')
	) STORED;--> statement-breakpoint
ALTER TABLE "bases"
	ADD COLUMN "search_text" text GENERATED ALWAYS AS (
		lower("name" || ' ' || "description" || ' ' || marketplace_terms("tags") || ' ' || marketplace_terms("tech_stack"))
	) STORED,
	ADD COLUMN "search_words" tsvector GENERATED ALWAYS AS (
		setweight(to_tsvector('simple', "name"), 'A') || setweight(to_tsvector('simple', marketplace_terms("tags") || ' ' || marketplace_terms("tech_stack")), 'B') || setweight(to_tsvector('english', "description"), 'C')
	) STORED;--> statement-breakpoint
CREATE INDEX "agents_search_words_idx" ON "agents" USING gin ("search_words");--> statement-breakpoint
CREATE INDEX "bases_search_words_idx" ON "bases" USING gin ("search_words");--> statement-breakpoint
-- Parts of words are found without the extension too, only slower.
DO $$
BEGIN
	CREATE EXTENSION IF NOT EXISTS pg_trgm;
	CREATE INDEX "agents_search_text_idx" ON "agents" USING gin ("search_text" gin_trgm_ops);
	CREATE INDEX "bases_search_text_idx" ON "bases" USING gin ("search_text" gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'pg_trgm is not available: %', SQLERRM;
END $$;
