import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Container, DeployAllResult, DeployProvider } from "@tesslate/contract";
import { Check, CircleX, Minus } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { partKey } from "../../project/cache-keys.ts";
import { deploymentsKey } from "../../project/deployments.queries.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { Select } from "../../ui/Select.tsx";
import { isUnderWay, versionName, deployProviderNames, providers, stateOf } from "./deployments.ts";
import { useDeploys } from "./deploys-context.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const nowhere = "nowhere";

/** Selects a target for each container and deploys them together. */
export function DeployAllDialog({
  containers,
  onClose,
  onShow,
}: {
  containers: readonly Container[];
  onClose: () => void;
  onShow: (deploymentId: string) => void;
}) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { projectId } = useDeploys();
  const [results, setResults] = useState<readonly DeployAllResult[]>();
  const bases = containers.filter((container) => container.container_type === "base");
  const chosen = bases.filter(({ deployment_provider }) => deployment_provider !== null);
  const choose = useMutation({
    mutationFn: ({ id, provider }: { id: string; provider: DeployProvider | null }) =>
      api.containers.update({ params: { id: projectId, container_id: id }, body: { deployment_provider: provider } }),
    onSuccess: (changed) =>
      queries.setQueryData<readonly Container[]>(partKey(projectId, "containers"), (list) =>
        list?.map((container) => (container.id === changed.id ? changed : container)),
      ),
  });
  const deploy = useMutation({
    mutationFn: () => api.deployments.deployAll({ body: { project_id: projectId } }),
    onSuccess: (answer) => {
      setResults(answer.results);
      void queries.invalidateQueries({ queryKey: deploymentsKey(projectId) });
    },
  });
  const failure = choose.error ?? deploy.error;
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title="Deploy all"
      description="Each container deploys to its selected target. A failure doesn't affect the others."
      width="lg"
      footer={
        results ? (
          <Button onClick={onClose}>Close</Button>
        ) : (
          <>
            <Button variant="ghost" onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              disabled={chosen.length === 0}
              isLoading={deploy.isPending}
              loadingWord="Deploying…"
              onClick={() => deploy.mutate()}
            >
              {chosen.length === 0 ? "Deploy" : `Deploy ${counted(chosen.length, "container")}`}
            </Button>
          </>
        )
      }
    >
      {failure ? (
        <Banner tone="err" className="mb-3">
          <ErrorSentence of={failure} />
        </Banner>
      ) : null}
      <ul aria-label="Containers" className="divide-y divide-line-0 border-y border-line-0">
        {bases.map((container) => {
          const result = results?.find(({ container_id: id }) => id === container.id);
          return (
            <li key={container.id} className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 py-1.5">
              <span className="min-w-0 flex-1 basis-32 truncate font-medium text-fg-0">{container.name}</span>
              {results ? (
                <ResultCell result={result} onShow={onShow} />
              ) : (
                <Select
                  label={`Target of ${container.name}`}
                  size="sm"
                  className="w-44!"
                  value={container.deployment_provider ?? nowhere}
                  onChange={(next) => choose.mutate({ id: container.id, provider: next === nowhere ? null : (next as DeployProvider) })}
                  options={[
                    { value: nowhere, label: "Don't deploy" },
                    ...providers.map((provider) => ({ value: provider, label: deployProviderNames[provider] })),
                  ]}
                />
              )}
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

function ResultCell({ result, onShow }: { result: DeployAllResult | undefined; onShow: (deploymentId: string) => void }) {
  const { list, currentStep } = useDeploys();
  if (!result || result.status === "skipped")
    return (
      <Pill isBare icon={<Minus />}>
        {result?.error ?? "Skipped"}
      </Pill>
    );
  const deployment = list?.find(({ id }) => id === result.deployment_id);
  if (!deployment)
    return result.status === "failed" ? (
      <span className="flex min-w-0 items-center gap-1.5 text-xs text-err">
        <CircleX size={14} className="flex-none" />
        <span className="min-w-0 break-words">{result.error ?? "Couldn't start the deployment."}</span>
      </span>
    ) : (
      <Pill tone="live" isBusy>
        Queued
      </Pill>
    );
  const state = stateOf(deployment, currentStep(deployment.id));
  return (
    <>
      <span className="text-xs text-fg-2">{deployProviderNames[deployment.provider]}</span>
      <Pill
        tone={state.tone}
        isBusy={isUnderWay(deployment)}
        icon={state.tone === "ok" ? <Check /> : state.tone === "err" ? <CircleX /> : undefined}
      >
        {state.word}
      </Pill>
      <Button size="sm" variant="ghost" onClick={() => onShow(deployment.id)}>
        {versionName(deployment)}
      </Button>
    </>
  );
}
