CREATE TABLE "server_days" (
	"day" date PRIMARY KEY,
	"ended_runs" integer DEFAULT 0 NOT NULL,
	"failed_runs" integer DEFAULT 0 NOT NULL,
	"disk_bytes" bigint
);
--> statement-breakpoint
CREATE INDEX "deployments_created_at_id_idx" ON "deployments" ("created_at","id");