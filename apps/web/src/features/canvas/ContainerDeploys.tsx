import type { Container, DeployProvider } from "@tesslate/contract";
import { ArrowUpFromLine } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { Select } from "../../ui/Select.tsx";
import { toast } from "../../ui/toast.tsx";
import { useDeploys, deployProviderNames, providers, seriesOf, VersionList } from "../deployments/index.ts";
import { DetailField } from "./Facts.tsx";

const nowhere = "nowhere";

/** The deployments of one container, and its target for "Deploy all". */
export function ContainerDeploys({
  container,
  onUpdate,
}: {
  container: Container;
  /** Resolves with the reason if it failed. */
  onUpdate: (change: { deployment_provider: DeployProvider | null }) => Promise<string | undefined>;
}) {
  const { list, openForm, openDeployment } = useDeploys();
  const series = seriesOf((list ?? []).filter(({ container_id: id }) => id === container.id));
  return (
    <>
      <div className="px-4 pt-3">
        <Button size="sm" icon={<ArrowUpFromLine size={14} />} onClick={() => openForm({ containerId: container.id })}>
          Deploy {container.name}
        </Button>
      </div>
      <dl className="px-4 py-3">
        <DetailField label="Deploy all to">
          <Select
            label={`Target of ${container.name} for “Deploy all”`}
            size="sm"
            value={container.deployment_provider ?? nowhere}
            onChange={(next) =>
              void onUpdate({ deployment_provider: next === nowhere ? null : (next as DeployProvider) }).then(
                (reason) => reason && toast(reason, { kind: "failed" }),
              )
            }
            options={[
              { value: nowhere, label: "Don't deploy" },
              ...providers.map((provider) => ({ value: provider, label: deployProviderNames[provider] })),
            ]}
          />
        </DetailField>
      </dl>
      <div className="border-t border-line-0 px-2 pt-3">
        {series.length === 0 ? (
          <p className="px-2 text-xs text-fg-2">No deployments yet</p>
        ) : (
          series.map((one) => <VersionList key={one.key} series={one} chosenId={undefined} onChoose={openDeployment} />)
        )}
      </div>
    </>
  );
}
