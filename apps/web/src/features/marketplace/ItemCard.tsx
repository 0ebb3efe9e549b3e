import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { Pill } from "../../ui/Pill.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { ItemIcon } from "./ItemIcon.tsx";
import type { ItemType } from "./marketplace-search.ts";
import type { StoreCard } from "./marketplace.queries.ts";
import { priceOf } from "./price.ts";
import { Rating } from "./Stars.tsx";

export const cardGrid = "grid grid-cols-[repeat(auto-fill,minmax(260px,1fr))] gap-3";

/** One item of the store; the whole card is a link to its page. */
export function ItemCard({ item, type, heading: Heading = "h2" }: { item: StoreCard; type: ItemType; heading?: "h2" | "h3" }) {
  const extra = "tech_stack" in item && item.tech_stack.length > 0 ? item.tech_stack : item.features;
  const uses = item.downloads;
  return (
    <article className="relative flex flex-col rounded-3 border border-line-0 bg-bg-1 p-3.5 transition-colors focus-within:border-line-1 hover:border-line-1">
      <div className="flex items-start gap-3">
        <ItemIcon category={item.category} picture={"avatar_url" in item ? item.avatar_url : null} />
        <div className="min-w-0 flex-1">
          <Heading className="truncate text-sm">
            <Link
              to={type === "agents" ? "/marketplace/agent/$slug" : "/marketplace/base/$slug"}
              params={{ slug: item.slug }}
              className="after:absolute after:inset-0 after:rounded-3"
            >
              {item.name}
            </Link>
          </Heading>
          <p className="truncate text-xs text-fg-2">{item.creator_name}</p>
        </div>
        {item.is_purchased ? (
          <Pill tone="ok" icon={<Check />}>
            In your library
          </Pill>
        ) : item.is_featured ? (
          <Pill>Featured</Pill>
        ) : null}
      </div>
      <p className="mt-3 line-clamp-2 min-h-[2.9em] text-sm leading-read text-fg-1">{item.description}</p>
      <p className="mt-2 truncate text-xs text-fg-2">{extra.slice(0, 4).join(", ")}</p>
      <p className="mt-3 flex items-center gap-3 border-t border-line-0 pt-2.5 text-xs text-fg-2">
        <Rating rating={item.rating} count={item.reviews_count} />
        {uses > 0 ? <span className="num">{counted(uses, "install")}</span> : null}
        <span className="num flex-1 text-right font-medium text-fg-0">{priceOf(item)}</span>
      </p>
    </article>
  );
}

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
