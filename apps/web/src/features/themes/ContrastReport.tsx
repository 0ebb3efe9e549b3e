import type { ThemeFault } from "@tesslate/contract";
import { formatDecimal } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";

/** Colors with too little contrast, which prevent publishing. */
export function ContrastReport({ faults, isPublished }: { faults: readonly ThemeFault[]; isPublished: boolean }) {
  if (faults.length === 0) return <p className="text-xs text-ok">Sufficient contrast: at least 4.5:1 for text and 3:1 for outlines.</p>;
  return (
    <Banner tone={isPublished ? "err" : "warn"}>
      <p>
        {isPublished
          ? "Some colors have too little contrast for a published theme. Change them, or unpublish the theme."
          : "Some colors have too little contrast. The studio adjusts them on screen; other apps may not, and the theme can't be published."}
      </p>
      <ul aria-label="Low contrast" className="mt-1 list-disc pl-4">
        {faults.map((fault) => (
          <li key={fault.token}>
            {fault.what} on {fault.on}: {formatDecimal(fault.ratio, 1)}:1, at least {fault.floor}:1 required
          </li>
        ))}
      </ul>
    </Banner>
  );
}
