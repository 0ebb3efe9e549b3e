import {
  Bot,
  Boxes,
  BookOpenText,
  Database,
  FlaskConical,
  LayoutTemplate,
  Monitor,
  PanelsTopLeft,
  Recycle,
  ScanSearch,
  Server,
  ServerCog,
  Smartphone,
  Sparkles,
  SquareTerminal,
  Store,
  Workflow,
  type LucideIcon,
} from "lucide-react";
import { cx } from "../../lib/cx.ts";

const icons: Record<string, LucideIcon> = {
  builder: Sparkles,
  fullstack: Boxes,
  frontend: PanelsTopLeft,
  backend: Server,
  data: Database,
  database: Database,
  devops: ServerCog,
  mobile: Smartphone,
  analyzer: ScanSearch,
  documentation: BookOpenText,
  refactoring: Recycle,
  testing: FlaskConical,
  saas: Store,
  landing: LayoutTemplate,
  ai: Sparkles,
  admin: Monitor,
  cli: SquareTerminal,
  subagent: Workflow,
};

/** The icon of a category. A picture is shown only if it is a data URL, so that nothing is requested from other hosts. */
export function ItemIcon({ category, picture, isLarge = false }: { category: string; picture?: string | null; isLarge?: boolean }) {
  const Icon = icons[category] ?? Bot;
  const box = cx("flex-none rounded-2", isLarge ? "size-14" : "size-9");
  if (picture?.startsWith("data:")) return <img src={picture} alt="" className={cx(box, "object-cover")} />;
  return (
    <span aria-hidden="true" className={cx(box, "grid place-items-center bg-bg-3 text-fg-0")}>
      <Icon size={isLarge ? 26 : 17} />
    </span>
  );
}
