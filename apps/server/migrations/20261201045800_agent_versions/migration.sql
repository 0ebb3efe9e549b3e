CREATE TABLE "agent_versions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"agent_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"notes" text DEFAULT '' NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "agent_versions_agent_id_number_key" UNIQUE("agent_id","number")
);
--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD COLUMN "version_id" uuid;--> statement-breakpoint
ALTER TABLE "agent_versions" ADD CONSTRAINT "agent_versions_agent_id_agents_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD CONSTRAINT "user_purchased_agents_version_id_agent_versions_id_fkey" FOREIGN KEY ("version_id") REFERENCES "agent_versions"("id") ON DELETE SET NULL;--> statement-breakpoint
-- What is published now is version 1, which everyone has who has the agent.
INSERT INTO "agent_versions" ("agent_id", "number", "content", "created_at")
	SELECT a."id", 1, jsonb_build_object('system_prompt', a."system_prompt", 'mode', a."mode", 'agent_type', a."agent_type", 'tools', a."tools",
		'tool_configs', a."tool_configs", 'model', a."model", 'config', a."config"), a."updated_at"
	FROM "agents" a WHERE a."item_type" = 'agent' AND a."forked_by_user_id" IS NOT NULL
		AND (a."is_published" OR EXISTS (SELECT 1 FROM "user_purchased_agents" e WHERE e."agent_id" = a."id" AND e."user_id" <> a."forked_by_user_id"));--> statement-breakpoint
UPDATE "user_purchased_agents" e SET "version_id" = v."id" FROM "agent_versions" v WHERE v."agent_id" = e."agent_id";
