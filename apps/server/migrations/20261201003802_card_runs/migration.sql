CREATE TABLE "card_runs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"card_id" uuid NOT NULL,
	"chat_id" uuid NOT NULL UNIQUE,
	"task_id" uuid,
	"state" text NOT NULL,
	"message" text,
	"from_column_id" uuid,
	"from_position" integer DEFAULT 0 NOT NULL,
	"at_column_id" uuid,
	"cost_cents" numeric(20,8),
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "board_columns" ADD COLUMN "run_stage" text;--> statement-breakpoint
ALTER TABLE "board_columns" ADD CONSTRAINT "board_columns_board_id_run_stage_key" UNIQUE("board_id","run_stage");--> statement-breakpoint
CREATE INDEX "card_runs_card_id_created_at_idx" ON "card_runs" ("card_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "card_runs_state_idx" ON "card_runs" ("state");--> statement-breakpoint
CREATE INDEX "card_runs_from_column_id_idx" ON "card_runs" ("from_column_id");--> statement-breakpoint
CREATE INDEX "card_runs_at_column_id_idx" ON "card_runs" ("at_column_id");--> statement-breakpoint
ALTER TABLE "card_runs" ADD CONSTRAINT "card_runs_card_id_cards_id_fkey" FOREIGN KEY ("card_id") REFERENCES "cards"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "card_runs" ADD CONSTRAINT "card_runs_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "card_runs" ADD CONSTRAINT "card_runs_from_column_id_board_columns_id_fkey" FOREIGN KEY ("from_column_id") REFERENCES "board_columns"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "card_runs" ADD CONSTRAINT "card_runs_at_column_id_board_columns_id_fkey" FOREIGN KEY ("at_column_id") REFERENCES "board_columns"("id") ON DELETE SET NULL;--> statement-breakpoint
UPDATE "board_columns" SET "run_stage" = 'in_progress' WHERE "id" IN (SELECT DISTINCT ON ("board_id") "id" FROM "board_columns" WHERE lower(trim("name")) IN ('in progress', 'doing') AND NOT "is_completed" ORDER BY "board_id", "position");--> statement-breakpoint
UPDATE "board_columns" SET "run_stage" = 'review' WHERE "id" IN (SELECT DISTINCT ON ("board_id") "id" FROM "board_columns" WHERE lower(trim("name")) IN ('review', 'in review') AND NOT "is_completed" ORDER BY "board_id", "position");
