import type { DataSource } from "@tesslate/contract";
import { createContext, use } from "react";
import type { DataPlace } from "./use-data-place.ts";
import type { RowChanges } from "./use-row-changes.ts";
import type { WritePermission } from "./use-write-permission.tsx";

/** The open database, as the parts of the view read it. */
export interface OpenDatabase {
  database: DataSource;
  /** Parameters of its routes. */
  params: { id: string; database_id: string };
  place: DataPlace;
  permission: WritePermission;
  changes: RowChanges;
}

export const DataContext = createContext<OpenDatabase | undefined>(undefined);
export function useDatabase(): OpenDatabase {
  const open = use(DataContext);
  if (!open) throw new Error("This must be used within an open database.");
  return open;
}
