import { Spline } from "lucide-react";
import type { Preview } from "@tesslate/contract";
import { IconButton } from "../../ui/IconButton.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { useCanvas } from "./canvas-context.ts";
import { containerIcon } from "./node-looks.tsx";
import { PickList } from "../../ui/PickList.tsx";

/** Selects the app that a preview shows. */
export function ShowButton({ preview }: { preview: Preview }) {
  const { connectingId, setConnecting, containers, showIn } = useCanvas();
  const choose = (containerId: string | null) => {
    setConnecting(undefined);
    void showIn(preview.id, containerId);
  };
  return (
    <Popover
      label="App of this preview"
      align="end"
      isOpen={connectingId === preview.id}
      onOpenChange={(isOpen) => setConnecting(isOpen ? preview.id : undefined)}
      className="w-72 p-0!"
      trigger={
        <IconButton size="sm" label="Select app for this preview">
          <Spline size={14} />
        </IconButton>
      }
    >
      <PickList
        label="App of this preview"
        placeholder="Select an app…"
        empty="No apps in this project"
        groups={[
          {
            heading: "Apps",
            items: containers
              .filter(({ container_type: type }) => type === "base")
              .map((container) => ({
                id: container.id,
                title: container.name,
                icon: containerIcon(container, undefined),
                refusal: preview.connected_container_id === container.id ? "Already shown" : undefined,
                run: () => choose(container.id),
              })),
          },
          ...(preview.connected_container_id
            ? [{ heading: "Other", items: [{ id: "nothing", title: "No app", hint: "Revokes its share links", run: () => choose(null) }] }]
            : []),
        ]}
      />
    </Popover>
  );
}
