import type { StoreItem } from "@tesslate/contract";
import { useTheme } from "../../theme/theme-choice.ts";
import { cx } from "../../lib/cx.ts";
import { AgentMark } from "./AgentMark.tsx";
import { isOwnPicture, ItemIcon } from "./ItemIcon.tsx";

/** What the cover of an item is drawn from. */
export interface CoverOf {
  item_type: "agent" | "base" | "theme";
  id: string;
  category: string;
  avatar_url?: string | null;
  pictures?: { light: string; dark: string } | null;
  preview_image?: string | null;
  swatches?: StoreItem["swatches"];
  /** Shown on the cover of a template without a picture. */
  stack?: readonly string[];
}

const pictureOf = ({ pictures, preview_image }: CoverOf, isDark: boolean) =>
  pictures ? (isDark ? pictures.dark : pictures.light) : preview_image;

/** The picture of an item in a row of a list. */
export function ItemThumbnail({ of }: { of: CoverOf }) {
  const { isDark } = useTheme();
  const picture = pictureOf(of, isDark);
  if (of.item_type === "base" && isOwnPicture(picture))
    return (
      <img
        src={picture}
        alt=""
        loading="lazy"
        width={58}
        height={36}
        className="h-9 w-14.5 flex-none rounded-1 border border-line-0 object-cover object-top"
      />
    );
  return <ItemIcon category={of.category} picture={of.avatar_url ?? null} {...(of.item_type === "agent" && { markOf: of.id })} />;
}

/** The picture at the top of a card: of a template its app in the theme of the studio, of an agent its icon or mark. */
export function ItemCover({ of, className }: { of: CoverOf; className?: string }) {
  const { isDark } = useTheme();
  const look = cx("aspect-8/5 w-full", className);
  const picture = pictureOf(of, isDark);
  if (of.item_type === "base" && isOwnPicture(picture))
    return <img src={picture} alt="" loading="lazy" width={640} height={400} className={cx(look, "object-cover object-top")} />;
  if (of.swatches) return <ThemeCover swatches={of.swatches} className={look} />;
  if (of.item_type === "agent")
    return (
      <div aria-hidden="true" className={cx(look, "grid place-items-center bg-bg-2 narrow:aspect-8/3")}>
        {isOwnPicture(of.avatar_url) ? (
          <img src={of.avatar_url} alt="" loading="lazy" className="size-20 rounded-3 object-cover" />
        ) : (
          <AgentMark id={of.id} className="size-20 rounded-3" />
        )}
      </div>
    );
  return (
    <div aria-hidden="true" className={cx(look, "grid place-items-center content-center gap-3 overflow-hidden bg-bg-2 px-4")}>
      <ItemIcon category={of.category} size="large" />
      <span className="flex max-h-6 flex-wrap justify-center gap-1.5 overflow-hidden">
        {(of.stack ?? []).slice(0, 3).map((name) => (
          <span key={name} className="flex h-6 items-center rounded-1 bg-bg-3 px-1.75 text-xs text-fg-1">
            {name}
          </span>
        ))}
      </span>
    </div>
  );
}

/** A window in the colors of a theme. */
function ThemeCover({ swatches, className }: { swatches: NonNullable<StoreItem["swatches"]>; className: string }) {
  const line = (width: string, background: string) => <span className={cx("h-2 rounded-1", width)} style={{ background }} />;
  return (
    <div
      aria-hidden="true"
      className={cx(className, "flex gap-3 p-5 forced-color-adjust-none")}
      style={{ background: swatches.background }}
    >
      <span className="h-full w-5 flex-none rounded-2" style={{ background: swatches.surface }} />
      <span className="grid min-w-0 flex-1 content-start gap-2.5 rounded-2 p-4" style={{ background: swatches.surface }}>
        {line("w-3/5", swatches.primary)}
        {line("w-4/5", swatches.accent)}
        {line("w-2/5", swatches.accent)}
        <span className="mt-2 h-5 w-16 rounded-2" style={{ background: swatches.primary }} />
      </span>
    </div>
  );
}
