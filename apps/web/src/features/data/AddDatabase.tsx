import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Bot, Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { partKey } from "../../project/cache-keys.ts";
import { useContainers, useProject } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useAdoptTask } from "../../project/use-adopt-task.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { servicesQuery } from "../canvas/index.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const slug = "postgres";
/** Height of a container on the canvas, and the gap below it. */
const rowPx = 140;

/** Shown for a project without a database. */
export function AddDatabase() {
  const project = useProject();
  const { api } = useServices();
  const queries = useQueryClient();
  const adopt = useAdoptTask(project.id);
  const containers = useContainers();
  const { compose } = useWorkbenchActions();
  const service = useQuery(servicesQuery(api)).data?.find((one) => one.slug === slug);
  const [failure, setFailure] = useState<ReactNode>();
  const [isAdding, setIsAdding] = useState(false);
  const refusal = service && !service.available.runs ? (service.available.reason ?? "PostgreSQL isn't available on this server.") : undefined;
  const add = async () => {
    setFailure(undefined);
    setIsAdding(true);
    const bottom = containers.reduce((most, { position_y: y }) => Math.max(most, y + rowPx), 0);
    const left = Math.min(...containers.map(({ position_x: x }) => x));
    try {
      const { task_id: taskId } = await api.containers.create({
        params: { id: project.id },
        body: {
          container_type: "service",
          service_slug: slug,
          deployment_mode: "container",
          position_x: Number.isFinite(left) ? left : 0,
          position_y: bottom,
        },
      });
      if (taskId) await adopt(taskId);
      await Promise.all([
        queries.invalidateQueries({ queryKey: partKey(project.id, "containers") }),
        queries.invalidateQueries({ queryKey: partKey(project.id, "databases") }),
      ]);
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    } finally {
      setIsAdding(false);
    }
  };
  return (
    <div className="scroll-y min-h-0 flex-1">
      <EmptyState
        title="No databases yet"
        action={
          <div className="flex flex-wrap gap-2">
            <Button
              variant="primary"
              icon={<Plus size={14} />}
              disabled={refusal !== undefined}
              isLoading={isAdding}
              loadingWord="Adding PostgreSQL…"
              onClick={() => void add()}
            >
              Add PostgreSQL
            </Button>
            <Button icon={<Bot size={14} />} onClick={() => compose("Add a PostgreSQL database to this app and store its data there. ")}>
              Ask the agent
            </Button>
          </div>
        }
      >
        Tables, rows and SQL of the project's databases appear here. PostgreSQL runs in the project's sandbox; connect it to your app on the
        canvas. SQLite files in the project appear here too.
        {refusal === undefined ? null : <span className="block pt-1 text-warn">{refusal}</span>}
        {failure === undefined ? null : (
          <span role="alert" className="block pt-1 text-err">
            {failure}
          </span>
        )}
      </EmptyState>
    </div>
  );
}
