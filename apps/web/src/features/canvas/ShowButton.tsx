import { Spline } from "lucide-react";
import type { Preview } from "@tesslate/contract";
import { IconButton } from "../../ui/IconButton.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { useCanvas } from "./canvas-context.ts";
import { containerIcon } from "./node-looks.tsx";
import { PickList } from "../../ui/PickList.tsx";

/** Which container a preview shows. */
export function ShowButton({ preview }: { preview: Preview }) {
  const { connectingId, setConnecting, containers, showIn } = useCanvas();
  const choose = (containerId: string | null) => {
    setConnecting(undefined);
    void showIn(preview.id, containerId);
  };
  return (
    <Popover
      label="Show in this preview"
      align="end"
      isOpen={connectingId === preview.id}
      onOpenChange={(isOpen) => setConnecting(isOpen ? preview.id : undefined)}
      className="w-72 p-0!"
      trigger={
        <IconButton size="sm" label="Choose what this preview shows">
          <Spline size={14} />
        </IconButton>
      }
    >
      <PickList
        label="Show in this preview"
        placeholder="Show…"
        empty="Nothing in this project has a page."
        groups={[
          {
            heading: "Containers with a page",
            items: containers
              .filter(({ container_type: type }) => type === "base")
              .map((container) => ({
                id: container.id,
                title: container.name,
                icon: containerIcon(container, undefined),
                refusal: preview.connected_container_id === container.id ? "It shows this one." : undefined,
                run: () => choose(container.id),
              })),
          },
          ...(preview.connected_container_id
            ? [{ heading: "Or", items: [{ id: "nothing", title: "Nothing", hint: "Its share links end", run: () => choose(null) }] }]
            : []),
        ]}
      />
    </Popover>
  );
}
