import { Spline, Unlink } from "lucide-react";
import type { Container } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { useCanvas } from "./canvas-context.ts";
import { DetailSection } from "./Facts.tsx";
import { labelOf } from "./links.ts";

/** The connections of a container. */
export function LinkRows({ container }: { container: Container }) {
  const { links, nameOf, inspect, remove, setConnecting } = useCanvas();
  const uses = links.filter((link) => link.target_container_id === container.id);
  const gives = links.filter((link) => link.source_container_id === container.id);
  const row = (id: string, other: string, text: string, detail: string | undefined) => (
    <li key={id} className="flex min-h-7 items-center gap-2">
      <button
        type="button"
        className="min-w-0 flex-1 truncate rounded-1 text-left hover:underline"
        onClick={() => inspect({ kind: "link", id })}
      >
        <span className="text-fg-2">{text} </span>
        <span className="text-fg-0">{other}</span>
        {detail ? <span className="ml-2 font-mono text-2xs text-fg-2">{detail}</span> : null}
      </button>
      <IconButton size="sm" label={`Disconnect ${other}`} onClick={() => remove([{ kind: "link", id }])}>
        <Unlink size={14} />
      </IconButton>
    </li>
  );
  return (
    <DetailSection title="Connections">
      {uses.length + gives.length > 0 ? (
        <ul className="mb-1 text-xs">
          {uses.map((link) => row(link.id, nameOf(link.source_container_id), "Uses", labelOf(link)))}
          {gives.map((link) => row(link.id, nameOf(link.target_container_id), "Used by", labelOf(link)))}
        </ul>
      ) : (
        <p className="mb-1 text-xs text-fg-2">No connections</p>
      )}
      <Button size="sm" variant="ghost" className="-ml-2" icon={<Spline size={14} />} onClick={() => setConnecting(container.id)}>
        Connect to…
      </Button>
    </DetailSection>
  );
}
