import { EyeOff } from "lucide-react";
import type { Model } from "@tesslate/contract";
import { shortModelName, usableModels } from "../../../lib/model-choice.ts";
import { Button } from "../../../ui/Button.tsx";

/** The selected model doesn't support the attached images: offers to switch models or to remove the images. */
export function VisionNotice({
  model,
  models,
  onModel,
  onRemove,
}: {
  model: Model;
  models: readonly Model[];
  onModel: (id: string) => void;
  onRemove: () => void;
}) {
  const usable = usableModels(models);
  const other = usable.find((one) => one.vision === true && one.provider === model.provider) ?? usable.find((one) => one.vision === true);
  return (
    <div
      role="status"
      data-testid="vision-notice"
      className="mb-1.5 flex flex-wrap items-center gap-x-2 gap-y-1.5 rounded-2 border border-line-0 bg-bg-2 px-2.5 py-1.5 text-xs leading-note text-fg-1"
    >
      <EyeOff size={14} className="flex-none text-warn" aria-hidden="true" />
      <span className="min-w-0 flex-1 basis-32">
        {shortModelName(model.id)} doesn't support images.{other ? "" : " No available model is known to support them."}
      </span>
      {other ? (
        <Button size="sm" onClick={() => onModel(other.id)}>
          Switch to {shortModelName(other.id)}
        </Button>
      ) : null}
      <Button size="sm" variant="ghost" onClick={onRemove}>
        Remove images
      </Button>
    </div>
  );
}
