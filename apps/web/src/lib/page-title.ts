import { useEffect } from "react";

const product = "Tesslate Studio";

/** Sets the window's title while mounted: "Projects · Tesslate Studio". A leading "● " says that a person is waited for. */
export function usePageTitle(title: string | undefined, isAsking = false): void {
  useEffect(() => {
    document.title = `${isAsking ? "● " : ""}${title ? `${title} · ` : ""}${product}`;
  }, [title, isAsking]);
}
