import { Spline } from "lucide-react";
import type { DeploymentTarget } from "@tesslate/contract";
import { useState } from "react";
import { IconButton } from "../../ui/IconButton.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { useCanvas } from "./canvas-context.ts";
import { attachRefusal } from "./links.ts";
import { containerIcon } from "./node-looks.tsx";
import { PickList } from "../../ui/PickList.tsx";

/** Attaches containers to a target. Containers that can't be attached show the reason. */
export function AttachContainerButton({ target }: { target: DeploymentTarget }) {
  const { connectingId, setConnecting, containers, attach, serviceOf } = useCanvas();
  const [failure, setFailure] = useState<string>();
  return (
    <Popover
      label={`Attach container to ${target.name}`}
      align="end"
      isOpen={connectingId === target.id}
      onOpenChange={(isOpen) => {
        setFailure(undefined);
        setConnecting(isOpen ? target.id : undefined);
      }}
      className="w-80 max-w-floating! p-0!"
      trigger={
        <IconButton size="sm" label={`Attach container to ${target.name}`}>
          <Spline size={14} />
        </IconButton>
      }
    >
      <PickList
        label={`Attach container to ${target.name}`}
        placeholder="Select a container…"
        empty="No containers to deploy"
        groups={[
          {
            heading: "Containers",
            items: containers.map((container) => ({
              id: container.id,
              title: container.name,
              icon: containerIcon(container, serviceOf(container.service_slug)),
              refusal: attachRefusal(container, target),
              run: () => {
                setFailure(undefined);
                void attach(target.id, container.id).then((reason) => {
                  if (reason === undefined) setConnecting(undefined);
                  else setFailure(reason);
                });
              },
            })),
          },
        ]}
        foot={
          failure ? (
            <p role="alert" className="flex-none border-t border-line-0 bg-err-soft px-3 py-2 text-xs text-err">
              {failure}
            </p>
          ) : null
        }
      />
    </Popover>
  );
}
