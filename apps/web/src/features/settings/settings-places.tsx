import {
  ArrowUpFromLine,
  Bell,
  Coins,
  Cpu,
  FolderGit2,
  Gift,
  KeyRound,
  Keyboard,
  PackageOpen,
  Plug,
  Shield,
  SlidersHorizontal,
  Store,
  Sun,
  UserRound,
} from "lucide-react";
import type { ReactNode } from "react";
import type { SettingsPath } from "../../settings.ts";

export interface SettingsPlace {
  to: SettingsPath;
  label: string;
  icon: ReactNode;
  /** Other words that the search finds this page by. */
  words: string;
}
export const settingsGroups: readonly { title: string; places: readonly SettingsPlace[] }[] = [
  {
    title: "Account",
    places: [
      { to: "/settings/profile", label: "Profile", icon: <UserRound />, words: "name username picture avatar bio website public" },
      { to: "/settings/look", label: "Appearance", icon: <Sun />, words: "theme themes dark light look color density contrast motion" },
      { to: "/settings/preferences", label: "Preferences", icon: <SlidersHorizontal />, words: "default model edit mode language" },
      { to: "/settings/notifications", label: "Notifications", icon: <Bell />, words: "mail e-mail desktop alerts" },
      {
        to: "/settings/security",
        label: "Security",
        icon: <Shield />,
        words: "password passkey two-factor 2fa authenticator sessions sign-in",
      },
      { to: "/settings/shortcuts", label: "Shortcuts", icon: <Keyboard />, words: "keyboard keys" },
      { to: "/settings/data", label: "Your data", icon: <PackageOpen />, words: "export download delete close account" },
    ],
  },
  {
    title: "Development",
    places: [
      {
        to: "/settings/models",
        label: "Models and keys",
        icon: <Cpu />,
        words: "api-key byok provider providers openai anthropic google ollama llm ai",
      },
      { to: "/settings/git", label: "Git accounts", icon: <FolderGit2 />, words: "github gitlab gitea repository" },
      { to: "/settings/connectors", label: "Connectors", icon: <Plug />, words: "mcp tools integrations" },
      { to: "/settings/deployment", label: "Deployment", icon: <ArrowUpFromLine />, words: "vercel netlify cloudflare token" },
      { to: "/settings/api-keys", label: "API keys", icon: <KeyRound />, words: "key keys token developer program rest" },
    ],
  },
  {
    title: "Billing and earnings",
    places: [
      {
        to: "/settings/billing",
        label: "Billing",
        icon: <Coins />,
        words: "bill credits plan subscription invoice payment upgrade top up usage",
      },
      { to: "/settings/referrals", label: "Referrals", icon: <Gift />, words: "invite invitation friends share" },
      { to: "/settings/creator", label: "Creator studio", icon: <Store />, words: "sell seller payout earnings" },
    ],
  },
];
export const settingsPlaces = settingsGroups.flatMap(({ places }) => places);
