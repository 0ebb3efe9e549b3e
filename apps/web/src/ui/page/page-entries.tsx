import { isDocument, type MainPage } from "../../pages.tsx";
import { smallIcon } from "../icons.tsx";
import type { MenuEntry } from "../Menu.tsx";

/** Pages as entries of a menu. */
export const pageEntries = (pages: readonly MainPage[], open: (to: string) => void): MenuEntry[] =>
  pages.map(({ to, label, icon }) => ({
    label,
    icon: smallIcon(icon),
    onSelect: () => (isDocument(to) ? location.assign(to) : open(to)),
  }));
