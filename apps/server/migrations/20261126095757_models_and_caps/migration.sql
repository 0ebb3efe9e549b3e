CREATE TABLE "model_capabilities" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"connection" text NOT NULL,
	"model" text NOT NULL,
	"native_tools" boolean NOT NULL,
	"parallel_tools" boolean NOT NULL,
	"text_tools" boolean NOT NULL,
	"needs_repair" boolean NOT NULL,
	"reports_usage" boolean NOT NULL,
	"vision" boolean,
	"score" integer NOT NULL,
	"context_window" integer,
	"first_token_ms" integer,
	"tokens_per_second" integer,
	"probed_at" timestamp(3) with time zone NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "model_preferences" (
	"user_id" uuid PRIMARY KEY,
	"fallback_models" jsonb,
	"max_cost_cents" numeric(12,4),
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_custom_models" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"model_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "usage_logs" ADD COLUMN "purpose" text DEFAULT 'turn' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "model_capabilities_connection_model_key" ON "model_capabilities" ("connection","model");--> statement-breakpoint
CREATE UNIQUE INDEX "user_custom_models_user_id_model_id_key" ON "user_custom_models" ("user_id","model_id");--> statement-breakpoint
ALTER TABLE "model_preferences" ADD CONSTRAINT "model_preferences_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "user_custom_models" ADD CONSTRAINT "user_custom_models_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;