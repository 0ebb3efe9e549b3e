import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowDownUp, Bot, Box, Library, ListFilter, Palette, Plus, Search, Shapes } from "lucide-react";
import { useRef, useState } from "react";
import type { AbilityFilter, StoreFacets } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { Chip } from "../../ui/Chip.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { tabClass, TabCount } from "../../ui/Tabs.tsx";
import { useIsSignedIn } from "../users/index.ts";
import { CollectionRows } from "./CollectionRows.tsx";
import { Facet, type FacetChoice } from "./Facets.tsx";
import { cardGrid, ItemCard, ItemCardSkeletons } from "./ItemCard.tsx";
import {
  abilities,
  creatorTypes,
  kinds,
  prices,
  ratings,
  sorts,
  type CreatorType,
  type Kind,
  type MarketplaceSearch,
  type MinRating,
  type Price,
} from "./marketplace-search.ts";
import { itemsPerPage, itemsQuery } from "./marketplace.queries.ts";
import { categoriesQuery, useCategoryName } from "./store.queries.ts";
import { SubmitBaseDialog } from "./SubmitBaseDialog.tsx";

const route = getRouteApi("/app/marketplace");
const tabs: { kind: Kind | undefined; label: string; icon: typeof Bot }[] = [
  { kind: undefined, label: "All", icon: Shapes },
  { kind: "agents", label: kinds.agents.label, icon: Bot },
  { kind: "bases", label: kinds.bases.label, icon: Box },
  { kind: "themes", label: kinds.themes.label, icon: Palette },
];

/** The store. Search and filters are in the URL, so that Back and a shared link show the same items. */
export function MarketplacePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { type } = search;
  const list = useQuery(itemsQuery(search));
  const box = useRef<HTMLInputElement>(null);
  const [isSubmitting, setIsSubmitting] = useState(false);
  const isSignedIn = useIsSignedIn();
  const [isFiltersOpen, setIsFiltersOpen] = useState(false);
  const change = (next: MarketplaceSearch) =>
    void navigate({ search: (before) => ({ ...before, page: undefined, ...next }), replace: true });

  useShortcuts({ "marketplace.search": () => box.current?.focus() });
  const [text, setText] = useSearchText(search.q ?? "", (words) => change({ q: words || undefined }));

  const nameOf = useCategoryName();
  const searchLabel = type ? `Search ${kinds[type].label.toLowerCase()}` : "Search the store";
  const chosen = [
    search.category && { label: nameOf(search.category), drop: () => change({ category: undefined }) },
    search.stack && { label: search.stack, drop: () => change({ stack: undefined }) },
    search.price && { label: prices[search.price], drop: () => change({ price: undefined }) },
    search.rating && { label: ratings[search.rating], drop: () => change({ rating: undefined }) },
    search.may && { label: abilities[search.may], drop: () => change({ may: undefined }) },
    search.by && { label: `By ${creatorTypes[search.by]}`, drop: () => change({ by: undefined }) },
  ].filter((one) => one !== undefined && one !== "");
  const clear = () => {
    setText("");
    void navigate({ search: { ...(type && { type }) }, replace: true });
  };
  const page = search.page ?? 1;
  const isFront = Object.values(search).every((value) => value === undefined);
  const data = list.data;
  const facets = data ? <FacetList facets={data.facets} search={search} onChange={change} /> : null;
  const countOf = (kind: Kind | undefined) =>
    (data?.facets.item_type ?? [])
      .filter(({ value }) => kind === undefined || value === kinds[kind].item_type)
      .reduce((sum, { count }) => sum + count, 0);
  return (
    <Page
      title="Store"
      heading="Store"
      action={
        isSignedIn ? (
          <>
            <Link to="/library" className={buttonClass({ variant: "ghost" })}>
              <Library size={14} />
              <span className="narrow:sr-only">Library</span>
            </Link>
            {type !== "bases" ? (
              <Link to="/library/agents/$slug" params={{ slug: "new" }} className={buttonClass()}>
                <Plus size={14} />
                <span className="narrow:sr-only">New agent</span>
              </Link>
            ) : (
              <Button icon={<Plus size={14} />} onClick={() => setIsSubmitting(true)}>
                <span className="narrow:sr-only">Submit template</span>
              </Button>
            )}
          </>
        ) : undefined
      }
    >
      <div className="flex flex-wrap items-center gap-2 narrow:pt-3" role="search" aria-label="Store">
        <Input
          ref={box}
          type="search"
          aria-label={searchLabel}
          placeholder={searchLabel}
          value={text}
          onChange={(event) => setText(event.target.value)}
          leading={<Search size={14} className="flex-none text-fg-3" />}
          boxClassName="max-w-96 min-w-48 flex-1 narrow:max-w-none narrow:basis-full"
        />
        <Menu
          label="Sort by"
          trigger={
            <Button variant="ghost" icon={<ArrowDownUp size={14} />}>
              {search.sort ? sorts[search.sort] : search.q ? "Best match" : sorts.featured}
            </Button>
          }
          choice={{
            value: search.sort ?? "featured",
            onChange: (value) => change({ sort: value === "featured" ? undefined : (value as MarketplaceSearch["sort"]) }),
            options: Object.entries(sorts).map(([value, label]) => ({
              value,
              label: value === "featured" && search.q ? "Best match" : label,
            })),
          }}
        />
        <Button
          variant="ghost"
          icon={<ListFilter size={14} />}
          className="wide:hidden"
          aria-expanded={isFiltersOpen}
          onClick={() => setIsFiltersOpen(!isFiltersOpen)}
        >
          Filters
        </Button>
      </div>
      <nav
        aria-label="Item types"
        className="scroll-x mt-3 flex h-9 items-stretch gap-0.5 border-b border-line-0 [scrollbar-width:none] narrow:h-11"
      >
        {tabs.map(({ kind, label, icon: Icon }) => (
          <Link
            key={label}
            to="/marketplace"
            search={{ ...search, page: undefined, category: undefined, stack: undefined, may: undefined, type: kind }}
            data-state={kind === type ? "active" : "inactive"}
            aria-current={kind === type ? "page" : undefined}
            className={cx(tabClass, "flex-none")}
          >
            <Icon size={14} />
            {label}
            {data && countOf(kind) > 0 ? <TabCount count={countOf(kind)} /> : null}
          </Link>
        ))}
      </nav>
      {/* On phones the filters open where they are seen. */}
      {isFront && !isFiltersOpen ? <CollectionRows /> : null}
      <div className="mt-5 grid grid-cols-[190px_minmax(0,1fr)] gap-6 narrow:grid-cols-1 narrow:gap-3">
        <div className={cx("narrow:hidden", isFiltersOpen && "narrow:block!")}>{facets}</div>
        <div aria-busy={list.isFetching}>
          {data ? (
            <div className="mb-3 flex min-h-7 flex-wrap items-center gap-2">
              <span role="status" className="num text-sm font-medium text-fg-0">
                {counted(data.total, type ? kinds[type].noun : "item")}
              </span>
              {chosen.map((one) => (
                <Chip key={one.label} onRemove={one.drop} removeLabel={`Remove filter: ${one.label}`}>
                  {one.label}
                </Chip>
              ))}
              {chosen.length > 0 || search.q ? (
                <Button size="sm" variant="ghost" onClick={clear}>
                  Clear
                </Button>
              ) : null}
            </div>
          ) : null}
          {list.isError && data ? <ShownFromBefore of={list} className="mb-3" /> : null}
          {list.isPending ? (
            <ItemCardSkeletons count={6} />
          ) : !data ? (
            <LoadFailed title="Couldn't load the store" of={list} className="px-0" />
          ) : data.items.length === 0 ? (
            <EmptyState
              className="px-0"
              title={search.q ? `No results for “${search.q}”` : "No results"}
              action={<Button onClick={clear}>Clear filters</Button>}
            />
          ) : (
            <div className={cx(cardGrid, list.isPlaceholderData && "opacity-60 transition-opacity")}>
              {data.items.map((item) => (
                <ItemCard key={item.id} item={item} hasCover={type !== "agents"} />
              ))}
            </div>
          )}
          {data ? (
            <Pager
              list={data}
              page={page}
              perPage={itemsPerPage}
              onPage={(next) => change({ page: next })}
              className="mt-8 justify-center"
            />
          ) : null}
        </div>
      </div>
      {isSubmitting ? <SubmitBaseDialog onClose={() => setIsSubmitting(false)} /> : null}
    </Page>
  );
}

function FacetList({
  facets,
  search,
  onChange,
}: {
  facets: StoreFacets;
  search: MarketplaceSearch;
  onChange: (next: MarketplaceSearch) => void;
}) {
  const nameOf = useCategoryName();
  const { data: categories } = useQuery(categoriesQuery);
  // Hidden categories are no filter; one that is chosen stays, so that it can be removed.
  const shown = facets.category.filter(
    ({ value }) => !categories || value === search.category || categories.some((category) => category.slug === value),
  );
  const choices = (of: StoreFacets["category"], label: (value: string) => string): FacetChoice[] =>
    of.map(({ value, count }) => ({ value, count, label: label(value) }));
  return (
    <>
      <Facet title="Category" choices={choices(shown, nameOf)} value={search.category} onChange={(category) => onChange({ category })} />
      <Facet
        title="Built with"
        choices={choices(facets.stack, (value) => value)}
        value={facets.stack.find(({ value }) => value.toLowerCase() === search.stack?.toLowerCase())?.value ?? search.stack}
        onChange={(stack) => onChange({ stack })}
      />
      <Facet
        title="What it may do"
        choices={choices(facets.ability, (value) => abilities[value as AbilityFilter])}
        value={search.may}
        onChange={(may) => onChange({ may: may as AbilityFilter | undefined })}
      />
      <Facet
        title="Price"
        choices={choices(facets.pricing_type, (value) => prices[value as Price])}
        value={search.price}
        onChange={(price) => onChange({ price: price as Price | undefined })}
      />
      <Facet
        title="Rating"
        choices={choices(facets.rating, (value) => ratings[value as MinRating])}
        value={search.rating}
        onChange={(rating) => onChange({ rating: rating as MinRating | undefined })}
      />
      <Facet
        title="Creator"
        choices={choices(facets.creator_type, (value) => creatorTypes[value as CreatorType])}
        value={search.by}
        onChange={(by) => onChange({ by: by as CreatorType | undefined })}
      />
    </>
  );
}
