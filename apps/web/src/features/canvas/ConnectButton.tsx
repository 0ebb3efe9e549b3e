import { ArrowUpFromLine, Spline } from "lucide-react";
import type { Container } from "@tesslate/contract";
import { useState } from "react";
import { IconButton } from "../../ui/IconButton.tsx";
import { PickList, type PickListItem } from "../../ui/PickList.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { deployProviderNames } from "../deployments/index.ts";
import { useCanvas } from "./canvas-context.ts";
import { attachRefusal, canUse, connectionRefusal } from "./links.ts";
import { containerIcon } from "./node-looks.tsx";

/** "Connect to…": connects without dragging. */
export function ConnectButton({ container }: { container: Container }) {
  const { connectingId, setConnecting } = useCanvas();
  return (
    <Popover
      label={`Connect ${container.name}`}
      isOpen={connectingId === container.id}
      onOpenChange={(isOpen) => setConnecting(isOpen ? container.id : undefined)}
      className="w-80 max-w-floating! p-0!"
      trigger={
        <IconButton size="sm" label={`Connect ${container.name} to…`}>
          <Spline size={14} />
        </IconButton>
      }
    >
      <ConnectList container={container} onDone={() => setConnecting(undefined)} />
    </Popover>
  );
}

/** Containers this one may use, and containers that may use it. Invalid connections show the reason. */
function ConnectList({ container, onDone }: { container: Container; onDone: () => void }) {
  const { containers, links, targets, nameOf, connect, attach, serviceOf } = useCanvas();
  const [failure, setFailure] = useState<string>();
  const others = containers.filter(({ id }) => id !== container.id);
  const categoryOf = (one: Container) => serviceOf(one.service_slug)?.category;
  const pick = (other: Container, role: "uses" | "gives"): PickListItem => {
    const [source, target] = role === "uses" ? [other, container] : [container, other];
    return {
      id: `${role}:${other.id}`,
      title: other.name,
      hint:
        role === "uses" ? `${container.name} gets the variables of ${other.name}` : `${other.name} gets the variables of ${container.name}`,
      icon: containerIcon(other, serviceOf(other.service_slug)),
      refusal: connectionRefusal(source, target, links, nameOf, categoryOf(target)),
      run: () => {
        setFailure(undefined);
        void connect(source.id, target.id).then((reason) => {
          if (reason === undefined) onDone();
          else setFailure(reason);
        });
      },
    };
  };
  const goes = targets.map((target): PickListItem => ({
    id: `goes:${target.id}`,
    title: target.name,
    hint: `Deploys ${container.name} to ${deployProviderNames[target.provider]}`,
    icon: <ArrowUpFromLine size={16} />,
    refusal: attachRefusal(container, target),
    run: () => {
      setFailure(undefined);
      void attach(target.id, container.id).then((reason) => {
        if (reason === undefined) onDone();
        else setFailure(reason);
      });
    },
  }));
  // A database is not offered what it can't use.
  const uses = canUse(container, categoryOf(container)) ? others.map((other) => pick(other, "uses")) : [];
  const gives = others.filter((other) => canUse(other, categoryOf(other))).map((other) => pick(other, "gives"));
  const [first, second] = [
    { heading: `${container.name} uses`, items: uses },
    { heading: `${container.name} is used by`, items: gives },
  ];
  return (
    <PickList
      label={`Connect ${container.name}`}
      placeholder="Connect to…"
      // Services are mostly used, apps mostly use.
      groups={[...(container.container_type === "service" ? [second, first] : [first, second]), { heading: "Deploys to", items: goes }]}
      empty="Nothing to connect to. Add a service first."
      foot={
        failure ? (
          <p role="alert" className="flex-none border-t border-line-0 bg-err-soft px-3 py-2 text-xs text-err">
            {failure}
          </p>
        ) : null
      }
    />
  );
}
