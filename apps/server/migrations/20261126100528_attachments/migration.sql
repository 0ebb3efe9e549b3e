CREATE TABLE "chat_attachment_pieces" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"attachment_id" uuid NOT NULL,
	"position" smallint NOT NULL,
	"sealed_data" bytea NOT NULL
);
--> statement-breakpoint
CREATE TABLE "chat_attachments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"name" text NOT NULL,
	"mime_type" text NOT NULL,
	"kind" text NOT NULL,
	"size_bytes" integer DEFAULT 0 NOT NULL,
	"width" integer,
	"height" integer,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp(3) with time zone,
	"used_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "chat_attachment_pieces_attachment_id_position_key" ON "chat_attachment_pieces" ("attachment_id","position");--> statement-breakpoint
CREATE INDEX "chat_attachments_user_id_project_id_idx" ON "chat_attachments" ("user_id","project_id");--> statement-breakpoint
CREATE INDEX "chat_attachments_project_id_idx" ON "chat_attachments" ("project_id");--> statement-breakpoint
CREATE INDEX "chat_attachments_open_idx" ON "chat_attachments" ("created_at") WHERE completed_at is null;--> statement-breakpoint
ALTER TABLE "chat_attachment_pieces" ADD CONSTRAINT "chat_attachment_pieces_attachment_id_chat_attachments_id_fkey" FOREIGN KEY ("attachment_id") REFERENCES "chat_attachments"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "chat_attachments" ADD CONSTRAINT "chat_attachments_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "chat_attachments" ADD CONSTRAINT "chat_attachments_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;