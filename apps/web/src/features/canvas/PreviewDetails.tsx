import { Play, Share2, Spline, Trash2 } from "lucide-react";
import type { Preview } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { useCanvas } from "./canvas-context.ts";
import { sizeOfPreview } from "./graph.ts";
import { InlineEdit } from "./InlineEdit.tsx";
import { DetailField } from "./Facts.tsx";

/** Details of a preview: its app, path and size. */
export function PreviewDetails({ preview }: { preview: Preview }) {
  const { containers, setConnecting, savePath, setLive, liveId, share, remove } = useCanvas();
  const container = containers.find(({ id }) => id === preview.connected_container_id);
  const { width, height } = sizeOfPreview(preview);
  const isServed = container?.status === "running" || container?.status === "frozen";
  return (
    <div className="scroll-y min-h-0 flex-1">
      <div className="flex flex-wrap gap-1.5 px-4 pt-1">
        {isServed && liveId !== preview.id ? (
          <Button size="sm" icon={<Play size={14} />} onClick={() => setLive(preview.id)}>
            Run
          </Button>
        ) : null}
        {container ? (
          <Button size="sm" icon={<Share2 size={14} />} onClick={() => share(preview)}>
            Share
          </Button>
        ) : null}
        <Button size="sm" variant="ghost" icon={<Spline size={14} />} onClick={() => setConnecting(preview.id)}>
          {container ? "Change app" : "Select app"}
        </Button>
      </div>
      <dl className="px-4 py-3">
        <DetailField label="App">{container?.name ?? "None"}</DetailField>
        <DetailField label="Path">
          <InlineEdit
            label="path"
            isMono
            inputMode="url"
            value={preview.current_path}
            onSave={async (path) => {
              if (!path.startsWith("/")) return "The path must start with a slash.";
              savePath(preview.id, path);
              return undefined;
            }}
          />
        </DetailField>
        <DetailField label="Size">
          <span className="num">
            {Math.round(width)} × {Math.round(height)}
          </span>
        </DetailField>
      </dl>
      <div className="border-t border-line-0 px-4 py-3">
        <Button size="sm" variant="danger" icon={<Trash2 size={14} />} onClick={() => remove([{ kind: "preview", id: preview.id }])}>
          Delete preview
        </Button>
      </div>
    </div>
  );
}
