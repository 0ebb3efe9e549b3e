import { ShieldUser, UserRoundPlus } from "lucide-react";
import type { ReactNode } from "react";
import { adminPlaces } from "../features/admin/index.ts";
import { settingsPlaces } from "../features/settings/index.ts";
import { rank } from "../lib/rank.ts";
import { smallIcon } from "../ui/icons.tsx";

export interface Destination {
  id: string;
  title: string;
  /** Other words that find it. */
  words: string;
  icon: ReactNode;
  to: string;
}

const forEveryone: readonly Destination[] = [
  ...settingsPlaces.map(({ to, label, words, icon }) => ({
    id: `go.${to}`,
    title: `Settings: ${label}`,
    words,
    icon: smallIcon(icon),
    to,
  })),
  { id: "go.new-agent", title: "New agent", words: "create make build", icon: <UserRoundPlus size={14} />, to: "/library/agents/new" },
];
const forAdministrators: readonly Destination[] = [
  { id: "go.admin", title: "Administration", words: "admin console", icon: <ShieldUser size={14} />, to: "/admin" },
  ...adminPlaces.map(({ to, label, words, icon }) => ({
    id: `go.${to}`,
    title: `Administration: ${label}`,
    words: `admin ${words}`,
    icon,
    to,
  })),
];

/** The pages that `query` names, best first: by title, then by their other words. Without a query none, since the palette lists the main ones. */
export function findDestinations(query: string, isAdministrator: boolean): Destination[] {
  if (!query) return [];
  const all = isAdministrator ? [...forEveryone, ...forAdministrators] : forEveryone;
  return rank(all, query, ({ title, words }) => `${title} ${words}`);
}
