import { queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Code, Globe, House, MessageCircle } from "lucide-react";
import type { ReactNode } from "react";
import type { CreatorProfile } from "@tesslate/contract";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { formatDecimal, formatNumber } from "../../lib/numbers.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { formatMonth } from "../../lib/time.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { ItemIcon, priceOf, Rating } from "../marketplace/index.ts";

const route = getRouteApi("/@{$username}");
const profileQuery = (username: string) =>
  queryOptions({
    queryKey: ["creators", username.toLowerCase()],
    queryFn: ({ signal }) => api.creators.get({ params: { username } }, { signal }),
  });

const itemsQuery = (username: string) =>
  queryOptions({
    queryKey: ["creators", username.toLowerCase(), "items"],
    queryFn: ({ signal }) => api.library.creatorItems({ params: { username }, query: { limit: 50 } }, { signal }),
  });

/** The public profile of a user. */
export function PublicProfilePage() {
  const { username } = route.useParams();
  const { data, error, refetch, isFetching } = useQuery(profileQuery(username));
  usePageTitle(data?.name ?? `@${username}`);
  return (
    <main id="main" className="scroll-y h-full">
      <div className="mx-auto grid min-h-full w-full max-w-140 grid-cols-1 content-center px-6 py-10">
        {data ? (
          <Profile user={data} />
        ) : error ? (
          hasCode(error, "not_found") ? (
            <div className="text-center">
              <h1 className="font-display text-xl tracking-title">User @{username} not found</h1>
              <p className="mt-1 text-fg-2">The username may have changed, or the account was deleted.</p>
            </div>
          ) : (
            <LoadFailed title="Couldn't load this profile" of={{ error, refetch, isFetching }} />
          )
        ) : (
          <SkeletonRows count={4} label="Loading profile…" />
        )}
        <p className="mt-10 text-center text-xs">
          <Link to="/" className="link inline-flex min-h-6 items-center gap-1.5 narrow:min-h-11">
            <House size={14} />
            Tesslate Studio
          </Link>
        </p>
      </div>
    </main>
  );
}

/** The handle in a profile field; undefined if the text is not a handle. */
const handle = (text: string) => /^@?([\w-]{1,100})$/.exec(text.trim())?.[1];

function Profile({ user }: { user: CreatorProfile }) {
  const twitter = user.twitter_handle && handle(user.twitter_handle);
  const github = user.github_username && handle(user.github_username);
  return (
    <article aria-label={user.name}>
      <div className="flex items-center gap-4">
        <Avatar name={user.name} url={user.avatar_url} className="size-16! text-lg!" />
        <div className="min-w-0">
          <h1 className="as-written font-display text-xl tracking-title wrap-anywhere">{user.name}</h1>
          <p className="wrap-anywhere text-fg-2">
            @{user.username}, joined <time dateTime={user.joined_at}>{formatMonth(user.joined_at)}</time>
          </p>
        </div>
      </div>
      {user.bio ? <p className="as-written mt-5 text-md leading-read wrap-anywhere whitespace-pre-wrap text-fg-0">{user.bio}</p> : null}
      <ul className="mt-5 flex flex-wrap gap-x-5 gap-y-2 text-sm">
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
      {user.stats.items_count > 0 ? <Stats of={user.stats} /> : null}
      <Items username={user.username} />
    </article>
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
    <dl aria-label="Statistics" className="mt-6 flex flex-wrap gap-x-8 gap-y-3">
      {facts.map(([what, value]) => (
        <div key={what}>
          <dt className="text-xs text-fg-2">{what}</dt>
          <dd className="num text-sm font-medium text-fg-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The published items. Shows nothing if there are none or loading fails, since the page works without them. */
function Items({ username }: { username: string }) {
  const { data } = useQuery(itemsQuery(username));
  if (!data || data.items.length === 0) return null;
  return (
    <section aria-labelledby="items" className="mt-8">
      <h2 id="items" className="mb-2 text-md">
        Published items
      </h2>
      <ul className="divide-y divide-line-0 border-y border-line-0">
        {data.items.map((item) => (
          <li key={item.id} className="flex items-center gap-3 py-2.5">
            <ItemIcon category={item.category} />
            <div className="min-w-0 flex-1">
              <Link
                to={item.item_type === "agent" ? "/marketplace/agent/$slug" : "/marketplace/base/$slug"}
                params={{ slug: item.slug }}
                className="block truncate font-medium text-fg-0 hover:underline"
              >
                {item.name}
              </Link>
              <p className="truncate text-xs text-fg-2">{item.description}</p>
            </div>
            <span className="text-xs text-fg-2">
              <Rating rating={item.rating} count={item.reviews_count} />
            </span>
            <span className="num text-xs font-medium text-fg-0">{priceOf(item)}</span>
          </li>
        ))}
      </ul>
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
