import { useQuery } from "@tanstack/react-query";
import { ClipboardPaste, PencilLine, RotateCw, Trash2 } from "lucide-react";
import type { Container, Secret, SecretsImport } from "@tesslate/contract";
import { useMemo, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { useServices } from "../../project/services.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Chip } from "../../ui/Chip.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { PasteEnvDialog } from "./PasteEnvDialog.tsx";
import { SecretForm } from "./SecretForm.tsx";
import { exampleFile, secretsQuery, useSecretActions, wantedNamesQuery } from "./secrets.queries.ts";

const described = ({ created, replaced, refused }: SecretsImport): string =>
  [
    created.length > 0 && `${created.length} added`,
    replaced.length > 0 && `${replaced.length} replaced`,
    refused.length > 0 && `${refused.length} skipped`,
  ]
    .filter(Boolean)
    .join(", ") || "Nothing to import";

/** The secrets of the project. Their values are never returned by the API. */
export function SecretsSection({
  projectId,
  containers,
  exampleEtag,
  onRestart,
  isRestarting,
}: {
  projectId: string;
  containers: readonly Container[];
  /** Of `.env.example`, if the project has one. */
  exampleEtag: string | undefined;
  onRestart: () => void;
  isRestarting: boolean;
}) {
  const { api } = useServices();
  const secrets = useQuery(secretsQuery(api, projectId));
  const wanted = useQuery(wantedNamesQuery(api, projectId, exampleEtag));
  const { set, remove, take } = useSecretActions(projectId);
  const [isPasting, setIsPasting] = useState(false);
  const [editing, setEditing] = useState<string>();
  const [deleting, setDeleting] = useState<Secret>();
  const [draftName, setDraftName] = useState("");
  const known = useMemo(() => new Set(secrets.data?.map((secret) => secret.key)), [secrets.data]);
  const stale = containers.filter((container) => container.needs_restart);
  const missing = (wanted.data ?? []).filter(
    (name) => !known.has(name) && !containers.some((container) => container.env_var_keys.includes(name)),
  );
  const list = secrets.data ?? [];
  return (
    <SettingsSection
      id="project-secrets"
      title="Secrets"
      hint="Environment variables of all containers. Encrypted, never shown again, and hidden from logs, terminals and the agent."
      action={
        <Button size="sm" icon={<ClipboardPaste size={14} />} onClick={() => setIsPasting(true)}>
          Paste .env
        </Button>
      }
    >
      <div className="grid gap-3">
        {stale.length > 0 ? (
          <Banner
            tone="warn"
            action={
              <Button size="sm" icon={<RotateCw size={14} />} isLoading={isRestarting} loadingWord="Restarting…" onClick={onRestart}>
                Restart to apply
              </Button>
            }
          >
            {stale.length === 1
              ? `${stale[0]?.name} still uses the old values.`
              : `${counted(stale.length, "container")} still use the old values.`}
          </Banner>
        ) : null}
        {missing.length > 0 && secrets.isSuccess ? (
          <div className="rounded-3 border border-dashed border-line-1 px-3 py-2.5">
            <p className="text-xs text-fg-2">
              These variables of <span className="font-mono">{exampleFile}</span> have no value yet.
            </p>
            <ul role="list" aria-label="Missing variables" className="mt-1.5 flex flex-wrap gap-1.5">
              {missing.map((name) => (
                <li key={name}>
                  <button
                    type="button"
                    aria-label={`Add ${name}`}
                    className="rounded-1 hover:brightness-95"
                    onClick={() => setDraftName(name)}
                  >
                    <Chip isMono>{name}</Chip>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        {secrets.isPending ? (
          <SkeletonRows count={3} label="Loading secrets…" />
        ) : secrets.isError ? (
          <LoadFailed className="p-0!" title="Couldn't load secrets" of={secrets} />
        ) : list.length === 0 ? (
          <p className="text-sm text-fg-2">No secrets yet. Add one below, or paste an .env file.</p>
        ) : (
          <ul ref={keepRowFocus} role="list" aria-label="Secrets" className="divide-y divide-line-0 rounded-3 border border-line-0">
            {list.map((secret) => (
              <li key={secret.key} className="px-3 py-1.5">
                <div className="flex min-h-7 items-center gap-3">
                  <span className="min-w-0 flex-1 truncate font-mono text-xs text-fg-0" title={secret.key}>
                    {secret.key}
                  </span>
                  <span className="flex-none font-mono text-xs text-fg-3 narrow:hidden" aria-label="Value hidden">
                    {secret.masked}
                  </span>
                  <RelativeTime at={secret.updated_at} className="num w-24 flex-none text-right text-xs text-fg-2 narrow:w-auto" />
                  <span className="flex flex-none gap-0.5">
                    <IconButton
                      size="sm"
                      label={`Replace ${secret.key}`}
                      isOn={editing === secret.key}
                      onClick={() => setEditing(editing === secret.key ? undefined : secret.key)}
                    >
                      <PencilLine size={14} />
                    </IconButton>
                    <IconButton size="sm" label={`Delete ${secret.key}`} onClick={() => setDeleting(secret)}>
                      <Trash2 size={14} />
                    </IconButton>
                  </span>
                </div>
                {editing === secret.key ? (
                  <div className="pt-1 pb-2">
                    <SecretForm
                      name={secret.key}
                      known={known}
                      onCancel={() => setEditing(undefined)}
                      onSave={async (key, value) => {
                        await set.mutateAsync({ key, value });
                        setEditing(undefined);
                        toast(`${key} replaced.`);
                      }}
                    />
                  </div>
                ) : null}
              </li>
            ))}
          </ul>
        )}
        <SecretForm
          key={draftName}
          initialName={draftName}
          known={known}
          onSave={async (key, value) => {
            const isNew = !known.has(key);
            await set.mutateAsync({ key, value });
            setDraftName("");
            toast(isNew ? `${key} added.` : `${key} replaced.`);
          }}
        />
      </div>
      <PasteEnvDialog
        isOpen={isPasting}
        onOpenChange={setIsPasting}
        known={known}
        onImport={async (text) => void toast(`${described(await take.mutateAsync(text))}.`)}
      />
      <ConfirmDialog
        isOpen={deleting !== undefined}
        onOpenChange={(isOpen) => !isOpen && setDeleting(undefined)}
        title={`Delete ${deleting?.key}?`}
        confirmLabel="Delete secret"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          if (!deleting) return;
          await remove.mutateAsync(deleting.key);
          toast(`${deleting.key} deleted.`);
        }}
      >
        This can't be undone. Running apps keep the value until they restart.
      </ConfirmDialog>
    </SettingsSection>
  );
}
