import { SlidersHorizontal } from "lucide-react";
import { adminPlaces } from "../features/admin/index.ts";
import { settingsPlaces, singleSettings } from "../features/settings/index.ts";
import { mainPagesFor } from "../pages.tsx";
import { smallIcon } from "../ui/icons.tsx";
import type { PaletteItem } from "../ui/page/palette.ts";

type Destination = PaletteItem & { to: string };

/** Every page that has an address of its own. */
export function pageDestinations(user: { is_superuser: boolean }): Destination[] {
  return [
    ...mainPagesFor(user).map(({ to, label, icon, words, shortcut }) => ({
      id: `go.${to}`,
      title: label,
      words,
      icon: smallIcon(icon),
      to,
      ...(shortcut && { shortcut }),
    })),
    ...settingsPlaces.map(({ to, label, icon, words }) => ({
      id: `settings.${to}`,
      title: label,
      hint: "Settings",
      words: `settings ${words}`,
      icon: smallIcon(icon),
      to,
    })),
    ...(user.is_superuser
      ? adminPlaces.map(({ to, label, icon, words }) => ({
          id: `go.${to}`,
          title: label,
          hint: "Administration",
          words: `admin ${words}`,
          icon,
          to,
        }))
      : []),
  ];
}

/** Every single setting that is not found as its page. */
export const settingDestinations = (): Destination[] =>
  singleSettings.map(({ id, label, page, words, href }) => ({
    id: `setting.${id}`,
    title: label,
    hint: page,
    words,
    icon: <SlidersHorizontal size={14} />,
    to: href,
  }));
