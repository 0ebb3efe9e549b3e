CREATE TABLE "checkpoints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"label" text NOT NULL,
	"chat_id" uuid,
	"message_id" uuid,
	"task_id" uuid,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "snapshots" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid,
	"user_id" uuid,
	"storage_key" text NOT NULL,
	"snapshot_name" text NOT NULL,
	"snapshot_type" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"label" text,
	"volume_size_bytes" bigint,
	"databases" jsonb DEFAULT '[]' NOT NULL,
	"error" text,
	"is_soft_deleted" boolean DEFAULT false NOT NULL,
	"soft_delete_expires_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE INDEX "checkpoints_project_id_created_at_idx" ON "checkpoints" ("project_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "checkpoints_message_id_idx" ON "checkpoints" ("message_id");--> statement-breakpoint
CREATE INDEX "checkpoints_created_at_idx" ON "checkpoints" ("created_at");--> statement-breakpoint
CREATE INDEX "snapshots_project_id_created_at_idx" ON "snapshots" ("project_id","created_at" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "snapshots" ADD CONSTRAINT "snapshots_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "snapshots" ADD CONSTRAINT "snapshots_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL;