import type { Deployment } from "@tesslate/contract";
import type { ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { commitsQuery, runsQuery } from "../../project/history.queries.ts";
import { useProject, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { Bead } from "../../ui/thread/Bead.tsx";
import { Lines } from "../changes/index.ts";
import { versionName } from "./deployments.ts";
import { useDeploys } from "./deploys-context.ts";
import { changesBetween, versionBefore } from "./version-changes.ts";

/** The runs and commits since the version before; nothing for the first version and for rollbacks. */
export function VersionChangesView({ deployment }: { deployment: Deployment }) {
  const before = versionBefore(deployment, useDeploys().list ?? []);
  return before ? <Since before={before} deployment={deployment} /> : null;
}

function Since({ before, deployment }: { before: Deployment; deployment: Deployment }) {
  const project = useProject();
  const { api } = useServices();
  const { showReview, list } = useDeploys();
  const runs = useProjectQuery(runsQuery(api, project.id)).data;
  const commits = useProjectQuery({ ...commitsQuery(api, project.id), enabled: project.has_git_repo }).data;
  if (!runs || (project.has_git_repo && !commits)) return null;
  const changes = changesBetween(before, deployment, list ?? [], { runs, commits: commits ?? [] });
  const title = `Changes since ${versionName(before)}`;
  return (
    <section aria-label={title} className="flex-none border-t border-line-0 px-5 pt-3 pb-2.5 narrow:px-4">
      <h3 className="mb-1 text-sm">{title}</h3>
      {changes.runs.length + changes.commits.length === 0 ? (
        <p className="py-1 text-xs text-fg-2">No runs or commits since {versionName(before)}.</p>
      ) : (
        <ul className="divide-y divide-line-0 text-xs">
          {changes.runs.map((run) => (
            <li key={run.task_id}>
              <button
                type="button"
                title="Open review"
                onClick={() => showReview(run.task_id)}
                className="flex min-h-7.75 w-full min-w-0 items-center gap-2 rounded-1 text-left hover:bg-bg-2 narrow:min-h-11"
              >
                <Mark>
                  <Bead kind="message" />
                </Mark>
                <span className="min-w-0 flex-1 truncate font-medium text-fg-0">“{run.message}”</span>
                <span className="num flex-none text-fg-2 narrow:hidden">{counted(run.files, "file")}</span>
                <Lines additions={run.additions} deletions={run.deletions} />
              </button>
            </li>
          ))}
          {changes.commits.map(({ sha, message, author }) => (
            <li key={sha} className="flex min-h-7.75 min-w-0 items-center gap-2 narrow:min-h-11">
              <Mark>
                <Bead kind="commit" />
              </Mark>
              <span className="flex-none font-mono text-fg-2">{sha.slice(0, 7)}</span>
              <span className="min-w-0 flex-1 truncate text-fg-0">{message.split("\n")[0]}</span>
              <span className="flex-none text-fg-2 narrow:hidden">{author}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const Mark = ({ children }: { children: ReactNode }) => <span className="grid size-3.5 flex-none place-items-center">{children}</span>;
