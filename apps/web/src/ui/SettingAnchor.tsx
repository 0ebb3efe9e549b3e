import type { ReactNode } from "react";
import type { SettingId } from "../settings.ts";
import { cx } from "../lib/cx.ts";
import { useSettingAnchor } from "./use-setting-anchor.ts";

/** One setting within a section, which the search finds and `#id` leads to. */
export function SettingAnchor({ id, className, children }: { id: SettingId; className?: string; children: ReactNode }) {
  const { className: anchor, ...props } = useSettingAnchor<HTMLDivElement>(id);
  return (
    <div {...props} className={cx(anchor, className)}>
      {children}
    </div>
  );
}
