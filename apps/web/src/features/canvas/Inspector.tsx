import { AppWindow, ArrowUpFromLine, Spline, X } from "lucide-react";
import type { Container, DeploymentTarget, Preview, Task } from "@tesslate/contract";
import { useEffect, useRef, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { useCanvas, type Subject } from "./canvas-context.ts";
import { ContainerDetails } from "./ContainerDetails.tsx";
import { LinkDetails } from "./LinkDetails.tsx";
import type { Link } from "./links.ts";
import { containerIcon } from "./node-looks.tsx";
import { PreviewDetails } from "./PreviewDetails.tsx";
import { TargetDetails } from "./TargetDetails.tsx";

export interface InspectorProps {
  subject: Subject;
  containers: readonly Container[];
  previews: readonly Preview[];
  links: readonly Link[];
  targets: readonly DeploymentTarget[];
  tasks: readonly Task[];
  /** Takes the focus when it opens. */
  takesFocus: boolean;
  onClose: () => void;
}

/** Details of the selected node or connection: at the right, on narrow screens at the bottom. */
export function Inspector({ subject, containers, previews, links, targets, tasks, takesFocus, onClose }: InspectorProps) {
  const { serviceOf, openCode } = useCanvas();
  const nameOf = (id: string) => containers.find((container) => container.id === id)?.name ?? "deleted container";
  const container = subject.kind === "container" ? containers.find(({ id }) => id === subject.id) : undefined;
  const preview = subject.kind === "preview" ? previews.find(({ id }) => id === subject.id) : undefined;
  const link = subject.kind === "link" ? links.find(({ id }) => id === subject.id) : undefined;
  const target = subject.kind === "target" ? targets.find(({ id }) => id === subject.id) : undefined;
  if (target)
    return (
      <Frame key={target.id} title={target.name} icon={<ArrowUpFromLine size={16} />} takesFocus={takesFocus} onClose={onClose}>
        <TargetDetails target={target} />
      </Frame>
    );
  if (container)
    return (
      <Frame
        key={container.id}
        title={container.name}
        icon={containerIcon(container, serviceOf(container.service_slug))}
        action={
          container.container_type === "base" ? (
            <Button size="sm" variant="ghost" onClick={openCode}>
              Open code
            </Button>
          ) : null
        }
        takesFocus={takesFocus}
        onClose={onClose}
      >
        <ContainerDetails container={container} tasks={tasks} />
      </Frame>
    );
  if (preview)
    return (
      <Frame
        key={preview.id}
        title={preview.connected_container_id === null ? "Preview" : `Preview of ${nameOf(preview.connected_container_id)}`}
        icon={<AppWindow size={16} />}
        takesFocus={takesFocus}
        onClose={onClose}
      >
        <PreviewDetails preview={preview} />
      </Frame>
    );
  if (link)
    return (
      <Frame
        key={link.id}
        title={`${nameOf(link.target_container_id)} uses ${nameOf(link.source_container_id)}`}
        icon={<Spline size={16} />}
        takesFocus={takesFocus}
        onClose={onClose}
      >
        <LinkDetails link={link} />
      </Frame>
    );
  return null;
}

function Frame({
  title,
  icon,
  action,
  takesFocus,
  onClose,
  children,
}: {
  title: string;
  icon: ReactNode;
  /** Next to the close button. */
  action?: ReactNode;
  takesFocus: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const side = useRef<HTMLElement>(null);
  const close = useHandler(onClose);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // The focus is on the body when the focused control was removed.
      const isHere = event.target === document.body || (event.target instanceof Node && side.current?.contains(event.target));
      if (event.key !== "Escape" || event.defaultPrevented || !isHere) return;
      event.preventDefault();
      close();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [close]);
  useEffect(() => {
    if (takesFocus) heading.current?.focus();
  }, [takesFocus]);
  return (
    <aside
      ref={side}
      aria-label={title}
      className={cx(
        "on-sheet flex min-h-0 w-87 flex-none flex-col border-l border-line-0 bg-bg-1 mid:w-75",
        "narrow:absolute narrow:inset-x-0 narrow:bottom-0 narrow:z-10 narrow:h-[min(60%,420px)] narrow:w-auto narrow:rounded-t-4 narrow:border-t narrow:border-l-0 narrow:shadow-3",
      )}
    >
      <div className="flex flex-none items-center gap-2 px-4 pt-3.5 pb-1.5">
        <span className="flex-none text-fg-1">{icon}</span>
        <h2 ref={heading} tabIndex={-1} className="min-w-0 flex-1 truncate text-md outline-none" title={title}>
          {title}
        </h2>
        {action}
        <IconButton size="sm" label="Close details" tooltipSide="none" onClick={onClose}>
          <X size={14} />
        </IconButton>
      </div>
      {children}
    </aside>
  );
}
