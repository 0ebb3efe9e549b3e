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
  { value: "openai", label: "Like OpenAI" },
  { value: "anthropic", label: "Like Anthropic" },
] as const;

/** An endpoint of one's own that speaks one of the two usual protocols. With `stored` it changes that one; its slug stays. */
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
      ...((slug === "" || name.trim() === "") && { name: "Give it a name with letters or digits." }),
      ...(!/^https?:\/\/./.test(baseUrl.trim()) && { base_url: "An address that begins with http:// or https://." }),
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
      toast(stored ? "Saved." : `${endpoint.name} is there. Its models are custom/${endpoint.slug}/…`);
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
    <Dialog isOpen onOpenChange={(isOpen) => !isOpen && onClose()} title={stored ? stored.name : "Add an endpoint of your own"}>
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
        <Field label="Address" error={errors.base_url}>
          <Input
            type="url"
            className="font-mono"
            placeholder="https://models.example.com/v1"
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        </Field>
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">It speaks</span>
          <SegmentedControl label="It speaks" segments={dialects} value={apiType} onChange={setApiType} />
        </div>
        <Field
          label="API key"
          error={errors.api_key}
          hint={stored?.has_key ? "Empty keeps the stored one, which is shown nowhere." : "Empty when it asks for none."}
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
        <Field label="Models" hint="Names, separated by spaces. Empty means whatever it lists.">
          <Input className="font-mono" placeholder="qwen3-coder" value={models} onChange={(event) => setModels(event.target.value)} />
        </Field>
        {stored?.has_key ? <Checkbox isChecked={isKeyless} onChange={setIsKeyless} label="Forget the stored key" /> : null}
        {stored ? <Switch isOn={isActive} onChange={setIsActive} label="In use" hint="Off: its models are offered nowhere." /> : null}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            variant="primary"
            isLoading={addEndpoint.isPending || updateEndpoint.isPending}
            loadingWord={stored ? "Saving" : "Adding"}
          >
            {stored ? "Save" : "Add the endpoint"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
