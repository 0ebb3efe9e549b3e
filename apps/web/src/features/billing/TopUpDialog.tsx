import type { BillingConfig } from "@tesslate/contract";
import { Dialog } from "../../ui/Dialog.tsx";
import { CreditPackages } from "./CreditPackages.tsx";

/** The credit packages, wherever credits ran out. */
export const TopUpDialog = ({ offers, onClose }: { offers: BillingConfig; onClose: () => void }) => (
  <Dialog
    isOpen
    onOpenChange={(isOpen) => !isOpen && onClose()}
    title="Top up"
    description="You pay on Stripe's checkout page and return here. Purchased credits never expire."
  >
    <CreditPackages offers={offers} />
  </Dialog>
);
