import { Suspense, type ReactNode } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { useContainers } from "../../project/project-context.ts";
import { DeploysContext } from "./deploys-context.ts";
import { useProjectDeploys } from "./use-deploys.ts";

const DeployDrawer = lazyComponent(async () => (await import("./DeployDrawer.tsx")).DeployDrawer);

/** Provides the deployments of the open project, and the drawer that shows them over any view. */
export function DeploysProvider({ children }: { children: ReactNode }) {
  const containers = useContainers();
  const { deploys, subject, setSubject } = useProjectDeploys();
  return (
    <DeploysContext value={deploys}>
      {children}
      {subject ? (
        <Suspense fallback={null}>
          <DeployDrawer subject={subject} containers={containers} onSubject={setSubject} />
        </Suspense>
      ) : null}
    </DeploysContext>
  );
}
