import type { ReactNode } from "react";
import { PreviewContext, useProjectPreview, type OnPicked } from "./open-preview.ts";

/** The preview of the open project, for everything inside. */
export function PreviewProvider({ onPicked, children }: { onPicked: OnPicked; children: ReactNode }) {
  return <PreviewContext value={useProjectPreview(onPicked)}>{children}</PreviewContext>;
}
