import { useEffect } from "react";

const product = "Tesslate Studio";

/** Sets the window's title while mounted: "Projects · Tesslate Studio". A leading "● " says that a run needs your input. */
export function usePageTitle(title: string | undefined, needsInput = false): void {
  useEffect(() => {
    document.title = `${needsInput ? "● " : ""}${title ? `${title} · ` : ""}${product}`;
  }, [title, needsInput]);
}
