CREATE TABLE "evidence_pictures" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"evidence_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"data" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "run_evidence" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"task_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"verify" jsonb,
	"checks" jsonb,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "evidence_pictures_evidence_id_position_key" ON "evidence_pictures" ("evidence_id","position");--> statement-breakpoint
CREATE INDEX "run_evidence_task_id_idx" ON "run_evidence" ("task_id");--> statement-breakpoint
CREATE INDEX "run_evidence_message_id_idx" ON "run_evidence" ("message_id");--> statement-breakpoint
ALTER TABLE "evidence_pictures" ADD CONSTRAINT "evidence_pictures_evidence_id_run_evidence_id_fkey" FOREIGN KEY ("evidence_id") REFERENCES "run_evidence"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "run_evidence" ADD CONSTRAINT "run_evidence_message_id_messages_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "run_evidence" ADD CONSTRAINT "run_evidence_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "run_evidence" ADD CONSTRAINT "run_evidence_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;