import { Dialog } from "../../ui/Dialog.tsx";
import { ConnectModelForm } from "./ConnectModelForm.tsx";
import type { ModelSetup } from "./models.queries.ts";

export const ConnectModelDialog = ({
  setup,
  isOpen,
  onOpenChange,
}: {
  setup: ModelSetup;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}) => (
  <Dialog
    isOpen={isOpen}
    onOpenChange={onOpenChange}
    title="Connect model"
    description="The key is tested with a short request, then encrypted and saved on this server."
  >
    <ConnectModelForm setup={setup} onDone={() => onOpenChange(false)} />
  </Dialog>
);
