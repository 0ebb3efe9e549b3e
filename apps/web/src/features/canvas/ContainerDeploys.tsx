import type { Container, DeployProvider } from "@tesslate/contract";
import { ArrowUpFromLine } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { Select } from "../../ui/Select.tsx";
import { toast } from "../../ui/toast.tsx";
import { useDeploys, providerName, providers, seriesOf, VersionList } from "../deployments/index.ts";
import { Fact } from "./Facts.tsx";

const nowhere = "nowhere";

/** What of one container went out, and where it goes with "Deploy all". */
export function ContainerDeploys({
  container,
  onUpdate,
}: {
  container: Container;
  /** Resolves with a sentence when it was refused. */
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
        <Fact label="With all">
          <Select
            label={`Where ${container.name} goes with “Deploy all”`}
            size="sm"
            value={container.deployment_provider ?? nowhere}
            onChange={(next) =>
              void onUpdate({ deployment_provider: next === nowhere ? null : (next as DeployProvider) }).then(
                (reason) => reason && toast(reason, { kind: "failed" }),
              )
            }
            options={[
              { value: nowhere, label: "Nowhere" },
              ...providers.map((provider) => ({ value: provider, label: providerName[provider] })),
            ]}
          />
        </Fact>
      </dl>
      <div className="border-t border-line-0 px-2 pt-3">
        {series.length === 0 ? (
          <p className="px-2 text-xs text-fg-2">Nothing of it went out yet.</p>
        ) : (
          series.map((one) => <VersionList key={one.key} series={one} chosenId={undefined} onChoose={openDeployment} />)
        )}
      </div>
    </>
  );
}
