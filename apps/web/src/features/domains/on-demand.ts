import { lazyComponent } from "../../lib/chunks.ts";

export const DomainsDialog = lazyComponent(async () => (await import("./DomainsDialog.tsx")).DomainsDialog);
