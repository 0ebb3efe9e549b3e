CREATE TABLE "recorded_runs" (
	"agent_id" uuid PRIMARY KEY,
	"message" text NOT NULL,
	"model" text NOT NULL,
	"ran_at" timestamp(3) with time zone NOT NULL,
	"duration_ms" integer,
	"events" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "recorded_runs" ADD CONSTRAINT "recorded_runs_agent_id_agents_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE;