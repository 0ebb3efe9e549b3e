import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ModelKey } from "@tesslate/contract";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { keyProvidersQuery, useOwnKeyActions } from "./own-keys.queries.ts";

/** Adds a provider's key, which is never shown again, or edits `stored`. */
export function OwnKeyDialog({
  stored,
  onSaved,
  onClose,
}: {
  stored?: ModelKey | undefined;
  /** Its id. */
  onSaved: (id: string) => void;
  onClose: () => void;
}) {
  const { data } = useQuery(keyProvidersQuery);
  const { addKey, updateKey } = useOwnKeyActions();
  const free = data?.items.filter((provider) => !provider.has_own_key || provider.provider === stored?.provider) ?? [];
  const form = useForm({
    start: { provider: "", api_key: "", base_url: stored?.base_url ?? "", is_active: stored?.is_active ?? true },
    check: ({ api_key }) => ({ ...(!api_key.trim() && !stored && { api_key: "Enter an API key." }) }),
    submit: async ({ api_key, base_url, is_active }) => {
      const typed = api_key.trim();
      const key = stored
        ? await updateKey.mutateAsync({ id: stored.id, ...(typed && { api_key: typed }), base_url: base_url.trim() || null, is_active })
        : await addKey.mutateAsync({ provider, api_key: typed, ...(base_url.trim() && { base_url: base_url.trim() }) });
      toast(stored ? "Key saved." : `Key for ${key.provider_name} saved.`);
      onSaved(key.id);
      onClose();
    },
    faultsOf: (error) => (hasCode(error, "outbound_refused") ? { base_url: sentenceOf(error) } : undefined),
  });
  const { errors, values } = form;
  const provider = stored?.provider ?? (values.provider || (free[0]?.provider ?? ""));
  const facts = free.find((entry) => entry.provider === provider);

  return (
    <Dialog
      isOpen
      isHeld={form.isDirty}
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={stored ? `Your key for ${stored.provider_name}` : "Add API key"}
    >
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {errors[""] ? (
          <Banner
            tone="err"
            action={
              hasCode(addKey.error, "byok_not_in_tier") ? (
                <Link to="/settings/billing" className={buttonClass({ size: "sm" })}>
                  See plans
                </Link>
              ) : undefined
            }
          >
            {errors[""]}
          </Banner>
        ) : null}
        {stored ? null : (
          <Field
            label="Provider"
            error={errors.provider}
            hint={
              facts ? (
                <>
                  {facts.description}.{" "}
                  <a className="link" href={facts.website} target="_blank" rel="noreferrer">
                    Get an API key
                  </a>
                </>
              ) : undefined
            }
          >
            <Select
              {...form.choice("provider")}
              value={provider}
              options={free.map((entry) => ({ value: entry.provider, label: entry.name }))}
            />
          </Field>
        )}
        <Field
          label="API key"
          error={errors.api_key}
          hint={stored ? `Leave empty to keep the key that ends in ${stored.last4}.` : "Encrypted on this server. Never shown again."}
        >
          <PasswordInput {...form.text("api_key")} noun="key" autoComplete="off" className="font-mono" />
        </Field>
        <Field label="Base URL" error={errors.base_url} hint="Leave empty to use the provider's URL.">
          <Input {...form.text("base_url")} type="url" className="font-mono" placeholder={facts?.base_url ?? "https://…"} />
        </Field>
        {stored ? (
          <Switch
            isOn={values.is_active}
            onChange={(isOn) => form.set("is_active", isOn)}
            label="Enabled"
            hint="While off, the server's models are used instead."
          />
        ) : null}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" disabled={!facts && !stored} isLoading={form.isSubmitting} loadingWord="Saving…">
            Save key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
