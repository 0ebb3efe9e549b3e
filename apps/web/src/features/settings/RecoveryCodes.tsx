import { Download } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";

/** New recovery codes. They cannot be shown again. */
export function RecoveryCodesDialog({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const text = codes.join("\n");
  const save = () => {
    const url = URL.createObjectURL(new Blob([`Recovery codes for ${location.host}\n\n${text}\n`], { type: "text/plain" }));
    Object.assign(document.createElement("a"), { href: url, download: "recovery-codes.txt" }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <Dialog
      isOpen
      isHeld
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Save your recovery codes"
      description="If you lose your phone, each code signs you in once. They won't be shown again."
      footer={
        <>
          <Button icon={<Download size={14} />} onClick={save} className="mr-auto">
            Download codes
          </Button>
          <Button variant="primary" onClick={onClose}>
            I've saved the codes
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
        <CopyButton text={text} label="Copy codes" />
      </div>
    </Dialog>
  );
}
