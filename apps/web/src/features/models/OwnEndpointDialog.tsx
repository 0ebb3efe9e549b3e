import type { CustomProvider } from "@tesslate/contract";
import { useState } from "react";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { slugOf } from "./endpoint-slug.ts";
import { useOwnKeyActions } from "./own-keys.queries.ts";

const dialects = [
  { value: "openai", label: "OpenAI" },
  { value: "openai_responses", label: "OpenAI Responses" },
  { value: "anthropic", label: "Anthropic" },
] as const;

/** Adds a custom endpoint with an API of OpenAI or Anthropic, or edits `stored`, whose slug does not change. */
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
  const { addEndpoint, updateEndpoint } = useOwnKeyActions();
  const [isKeyless, setIsKeyless] = useState(false);
  const form = useForm({
    start: {
      name: stored?.name ?? "",
      base_url: stored?.base_url ?? "",
      api_type: stored?.api_type ?? "openai",
      api_key: "",
      available_models: stored?.available_models.join(" ") ?? "",
      is_active: stored?.is_active ?? true,
    },
    check: ({ name, base_url }) => ({
      ...(((stored?.slug ?? slugOf(name)) === "" || name.trim() === "") && { name: "Enter a name that contains letters or digits." }),
      ...(!/^https?:\/\/./.test(base_url.trim()) && { base_url: "Must start with https:// or http://." }),
    }),
    submit: async ({ name, base_url, api_type, api_key, available_models, is_active }) => {
      const facts = {
        name: name.trim(),
        base_url: base_url.trim(),
        api_type,
        ...(api_key.trim() && !isKeyless && { api_key: api_key.trim() }),
        available_models: available_models.split(/[\s,]+/).filter(Boolean),
      };
      const endpoint = stored
        ? await updateEndpoint.mutateAsync({ id: stored.id, ...facts, ...(isKeyless && { api_key: null }), is_active })
        : await addEndpoint.mutateAsync({ ...facts, slug: slugOf(name) });
      toast(stored ? "Endpoint saved." : `${endpoint.name} added. Its models are custom/${endpoint.slug}/…`);
      onSaved(endpoint.id);
      onClose();
    },
    faultsOf: (error) => {
      if (hasCode(error, "outbound_refused")) return { base_url: sentenceOf(error) };
      const { slug } = fieldErrorsOf(error, ["slug"]);
      return hasCode(error, "conflict") || slug ? { name: slug ?? sentenceOf(error) } : undefined;
    },
  });
  const { errors } = form;
  return (
    <Dialog isOpen isHeld={form.isDirty} onOpenChange={(isOpen) => !isOpen && onClose()} title={stored ? stored.name : "Add endpoint"}>
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Field label="Name" error={errors.name}>
          <Input {...form.text("name")} autoComplete="off" maxLength={100} placeholder="Office server" />
        </Field>
        <Field label="Base URL" error={errors.base_url}>
          <Input {...form.text("base_url")} type="url" className="font-mono" placeholder="https://models.example.com/v1" />
        </Field>
        <div className="grid justify-items-start gap-1.5">
          <span className="text-fg-1">API format</span>
          <SegmentedControl label="API format" segments={dialects} {...form.choice("api_type")} />
        </div>
        <Field
          label="API key"
          error={errors.api_key}
          hint={stored?.has_key ? "Leave empty to keep the stored key." : "Leave empty if the endpoint needs no key."}
        >
          <PasswordInput {...form.text("api_key")} noun="key" autoComplete="off" className="font-mono" disabled={isKeyless} />
        </Field>
        <Field
          label="Models"
          error={errors.available_models}
          hint="Names, separated by spaces. Leave empty to use all models that the endpoint lists."
        >
          <Input {...form.text("available_models")} className="font-mono" placeholder="qwen3-coder" />
        </Field>
        {stored?.has_key ? (
          <Checkbox
            isChecked={isKeyless}
            onChange={(isOn) => {
              setIsKeyless(isOn);
              form.set("api_key", "");
            }}
            label="Delete stored key"
          />
        ) : null}
        {stored ? (
          <Switch
            isOn={form.values.is_active}
            onChange={(isOn) => form.set("is_active", isOn)}
            label="Enabled"
            hint="While off, its models aren't available."
          />
        ) : null}
        <div className="flex justify-end gap-2 pt-1">
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" isLoading={form.isSubmitting} loadingWord={stored ? "Saving…" : "Adding…"}>
            {stored ? "Save" : "Add endpoint"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
