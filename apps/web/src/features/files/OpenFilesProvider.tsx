import type { ReactNode } from "react";
import { OpenFilesContext, useProjectFiles } from "./use-open-files.ts";

/** Provides the open files of the code view. */
export function OpenFilesProvider({ children }: { children: ReactNode }) {
  return <OpenFilesContext value={useProjectFiles()}>{children}</OpenFilesContext>;
}
