CREATE TABLE "branches" (
	"id" uuid PRIMARY KEY,
	"chat_id" uuid,
	"files" integer DEFAULT 0 NOT NULL,
	"additions" integer DEFAULT 0 NOT NULL,
	"deletions" integer DEFAULT 0 NOT NULL,
	"used_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"noticed_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "branch_of" uuid;--> statement-breakpoint
CREATE INDEX "projects_branch_of_idx" ON "projects" ("branch_of");--> statement-breakpoint
CREATE INDEX "branches_chat_id_idx" ON "branches" ("chat_id");--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_branch_of_projects_id_fkey" FOREIGN KEY ("branch_of") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "branches" ADD CONSTRAINT "branches_id_projects_id_fkey" FOREIGN KEY ("id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "branches" ADD CONSTRAINT "branches_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE SET NULL;