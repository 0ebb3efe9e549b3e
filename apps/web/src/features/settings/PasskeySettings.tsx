import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Passkey } from "@tesslate/contract";
import { browserName } from "../../lib/browser-name.ts";
import { keepRowFocus } from "../../lib/row-focus.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { configQuery, knowsPasskeys, passkeyFault, passkeysQuery, useSecurityActions } from "../auth/index.ts";
import { ProofDialog } from "./ProofDialog.tsx";

/** The user's passkeys, which sign in without a password. */
export function PasskeySettings() {
  const { data, error, refetch, isFetching } = useQuery(passkeysQuery);
  const { data: config } = useQuery(configQuery);
  const [isAdding, setIsAdding] = useState(false);
  const isOffered = config?.features.passkeys === true && knowsPasskeys();
  const add = isOffered ? (
    <Button size="sm" onClick={() => setIsAdding(true)}>
      Add passkey
    </Button>
  ) : null;
  return (
    <SettingsSection
      id="passkeys"
      title="Passkeys"
      hint="Sign in with the fingerprint, face or PIN of your device, without a password."
      action={data && data.items.length > 0 ? add : null}
    >
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load passkeys" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={2} label="Loading passkeys…" />
      ) : data.items.length === 0 ? (
        <EmptyState className="px-0 py-2" title="No passkeys yet" action={add}>
          {isOffered || !config
            ? "Unlike passwords, passkeys can't be guessed or phished."
            : config.features.passkeys
              ? "This browser doesn't support passkeys."
              : "Passkeys require this server to have a host name and HTTPS."}
        </EmptyState>
      ) : (
        <ul ref={keepRowFocus} className="divide-y divide-line-0 border-y border-line-0">
          {data.items.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      )}
      {isAdding ? <AddDialog onClose={() => setIsAdding(false)} /> : null}
    </SettingsSection>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const { addPasskey } = useSecurityActions();
  const [name, setName] = useState(() => browserName(navigator.userAgent));
  return (
    <ProofDialog
      title="Add passkey"
      confirmLabel="Continue"
      loadingWord="Waiting for your device…"
      faultOf={passkeyFault}
      onClose={onClose}
      onProve={async (proof) => {
        await addPasskey.mutateAsync({ name, proof });
        toast("Passkey added.");
      }}
    >
      <Field label="Name" hint="Helps you recognize this passkey later.">
        <Input name="passkey_name" autoComplete="off" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
    </ProofDialog>
  );
}

function PasskeyRow({ passkey }: { passkey: Passkey }) {
  const { removePasskey } = useSecurityActions();
  const [asking, setAsking] = useState<"rename" | "remove">();
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-fg-0">{passkey.name}</p>
        <p className="text-xs text-fg-2">
          {passkey.is_synced ? "Synced across devices" : "On one device"} ·{" "}
          {passkey.last_used_at ? (
            <>
              Last used <RelativeTime at={passkey.last_used_at} />
            </>
          ) : (
            "Never used"
          )}
        </p>
      </div>
      <Menu
        label={`Passkey ${passkey.name}`}
        trigger={
          <Button size="sm" variant="ghost" aria-label={`Edit ${passkey.name}`}>
            Edit
          </Button>
        }
        entries={[
          { label: "Rename", onSelect: () => setAsking("rename") },
          { label: "Remove", isDanger: true, onSelect: () => setAsking("remove") },
        ]}
      />
      {asking === "rename" ? <RenameDialog passkey={passkey} onClose={() => setAsking(undefined)} /> : null}
      {asking === "remove" ? (
        <ProofDialog
          title={`Remove passkey “${passkey.name}”?`}
          confirmLabel="Remove passkey"
          loadingWord="Removing…"
          isDanger
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => {
            await removePasskey.mutateAsync({ id: passkey.id, proof });
            toast("Passkey removed.");
          }}
        >
          <p className="text-fg-2">You can no longer use it to sign in. It stays on your device until you delete it there.</p>
        </ProofDialog>
      ) : null}
    </li>
  );
}

function RenameDialog({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const { renamePasskey } = useSecurityActions();
  const form = useForm({
    start: { name: passkey.name },
    submit: async ({ name }) => {
      await renamePasskey.mutateAsync({ id: passkey.id, name: name.trim() });
      onClose();
    },
  });
  return (
    <Dialog isOpen isHeld={form.isDirty} onOpenChange={(isOpen) => !isOpen && onClose()} title="Rename passkey">
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Name" error={form.errors.name}>
          <Input {...form.text("name")} autoComplete="off" maxLength={100} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button type="button" variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" disabled={!form.values.name.trim()} isLoading={form.isSubmitting} loadingWord="Renaming…">
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
