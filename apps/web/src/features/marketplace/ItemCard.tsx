import { Link, type LinkProps } from "@tanstack/react-router";
import { Check } from "lucide-react";
import type { StoreItem } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { Pill } from "../../ui/Pill.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { ItemCover } from "./ItemCover.tsx";
import { ItemIcon } from "./ItemIcon.tsx";
import { priceOf } from "./price.ts";
import { Rating } from "./Stars.tsx";

export const cardGrid = "grid grid-cols-[repeat(auto-fill,minmax(260px,1fr))] gap-3";

/** One item of the store; the whole card is a link to its page, except for the name of the creator. `hasCover`: with a picture on top. */
export function ItemCard({
  item,
  hasCover = true,
  heading: Heading = "h2",
}: {
  item: StoreItem;
  hasCover?: boolean;
  heading?: "h2" | "h3";
}) {
  const extra = item.stack.length > 0 ? item.stack : item.features;
  const isTheme = item.item_type === "theme";
  return (
    <article className="relative flex flex-col overflow-hidden rounded-3 border border-line-0 bg-bg-1 transition-colors focus-within:border-line-1 hover:border-line-1">
      {hasCover ? <ItemCover of={item} className="flex-none border-b border-line-0" /> : null}
      <div className="flex flex-1 flex-col p-3.5">
        <div className="flex items-start gap-3">
          {hasCover ? null : (
            <ItemIcon category={item.category} picture={item.avatar_url} {...(item.item_type === "agent" && { markOf: item.id })} />
          )}
          <div className="min-w-0 flex-1">
            <Heading className="truncate text-sm">
              <Link {...linkOf(item)} className="after:absolute after:inset-0 after:rounded-3">
                {item.name}
              </Link>
            </Heading>
            {/* Beside the creator: the name of the item has the whole width. */}
            <p className="flex min-h-6 min-w-0 items-center justify-between gap-2 text-xs text-fg-2">
              {item.creator_username ? (
                <Link
                  to="/@{$username}"
                  params={{ username: item.creator_username }}
                  className="relative z-1 min-w-0 truncate leading-6 hover:text-fg-0 hover:underline"
                >
                  {item.creator_name}
                </Link>
              ) : (
                <span className="truncate">{item.creator_name}</span>
              )}
              {item.is_purchased ? (
                <Pill tone="ok" icon={<Check />}>
                  In your library
                </Pill>
              ) : item.is_featured ? (
                <Pill>Featured</Pill>
              ) : null}
            </p>
          </div>
        </div>
        <p className="mt-2 line-clamp-2 min-h-[2.9em] text-sm leading-read text-fg-1">{item.description}</p>
        <p className="mt-2 min-h-[1.4em] flex-1 truncate text-xs text-fg-2">{extra.slice(0, 4).join(", ")}</p>
        <p className="mt-3 flex items-center gap-3 border-t border-line-0 pt-2.5 text-xs text-fg-2">
          {hasCover ? <span>{kindNames[item.item_type]}</span> : null}
          {/* Beside the number of installs there is no room for the words. */}
          {isTheme || (item.rating === null && item.downloads > 0) ? null : <Rating rating={item.rating} count={item.reviews_count} />}
          {item.downloads > 0 ? <span className="num truncate">{counted(item.downloads, "install")}</span> : null}
          <span className="num flex-1 text-right font-medium whitespace-nowrap text-fg-0">{priceOf(item)}</span>
        </p>
      </div>
    </article>
  );
}

const kindNames = { agent: "Agent", base: "Template", theme: "Theme" };
/** The page of an item. */
const linkOf = (item: StoreItem): Pick<LinkProps, "to" | "params" | "search"> =>
  item.item_type === "agent"
    ? { to: "/marketplace/agent/$slug", params: { slug: item.slug } }
    : item.item_type === "base"
      ? { to: "/marketplace/base/$slug", params: { slug: item.slug } }
      : { to: "/marketplace/theme/$id", params: { id: item.id } };

export const ItemCardSkeletons = ({ count }: { count: number }) => (
  <div role="status" aria-busy="true" aria-label="Loading items…" className={cardGrid}>
    {Array.from({ length: count }, (_, index) => (
      <div key={index} className="rounded-3 border border-line-0 p-3.5">
        <Skeleton className="h-9 w-2/3" />
        <Skeleton className="mt-4 h-10" />
        <Skeleton className="mt-4 h-5 w-full" />
      </div>
    ))}
  </div>
);
