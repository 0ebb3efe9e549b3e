import type { ReactNode } from "react";
import { PreviewContext, useProjectPreview, type OnAskAboutElement } from "./open-preview.ts";

/** The preview of the open project, for everything inside. */
export function PreviewProvider({ onAskAboutElement, children }: { onAskAboutElement: OnAskAboutElement; children: ReactNode }) {
  return <PreviewContext value={useProjectPreview(onAskAboutElement)}>{children}</PreviewContext>;
}
