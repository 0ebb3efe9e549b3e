ALTER TABLE "events" ADD COLUMN "append_id" uuid;--> statement-breakpoint
CREATE UNIQUE INDEX "events_append_id_key" ON "events" ("append_id","project_id") WHERE "append_id" is not null;