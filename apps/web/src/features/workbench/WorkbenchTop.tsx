import { Pause, Pin, Split } from "lucide-react";
import type { Project } from "@tesslate/contract";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { useProject, useContainers, useRuntime, useTasks } from "../../project/project-context.ts";
import { useRenameProject } from "../../project/projects.queries.ts";
import { FindButton } from "../../ui/page/FindButton.tsx";
import { ThemeButton } from "../../ui/page/ThemeButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { toastError } from "../../ui/toast.tsx";
import { useConversation } from "../chat/index.ts";
import { DeployButton, useDeploys, isUnshipped } from "../deployments/index.ts";
import { useOpenPreview } from "../preview/index.ts";
import { PresentPeople } from "../presence/index.ts";
import { OperationsButton } from "../tasks/index.ts";
import { useWorkbenchLayout } from "./layout-context.ts";
import { viewTable } from "./views.tsx";
import { liveStatus, RuntimeMenu } from "./RuntimeMenu.tsx";

/** Name, state and the palette. */
export function WorkbenchTop() {
  const project = useProject();
  const containers = useContainers();
  const runtime = useRuntime();
  const tasks = useTasks();
  const waitingCount = useConversation((conversation) => conversation.waitingCount);
  const lastRun = useConversation(({ lastRun: run }) => run && { status: run.status, endedAt: run.endedAt, changes: run.changes });
  const { view } = useWorkbenchLayout();
  const { phase } = useOpenPreview();
  const { list } = useDeploys();
  /** Deploying is the next step. */
  const isDeployNext =
    (view === "preview" || view === "code") && phase.kind === "running" && waitingCount === 0 && isUnshipped(lastRun, list);
  return (
    <header className="workbench-top flex min-w-0 items-center gap-2 pr-2 pl-1 narrow:gap-1 narrow:px-3">
      <ProjectName project={project} />
      <RuntimeMenu project={liveStatus(project, containers)} containers={containers} runtime={runtime} />
      {project.branch_of ? (
        <Pill icon={<Split />} title="Merge or discard this branch in the chat that works on it">
          Branch
        </Pill>
      ) : null}
      {project.is_deployed ? (
        <Pill icon={<Pin />} title="This project never sleeps, and restarts after a crash" className="narrow:hidden">
          Always-on
        </Pill>
      ) : null}
      <span className="flex-1" />
      {waitingCount > 0 ? (
        // A phone shows the question itself, or a dot at Chat.
        <Pill tone="err" icon={<Pause />} className="narrow:hidden">
          {waitingCount === 1 ? "Needs your input" : counted(waitingCount, "question")}
        </Pill>
      ) : null}
      <PresentPeople labelOf={(name) => viewTable[name].label} />
      <OperationsButton tasks={tasks} />
      <FindButton variant="plain" />
      {project.branch_of ? null : <DeployButton isNextStep={isDeployNext} />}
      <span className="narrow:hidden">
        <ThemeButton />
      </span>
    </header>
  );
}

function ProjectName({ project }: { project: Project }) {
  const [isEditing, setIsEditing] = useState(false);
  const rename = useRenameProject();
  const keep = (text: string) => {
    setIsEditing(false);
    const name = text.trim();
    if (name === "" || name === project.name) return;
    rename.mutate({ slug: project.slug, name }, { onError: (error) => toastError(error) });
  };
  if (isEditing)
    return (
      <input
        aria-label="Project name"
        autoFocus
        maxLength={100}
        defaultValue={project.name}
        onFocus={(event) => event.target.select()}
        onBlur={(event) => keep(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") keep(event.currentTarget.value);
          if (event.key === "Escape") setIsEditing(false);
        }}
        className="h-7 w-64 min-w-0 rounded-2 border border-line-1 bg-bg-1 px-1.5 text-sm font-medium text-fg-0"
      />
    );
  return (
    <h1 className="min-w-0 shrink-99999 text-sm font-medium narrow:min-w-10">
      <button
        type="button"
        title="Rename project"
        onClick={() => setIsEditing(true)}
        className="block max-w-full truncate rounded-2 px-1.5 py-1 text-fg-0 hover:bg-bg-3 narrow:px-0"
      >
        {rename.isPending ? rename.variables.name : project.name}
        <span className="sr-only">, rename</span>
      </button>
    </h1>
  );
}
