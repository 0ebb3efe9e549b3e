import { Ellipsis, PencilLine, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "../../src/ui/Button.tsx";
import { ConfirmDialog } from "../../src/ui/ConfirmDialog.tsx";
import { Dialog } from "../../src/ui/Dialog.tsx";
import { IconButton } from "../../src/ui/IconButton.tsx";
import { Kbd } from "../../src/ui/Kbd.tsx";
import { ContextMenu, Menu, type MenuEntry } from "../../src/ui/Menu.tsx";
import { Card } from "../../src/ui/Panel.tsx";
import { Popover } from "../../src/ui/Popover.tsx";
import { Sheet } from "../../src/ui/Sheet.tsx";
import { toast } from "../../src/ui/toast.tsx";
import { Sample } from "./Sample.tsx";

export function OverlaySamples() {
  const [open, setOpen] = useState<"dialog" | "confirm" | "sheet">();
  const [mode, setMode] = useState("ask");
  const close = (isOpen: boolean) => !isOpen && setOpen(undefined);
  const entries: MenuEntry[] = [
    {
      label: "Rename",
      icon: <PencilLine size={14} />,
      keys: <Kbd>F2</Kbd>,
      onSelect: () => toast("Renamed.", { action: { label: "Undo", onSelect: () => undefined } }),
    },
    { label: "Not now", isDisabled: true, onSelect: () => undefined },
    "-",
    { label: "Delete…", icon: <Trash2 size={14} />, isDanger: true, onSelect: () => setOpen("confirm") },
  ];
  return (
    <Sample title="What floats" note="menus, toasts, dialogs, sheets">
      <div className="flex flex-wrap gap-2">
        <Menu
          label="Mode"
          trigger={<Button>Mode: {mode}</Button>}
          choice={{
            value: mode,
            onChange: setMode,
            options: [
              { value: "ask", label: "Ask", hint: "asks before it writes" },
              { value: "allow", label: "Allow" },
              { value: "plan", label: "Plan" },
            ],
          }}
        />
        <Menu
          label="More"
          align="end"
          trigger={
            <IconButton label="More">
              <Ellipsis />
            </IconButton>
          }
          entries={entries}
        />
        <Popover label="Details" trigger={<Button>Popover</Button>}>
          Free content beside its trigger.
        </Popover>
        <Button onClick={() => setOpen("dialog")}>Dialog</Button>
        <Button onClick={() => setOpen("confirm")}>Typed confirmation</Button>
        <Button onClick={() => setOpen("sheet")}>Sheet</Button>
        <Button onClick={() => toast("Restored to this point.", { action: { label: "Redo", onSelect: () => undefined } })}>Toast</Button>
        <Button
          onClick={() =>
            toast("Could not save order.tsx: changed on disk", { kind: "failed", action: { label: "Compare", onSelect: () => undefined } })
          }
        >
          Failed toast
        </Button>
      </div>
      <ContextMenu entries={entries}>
        <Card className="mt-2 grid h-16 place-items-center text-xs text-fg-2">Right click here</Card>
      </ContextMenu>
      <Dialog
        isOpen={open === "dialog"}
        onOpenChange={close}
        title="Go back to c13?"
        description="5 files, 1 table and 2 messages return to 11:12."
        footer={
          <>
            <Button variant="ghost" keys={<Kbd>Esc</Kbd>} onClick={() => setOpen(undefined)}>
              Cancel
            </Button>
            <Button variant="primary" keys={<Kbd>↵</Kbd>} onClick={() => setOpen(undefined)}>
              Go back
            </Button>
          </>
        }
      >
        <p className="flex items-center gap-2 text-fg-2">
          <TriangleAlert size={14} className="text-warn" />3 mails were sent since. They stay sent.
        </p>
      </Dialog>
      <ConfirmDialog
        isOpen={open === "confirm"}
        onOpenChange={close}
        title="Delete Alder Street Bakery?"
        confirmLabel="Delete project"
        isDanger
        typedConfirmation="Alder Street Bakery"
        onConfirm={() => undefined}
      >
        Its files, conversations and data go for good.
      </ConfirmDialog>
      <Sheet isOpen={open === "sheet"} onOpenChange={close} title="Inspector">
        A panel at the edge.
      </Sheet>
    </Sample>
  );
}
