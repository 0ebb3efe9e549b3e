import { useId, useRef, useState, type FormEvent } from "react";

const fields = [
  { key: "name", label: "Name", error: "Enter your name.", isValid: (text: string) => text !== "" },
  { key: "email", label: "Email", error: "Enter a valid email address.", isValid: (text: string) => /^\S+@\S+\.\S+$/.test(text) },
  { key: "message", label: "Message", error: "Enter at least 20 characters.", isValid: (text: string) => text.length >= 20 },
] as const;
type Key = (typeof fields)[number]["key"];

export function ContactForm({ onSent }: { onSent: (name: string) => void }) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Record<Key, string>>({ name: "", email: "", message: "" });
  const [wasSent, setWasSent] = useState(false);
  const isInvalid = ({ key, isValid }: (typeof fields)[number]) => wasSent && !isValid(values[key].trim());

  const send = (event: FormEvent) => {
    event.preventDefault();
    setWasSent(true);
    const first = fields.find(({ key, isValid }) => !isValid(values[key].trim()));
    if (first) (form.current?.elements.namedItem(first.key) as HTMLElement | null)?.focus();
    else onSent(values.name.trim());
  };

  return (
    <form ref={form} noValidate onSubmit={send} className="mt-6 space-y-4">
      {fields.map((field) => {
        const { key, label, error } = field;
        const Field = key === "message" ? "textarea" : "input";
        return (
          <div key={key}>
            <label htmlFor={`${id}-${key}`}>{label}</label>
            <Field
              id={`${id}-${key}`}
              name={key}
              value={values[key]}
              onChange={(event) => setValues({ ...values, [key]: event.target.value })}
              aria-invalid={isInvalid(field) || undefined}
              aria-describedby={isInvalid(field) ? `${id}-${key}-error` : undefined}
              className="mt-1 block w-full rounded border border-stone-500 bg-transparent px-3 py-2"
            />
            {isInvalid(field) && (
              <p id={`${id}-${key}-error`} className="mt-1 text-sm text-red-800 dark:text-red-300">
                {error}
              </p>
            )}
          </div>
        );
      })}
      <button type="submit" className="rounded bg-emerald-800 px-4 py-2 text-white">
        Send message
      </button>
    </form>
  );
}
