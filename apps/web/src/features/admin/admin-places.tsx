import {
  Activity,
  Bot,
  Boxes,
  ChartColumn,
  Coins,
  Folder,
  LayoutTemplate,
  ListChecks,
  Mail,
  Palette,
  Play,
  Rocket,
  ScrollText,
  Server,
  Star,
  Store,
  Users,
} from "lucide-react";
import type { ReactNode } from "react";

/** The tabs of the admin console. Each has its own URL. */
export const adminPlaces: readonly {
  to:
    | "/admin/overview"
    | "/admin/setup"
    | "/admin/users"
    | "/admin/projects"
    | "/admin/runs"
    | "/admin/deployments"
    | "/admin/agents"
    | "/admin/templates"
    | "/admin/themes"
    | "/admin/store"
    | "/admin/reviews"
    | "/admin/sandboxes"
    | "/admin/servers"
    | "/admin/system"
    | "/admin/audit"
    | "/admin/outbox"
    | "/admin/revenue";
  label: string;
  icon: ReactNode;
  /** Other words people search this page by. */
  words: string;
}[] = [
  { to: "/admin/overview", label: "Overview", icon: <ChartColumn size={14} />, words: "metrics revenue numbers statistics" },
  { to: "/admin/setup", label: "Setup", icon: <ListChecks size={14} />, words: "first steps backup tls mail updates" },
  { to: "/admin/revenue", label: "Revenue", icon: <Coins size={14} />, words: "money payments plans sales refunds fees payouts csv" },
  { to: "/admin/users", label: "Users", icon: <Users size={14} />, words: "people accounts suspend impersonate" },
  { to: "/admin/projects", label: "Projects", icon: <Folder size={14} />, words: "apps" },
  { to: "/admin/runs", label: "Runs", icon: <Play size={14} />, words: "agent tasks cost failures models" },
  { to: "/admin/deployments", label: "Deployments", icon: <Rocket size={14} />, words: "deploys live versions sites" },
  { to: "/admin/agents", label: "Agents", icon: <Bot size={14} />, words: "store" },
  { to: "/admin/templates", label: "Templates", icon: <LayoutTemplate size={14} />, words: "bases store" },
  { to: "/admin/themes", label: "Themes", icon: <Palette size={14} />, words: "colors store moderation" },
  { to: "/admin/store", label: "Store", icon: <Store size={14} />, words: "front page collections categories" },
  { to: "/admin/reviews", label: "Reviews", icon: <Star size={14} />, words: "ratings moderation" },
  { to: "/admin/sandboxes", label: "Sandboxes", icon: <Boxes size={14} />, words: "runtime containers machine" },
  { to: "/admin/servers", label: "Servers", icon: <Server size={14} />, words: "processes runners versions skew heartbeat pods" },
  { to: "/admin/system", label: "System", icon: <Activity size={14} />, words: "health settings server status" },
  { to: "/admin/audit", label: "Audit log", icon: <ScrollText size={14} />, words: "log history" },
  { to: "/admin/outbox", label: "Email", icon: <Mail size={14} />, words: "mail e-mail smtp" },
];
