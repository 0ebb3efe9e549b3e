import { useId, type ReactNode } from "react";

/** One titled block of a settings page. */
export function SettingsSection({
  title,
  hint,
  action,
  children,
}: {
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mb-8">
      <div className="mb-3 flex flex-wrap items-start gap-2">
        <div className="min-w-0 flex-1 basis-60">
          <h2 id={id} className="text-md">
            {title}
          </h2>
          {hint ? <p className="text-xs text-fg-2">{hint}</p> : null}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}
