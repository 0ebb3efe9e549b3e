import { sql } from "drizzle-orm";
import type { ActivityKind, ActorKind } from "@tesslate/contract";
import type { Database } from "../../../platform/database.ts";

/** One action, read from the event log. */
export interface RecordedAction extends Record<string, unknown> {
  seq: string;
  /** Index within an event that yields several actions. */
  ord: number;
  at: string | Date;
  type: string;
  kind: ActivityKind;
  actor_kind: ActorKind;
  agent_id: string | null;
  agent_name: string | null;
  task_id: string | null;
  data: Record<string, unknown>;
  /** The prompt of a run. */
  message: string | null;
  /** Number of rows over all pages. */
  total: string;
}

/** Tools listed as commands, with the names that they had earlier. Other tools show through the `file_changed` events they cause. */
const commands = sql`('run_command', 'run_checks', 'bash_exec', 'shell_exec', 'shell_open')`;
/** Task types whose progress has its own events. */
const quiet = sql`('agent_execution')`;

export type ActivityStore = ReturnType<typeof createActivityStore>;
export function createActivityStore(db: Database) {
  return {
    /** One statement: kind and actor of each event, then the filters, then the page. Beyond the last page it returns one row without a `type` that carries the total. */
    list: async (
      projectId: string,
      { actor, kind, limit, offset }: { actor: ActorKind | undefined; kind: ActivityKind | undefined; limit: number; offset: number },
    ): Promise<RecordedAction[]> => {
      const found = await db.execute<RecordedAction>(sql`
        with superseded as (
          select (data->'edit'->>'supersedes')::bigint as seq from events
          where project_id = ${projectId} and type = 'file_changed' and data->'edit' ? 'supersedes'
        ), doings as (
          select e.seq, 0 as ord, e.ts as at, e.type, e.task_id, e.data,
            case e.type
              when 'file_changed' then 'write' when 'task_started' then 'run' when 'complete' then 'run'
              when 'approval_resolved' then 'approval' when 'question_resolved' then 'approval'
              when 'secrets_changed' then 'secret' when 'snapshot_changed' then 'snapshot' when 'project_status' then 'lifecycle'
              when 'data_changed' then 'data' when 'graph_changed' then 'graph' when 'board_changed' then 'board' when 'notes_changed' then 'board'
              else case when e.data->>'type' ~ '^(project|container)_(start|restart)$' then 'lifecycle' when e.data->>'type' ~ '^snapshot_' then 'snapshot' else 'operation' end
            end as kind,
            case
              when e.type = 'file_changed' then case e.data->>'by' when 'user' then 'person' else 'agent' end
              when e.type = 'complete' then 'agent'
              when e.type = 'git_changed' then 'system'
              when e.type = 'branch_changed' then case when e.data->>'op' in ('expiring', 'expired') then 'system' else 'person' end
              when e.type in ('approval_resolved', 'question_resolved') then case when e.data->>'by' is null then 'system' else 'person' end
              when e.type = 'project_status' then case when e.data->>'stop_reason' in ('idle', 'memory', 'limit') then 'system' else 'person' end
              when e.type in ('graph_changed', 'secrets_changed', 'board_changed', 'snapshot_changed', 'data_changed') and e.task_id is not null then 'agent'
              else 'person'
            end as actor_kind
          from events e
          where e.project_id = ${projectId} and (
            (e.type = 'file_changed' and e.data->>'by' in ('user', 'agent') and e.seq not in (select seq from superseded))
            or e.type in ('task_started', 'complete', 'approval_resolved', 'question_resolved', 'secrets_changed', 'graph_changed', 'board_changed', 'notes_changed', 'data_changed')
            or (e.type = 'git_changed' and e.data ? 'not_committed')
            or (e.type = 'branch_changed' and e.data->>'op' <> 'updated')
            or (e.type = 'snapshot_changed' and e.data->>'kind' = 'snapshot' and e.data->>'op' in ('add', 'delete'))
            or (e.type = 'project_status' and (e.data->>'name' is not null or (e.data->>'environment_status' in ('stopped', 'hibernated') and e.data->>'stop_reason' is not null)))
            or (e.type = 'task_update' and e.data->>'status' in ('completed', 'failed', 'cancelled') and e.data->>'type' not in ${quiet})
          )
          union all
          select e.seq, c.ord::int, e.ts, 'command', e.task_id, c.call, 'command', 'agent'
          from events e, jsonb_array_elements(e.data->'tool_calls') with ordinality as c(call, ord)
          where e.project_id = ${projectId} and e.type = 'agent_step' and c.call->>'name' in ${commands}
          union all
          select 0, 0, s.created_at, 'terminal', null, jsonb_build_object('id', s.id), 'command', 'person'
          from shell_sessions s where s.project_id = ${projectId}
        ), chosen as (
          select * from doings d
          where (${actor ?? null}::text is null or d.actor_kind = ${actor ?? null}::text) and (${kind ?? null}::text is null or d.kind = ${kind ?? null}::text)
        ), page as (
          select * from chosen order by at desc, seq desc, ord desc, data->>'id' limit ${limit} offset ${offset}
        )
        select p.*, a.id as agent_id, a.name as agent_name, t.metadata->>'message' as message, n.total
        from (select count(*) as total from chosen) n left join page p on true left join tasks t on t.id = p.task_id left join agents a on a.id::text = t.input->>'agent_id'
        order by p.at desc, p.seq desc, p.ord desc, p.data->>'id'`);
      return found.rows;
    },
    /** Tool name by approval id. */
    toolsOf: async (ids: string[]): Promise<Map<string, string>> =>
      ids.length === 0
        ? new Map()
        : new Map(
            (await db.execute<{ id: string; tool_name: string }>(sql`select id, tool_name from approvals where id in ${ids}`)).rows.map(
              (row) => [row.id, row.tool_name],
            ),
          ),
  };
}
