import type { CustomProvider } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { slugOf } from "./endpoint-slug.ts";
import { useOwnKeyActs } from "./own-keys.queries.ts";

type Errors = Partial<Record<"name" | "slug" | "base_url" | "api_key" | "", string>>;
const dialects = [
  { value: "openai", label: "OpenAI" },
  { value: "anthropic", label: "Anthropic" },
] as const;

/** Adds a custom endpoint with the OpenAI or the Anthropic API, or edits `stored`, whose slug does not change. */
export function OwnEndpointDialog({
  stored,
  onSaved,
  onClose,
}: {
  stored?: CustomProvider | undefined;
  /** Its id. */
  onSaved: (id: string) => void;
  onClose: () => void;
}) {
  const { addEndpoint, updateEndpoint } = useOwnKeyActs();
  const [name, setName] = useState(stored?.name ?? "");
  const [baseUrl, setBaseUrl] = useState(stored?.base_url ?? "");
  const [apiType, setApiType] = useState<"openai" | "anthropic">(stored?.api_type ?? "openai");
  const [apiKey, setApiKey] = useState("");
  const [isKeyless, setIsKeyless] = useState(false);
  const [models, setModels] = useState(stored?.available_models.join(" ") ?? "");
  const [isActive, setIsActive] = useState(stored?.is_active ?? true);
  const [errors, setErrors] = useState<Errors>({});

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const slug = stored?.slug ?? slugOf(name);
    const missing: Errors = {
      ...((slug === "" || name.trim() === "") && { name: "Enter a name that contains letters or digits." }),
      ...(!/^https?:\/\/./.test(baseUrl.trim()) && { base_url: "Must start with https:// or http://." }),
    };
    setErrors(missing);
    if (Object.keys(missing).length > 0) return;
    try {
      const facts = {
        name: name.trim(),
        base_url: baseUrl.trim(),
        api_type: apiType,
        ...(apiKey.trim() && !isKeyless && { api_key: apiKey.trim() }),
        available_models: models.split(/[\s,]+/).filter(Boolean),
      };
      const endpoint = stored
        ? await updateEndpoint.mutateAsync({ id: stored.id, ...facts, ...(isKeyless && { api_key: null }), is_active: isActive })
        : await addEndpoint.mutateAsync({ ...facts, slug });
      toast(stored ? "Endpoint saved." : `${endpoint.name} added. Its models are custom/${endpoint.slug}/…`);
      onSaved(endpoint.id);
      onClose();
    } catch (error) {
      const { slug: ofSlug, ...found } = fieldErrorsOf(error, ["name", "slug", "base_url", "api_key"]);
      if (hasCode(error, "outbound_refused")) setErrors({ base_url: sentenceOf(error) });
      else if (hasCode(error, "conflict") || ofSlug) setErrors({ name: ofSlug ?? sentenceOf(error) });
      else setErrors(Object.keys(found).length > 0 ? found : { "": sentenceOf(error) });
    }
  };
  return (
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={stored ? stored.name : "Add endpoint"}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label="Name" error={errors.name}>
          <Input
            autoComplete="off"
            maxLength={100}
            placeholder="Office server"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label="Base URL" error={errors.base_url}>
          <Input
            type="url"
            className="font-mono"
            placeholder="https://models.example.com/v1"
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        </Field>
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">API format</span>
          <SegmentedControl label="API format" segments={dialects} value={apiType} onChange={setApiType} />
        </div>
        <Field
          label="API key"
          error={errors.api_key}
          hint={stored?.has_key ? "Leave empty to keep the stored key." : "Leave empty if the endpoint needs no key."}
        >
          <PasswordInput
            noun="key"
            autoComplete="off"
            className="font-mono"
            disabled={isKeyless}
            value={isKeyless ? "" : apiKey}
            onChange={(event) => setApiKey(event.target.value)}
          />
        </Field>
        <Field label="Models" hint="Names, separated by spaces. Leave empty to use all models that the endpoint lists.">
          <Input className="font-mono" placeholder="qwen3-coder" value={models} onChange={(event) => setModels(event.target.value)} />
        </Field>
        {stored?.has_key ? <Checkbox isChecked={isKeyless} onChange={setIsKeyless} label="Delete stored key" /> : null}
        {stored ? <Switch isOn={isActive} onChange={setIsActive} label="Enabled" hint="While off, its models aren't available." /> : null}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            variant="primary"
            isLoading={addEndpoint.isPending || updateEndpoint.isPending}
            loadingWord={stored ? "Saving…" : "Adding…"}
          >
            {stored ? "Save" : "Add endpoint"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
