import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import type { Container } from "@tesslate/contract";
import { useState } from "react";
import { partKey } from "../../project/cache-keys.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import { SecretForm } from "../secrets/index.ts";
import { ContainerDot, containerLook } from "./ContainerDot.tsx";

interface ContainerChange {
  env_vars_to_set?: Record<string, string>;
  env_vars_to_delete?: string[];
  port?: number;
}

/** Changes a container and updates it in the cached list. */
function useChangeContainer(projectId: string, containerId: string) {
  const { api } = useServices();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ContainerChange) => api.containers.update({ params: { id: projectId, container_id: containerId }, body }),
    onSuccess: (changed) =>
      queries.setQueryData<Container[]>(partKey(projectId, "containers"), (list) =>
        list?.map((container) => (container.id === changed.id ? changed : container)),
      ),
  });
}

/** Variables and port of a container. */
export function ContainerSettings({ projectId, container }: { projectId: string; container: Container }) {
  const change = useChangeContainer(projectId, container.id);
  const [isAdding, setIsAdding] = useState(false);
  const [deleting, setDeleting] = useState<string>();
  const look = containerLook(container);
  const keys = new Set(container.env_var_keys);
  return (
    <section aria-label={container.name} className="rounded-3 border border-line-0">
      <header className="flex items-center gap-2 border-b border-line-0 px-3 py-2">
        <ContainerDot status={container.status} needs_restart={container.needs_restart} />
        <h3 className="min-w-0 flex-1 truncate text-sm font-medium text-fg-0">{container.name}</h3>
        <span className="text-xs text-fg-2">{look.word}</span>
        <span className="font-mono text-2xs text-fg-3">{container.directory === "." ? "/" : `/${container.directory}`}</span>
      </header>
      <div className="grid gap-3 px-3 py-2.5">
        {container.deployment_mode === "container" ? (
          <PortForm container={container} onSave={(port) => change.mutateAsync({ port })} />
        ) : null}
        <div>
          <div className="flex items-center gap-2">
            <h4 className="flex-1 text-sm font-medium text-fg-1">Container variables</h4>
            {isAdding ? null : (
              <Button size="sm" variant="ghost" icon={<Plus size={14} />} onClick={() => setIsAdding(true)}>
                Add variable
              </Button>
            )}
          </div>
          {container.env_var_keys.length === 0 && !isAdding ? (
            <p className="text-xs text-fg-2">
              No variables. The container uses the secrets above. A variable overrides the secret with the same name.
            </p>
          ) : (
            <ul role="list" aria-label={`Variables of ${container.name}`} className="divide-y divide-line-0">
              {container.env_var_keys.map((key) => (
                <li key={key} className="flex min-h-8 items-center gap-2">
                  <span className="min-w-0 flex-1 truncate font-mono text-xs text-fg-0">{key}</span>
                  <span className="font-mono text-xs text-fg-3" aria-label="value hidden">
                    ********
                  </span>
                  <IconButton size="sm" label={`Delete ${key}`} onClick={() => setDeleting(key)}>
                    <Trash2 size={14} />
                  </IconButton>
                </li>
              ))}
            </ul>
          )}
          {isAdding ? (
            <div className="pt-2">
              <SecretForm
                known={keys}
                noun="variable"
                onCancel={() => setIsAdding(false)}
                onSave={async (key, value) => {
                  await change.mutateAsync({ env_vars_to_set: { [key]: value } });
                  setIsAdding(false);
                  toast(`${key} saved for ${container.name}.`);
                }}
              />
            </div>
          ) : null}
        </div>
      </div>
      <ConfirmDialog
        isOpen={deleting !== undefined}
        onOpenChange={(isOpen) => !isOpen && setDeleting(undefined)}
        title={`Delete ${deleting} from ${container.name}?`}
        confirmLabel="Delete variable"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          await change.mutateAsync({ env_vars_to_delete: deleting ? [deleting] : [] });
        }}
      >
        The value can't be recovered. The running container keeps it until its next restart.
      </ConfirmDialog>
    </section>
  );
}

function PortForm({ container, onSave }: { container: Container; onSave: (port: number) => Promise<unknown> }) {
  const current = container.internal_port ?? container.port;
  const form = useForm({
    start: { port: current === null ? "" : String(current) },
    check: ({ port }) => ({
      ...(!(/^\d+$/.test(port.trim()) && Number(port) >= 1 && Number(port) <= 65_535) && { port: "Enter a port from 1 to 65535." }),
    }),
    submit: async ({ port }) => {
      await onSave(Number(port));
      toast(`Port saved. ${container.name} uses port ${Number(port)} after its next start.`);
    },
    errorField: "port",
    isGuarded: false,
  });
  return (
    <form onSubmit={form.onSubmit} noValidate className="flex items-start gap-2">
      <Field label="Port" error={form.errors.port} hint="Passed to the container as PORT." className="w-64">
        <Input {...form.text("port")} className="num font-mono text-xs" inputMode="numeric" />
      </Field>
      {form.isDirty ? (
        <Button
          type="submit"
          className="mt-5.75 h-8 narrow:h-11"
          isLoading={form.isSubmitting}
          loadingWord="Saving…"
          disabled={form.values.port.trim() === ""}
        >
          Save port
        </Button>
      ) : null}
    </form>
  );
}
