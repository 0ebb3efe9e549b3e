-- Counting and ordering many rows reads narrow ones: long texts lie beside the table; the name that searches compare, in lower case, and the text that parts
-- of words are looked for in stand in the row.
ALTER TABLE "agents" SET (toast_tuple_target = 256);--> statement-breakpoint
ALTER TABLE "agents" ALTER COLUMN "search_text" SET STORAGE MAIN;--> statement-breakpoint
ALTER TABLE "agents" ADD COLUMN "search_name" text GENERATED ALWAYS AS (lower("name")) STORED;--> statement-breakpoint
ALTER TABLE "bases" SET (toast_tuple_target = 256);--> statement-breakpoint
ALTER TABLE "bases" ALTER COLUMN "search_text" SET STORAGE MAIN;--> statement-breakpoint
ALTER TABLE "bases" ADD COLUMN "search_name" text GENERATED ALWAYS AS (lower("name")) STORED;
