import type { DeploymentPlan } from "@tesslate/contract";
import { Minus, Plus, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { SecretForm } from "../secrets/index.ts";
import type { Draft } from "./draft.ts";

type Variable = DeploymentPlan["env"][number];
const sources: Record<Variable["source"], string> = {
  secret: "secret of the project",
  container: "of the container",
  connection: "from a connection",
};
const row = "flex min-h-8 items-center gap-2.5 text-xs narrow:min-h-11";

/** Which variables go along, against the last time; each can be left out, and more can be added for this once. */
export function EnvPreview({ plan, draft, change }: { plan: DeploymentPlan; draft: Draft; change: (patch: Partial<Draft>) => void }) {
  const [isAdding, setIsAdding] = useState(false);
  const own = new Set(draft.extra.map(({ name }) => name));
  const given = plan.env.filter(({ name }) => !own.has(name));
  return (
    <>
      {given.length + draft.extra.length === 0 ? (
        <p className="text-xs text-fg-2">None go along.</p>
      ) : (
        <ul aria-label="Variables that go along" className="divide-y divide-line-0 border-y border-line-0">
          {given.map((variable) => (
            <GivenRow
              key={variable.name}
              variable={variable}
              isExcluded={draft.excluded.includes(variable.name)}
              onExclude={(isExcluded) =>
                change({
                  excluded: isExcluded ? [...draft.excluded, variable.name] : draft.excluded.filter((name) => name !== variable.name),
                })
              }
            />
          ))}
          {draft.extra.map(({ name }) => (
            <li key={name} className={row}>
              <Mark word="added" ink="text-ok" icon={<Plus size={12} />} />
              <span className="min-w-0 flex-1 truncate font-mono text-fg-0">{name}</span>
              <span className="flex-none text-fg-2">for this once</span>
              <IconButton
                size="sm"
                label={`Take ${name} out`}
                onClick={() => change({ extra: draft.extra.filter((variable) => variable.name !== name) })}
              >
                <X size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {isAdding ? (
        <div className="mt-2.5">
          <SecretForm
            known={new Set([...own, ...plan.env.map(({ name }) => name)])}
            noun="variable"
            onSave={async (name, value) => {
              change({ extra: [...draft.extra.filter((variable) => variable.name !== name), { name, value }] });
              setIsAdding(false);
            }}
            onCancel={() => setIsAdding(false)}
          />
          <p className="mt-1 text-xs text-fg-2">For this deployment alone, over the project's own. It is kept nowhere else.</p>
        </div>
      ) : (
        <Button size="sm" variant="ghost" icon={<Plus size={14} />} className="mt-1.5 -ml-2" onClick={() => setIsAdding(true)}>
          Add for this once
        </Button>
      )}
    </>
  );
}

function GivenRow({
  variable: { name, source, change },
  isExcluded,
  onExclude,
}: {
  variable: Variable;
  isExcluded: boolean;
  onExclude: (isExcluded: boolean) => void;
}) {
  const isRemoved = change === "removed";
  return (
    <li className={row}>
      {isRemoved ? (
        <Mark word="removed" ink="text-err" icon={<Minus size={12} />} />
      ) : change === "added" ? (
        <Mark word="added" ink="text-ok" icon={<Plus size={12} />} />
      ) : (
        <Mark word="kept" ink="text-fg-3" />
      )}
      <span className={cx("min-w-0 flex-1 truncate font-mono", isRemoved || isExcluded ? "text-fg-2 line-through" : "text-fg-0")}>
        {name}
      </span>
      <span className="flex-none text-fg-2 narrow:sr-only">{isRemoved ? "was there the last time" : sources[source]}</span>
      {isRemoved ? null : (
        <Checkbox isChecked={!isExcluded} onChange={(isIn) => onExclude(!isIn)} isLabelHidden label={`${name} goes along`} />
      )}
    </li>
  );
}

const Mark = ({ word, ink, icon }: { word: string; ink: string; icon?: ReactNode }) => (
  <span className={cx("flex w-[68px] flex-none items-center gap-1 text-2xs font-medium", ink)}>
    <span className="grid w-3 place-items-center" aria-hidden="true">
      {icon}
    </span>
    {word}
  </span>
);
