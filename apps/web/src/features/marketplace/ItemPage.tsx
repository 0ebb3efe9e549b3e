import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { Chip } from "../../ui/Chip.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { cardGrid, ItemCard } from "./ItemCard.tsx";
import { ItemIcon } from "./ItemIcon.tsx";
import type { ItemType, Kind } from "./marketplace-search.ts";
import { relatedQuery, type Detail, type ShownItem } from "./marketplace.queries.ts";
import { useCategoryName } from "./store.queries.ts";
import { Rating } from "./Stars.tsx";

const frameWords: Record<Kind, { missing: string; failed: string; loading: string }> = {
  agents: { missing: "Agent not found", failed: "Couldn't load the agent", loading: "Loading agent…" },
  bases: { missing: "Template not found", failed: "Couldn't load the template", loading: "Loading template…" },
  themes: { missing: "Theme not found", failed: "Couldn't load the theme", loading: "Loading theme…" },
};

/** The frame of an item's page, with its states: loading, not found, failed. */
export function ItemFrame<T extends ShownItem>({
  type,
  query,
  children,
}: {
  type: Kind;
  query: { data: T | undefined; error: unknown; refetch: () => unknown; isFetching: boolean };
  children: (item: T) => ReactNode;
}) {
  const back = (
    <Link to="/marketplace" className={buttonClass({ variant: "ghost", size: "sm" })}>
      <ChevronLeft size={14} />
      Store
    </Link>
  );
  return (
    <Page title={query.data?.name ?? "Store"} head={back} width="settings">
      {query.data ? (
        children(query.data)
      ) : query.error ? (
        hasCode(query.error, "not_found") ? (
          <EmptyState
            className="px-0"
            title={frameWords[type].missing}
            action={
              <Link to="/marketplace" className={buttonClass()}>
                Browse store
              </Link>
            }
          >
            It may be private or no longer published.
          </EmptyState>
        ) : (
          <LoadFailed className="px-0" title={frameWords[type].failed} of={query} />
        )
      ) : (
        <SkeletonRows count={8} label={frameWords[type].loading} />
      )}
    </Page>
  );
}

/** Icon, name, creator, description, price and actions. */
export function ItemHead({ item, price, actions, children }: { item: ShownItem; price: string; actions: ReactNode; children?: ReactNode }) {
  const nameOf = useCategoryName();
  return (
    <header className="flex flex-wrap items-start gap-4">
      {"avatar_url" in item && !("colors" in item) ? (
        <ItemIcon category={item.category} picture={item.avatar_url} markOf={item.id} size="large" />
      ) : null}
      <div className="min-w-0 flex-1 basis-64">
        <h1 className="font-display text-xl tracking-title wrap-anywhere">{item.name}</h1>
        <p className="text-sm text-fg-2">
          By{" "}
          {item.creator_username ? (
            <Link to="/@{$username}" params={{ username: item.creator_username }} className="link">
              {item.creator_name}
            </Link>
          ) : (
            item.creator_name
          )}
          , {nameOf(item.category)}
        </p>
        <p className="mt-2 max-w-[64ch] text-md leading-read text-fg-0">{item.description}</p>
        <p className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-fg-2">
          <span className="num font-medium text-fg-0">{price}</span>
          {"colors" in item ? null : <Rating rating={item.rating} count={item.reviews_count} />}
          <span className="num">{counted(item.downloads, "install")}</span>
          {children}
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-2">{actions}</div>
    </header>
  );
}

/** For visitors, in place of what an item's page lets users do: leads back here after the sign-in. */
export function SignInAction({ children }: { children: ReactNode }) {
  const next = useLocation({ select: ({ href }) => href });
  return (
    <Link to="/login" search={{ next }} className={buttonClass({ variant: "primary" })}>
      {children}
    </Link>
  );
}

export const ItemSection = ({ title, children }: { title: string; children: ReactNode }) => (
  <section aria-label={title} className="mt-8">
    <h2 className="mb-2 text-md">{title}</h2>
    {children}
  </section>
);

export const Names = ({ names, isMono = false }: { names: readonly string[]; isMono?: boolean }) => (
  <ul role="list" className="flex flex-wrap gap-1.5">
    {names.map((name) => (
      <li key={name}>
        <Chip isMono={isMono}>{name}</Chip>
      </li>
    ))}
  </ul>
);

/** The long description, if it differs from the short one. */
export const About = ({ item }: { item: Detail }) =>
  item.long_description && item.long_description.trim() !== item.description.trim() ? (
    <ItemSection title="About">
      <div className="max-w-[70ch]">
        <Markdown text={item.long_description} />
      </div>
    </ItemSection>
  ) : null;

/** Related items. Shows nothing if there are none or loading fails, since the page works without them. */
export function Related({ type, id }: { type: ItemType; id: string }) {
  const { data } = useQuery(relatedQuery(type, id));
  if (!data || data.length === 0) return null;
  return (
    <ItemSection title="People also use">
      <div className={cardGrid}>
        {data.map((item) => (
          <ItemCard key={item.id} item={item} heading="h3" />
        ))}
      </div>
    </ItemSection>
  );
}
