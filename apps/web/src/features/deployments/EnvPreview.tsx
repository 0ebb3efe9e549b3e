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
  secret: "project secret",
  container: "container variable",
  connection: "from a connection",
};
const row = "flex min-h-8 items-center gap-2.5 text-xs narrow:min-h-11";

/** The variables of this deployment, compared with the last one; some can be excluded, others added for this deployment only. */
export function EnvPreview({ plan, draft, change }: { plan: DeploymentPlan; draft: Draft; change: (patch: Partial<Draft>) => void }) {
  const [isAdding, setIsAdding] = useState(false);
  const own = new Set(draft.extra.map(({ name }) => name));
  const given = plan.env.filter(({ name }) => !own.has(name));
  return (
    <>
      {given.length + draft.extra.length === 0 ? (
        <p className="text-xs text-fg-2">No variables.</p>
      ) : (
        <ul aria-label="Included variables" className="divide-y divide-line-0 border-y border-line-0">
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
              <span className="flex-none text-fg-2">this deployment only</span>
              <IconButton
                size="sm"
                label={`Exclude ${name}`}
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
          <p className="mt-1 text-xs text-fg-2">Only for this deployment. Overrides the project's variable and isn't saved.</p>
        </div>
      ) : (
        <Button size="sm" variant="ghost" icon={<Plus size={14} />} className="mt-1.5 -ml-2" onClick={() => setIsAdding(true)}>
          Add variable
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
      <span className="flex-none text-fg-2 narrow:sr-only">{isRemoved ? "used last time" : sources[source]}</span>
      {isRemoved ? null : (
        <Checkbox isChecked={!isExcluded} onChange={(isIn) => onExclude(!isIn)} isLabelHidden label={`${name} is included`} />
      )}
    </li>
  );
}

const Mark = ({ word, ink, icon }: { word: string; ink: string; icon?: ReactNode }) => (
  <span className={cx("flex w-17 flex-none items-center gap-1 text-2xs font-medium", ink)}>
    <span className="grid w-3 place-items-center" aria-hidden="true">
      {icon}
    </span>
    {word}
  </span>
);
