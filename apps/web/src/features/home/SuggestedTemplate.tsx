import type { Template } from "@tesslate/contract";
import { Lightbulb } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import type { TemplateSuggestion } from "./template-suggestion.ts";

/** Below the composer: a template that fits the prompt better than the selected one. */
export function SuggestedTemplate({
  suggestion,
  suggested,
  selected,
  onChoose,
}: {
  suggestion: TemplateSuggestion;
  suggested: Template;
  selected: Template;
  onChoose: (slug: string) => void;
}) {
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-3 border border-line-0 px-3 py-2 text-sm">
      <Lightbulb size={14} className="flex-none text-fg-3 narrow:hidden" />
      <p className="min-w-0 flex-1 basis-60 text-fg-1">
        You mentioned “{suggestion.words}”. <b className="font-medium text-fg-0">{suggested.name}</b> comes with {suggestion.brings}.
      </p>
      <span className="flex flex-wrap gap-2">
        <Button size="sm" variant="ghost" onClick={() => onChoose(selected.slug)}>
          Keep {selected.name}
        </Button>
        <Button size="sm" onClick={() => onChoose(suggested.slug)}>
          Use {suggested.name}
        </Button>
      </span>
    </div>
  );
}
