CREATE TABLE "run_transcripts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	"message_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"task_id" uuid NOT NULL,
	"last_seq" bigint NOT NULL,
	"events" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "chat_rewinds" ADD COLUMN "transcripts" jsonb DEFAULT '[]' NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "run_transcripts_message_id_position_key" ON "run_transcripts" ("message_id","position");--> statement-breakpoint
ALTER TABLE "run_transcripts" ADD CONSTRAINT "run_transcripts_message_id_messages_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE;--> statement-breakpoint
INSERT INTO "run_transcripts" ("message_id", "position", "task_id", "last_seq", "events")
WITH ended AS (
	SELECT m.id AS message_id, t.id AS task_id, t.created_at, 1 + coalesce(jsonb_array_length(t.input->'earlier'->'tasks'), 0) AS part
	FROM tasks t JOIN messages m ON m.id = (t.input->>'message_id')::uuid
	WHERE t.type = 'agent_execution' AND t.completed_at IS NOT NULL
), whole AS (
	SELECT r.message_id, r.task_id, r.created_at, r.part, max(e.task_seq) AS last_seq,
		jsonb_agg(jsonb_build_object('seq', e.task_seq, 'task_id', e.task_id, 'ts', to_char(e.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'type', e.type, 'data', e.data) ORDER BY e.task_seq)
			FILTER (WHERE e.type IN ('task_started', 'text_chunk', 'tool_started', 'approval_required', 'approval_resolved', 'question_asked', 'question_resolved', 'file_changed', 'agent_step', 'subagent_event', 'credits_used', 'evidence_added', 'todo_updated', 'plan_updated', 'steered', 'notice', 'complete', 'error', 'done')) AS events
	FROM ended r JOIN events e ON e.task_id = r.task_id
	GROUP BY r.message_id, r.task_id, r.created_at, r.part
	HAVING min(e.task_seq) = 1 AND bool_or(e.type = 'done')
)
SELECT message_id, row_number() OVER (PARTITION BY message_id ORDER BY created_at) - 1, task_id, last_seq, events
FROM whole w
-- Without one of its tasks, a resumed run is taken from its steps instead.
WHERE (SELECT count(*) FROM whole other WHERE other.message_id = w.message_id) = (SELECT max(part) FROM ended r WHERE r.message_id = w.message_id);
