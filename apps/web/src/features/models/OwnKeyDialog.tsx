import { useQuery } from "@tanstack/react-query";
import type { ModelKey } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Select } from "../../ui/Select.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { keyProvidersQuery, useOwnKeyActs } from "./own-keys.queries.ts";

type Errors = Partial<Record<"provider" | "api_key" | "base_url" | "", string>>;

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
  const { addKey, updateKey } = useOwnKeyActs();
  const free = data?.items.filter((provider) => !provider.has_own_key || provider.provider === stored?.provider) ?? [];
  const [chosen, setChosen] = useState<string>();
  const [apiKey, setApiKey] = useState("");
  const [baseUrl, setBaseUrl] = useState(stored?.base_url ?? "");
  const [isActive, setIsActive] = useState(stored?.is_active ?? true);
  const [errors, setErrors] = useState<Errors>({});
  const provider = stored?.provider ?? chosen ?? free[0]?.provider ?? "";
  const facts = free.find((entry) => entry.provider === provider);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const typed = apiKey.trim();
    if (!typed && !stored) return setErrors({ api_key: "Enter an API key." });
    setErrors({});
    try {
      const key = stored
        ? await updateKey.mutateAsync({
            id: stored.id,
            ...(typed && { api_key: typed }),
            base_url: baseUrl.trim() || null,
            is_active: isActive,
          })
        : await addKey.mutateAsync({ provider, api_key: typed, ...(baseUrl.trim() && { base_url: baseUrl.trim() }) });
      toast(stored ? "Key saved." : `Key for ${key.provider_name} saved.`);
      onSaved(key.id);
      onClose();
    } catch (error) {
      const found = fieldErrorsOf(error, ["api_key", "base_url"]);
      if (hasCode(error, "outbound_refused")) setErrors({ base_url: sentenceOf(error) });
      else setErrors(Object.keys(found).length > 0 ? found : { "": sentenceOf(error) });
    }
  };
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={stored ? `Your key for ${stored.provider_name}` : "Add API key"}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
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
            <Select value={provider} onChange={setChosen} options={free.map((entry) => ({ value: entry.provider, label: entry.name }))} />
          </Field>
        )}
        <Field
          label="API key"
          error={errors.api_key}
          hint={stored ? `Leave empty to keep the key that ends in ${stored.last4}.` : "Encrypted on this server. Never shown again."}
        >
          <PasswordInput
            noun="key"
            autoComplete="off"
            className="font-mono"
            value={apiKey}
            onChange={(event) => setApiKey(event.target.value)}
          />
        </Field>
        <Field label="Base URL" error={errors.base_url} hint="Leave empty to use the provider's URL.">
          <Input
            type="url"
            className="font-mono"
            placeholder={facts?.base_url ?? "https://…"}
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        </Field>
        {stored ? (
          <Switch isOn={isActive} onChange={setIsActive} label="Enabled" hint="While off, the server's models are used instead." />
        ) : null}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            variant="primary"
            disabled={!facts && !stored}
            isLoading={addKey.isPending || updateKey.isPending}
            loadingWord="Saving…"
          >
            Save key
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
