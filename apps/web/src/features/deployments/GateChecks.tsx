import { useQuery } from "@tanstack/react-query";
import type { LaunchSettings } from "@tesslate/contract";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { cx } from "../../lib/cx.ts";
import { useOptimisticMutation } from "../../lib/use-optimistic-mutation.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { launchSettingsKey, launchSettingsQuery } from "./deployments.queries.ts";
import { launchChecks, checkHint, checkName } from "./launch-report.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const bytesPerKb = 1000;

/** Which checks of the launch gate block a deployment of this project. */
export function GateChecks({ projectId }: { projectId: string }) {
  const { api } = useServices();
  const [isOpen, setIsOpen] = useState(false);
  const { data, error, refetch, isFetching } = useQuery(launchSettingsQuery(api, projectId));
  const key = launchSettingsKey(projectId);
  const save = useOptimisticMutation({
    mutationFn: (body: LaunchSettings) => api.deployments.updateLaunchSettings({ params: { project_id: projectId }, body }),
    affects: [key],
    show: (queries, next) => queries.setQueryData(key, next),
    adopt: (queries, saved) => queries.setQueryData(key, saved),
  });
  if (error && !data)
    return (
      <p role="alert" className="flex items-center gap-2 text-xs text-err">
        <ErrorSentence of={error} />
        <Button size="sm" isLoading={isFetching} loadingWord="Retrying…" onClick={() => void refetch()}>
          Retry
        </Button>
      </p>
    );
  if (!data) return <Skeleton className="h-8" />;
  const names = data.blocking.map((rule) => checkName[rule]);
  return (
    <>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="flex min-h-8 w-full items-center gap-2 rounded-1 text-left text-xs hover:bg-bg-2 narrow:min-h-11"
      >
        <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} />
        <span className="min-w-0 flex-1 truncate text-fg-1">
          {names.length === 0
            ? "No blocking checks; all issues are reported"
            : names.length === launchChecks.length
              ? "All checks block"
              : `Blocking: ${names.join(", ")}; others only warn`}
        </span>
      </button>
      {save.error ? (
        <p role="alert" className="pt-1 text-xs text-err">
          <ErrorSentence of={save.error} />
        </p>
      ) : null}
      {isOpen ? (
        <div className="grid gap-2.5 pt-2 pl-5.5 text-xs">
          {launchChecks.map((rule) => (
            <Switch
              key={rule}
              isOn={data.blocking.includes(rule)}
              onChange={(isOn) =>
                save.mutate({ ...data, blocking: isOn ? [...data.blocking, rule] : data.blocking.filter((other) => other !== rule) })
              }
              label={checkName[rule]}
              hint={checkHint[rule]}
            />
          ))}
          <Budget key={data.weight_budget} bytes={data.weight_budget} onSave={(weight_budget) => save.mutate({ ...data, weight_budget })} />
        </div>
      ) : null}
    </>
  );
}

function Budget({ bytes, onSave }: { bytes: number; onSave: (bytes: number) => void }) {
  const [text, setText] = useState(String(Math.round(bytes / bytesPerKb)));
  const kb = Number(text);
  const isFine = Number.isInteger(kb) && kb >= 1 && kb <= 1_000_000;
  const keep = () => {
    if (isFine && kb * bytesPerKb !== bytes) onSave(kb * bytesPerKb);
  };
  return (
    <Field
      label="First page budget"
      hint={isFine ? `${formatBytes(kb * bytesPerKb)}, compressed` : undefined}
      error={isFine ? undefined : "Enter a whole number from 1 to 1,000,000."}
      className="max-w-52"
    >
      <Input
        size="sm"
        inputMode="numeric"
        value={text}
        onChange={(event) => setText(event.target.value.trim())}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === "Enter") keep();
        }}
        trailing={<span className="text-fg-2">kB</span>}
      />
    </Field>
  );
}
