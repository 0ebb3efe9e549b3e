CREATE TABLE "change_sets" (
	"task_id" uuid PRIMARY KEY,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"chat_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"before_id" uuid NOT NULL,
	"after_id" uuid,
	"files" integer DEFAULT 0 NOT NULL,
	"additions" integer DEFAULT 0 NOT NULL,
	"deletions" integer DEFAULT 0 NOT NULL,
	"by_person" jsonb DEFAULT '[]' NOT NULL,
	"rejected" jsonb DEFAULT '[]' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "change_sets_message_id_idx" ON "change_sets" ("message_id");--> statement-breakpoint
CREATE INDEX "change_sets_before_id_idx" ON "change_sets" ("before_id");--> statement-breakpoint
CREATE INDEX "change_sets_after_id_idx" ON "change_sets" ("after_id");--> statement-breakpoint
CREATE INDEX "change_sets_project_id_idx" ON "change_sets" ("project_id");--> statement-breakpoint
CREATE INDEX "change_sets_chat_id_idx" ON "change_sets" ("chat_id");--> statement-breakpoint
CREATE INDEX "change_sets_user_id_idx" ON "change_sets" ("user_id");--> statement-breakpoint
ALTER TABLE "change_sets" ADD CONSTRAINT "change_sets_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "change_sets" ADD CONSTRAINT "change_sets_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "change_sets" ADD CONSTRAINT "change_sets_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "change_sets" ADD CONSTRAINT "change_sets_before_id_checkpoints_id_fkey" FOREIGN KEY ("before_id") REFERENCES "checkpoints"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "change_sets" ADD CONSTRAINT "change_sets_after_id_checkpoints_id_fkey" FOREIGN KEY ("after_id") REFERENCES "checkpoints"("id") ON DELETE SET NULL;