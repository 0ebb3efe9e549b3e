import { Unlink } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { useCanvas } from "./canvas-context.ts";
import { DetailField, DetailSection } from "./Facts.tsx";
import type { Link } from "./links.ts";

const kinds: Record<string, string> = {
  env_injection: "Variables",
  http_api: "HTTP",
  database: "Database",
  message_queue: "Message queue",
  websocket: "WebSocket",
  cache: "Cache",
  depends_on: "Start order",
  port_mapping: "Port",
};

/** Details of a connection. */
export function LinkDetails({ link }: { link: Link }) {
  const { nameOf, inspect, remove } = useCanvas();
  const names = link.env_keys;
  const end = (id: string) => (
    <button type="button" className="link" onClick={() => inspect({ kind: "container", id })}>
      {nameOf(id)}
    </button>
  );
  return (
    <div className="scroll-y min-h-0 flex-1">
      <dl className="px-4 pb-3">
        <DetailField label="Provided by">{end(link.source_container_id)}</DetailField>
        <DetailField label="Used by">{end(link.target_container_id)}</DetailField>
        <DetailField label="Type">{kinds[link.connector_type] ?? link.connector_type}</DetailField>
      </dl>
      <DetailSection title={`Variables for ${nameOf(link.target_container_id)}`}>
        {names.length > 0 ? (
          <ul className="grid gap-1 font-mono text-xs text-fg-0">
            {names.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        ) : (
          <p className="text-xs text-fg-2">
            No variables. {nameOf(link.source_container_id)} starts before {nameOf(link.target_container_id)}.
          </p>
        )}
        <p className="mt-2 text-xs text-fg-2">Changes apply the next time {nameOf(link.target_container_id)} starts.</p>
      </DetailSection>
      <div className="border-t border-line-0 px-4 py-3">
        <Button size="sm" variant="danger" icon={<Unlink size={14} />} onClick={() => remove([{ kind: "link", id: link.id }])}>
          Disconnect
        </Button>
      </div>
    </div>
  );
}
