CREATE TABLE "run_webhooks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"task_id" uuid NOT NULL UNIQUE,
	"message_id" uuid NOT NULL,
	"sealed_target" bytea NOT NULL,
	"status" text DEFAULT 'waiting' NOT NULL,
	"body" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp(3) with time zone,
	"last_error" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "edit_mode" text DEFAULT 'ask' NOT NULL;--> statement-breakpoint
CREATE INDEX "run_webhooks_message_id_idx" ON "run_webhooks" ("message_id");--> statement-breakpoint
CREATE INDEX "run_webhooks_status_idx" ON "run_webhooks" ("status");--> statement-breakpoint
ALTER TABLE "run_webhooks" ADD CONSTRAINT "run_webhooks_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
-- Until now whoever could write could also run the agent.
UPDATE "api_keys" SET "scopes" = "scopes" || '["run"]'::jsonb WHERE "scopes" ? 'write';
