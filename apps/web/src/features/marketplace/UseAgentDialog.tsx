import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { AgentDetail } from "@tesslate/contract";
import { projectsQuery } from "../../project/projects.queries.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { keepAgentChoice } from "../agents/index.ts";

/** The projects that were changed last. Choosing one opens it with the agent selected. */
export function UseAgentDialog({ agent, onClose }: { agent: Pick<AgentDetail, "slug" | "name">; onClose: () => void }) {
  const navigate = useNavigate();
  const query = useQuery(projectsQuery({}));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Use ${agent.name} in a project`}
      description="The agent is selected for your next message. Other agents stay available."
    >
      {!query.data ? (
        query.error ? (
          <LoadFailed className="px-0" title="Couldn't load projects" of={query} />
        ) : (
          <SkeletonRows count={4} label="Loading projects…" />
        )
      ) : query.data.items.length === 0 ? (
        <EmptyState
          className="px-0"
          title="No projects yet"
          action={
            <Link to="/new" className={buttonClass({ variant: "primary" })}>
              New project
            </Link>
          }
        >
          Create a project, then choose {agent.name} below the message.
        </EmptyState>
      ) : (
        <ul role="list" className="scroll-y grid max-h-80 gap-px">
          {query.data.items.map((project) => (
            <li key={project.id}>
              <button
                type="button"
                className="flex w-full items-center gap-3 rounded-2 px-2.5 py-2 text-left text-sm text-fg-0 hover:bg-bg-3 narrow:min-h-11"
                onClick={() => {
                  keepAgentChoice(project.id, agent.slug);
                  void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
                }}
              >
                <span className="min-w-0 flex-1 truncate">{project.name}</span>
                <span className="flex-none text-xs text-fg-2">
                  <RelativeTime at={project.updated_at} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
