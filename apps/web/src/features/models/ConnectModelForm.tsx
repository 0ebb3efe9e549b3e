import { CircleCheck, CircleX } from "lucide-react";
import { useState, type FormEvent } from "react";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { shortModelName } from "../../lib/model-choice.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Select } from "../../ui/Select.tsx";
import { toast } from "../../ui/toast.tsx";
import { withProvider } from "./ModelNotice.tsx";
import { useConfigureModels, useTestModel, type ModelSetup } from "./models.queries.ts";

type Errors = Partial<Record<"api_key" | "base_url" | "model" | "", string>>;
const keylessProviders = new Set(["ollama"]);

/** Provider and key, then a test; once it has passed, the default model. */
export function ConnectModelForm({ setup, onDone }: { setup: ModelSetup; onDone: () => void }) {
  const [provider, setProvider] = useState(setup.ollama ? "ollama" : (setup.providers[0]?.provider ?? "openai"));
  const [apiKey, setApiKey] = useState("");
  const [baseUrl, setBaseUrl] = useState(setup.ollama?.base_url ?? "");
  const [model, setModel] = useState("");
  const [models, setModels] = useState<string[]>();
  const [note, setNote] = useState<string>();
  const [errors, setErrors] = useState<Errors>({});
  const test = useTestModel();
  const configure = useConfigureModels();
  const chosen = setup.providers.find((entry) => entry.provider === provider);
  const isKeyless = keylessProviders.has(provider);
  const untest = () => {
    setModels(undefined);
    setNote(undefined);
    setErrors({});
  };
  const given = () => ({ provider, ...(apiKey.trim() && { api_key: apiKey.trim() }), ...(baseUrl.trim() && { base_url: baseUrl.trim() }) });

  const tryKey = async () => {
    setErrors({});
    setNote(undefined);
    if (!isKeyless && !apiKey.trim() && !chosen?.has_key) return setErrors({ api_key: "Enter an API key." });
    try {
      const answer = await test.mutateAsync(given());
      if (!answer.ok) return setErrors({ [isKeyless ? "base_url" : "api_key"]: answer.message });
      setModels(answer.models);
      setModel(answer.models[0] ?? "");
      setNote(answer.message);
    } catch (error) {
      const found = fieldErrorsOf(error, ["api_key", "base_url"]);
      setErrors(
        hasCode(error, "outbound_refused")
          ? { base_url: sentenceOf(error) }
          : Object.keys(found).length > 0
            ? found
            : { "": sentenceOf(error) },
      );
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!models) return tryKey();
    if (!model.trim()) return setErrors({ model: "Select a default model." });
    try {
      await configure.mutateAsync({ kind: "provider", ...given(), default_model: withProvider(provider, model.trim()) });
      toast(`Model connected. ${shortModelName(model)} is the default.`);
      onDone();
    } catch (error) {
      setErrors(
        hasCode(error, "unknown_model")
          ? { model: sentenceOf(error) }
          : hasCode(error, "model_auth_failed")
            ? { api_key: sentenceOf(error) }
            : { "": sentenceOf(error) },
      );
    }
  };

  return (
    <form onSubmit={submit} noValidate className="grid gap-3">
      <Field label="Provider" hint={chosen?.description}>
        <Select
          value={provider}
          onChange={(next) => {
            setProvider(next);
            setBaseUrl(next === "ollama" ? (setup.ollama?.base_url ?? "") : "");
            untest();
          }}
          options={setup.providers.map((entry) => ({
            value: entry.provider,
            label: entry.name,
            ...(entry.has_key && { hint: "Key saved" }),
          }))}
        />
      </Field>
      {isKeyless ? null : (
        <Field label="API key" error={errors.api_key} hint={chosen?.has_key ? "Leave empty to keep the stored key." : undefined}>
          <PasswordInput
            noun="key"
            autoComplete="off"
            value={apiKey}
            className="font-mono"
            onChange={(event) => {
              setApiKey(event.target.value);
              untest();
            }}
          />
        </Field>
      )}
      <Field
        label="Base URL"
        error={errors.base_url}
        hint={isKeyless ? undefined : "Only for a compatible server. Leave empty to use the provider's URL."}
      >
        <Input
          type="url"
          className="font-mono"
          placeholder={isKeyless ? "http://127.0.0.1:11434" : "https://…"}
          value={baseUrl}
          onChange={(event) => {
            setBaseUrl(event.target.value);
            untest();
          }}
        />
      </Field>
      {models ? (
        <>
          <p role="status" className="flex items-start gap-2 text-ok">
            <CircleCheck size={14} className="mt-0.5 flex-none" />
            {note || "Connection works."}
          </p>
          <Field label="Default model" error={errors.model}>
            {models.length > 0 ? (
              <Select value={model} onChange={setModel} options={models.map((id) => ({ value: id, label: shortModelName(id) }))} />
            ) : (
              <Input className="font-mono" placeholder="gpt-5.1" value={model} onChange={(event) => setModel(event.target.value)} />
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
          <Button variant="ghost" onClick={() => void tryKey()} isLoading={test.isPending} loadingWord="Testing…">
            Test again
          </Button>
        ) : null}
        <Button
          type="submit"
          variant="primary"
          isLoading={models ? configure.isPending : test.isPending}
          loadingWord={models ? "Connecting…" : "Testing…"}
        >
          {models ? "Connect model" : isKeyless ? "Test connection" : "Test key"}
        </Button>
      </div>
    </form>
  );
}
