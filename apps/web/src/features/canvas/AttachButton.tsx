import { Spline } from "lucide-react";
import type { DeploymentTarget } from "@tesslate/contract";
import { useState } from "react";
import { IconButton } from "../../ui/IconButton.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { useCanvas } from "./canvas-context.ts";
import { attachRefusal } from "./links.ts";
import { containerIcon } from "./node-looks.tsx";
import { PickList } from "../../ui/PickList.tsx";

/** Which containers go to a target; what cannot says why, here or in the server's words. */
export function AttachButton({ target }: { target: DeploymentTarget }) {
  const { connectingId, setConnecting, containers, attach, serviceOf } = useCanvas();
  const [failure, setFailure] = useState<string>();
  return (
    <Popover
      label={`Let a container go to ${target.name}`}
      align="end"
      isOpen={connectingId === target.id}
      onOpenChange={(isOpen) => {
        setFailure(undefined);
        setConnecting(isOpen ? target.id : undefined);
      }}
      className="w-80 max-w-[calc(100vw-16px)]! p-0!"
      trigger={
        <IconButton size="sm" label={`Let a container go to ${target.name}`}>
          <Spline size={14} />
        </IconButton>
      }
    >
      <PickList
        label={`Let a container go to ${target.name}`}
        placeholder="Which container…"
        empty="There is no container to deploy."
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
