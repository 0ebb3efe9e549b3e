import type { Container } from "@tesslate/contract";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { DeployForm } from "./DeployForm.tsx";
import { DeploymentDetails } from "./DeploymentDetails.tsx";
import { DeploymentHead } from "./DeploymentHead.tsx";
import { useDeploys, type DrawerSubject } from "./deploys-context.ts";
import { versionName, providerTitle } from "./deployments.ts";

/** The deploy form, then the running deployment, over any view. Closing it stops nothing. */
export function DeployDrawer({
  subject,
  containers,
  onSubject,
}: {
  subject: DrawerSubject;
  containers: readonly Container[];
  onSubject: (subject: DrawerSubject | undefined) => void;
}) {
  const { list } = useDeploys();
  const deployment = subject.kind === "deployment" ? list?.find(({ id }) => id === subject.id) : undefined;
  return (
    <Sheet
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onSubject(undefined);
      }}
      title={deployment ? `${versionName(deployment)} to ${providerTitle(deployment.provider)}` : "Deploy"}
      end={deployment ? <DeploymentHead deployment={deployment} /> : null}
      isWide
      isFlush
    >
      {subject.kind === "form" ? (
        <DeployForm containers={containers} onStarted={(id) => onSubject({ kind: "deployment", id })} />
      ) : deployment ? (
        <DeploymentDetails
          key={deployment.id}
          deployment={deployment}
          onShow={(id) => onSubject({ kind: "deployment", id })}
          onGone={() => onSubject(undefined)}
        />
      ) : list ? (
        <ErrorState title="Deployment not found">It was deleted.</ErrorState>
      ) : (
        <div role="status" aria-label="Loading deployment…" className="grid gap-3 p-4">
          <Skeleton className="h-6" />
          <Skeleton className="h-40" />
        </div>
      )}
    </Sheet>
  );
}
