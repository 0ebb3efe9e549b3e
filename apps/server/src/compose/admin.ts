import { createAudit, createAuditStore, mountAdmin, type Audit } from "../features/admin/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** What administrators see and do, and the record of it. */
export interface AdminArea extends Area {
  audit: Audit;
}

export function composeAdmin({ db, limits }: Platform): AdminArea {
  const audit = createAudit({ store: createAuditStore(db), limits });
  return {
    audit,
    mount(mount) {
      mountAdmin(mount, { audit });
    },
  };
}
