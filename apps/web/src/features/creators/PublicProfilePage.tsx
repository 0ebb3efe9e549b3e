import { infiniteQueryOptions, queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChevronLeft, Code, Globe, MessageCircle } from "lucide-react";
import type { ReactNode } from "react";
import type { CreatorProfile } from "@tesslate/contract";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { hasCode } from "../../lib/errors.ts";
import { formatDecimal, formatNumber } from "../../lib/numbers.ts";
import { formatMonth } from "../../lib/time.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { ShowMore } from "../../ui/ShowMore.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { tabClass, TabCount } from "../../ui/Tabs.tsx";
import { cardGrid, creatorItemsQuery, ItemCard, ItemCardSkeletons, itemsPerPage, kinds, StarRow, type Kind } from "../marketplace/index.ts";

const route = getRouteApi("/app/@{$username}");
const profileQuery = (username: string) =>
  queryOptions({
    queryKey: ["creators", username.toLowerCase()],
    queryFn: ({ signal }) => api.creators.get({ params: { username } }, { signal }),
  });
const reviewsQuery = (username: string) =>
  infiniteQueryOptions({
    queryKey: ["creators", username.toLowerCase(), "reviews"],
    queryFn: ({ pageParam, signal }) =>
      api.marketplaceItems.creatorReviews({ params: { username }, query: { page: pageParam, limit: 10 } }, { signal }),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.total_pages ? last.page + 1 : undefined),
  });

/** The public page of a creator: profile, what they offer in the store, and what others say about it. */
export function PublicProfilePage() {
  const { username } = route.useParams();
  const { data, error, refetch, isFetching } = useQuery(profileQuery(username));
  return (
    <Page
      title={data?.name ?? `@${username}`}
      head={
        <Link to="/marketplace" className={buttonClass({ variant: "ghost", size: "sm" })}>
          <ChevronLeft size={14} />
          Store
        </Link>
      }
    >
      {data ? (
        <>
          <Profile user={data} />
          <Items username={data.username} name={data.name} />
          {data.stats.total_reviews > 0 ? <Received username={data.username} /> : null}
        </>
      ) : error ? (
        hasCode(error, "not_found") ? (
          <EmptyState className="px-0" title={`User @${username} not found`}>
            The username may have changed, or the account was deleted.
          </EmptyState>
        ) : (
          <LoadFailed className="px-0" title="Couldn't load this profile" of={{ error, refetch, isFetching }} />
        )
      ) : (
        <SkeletonRows count={4} label="Loading profile…" />
      )}
    </Page>
  );
}

/** The handle in a profile field; undefined if the text is not a handle. */
const handle = (text: string) => /^@?([\w-]{1,100})$/.exec(text.trim())?.[1];

function Profile({ user }: { user: CreatorProfile }) {
  const twitter = user.twitter_handle && handle(user.twitter_handle);
  const github = user.github_username && handle(user.github_username);
  return (
    <header className="min-w-0">
      <div className="flex items-center gap-4">
        <Avatar name={user.name} url={user.avatar_url} className="size-18! text-xl! narrow:size-14!" />
        <div className="min-w-0">
          <h1 className="as-written font-display text-xl tracking-title wrap-anywhere">{user.name}</h1>
          <p className="text-sm wrap-anywhere text-fg-2">
            @{user.username}, joined <time dateTime={user.joined_at}>{formatMonth(user.joined_at)}</time>
          </p>
        </div>
      </div>
      {user.bio ? (
        <p className="as-written mt-4 max-w-[70ch] text-md leading-read wrap-anywhere whitespace-pre-wrap text-fg-0">{user.bio}</p>
      ) : null}
      {user.website_url || github || twitter ? (
        <ul role="list" className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm">
          {user.website_url ? (
            <Place
              icon={<Globe size={14} />}
              href={user.website_url}
              label={user.website_url.replace(/^https?:\/\//, "").replace(/\/$/, "")}
            />
          ) : null}
          {github ? <Place icon={<Code size={14} />} href={`https://github.com/${github}`} label={`${github} on GitHub`} /> : null}
          {twitter ? <Place icon={<MessageCircle size={14} />} href={`https://x.com/${twitter}`} label={`@${twitter} on X`} /> : null}
        </ul>
      ) : null}
      {user.stats.items_count > 0 ? <Stats of={user.stats} /> : null}
    </header>
  );
}

/** Totals of the published items. */
function Stats({ of: { items_count, total_downloads, average_rating, total_reviews } }: { of: CreatorProfile["stats"] }) {
  const facts = [
    ["Published items", formatNumber(items_count)],
    ["Installs", formatNumber(total_downloads)],
    [
      "Rating",
      average_rating === null ? "No ratings yet" : `${formatDecimal(average_rating, 1)} of 5 (${counted(total_reviews, "review")})`,
    ],
  ];
  return (
    <dl aria-label="Statistics" className="mt-5 flex flex-wrap gap-x-8 gap-y-3">
      {facts.map(([what, value]) => (
        <div key={what}>
          <dt className="text-xs text-fg-2">{what}</dt>
          <dd className="num text-sm font-medium text-fg-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The published items by kind, most installed first. */
function Items({ username, name }: { username: string; name: string }) {
  const { type, page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(creatorItemsQuery(username, { type, page }));
  const offered = list.data?.facets.item_type ?? [];
  const shown = (Object.keys(kinds) as Kind[]).filter((kind) => offered.some(({ value }) => value === kinds[kind].item_type));
  const total = offered.reduce((sum, { count }) => sum + count, 0);
  const tabs = [
    { kind: undefined, label: "All", count: total },
    ...shown.map((kind) => ({
      kind,
      label: kinds[kind].label,
      count: offered.find(({ value }) => value === kinds[kind].item_type)?.count ?? 0,
    })),
  ];
  return (
    <section aria-label="Published items" className="mt-7">
      {shown.length > 1 ? (
        <nav aria-label="Item types" className="mb-4 flex h-9 items-stretch gap-0.5 border-b border-line-0 narrow:h-11">
          {tabs.map(({ kind, label, count }) => (
            <Link
              key={label}
              to="/@{$username}"
              params={{ username }}
              search={{ ...(kind && { type: kind }) }}
              replace
              resetScroll={false}
              data-state={kind === type ? "active" : "inactive"}
              aria-current={kind === type ? "page" : undefined}
              className={tabClass}
            >
              {label}
              <TabCount count={count} />
            </Link>
          ))}
        </nav>
      ) : null}
      {list.isPending ? (
        <ItemCardSkeletons count={3} />
      ) : !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load the published items" of={list} />
      ) : list.data.items.length === 0 ? (
        <EmptyState
          className="px-0"
          title={total > 0 ? "This page doesn't exist" : "Nothing published yet"}
          {...(total > 0 && { action: <Button onClick={() => void navigate({ search: {} })}>Show all</Button> })}
        >
          {total > 0 ? null : `Agents and templates that ${name} publishes appear here.`}
        </EmptyState>
      ) : (
        <div className={cx(cardGrid, list.isPlaceholderData && "opacity-60 transition-opacity")}>
          {list.data.items.map((item) => (
            <ItemCard key={item.id} item={item} />
          ))}
        </div>
      )}
      {list.data ? (
        <Pager
          list={list.data}
          page={page}
          perPage={itemsPerPage}
          onPage={(next) => void navigate({ search: (before) => ({ ...before, page: next > 1 ? next : undefined }) })}
          className="mt-6 justify-center"
        />
      ) : null}
    </section>
  );
}

/** Reviews of the published items, newest first. */
function Received({ username }: { username: string }) {
  const list = useInfiniteQuery(reviewsQuery(username));
  const total = list.data?.pages[0]?.total ?? 0;
  // A review written between two page loads shifts the list, so that the next page repeats one.
  const all = [...new Map(list.data?.pages.flatMap((page) => page.items).map((review) => [review.id, review])).values()];
  return (
    <section aria-labelledby="reviews" className="mt-9">
      <h2 id="reviews" className="mb-2 text-md">
        Reviews{total > 0 ? <span className="num font-regular text-fg-2"> ({formatNumber(total)})</span> : null}
      </h2>
      {list.isPending ? (
        <SkeletonRows count={3} label="Loading reviews…" />
      ) : list.error && !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load reviews" of={list} />
      ) : (
        <ul role="list" className="divide-y divide-line-0 border-y border-line-0">
          {all.map(({ id, user_name, user_avatar_url, is_own_review, rating, created_at, comment, item }) => (
            <li key={id} className="py-3">
              <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1 text-xs text-fg-2">
                <Avatar name={user_name} url={user_avatar_url} />
                <span className="font-medium text-fg-0">{is_own_review ? "You" : user_name}</span>
                <StarRow rating={rating} />
                <Link
                  to={item.item_type === "agent" ? "/marketplace/agent/$slug" : "/marketplace/base/$slug"}
                  params={{ slug: item.slug }}
                  className="link inline-flex min-h-6 items-center"
                >
                  {item.name}
                </Link>
                <RelativeTime at={created_at} />
              </p>
              {comment ? (
                <p className="mt-1 max-w-[70ch] text-sm leading-read wrap-anywhere whitespace-pre-wrap text-fg-1">{comment}</p>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      <ShowMore of={list} />
    </section>
  );
}

const Place = ({ icon, href, label }: { icon: ReactNode; href: string; label: string }) => (
  <li className="min-w-0">
    <a
      href={href}
      rel="nofollow ugc noopener noreferrer"
      target="_blank"
      className="link inline-flex min-h-6 max-w-full min-w-0 items-center gap-1.5 narrow:min-h-11 [&>svg]:flex-none"
    >
      {icon}
      <span className="truncate">{label}</span>
    </a>
  </li>
);
