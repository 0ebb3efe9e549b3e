import { queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Code, Globe, House, MessageCircle } from "lucide-react";
import type { ReactNode } from "react";
import type { PublicUser } from "@tesslate/contract";
import { api } from "../../api.ts";
import { hasCode } from "../../lib/errors.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";

const route = getRouteApi("/@{$username}");
const profileQuery = (username: string) =>
  queryOptions({
    queryKey: ["creators", username.toLowerCase()],
    queryFn: ({ signal }) => api.creators.get({ params: { username } }, { signal }),
  });

/** What everybody may see of a person. */
export function PublicProfilePage() {
  const { username } = route.useParams();
  const { data, error, refetch, isFetching } = useQuery(profileQuery(username));
  usePageTitle(data?.name ?? `@${username}`);
  return (
    <main id="main" className="scroll-y h-full">
      <div className="mx-auto grid min-h-full w-full max-w-[560px] content-center px-6 py-10">
        {data ? (
          <Profile user={data} />
        ) : error ? (
          hasCode(error, "not_found") ? (
            <div className="text-center">
              <h1 className="font-display text-xl tracking-title">There is nobody called @{username}</h1>
              <p className="mt-1 text-fg-2">The name may have changed, or the account is gone.</p>
            </div>
          ) : (
            <LoadFailed title="This profile could not be read" of={{ error, refetch, isFetching }} />
          )
        ) : (
          <SkeletonRows count={4} label="Loading" />
        )}
        <p className="mt-10 text-center text-xs">
          <Link to="/" className="link inline-flex items-center gap-1.5">
            <House size={14} />
            Tesslate Studio
          </Link>
        </p>
      </div>
    </main>
  );
}

const since = (iso: string) => new Date(iso).toLocaleDateString("en", { month: "long", year: "numeric" });
/** A handle is one word; whatever else was typed is shown and leads nowhere. */
const handle = (text: string) => /^@?([\w-]{1,100})$/.exec(text.trim())?.[1];

function Profile({ user }: { user: PublicUser }) {
  const twitter = user.twitter_handle && handle(user.twitter_handle);
  const github = user.github_username && handle(user.github_username);
  return (
    <article aria-label={user.name}>
      <div className="flex items-center gap-4">
        <Avatar name={user.name} url={user.avatar_url} className="size-16! text-lg!" />
        <div className="min-w-0">
          <h1 className="truncate font-display text-xl tracking-title">{user.name}</h1>
          <p className="text-fg-2">
            @{user.username}, here since <time dateTime={user.joined_at}>{since(user.joined_at)}</time>
          </p>
        </div>
      </div>
      {user.bio ? <p className="mt-5 text-md leading-read wrap-anywhere whitespace-pre-wrap text-fg-0">{user.bio}</p> : null}
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
    </article>
  );
}

const Place = ({ icon, href, label }: { icon: ReactNode; href: string; label: string }) => (
  <li className="min-w-0">
    <a href={href} rel="nofollow ugc noopener noreferrer" target="_blank" className="link inline-flex min-w-0 items-center gap-1.5">
      {icon}
      <span className="truncate">{label}</span>
    </a>
  </li>
);
