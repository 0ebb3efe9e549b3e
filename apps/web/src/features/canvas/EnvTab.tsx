import { useQuery } from "@tanstack/react-query";
import { Link2, Lock, Pencil, Plus, RotateCw, Trash2 } from "lucide-react";
import { parseDotenv, secretRefusal } from "@tesslate/contract/dotenv";
import type { Container } from "@tesslate/contract";
import { useState, type ReactNode } from "react";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { PasteEnvDialog, SecretForm, secretsQuery } from "../secrets/index.ts";
import { useCanvas } from "./canvas-context.ts";
import type { useContainer } from "./use-container.ts";

type Injected = NonNullable<Container["injected_env_vars"]>;

/** Names of the environment variables of a container. Values are sent to the server and never returned. */
export function EnvTab({
  container,
  injected,
  onUpdate,
}: {
  container: Container;
  injected: Injected;
  onUpdate: ReturnType<typeof useContainer>["update"];
}) {
  const { projectId, runtime } = useCanvas();
  const { api } = useServices();
  const [form, setForm] = useState<{ kind: "add" } | { kind: "replace"; key: string }>();
  const [isPasting, setIsPasting] = useState(false);
  const [going, setGoing] = useState<string>();
  const secrets = useQuery(secretsQuery(api, projectId));
  const own = container.env_var_keys;
  const isShadowed = (key: string) => own.includes(key) || injected.some((item) => item.key === key);
  const known = new Set(own);
  const set = async (variables: Record<string, string>) => {
    const reason = await onUpdate({ env_vars_to_set: variables });
    if (reason !== undefined) throw new Error(reason);
    setForm(undefined);
  };
  const isEmpty = own.length + injected.length + (secrets.data?.length ?? 0) === 0;
  return (
    <>
      {container.needs_restart ? (
        <div role="status" className="mx-4 mt-3 flex items-center gap-2 rounded-2 bg-warn-soft py-1.5 pr-1.5 pl-2.5 text-xs text-fg-0">
          <span className="min-w-0 flex-1">Restart to apply changes.</span>
          <Button
            size="sm"
            icon={<RotateCw size={14} />}
            disabled={runtime.isActing(container.id)}
            onClick={() => runtime.restart(container.id)}
          >
            Restart
          </Button>
        </div>
      ) : null}
      {isEmpty ? <p className="px-4 pt-4 text-xs text-fg-2">No variables yet. Changes apply at the next start.</p> : null}
      <ul aria-label={`Variables of ${container.name}`} className="pt-1">
        {injected.map((item) => (
          <Row
            key={`injected:${item.key}`}
            name={item.key}
            detail={`From ${item.source_container_name}`}
            end={
              <Pill icon={<Link2 />} tone="neutral">
                Injected
              </Pill>
            }
          />
        ))}
        {own.map((key) =>
          form?.kind === "replace" && form.key === key ? (
            <li key={key} className="border-b border-line-0 px-4 py-2.5">
              <SecretForm
                name={key}
                known={known}
                noun="variable"
                isStacked
                onSave={(_, value) => set({ [key]: value })}
                onCancel={() => setForm(undefined)}
              />
            </li>
          ) : (
            <Row
              key={key}
              name={key}
              detail="Value hidden"
              end={
                <>
                  <IconButton size="sm" label={`Replace ${key}`} onClick={() => setForm({ kind: "replace", key })}>
                    <Pencil size={14} />
                  </IconButton>
                  <IconButton size="sm" label={`Delete ${key}`} onClick={() => setGoing(key)}>
                    <Trash2 size={14} />
                  </IconButton>
                </>
              }
            />
          ),
        )}
        {secrets.data
          ?.filter(({ key }) => !isShadowed(key))
          .map(({ key }) => (
            <Row
              key={`secret:${key}`}
              name={key}
              detail="From project secrets"
              end={
                <Pill icon={<Lock />} tone="neutral">
                  Secret
                </Pill>
              }
            />
          ))}
      </ul>
      <div className="px-4 py-3">
        {form?.kind === "add" ? (
          <SecretForm
            known={known}
            noun="variable"
            isStacked
            onSave={(key, value) => set({ [key]: value })}
            onCancel={() => setForm(undefined)}
          />
        ) : (
          <div className="-ml-2 flex gap-1">
            <Button size="sm" variant="ghost" icon={<Plus size={14} />} onClick={() => setForm({ kind: "add" })}>
              Add variable
            </Button>
            <Button size="sm" variant="ghost" onClick={() => setIsPasting(true)}>
              Paste .env
            </Button>
          </div>
        )}
      </div>
      <PasteEnvDialog
        isOpen={isPasting}
        onOpenChange={setIsPasting}
        known={known}
        noun="variable"
        owner={container.name}
        onImport={(text) =>
          set(
            Object.fromEntries(
              parseDotenv(text)
                .entries.filter(({ key, value }) => !secretRefusal(key, value))
                .map(({ key, value }) => [key, value]),
            ),
          )
        }
      />
      <ConfirmDialog
        isOpen={going !== undefined}
        onOpenChange={(isOpen) => {
          if (!isOpen) setGoing(undefined);
        }}
        title={`Delete ${going ?? ""}?`}
        confirmLabel="Delete variable"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          const reason = going === undefined ? undefined : await onUpdate({ env_vars_to_delete: [going] });
          if (reason !== undefined) throw new Error(reason);
        }}
      >
        {container.name} keeps the variable until its next start. This can't be undone.
      </ConfirmDialog>
    </>
  );
}

const Row = ({ name, detail, end }: { name: string; detail: string; end: ReactNode }) => (
  <li className="flex items-center gap-2 border-b border-line-0 py-2 pr-3 pl-4">
    <span className="min-w-0 flex-1">
      <span className="block truncate font-mono text-xs text-fg-0" title={name}>
        {name}
      </span>
      <span className="block truncate text-2xs text-fg-2">{detail}</span>
    </span>
    {end}
  </li>
);
