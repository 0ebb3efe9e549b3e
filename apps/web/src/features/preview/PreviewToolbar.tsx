import { ArrowLeft, ArrowRight, ExternalLink, Monitor, MousePointerClick, RotateCw, Smartphone, Tablet, TriangleAlert } from "lucide-react";
import type { Container } from "@tesslate/contract";
import { useRef, useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import type { ShortcutId } from "../../shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { ContainerDot, crashLabel } from "../containers/index.ts";
import type { Preview } from "./use-preview.ts";

export const devices = ["desktop", "tablet", "phone"] as const;
export type Device = (typeof devices)[number];
/** Width of the frame; undefined fills the pane. */
export const deviceWidths: Record<Device, number | undefined> = { desktop: undefined, tablet: 820, phone: 390 };

const keys = (id: ShortcutId) => <ShortcutKeys id={id} />;

/** Navigation, URL, device width and actions of the preview. */
export function PreviewToolbar({
  preview,
  container,
  device,
  onDevice,
  problemCount,
  onProblems,
  share,
}: {
  preview: Preview;
  container: Container | undefined;
  device: Device;
  onDevice: (device: Device) => void;
  problemCount: number;
  onProblems: () => void;
  share: ReactNode;
}) {
  const bar = useRef<HTMLDivElement>(null);
  const isEnterable = preview.frame !== undefined;
  useShortcuts(
    {
      "preview.reload": () => preview.command({ type: "reload" }),
      "preview.device": () => onDevice(devices[(devices.indexOf(device) + 1) % devices.length] ?? "desktop"),
      "preview.pick": preview.pick,
      "preview.back": () => preview.command({ type: "back" }),
      "preview.forward": () => preview.command({ type: "forward" }),
    },
    bar,
  );
  return (
    <div
      ref={bar}
      role="toolbar"
      aria-label="Preview"
      className="flex min-h-10 min-w-0 flex-none flex-wrap items-center gap-1 px-2 py-1 narrow:h-12 narrow:flex-nowrap narrow:px-1 narrow:py-0"
    >
      <IconButton
        label="Back"
        keys={keys("preview.back")}
        disabled={!preview.isBridged}
        onClick={() => preview.command({ type: "back" })}
        className="narrow:hidden"
      >
        <ArrowLeft />
      </IconButton>
      <IconButton
        label="Forward"
        keys={keys("preview.forward")}
        disabled={!preview.isBridged}
        onClick={() => preview.command({ type: "forward" })}
        className="narrow:hidden"
      >
        <ArrowRight />
      </IconButton>
      <IconButton label="Reload" keys={keys("preview.reload")} disabled={!isEnterable} onClick={() => preview.command({ type: "reload" })}>
        <RotateCw />
      </IconButton>
      <AddressBar key={preview.path} preview={preview} container={container} isDisabled={!isEnterable} />
      {problemCount > 0 ? (
        <Button
          size="sm"
          variant="danger"
          icon={<TriangleAlert size={14} />}
          onClick={onProblems}
          aria-label={counted(problemCount, "problem")}
        >
          <span className="num">{problemCount}</span>
        </Button>
      ) : null}
      <span className="narrow:hidden">
        <SegmentedControl
          label="Device"
          value={device}
          onChange={onDevice}
          segments={[
            { value: "desktop", label: "Desktop", icon: <Monitor size={14} /> },
            { value: "tablet", label: "Tablet 820", icon: <Tablet size={14} /> },
            { value: "phone", label: "Phone 390", icon: <Smartphone size={14} /> },
          ]}
        />
      </span>
      <IconButton
        label="Select element"
        keys={keys("preview.pick")}
        isOn={preview.isPicking}
        aria-busy={preview.isPickStarting || undefined}
        data-picks-element=""
        disabled={!preview.isBridged}
        onClick={preview.pick}
      >
        <MousePointerClick />
      </IconButton>
      {share}
      <IconButton label="Open in a new tab" disabled={!isEnterable} onClick={preview.openOutside}>
        <ExternalLink />
      </IconButton>
    </div>
  );
}

function AddressBar({ preview, container, isDisabled }: { preview: Preview; container: Container | undefined; isDisabled: boolean }) {
  const [text, setText] = useState(preview.path);
  const [isWrong, setIsWrong] = useState(false);
  return (
    <form
      className="flex h-7 min-w-48 flex-1 items-center gap-2 narrow:min-w-0 rounded-2 bg-bg-2 px-2.5 text-xs focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-focus narrow:h-9"
      onSubmit={(event) => {
        event.preventDefault();
        setIsWrong(!preview.go(text));
      }}
    >
      {container ? <ContainerDot status={container.status} /> : null}
      <input
        aria-label="Preview URL"
        aria-invalid={isWrong || undefined}
        title={isWrong ? "Enter a path or URL of this app" : undefined}
        className="min-w-0 flex-1 bg-transparent font-mono text-xs text-fg-0 outline-none disabled:text-fg-3 aria-invalid:text-err narrow:text-md"
        value={text}
        disabled={isDisabled}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        inputMode="url"
        onFocus={(event) => event.target.select()}
        onChange={(event) => {
          setText(event.target.value);
          setIsWrong(false);
        }}
        onBlur={() => setText(preview.path)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText(preview.path);
          event.currentTarget.blur();
        }}
      />
      {container ? (
        <span className="flex-none font-mono text-2xs text-fg-3 narrow:hidden">
          {container.status === "failed" ? <span className="text-err">{crashLabel(container.exit_code)} · </span> : null}
          {container.name}
          {(container.internal_port ?? container.port) ? ` :${container.internal_port ?? container.port}` : ""}
        </span>
      ) : null}
    </form>
  );
}
