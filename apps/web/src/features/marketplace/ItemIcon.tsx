import {
  Boxes,
  BookOpenText,
  Database,
  FlaskConical,
  LayoutTemplate,
  Monitor,
  Palette,
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
import { AgentMark } from "./AgentMark.tsx";

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
  // Categories of themes.
  general: Palette,
  minimal: Palette,
  vibrant: Palette,
  professional: Palette,
};

/** Pictures of this server and data URLs; nothing is requested from other hosts. */
export const isOwnPicture = (picture: string | null | undefined): picture is string =>
  picture !== null && picture !== undefined && /^(data:image\/|\/(?!\/))/.test(picture);

/** The picture of an item; without one the mark of an agent (`markOf`: its id), else the icon of the category. */
export function ItemIcon({
  category,
  picture,
  markOf,
  size = "medium",
}: {
  category: string;
  picture?: string | null;
  markOf?: string;
  size?: "small" | "medium" | "large";
}) {
  const Icon = icons[category] ?? LayoutTemplate;
  const box = cx("flex-none", { small: "size-6 rounded-1", medium: "size-9 rounded-2", large: "size-14 rounded-3" }[size]);
  if (isOwnPicture(picture)) return <img src={picture} alt="" loading="lazy" className={cx(box, "object-cover")} />;
  if (markOf !== undefined) return <AgentMark id={markOf} className={box} />;
  return (
    <span aria-hidden="true" className={cx(box, "grid place-items-center bg-bg-3 text-fg-0")}>
      <Icon size={{ small: 14, medium: 17, large: 26 }[size]} />
    </span>
  );
}
