import { useId, type ReactNode } from "react";
import type { SettingId } from "../settings.ts";
import { cx } from "../lib/cx.ts";
import { useSettingAnchor } from "./use-setting-anchor.ts";

/** One titled block of a settings page. `id`: its entry in `settings.ts`, which the search finds and `#id` leads to. */
export function SettingsSection({
  id,
  title,
  hint,
  action,
  children,
}: {
  id?: SettingId;
  title: string;
  hint?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  const headingId = useId();
  const { className: anchor, ...props } = useSettingAnchor<HTMLElement>(id);
  return (
    <section {...props} aria-labelledby={headingId} className={cx("mb-8", anchor)}>
      <div className="mb-3 flex flex-wrap items-start gap-2">
        <div className="min-w-0 flex-1 basis-60">
          <h2 id={headingId} className="text-md">
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
