CREATE TABLE "agents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"slug" text NOT NULL UNIQUE,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"category" text DEFAULT 'custom' NOT NULL,
	"item_type" text DEFAULT 'agent' NOT NULL,
	"system_prompt" text,
	"agent_type" text DEFAULT 'TesslateAgent' NOT NULL,
	"tools" jsonb,
	"tool_configs" jsonb,
	"model" text,
	"config" jsonb,
	"icon" text DEFAULT '🤖' NOT NULL,
	"pricing_type" text DEFAULT 'free' NOT NULL,
	"price_cents" integer DEFAULT 0 NOT NULL,
	"source_type" text DEFAULT 'closed' NOT NULL,
	"is_forkable" boolean DEFAULT false NOT NULL,
	"parent_agent_id" uuid,
	"created_by_user_id" uuid,
	"forked_by_user_id" uuid,
	"downloads" integer DEFAULT 0 NOT NULL,
	"rating" double precision DEFAULT 5 NOT NULL,
	"reviews_count" integer DEFAULT 0 NOT NULL,
	"usage_count" integer DEFAULT 0 NOT NULL,
	"is_featured" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"is_published" boolean DEFAULT true NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "user_purchased_agents" (
	"user_id" uuid,
	"agent_id" uuid,
	"selected_model" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_purchased_agents_pkey" PRIMARY KEY("user_id","agent_id")
);
--> statement-breakpoint
CREATE TABLE "one_time_tokens" (
	"token_hash" text PRIMARY KEY,
	"purpose" text NOT NULL,
	"user_id" uuid NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"refresh_hash" text NOT NULL UNIQUE,
	"previous_refresh_hash" text,
	"rotated_at" timestamp(3) with time zone,
	"user_agent" text,
	"ip" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"revoked_at" timestamp(3) with time zone,
	"revoked_reason" text
);
--> statement-breakpoint
CREATE TABLE "agent_steps" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"message_id" uuid NOT NULL,
	"chat_id" uuid NOT NULL,
	"step_index" smallint NOT NULL,
	"step_data" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "approvals" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"task_id" uuid NOT NULL,
	"chat_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"tool_name" text NOT NULL,
	"tool_parameters" jsonb NOT NULL,
	"tool_description" text NOT NULL,
	"response" text,
	"note" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"answered_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "chats" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid,
	"title" text,
	"origin" text DEFAULT 'browser' NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"allowed_tools" jsonb DEFAULT '[]' NOT NULL,
	"todos" jsonb DEFAULT '[]' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"chat_id" uuid NOT NULL,
	"role" text NOT NULL,
	"content" text NOT NULL,
	"message_metadata" jsonb,
	"position" integer NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_logs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"agent_id" uuid,
	"project_id" uuid,
	"chat_id" uuid,
	"task_id" uuid,
	"model" text NOT NULL,
	"tokens_input" integer NOT NULL,
	"tokens_output" integer NOT NULL,
	"tokens_cached" integer DEFAULT 0 NOT NULL,
	"cost_input" numeric(20,8) DEFAULT '0' NOT NULL,
	"cost_output" numeric(20,8) DEFAULT '0' NOT NULL,
	"cost_total" numeric(20,8) DEFAULT '0' NOT NULL,
	"credits_deducted" integer DEFAULT 0 NOT NULL,
	"is_byok" boolean DEFAULT false NOT NULL,
	"billed_status" text DEFAULT 'exempt' NOT NULL,
	"request_id" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "containers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"project_id" uuid NOT NULL,
	"base_id" uuid,
	"name" text NOT NULL,
	"service_key" text NOT NULL,
	"host_label" text NOT NULL UNIQUE,
	"directory" text DEFAULT '.' NOT NULL,
	"container_name" text NOT NULL,
	"start_command" jsonb,
	"framework" text,
	"port" integer,
	"internal_port" integer,
	"environment_vars" bytea,
	"env_var_keys" jsonb DEFAULT '[]' NOT NULL,
	"container_type" text DEFAULT 'base' NOT NULL,
	"service_slug" text,
	"deployment_mode" text DEFAULT 'container' NOT NULL,
	"external_endpoint" text,
	"credentials_id" uuid,
	"deployment_provider" text,
	"position_x" double precision DEFAULT 0 NOT NULL,
	"position_y" double precision DEFAULT 0 NOT NULL,
	"status" text DEFAULT 'stopped' NOT NULL,
	"status_message" text,
	"needs_restart" boolean DEFAULT false NOT NULL,
	"last_started_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"owner_id" uuid NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL UNIQUE,
	"description" text,
	"source_type" text DEFAULT 'template' NOT NULL,
	"template_slug" text,
	"environment_status" text DEFAULT 'provisioning' NOT NULL,
	"has_git_repo" boolean DEFAULT false NOT NULL,
	"git_remote_url" text,
	"deploy_type" text DEFAULT 'development' NOT NULL,
	"is_deployed" boolean DEFAULT false NOT NULL,
	"deployed_at" timestamp(3) with time zone,
	"hibernated_at" timestamp(3) with time zone,
	"last_activity" timestamp(3) with time zone,
	"settings" jsonb,
	"event_seq" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shell_sessions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"container_id" uuid,
	"container_name" text NOT NULL,
	"command" text NOT NULL,
	"working_dir" text DEFAULT '/app' NOT NULL,
	"status" text DEFAULT 'initializing' NOT NULL,
	"cols" integer DEFAULT 80 NOT NULL,
	"rows" integer DEFAULT 24 NOT NULL,
	"bytes_read" bigint DEFAULT 0 NOT NULL,
	"bytes_written" bigint DEFAULT 0 NOT NULL,
	"total_reads" integer DEFAULT 0 NOT NULL,
	"process_id" integer,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"last_activity_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "events" (
	"project_id" uuid,
	"seq" bigint,
	"task_id" uuid,
	"task_seq" bigint,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	"ts" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "events_pkey" PRIMARY KEY("project_id","seq")
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"user_id" uuid NOT NULL,
	"project_id" uuid,
	"chat_id" uuid,
	"type" text NOT NULL,
	"unique_key" text,
	"status" text DEFAULT 'queued' NOT NULL,
	"progress_current" integer DEFAULT 0 NOT NULL,
	"progress_total" integer DEFAULT 100 NOT NULL,
	"progress_message" text DEFAULT '' NOT NULL,
	"input" jsonb,
	"result" jsonb,
	"error" text,
	"error_code" text,
	"logs" jsonb DEFAULT '[]' NOT NULL,
	"metadata" jsonb DEFAULT '{}' NOT NULL,
	"cancel_requested_at" timestamp(3) with time zone,
	"process_id" integer,
	"event_seq" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp(3) with time zone,
	"completed_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"email" text NOT NULL,
	"hashed_password" text,
	"name" text NOT NULL,
	"username" text NOT NULL,
	"slug" text NOT NULL UNIQUE,
	"is_active" boolean DEFAULT true NOT NULL,
	"is_superuser" boolean DEFAULT false NOT NULL,
	"is_verified" boolean DEFAULT false NOT NULL,
	"subscription_tier" text DEFAULT 'free' NOT NULL,
	"support_tier" text DEFAULT 'community' NOT NULL,
	"stripe_customer_id" text,
	"total_spend_cents" integer DEFAULT 0 NOT NULL,
	"daily_credits" integer DEFAULT 0 NOT NULL,
	"daily_credits_reset_at" timestamp(3) with time zone,
	"bundled_credits" integer DEFAULT 0 NOT NULL,
	"signup_bonus_credits" integer DEFAULT 0 NOT NULL,
	"signup_bonus_expires_at" timestamp(3) with time zone,
	"purchased_credits" integer DEFAULT 0 NOT NULL,
	"diagram_model" text,
	"disabled_models" jsonb,
	"referral_code" text UNIQUE,
	"referred_by" text,
	"avatar_url" text,
	"bio" text,
	"twitter_handle" text,
	"github_username" text,
	"website_url" text,
	"theme_preset" text DEFAULT 'default-dark' NOT NULL,
	"chat_position" text DEFAULT 'center' NOT NULL,
	"two_fa_enabled" boolean DEFAULT false NOT NULL,
	"is_suspended" boolean DEFAULT false NOT NULL,
	"suspended_at" timestamp(3) with time zone,
	"suspended_reason" text,
	"suspended_by_id" uuid,
	"is_deleted" boolean DEFAULT false NOT NULL,
	"deleted_at" timestamp(3) with time zone,
	"scheduled_hard_delete_at" timestamp(3) with time zone,
	"last_active_at" timestamp(3) with time zone,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "processes" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "processes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"started_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"lock_key" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"key" text PRIMARY KEY,
	"count" integer NOT NULL,
	"resets_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "server_settings" (
	"key" text PRIMARY KEY,
	"value" jsonb NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "user_purchased_agents_agent_id_idx" ON "user_purchased_agents" ("agent_id");--> statement-breakpoint
CREATE INDEX "sessions_user_id_idx" ON "sessions" ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_previous_refresh_hash_idx" ON "sessions" ("previous_refresh_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "agent_steps_message_id_step_index_key" ON "agent_steps" ("message_id","step_index");--> statement-breakpoint
CREATE INDEX "approvals_task_id_idx" ON "approvals" ("task_id");--> statement-breakpoint
CREATE INDEX "approvals_pending_idx" ON "approvals" ("chat_id") WHERE answered_at is null;--> statement-breakpoint
CREATE INDEX "chats_user_id_project_id_idx" ON "chats" ("user_id","project_id");--> statement-breakpoint
CREATE INDEX "chats_project_id_idx" ON "chats" ("project_id");--> statement-breakpoint
CREATE UNIQUE INDEX "messages_chat_id_position_key" ON "messages" ("chat_id","position");--> statement-breakpoint
CREATE INDEX "usage_logs_user_id_created_at_idx" ON "usage_logs" ("user_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "usage_logs_task_id_idx" ON "usage_logs" ("task_id");--> statement-breakpoint
CREATE UNIQUE INDEX "containers_project_id_service_key_key" ON "containers" ("project_id","service_key");--> statement-breakpoint
CREATE INDEX "projects_owner_id_updated_at_idx" ON "projects" ("owner_id","updated_at" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "shell_sessions_user_id_status_idx" ON "shell_sessions" ("user_id","status");--> statement-breakpoint
CREATE INDEX "shell_sessions_project_id_status_idx" ON "shell_sessions" ("project_id","status");--> statement-breakpoint
CREATE INDEX "events_task_id_task_seq_idx" ON "events" ("task_id","task_seq");--> statement-breakpoint
CREATE INDEX "events_ts_idx" ON "events" ("ts");--> statement-breakpoint
CREATE INDEX "tasks_user_id_created_at_idx" ON "tasks" ("user_id","created_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "tasks_unfinished_idx" ON "tasks" ("status","process_id");--> statement-breakpoint
CREATE INDEX "tasks_chat_id_idx" ON "tasks" ("chat_id");--> statement-breakpoint
CREATE INDEX "tasks_unique_key_idx" ON "tasks" ("unique_key","status");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" (lower("email"));--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_key" ON "users" (lower("username"));--> statement-breakpoint
ALTER TABLE "agents" ADD CONSTRAINT "agents_forked_by_user_id_users_id_fkey" FOREIGN KEY ("forked_by_user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD CONSTRAINT "user_purchased_agents_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "user_purchased_agents" ADD CONSTRAINT "user_purchased_agents_agent_id_agents_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "one_time_tokens" ADD CONSTRAINT "one_time_tokens_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "agent_steps" ADD CONSTRAINT "agent_steps_message_id_messages_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "chats" ADD CONSTRAINT "chats_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "chats" ADD CONSTRAINT "chats_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_chat_id_chats_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "usage_logs" ADD CONSTRAINT "usage_logs_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "containers" ADD CONSTRAINT "containers_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_owner_id_users_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "shell_sessions" ADD CONSTRAINT "shell_sessions_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "shell_sessions" ADD CONSTRAINT "shell_sessions_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_project_id_projects_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_user_id_users_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_suspended_by_id_users_id_fkey" FOREIGN KEY ("suspended_by_id") REFERENCES "users"("id") ON DELETE SET NULL;