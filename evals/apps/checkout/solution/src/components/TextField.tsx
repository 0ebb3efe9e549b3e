import { useId } from "react";

export function TextField({
  label,
  value,
  error,
  onChange,
}: {
  label: string;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="mt-4">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        className="mt-1 block w-full rounded border border-stone-500 bg-transparent px-3 py-2"
      />
      {error !== undefined && (
        <p id={`${id}-error`} className="mt-1 text-sm text-red-800 dark:text-red-300">
          {error}
        </p>
      )}
    </div>
  );
}
