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

/** A provider and a key; where the key goes is never shown again. With `stored` it changes that one. */
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
    if (!typed && !stored) return setErrors({ api_key: "Paste a key." });
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
      toast(stored ? "Saved." : `Your key for ${key.provider_name} is stored.`);
      onSaved(key.id);
      onClose();
    } catch (error) {
      const found = fieldErrorsOf(error, ["api_key", "base_url"]);
      if (hasCode(error, "outbound_refused")) setErrors({ base_url: sentenceOf(error) });
      else setErrors(Object.keys(found).length > 0 ? found : { "": sentenceOf(error) });
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={stored ? `Your key for ${stored.provider_name}` : "Add a key of your own"}
    >
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
                    Where keys are made
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
          hint={stored ? `Empty keeps the one that ends in ${stored.last4}.` : "Stored sealed; shown nowhere again."}
        >
          <PasswordInput
            noun="key"
            autoComplete="off"
            className="font-mono"
            value={apiKey}
            onChange={(event) => setApiKey(event.target.value)}
          />
        </Field>
        <Field label="Address" error={errors.base_url} hint="Empty means the provider's own.">
          <Input
            type="url"
            className="font-mono"
            placeholder={facts?.base_url ?? "https://…"}
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        </Field>
        {stored ? (
          <Switch isOn={isActive} onChange={setIsActive} label="In use" hint="Off: what the server offers answers instead." />
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
            loadingWord={stored ? "Saving" : "Storing"}
          >
            {stored ? "Save" : "Store the key"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
