import { ArrowLeft } from "lucide-react";
import type { Service } from "@tesslate/contract";
import { useState, type FormEvent } from "react";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";

export interface Credentials {
  credentials: Record<string, string>;
  external_endpoint?: string;
}

/** Credentials of an external service. They are sent to the server and never returned. */
export function CredentialsForm({
  service,
  act,
  onSave,
  onBack,
}: {
  service: Service;
  act: string;
  /** Resolves with the reason if it failed. */
  onSave: (values: Credentials) => Promise<string | undefined>;
  onBack: () => void;
}) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [hasTried, setHasTried] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  const valueOf = (key: string) => values[key]?.trim() ?? "";
  const isMissing = (field: Service["credential_fields"][number]) => field.is_required && valueOf(field.key) === "";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setHasTried(true);
    if (isSaving || service.credential_fields.some(isMissing)) return;
    const filled = service.credential_fields.filter(({ key }) => valueOf(key) !== "");
    const endpoint = filled.find((field) => field.is_endpoint);
    setIsSaving(true);
    const reason = await onSave({
      credentials: Object.fromEntries(filled.filter((field) => field !== endpoint).map(({ key }) => [key, valueOf(key)])),
      // The endpoint is no secret: the node may show it.
      ...(endpoint && { external_endpoint: valueOf(endpoint.key) }),
    });
    setIsSaving(false);
    setFailure(reason);
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate aria-label={`Credentials of ${service.name}`} className="grid gap-3 p-3">
      <div className="flex items-center gap-1.5">
        <IconButton size="sm" label="Back" tooltipSide="none" onClick={onBack}>
          <ArrowLeft size={14} />
        </IconButton>
        <h3 className="text-sm">{service.name}</h3>
      </div>
      <p className="text-xs text-fg-2">{service.description} Credentials are encrypted on this server and never shown again.</p>
      {service.credential_fields.map((field, index) => {
        const control = {
          value: values[field.key] ?? "",
          autoFocus: index === 0,
          autoComplete: "off",
          spellCheck: false,
          required: field.is_required,
          className: "font-mono",
          onChange: (event: { target: { value: string } }) => setValues({ ...values, [field.key]: event.target.value }),
        };
        return (
          <Field
            key={field.key}
            label={field.label}
            aside={field.is_required ? undefined : <span className="text-xs text-fg-2">Optional</span>}
            hint={<span className="font-mono text-2xs">{field.key}</span>}
            error={hasTried && isMissing(field) ? "This field is required." : undefined}
          >
            {field.is_secret ? (
              <PasswordInput noun={field.label} {...control} />
            ) : (
              <Input {...(field.is_endpoint && { inputMode: "url" as const, placeholder: "https://" })} {...control} />
            )}
          </Field>
        );
      })}
      {failure ? (
        <p role="alert" className="text-xs text-err">
          {failure}
        </p>
      ) : null}
      <div className="flex gap-1.5">
        <Button type="submit" isLoading={isSaving} loadingWord="Saving…">
          {act}
        </Button>
        <Button variant="ghost" onClick={onBack}>
          Back
        </Button>
      </div>
    </form>
  );
}
