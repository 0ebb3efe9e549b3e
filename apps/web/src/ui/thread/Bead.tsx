import type { BeadKind, BeadTone } from "./thread.types.ts";

export interface BeadProps {
  kind: BeadKind;
  tone?: BeadTone | undefined;
  /** Only where no text beside it says the same. */
  label?: string;
}

export const Bead = ({ kind, tone, label }: BeadProps) => (
  <span
    className="bead"
    data-kind={kind}
    data-tone={tone}
    title={label}
    {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
  />
);
