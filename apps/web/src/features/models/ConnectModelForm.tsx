import { ApiError } from "@tesslate/client/core";
import { CircleCheck, CircleX } from "lucide-react";
import { useRef, useState, type FormEvent } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { shortModelName } from "../../lib/model-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm, type Form } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Select } from "../../ui/Select.tsx";
import { toast } from "../../ui/toast.tsx";
import { withProvider } from "./ModelNotice.tsx";
import { useConfigureModels, useTestModel, type ModelSetup } from "./models.queries.ts";
import { OllamaOffer } from "./OllamaOffer.tsx";

interface Provider {
  provider: string;
  api_key: string;
  base_url: string;
  model: string;
}
const givenOf = ({ provider, api_key, base_url }: Provider) => ({
  provider,
  ...(api_key.trim() && { api_key: api_key.trim() }),
  ...(base_url.trim() && { base_url: base_url.trim() }),
});

/** A provider that needs no key can be connected without one. */
const keyHint = ({ has_key, needs_key }: ModelSetup["providers"][number]): string | undefined => {
  if (!needs_key)
    return has_key ? "Leave empty if the server needs no key, or to keep the current one." : "Leave empty if the server needs no key.";
  return has_key ? "Leave empty to keep the current key." : undefined;
};

/** An Ollama that was found, with one click; or provider and key, then a test, and once it has passed, the default model. */
export function ConnectModelForm({
  setup,
  provider = setup.providers[0]?.provider ?? "openai",
  onDone,
}: {
  setup: ModelSetup;
  /** The one that is chosen at first. */
  provider?: string;
  onDone: () => void;
}) {
  const test = useTestModel();
  const configure = useConfigureModels();
  /** The last test that passed. It counts for what was tested only. */
  const [tested, setTested] = useState<{ given: string; models: string[]; note: string }>();
  const isRetest = useRef(false);
  /** Servers that list no models, by what was tested: the person names one. */
  const [unlisted, setUnlisted] = useState<string>();
  const form: Form<Provider> = useForm<Provider>({
    start: {
      provider,
      api_key: "",
      base_url: "",
      model: "",
    },
    check: ({ api_key, base_url, model }) => {
      if (models && !isRetest.current) return model.trim() ? {} : { model: "Select a default model." };
      return {
        ...(chosen?.needs_key && !api_key.trim() && !chosen.has_key && { api_key: "Enter an API key." }),
        ...(hasNoUrl && !base_url.trim() && !chosen.has_key && { base_url: "Enter the address of the server." }),
        ...(isUnlisted && !model.trim() && { model: "Enter a model." }),
      };
    },
    submit: async (values) => {
      if (models && !isRetest.current) {
        const { model } = values;
        await configure.mutateAsync({
          kind: "provider",
          ...givenOf(values),
          default_model: withProvider(values.provider, model.trim()),
        });
        toast(`Model connected. ${shortModelName(model)} is the default.`);
        return onDone();
      }
      setTested(undefined);
      const given = JSON.stringify(givenOf(values));
      const named = isUnlisted ? values.model.trim() : "";
      const answer = await test.mutateAsync({ ...givenOf(values), ...(named && { model: named }) });
      if (!answer.ok) {
        setUnlisted(answer.needs_model ? given : undefined);
        throw new Error(answer.message);
      }
      setTested({ given, models: answer.models, note: answer.message });
      form.set("model", named || (answer.models[0] ?? ""));
    },
    faultsOf: (error) => {
      if (!(error instanceof ApiError)) return { [chosen?.needs_key ? "api_key" : "base_url"]: sentenceOf(error) };
      if (hasCode(error, "outbound_refused")) return { base_url: sentenceOf(error) };
      if (hasCode(error, "unknown_model")) return { model: sentenceOf(error) };
      return hasCode(error, "model_auth_failed") ? { api_key: sentenceOf(error) } : undefined;
    },
  });
  const { errors, values } = form;
  const chosen = setup.providers.find((entry) => entry.provider === values.provider);
  const takesKey = values.provider !== "ollama";
  const hasNoUrl = chosen?.base_url === null;
  const isUnlisted = unlisted === JSON.stringify(givenOf(values));
  const models = tested?.given === JSON.stringify(givenOf(values)) ? tested.models : undefined;
  const send = (isAgain: boolean, event?: FormEvent) => {
    isRetest.current = isAgain;
    form.onSubmit(event);
  };

  const address = (
    <Field
      label={hasNoUrl ? "Address" : "Base URL"}
      error={errors.base_url}
      hint={
        hasNoUrl
          ? "Usual ports: 8080 of llama.cpp, 8000 of vLLM, 1234 of LM Studio."
          : takesKey
            ? "Only for a compatible server. Leave empty to use the provider's URL."
            : undefined
      }
    >
      <Input
        {...form.text("base_url")}
        type="url"
        className="font-mono"
        placeholder={hasNoUrl ? "http://127.0.0.1:8080/v1" : takesKey ? "https://…" : "http://localhost:11434"}
      />
    </Field>
  );
  return (
    <form onSubmit={(event) => send(false, event)} noValidate className="grid gap-3">
      {setup.ollama ? <OllamaOffer ollama={setup.ollama} onDone={onDone} /> : null}
      <Field label={setup.ollama ? "Or another provider" : "Provider"} hint={chosen ? <ProviderHint of={chosen} /> : undefined}>
        <Select
          value={values.provider}
          onChange={(next) => {
            form.set("provider", next);
            form.set("base_url", next === "ollama" ? (setup.ollama?.base_url ?? "") : "");
            form.show({});
          }}
          options={setup.providers.map((entry) => ({
            value: entry.provider,
            label: entry.name,
            ...(entry.has_key && { hint: entry.needs_key ? "Key saved" : "Connected" }),
          }))}
        />
      </Field>
      {hasNoUrl ? address : null}
      {takesKey ? (
        <Field label="API key" error={errors.api_key} hint={chosen && keyHint(chosen)}>
          <PasswordInput {...form.text("api_key")} noun="key" autoComplete="off" className="font-mono" />
        </Field>
      ) : null}
      {hasNoUrl ? null : address}
      {isUnlisted && !models ? (
        <Field label="Model" error={errors.model} hint="The server lists no models. Enter the name of one.">
          <Input {...form.text("model")} className="font-mono" placeholder="qwen3-coder" />
        </Field>
      ) : null}
      {models ? (
        <>
          <p role="status" className="flex items-start gap-2 text-ok">
            <CircleCheck size={14} className="mt-0.5 flex-none" />
            {tested?.note || "Connection works."}
          </p>
          <Field label="Default model" error={errors.model}>
            {models.length > 0 ? (
              <Select {...form.choice("model")} options={models.map((id) => ({ value: id, label: shortModelName(id) }))} />
            ) : (
              <Input {...form.text("model")} className="font-mono" placeholder="gpt-5.1" />
            )}
          </Field>
        </>
      ) : null}
      {errors[""] ? (
        <p role="alert" className="flex items-start gap-2 text-err">
          <CircleX size={14} className="mt-0.5 flex-none" />
          {errors[""]}
        </p>
      ) : null}
      <div className="flex justify-end gap-2 pt-1">
        {models ? (
          <Button variant="ghost" onClick={() => send(true)} isLoading={test.isPending} loadingWord="Testing…">
            Test again
          </Button>
        ) : null}
        <Button
          type="submit"
          variant="primary"
          isLoading={models ? configure.isPending : test.isPending}
          loadingWord={models ? "Connecting…" : "Testing…"}
        >
          {models ? "Connect model" : chosen?.needs_key ? "Test key" : "Test connection"}
        </Button>
      </div>
    </form>
  );
}

/** What the provider offers, and where its keys are created. */
const ProviderHint = ({ of: { description, website, needs_key } }: { of: ModelSetup["providers"][number] }) => (
  <>
    {description}.
    {website ? (
      <>
        {" "}
        <a className="link" href={website} target="_blank" rel="noreferrer">
          {needs_key ? "Get an API key" : "Download"}
        </a>
      </>
    ) : null}
  </>
);
