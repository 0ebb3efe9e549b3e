import type { ReactNode } from "react";
import { OpenFilesContext, useProjectFiles } from "./use-open-files.ts";

/** The files that are open in the code view, for everything inside. */
export function OpenFilesProvider({ children }: { children: ReactNode }) {
  return <OpenFilesContext value={useProjectFiles()}>{children}</OpenFilesContext>;
}
