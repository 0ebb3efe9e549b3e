import { Dialog } from "../../ui/Dialog.tsx";
import { ConnectModelForm } from "./ConnectModelForm.tsx";
import type { ModelSetup } from "./models.queries.ts";

export const ConnectModelDialog = ({
  setup,
  provider,
  isOpen,
  onOpenChange,
}: {
  setup: ModelSetup;
  /** The one that is chosen at first. */
  provider?: string | undefined;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}) => (
  <Dialog
    isOpen={isOpen}
    onOpenChange={onOpenChange}
    title="Connect model"
    description="The connection is tested before it is saved. Keys are encrypted on this server."
  >
    <ConnectModelForm setup={setup} {...(provider !== undefined && { provider })} onDone={() => onOpenChange(false)} />
  </Dialog>
);
