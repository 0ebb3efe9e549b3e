import { Download } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";

/** New recovery codes: the one moment in which they can be seen. */
export function RecoveryCodesDialog({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const text = codes.join("\n");
  const save = () => {
    const url = URL.createObjectURL(new Blob([`Recovery codes of ${location.host}\n\n${text}\n`], { type: "text/plain" }));
    Object.assign(document.createElement("a"), { href: url, download: "recovery-codes.txt" }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <Dialog
      isOpen
      isHeld
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Keep these recovery codes"
      description="Each opens your account once when your phone is away. They are shown now and never again."
      footer={
        <>
          <Button icon={<Download size={14} />} onClick={save} className="mr-auto">
            Save as a file
          </Button>
          <Button variant="primary" onClick={onClose}>
            I have kept them
          </Button>
        </>
      }
    >
      <div className="flex items-start gap-2 rounded-2 border border-line-0 bg-bg-2 py-2 pr-1.5 pl-3">
        <ul aria-label="Recovery codes" className="grid min-w-0 flex-1 grid-cols-2 gap-x-4 gap-y-1 font-mono text-sm text-fg-0">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <CopyButton text={text} label="Copy the codes" />
      </div>
    </Dialog>
  );
}
