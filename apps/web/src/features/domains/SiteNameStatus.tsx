import { Check } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import type { SiteNameState } from "./use-site-name.ts";

/** Below the field of a site's name: whether it is free, and another one if not. The field shows the error. */
export function SiteNameStatus({
  state: { isChecking, isFree, suggestion },
  onSuggestion,
}: {
  state: SiteNameState;
  onSuggestion: (name: string) => void;
}) {
  return (
    <div aria-live="polite" className="mt-1.25 flex min-h-5 flex-wrap items-center gap-x-2 gap-y-1 text-xs text-fg-2">
      {suggestion ? (
        <>
          <span>
            <b className="font-medium text-fg-1">{suggestion}</b> is available.
          </span>
          <Button size="sm" onClick={() => onSuggestion(suggestion)} aria-label={`Use “${suggestion}”`}>
            Use this name
          </Button>
        </>
      ) : isChecking ? (
        "Checking the name…"
      ) : isFree ? (
        <>
          <Check size={14} className="flex-none text-ok" />
          This name is available.
        </>
      ) : null}
    </div>
  );
}
