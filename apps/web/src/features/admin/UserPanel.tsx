import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { AdminUserDetail } from "@tesslate/contract";
import { browserName } from "../../lib/browser-name.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDateTime } from "../../lib/time.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { userQuery, userSessionsQuery, userTrailQuery } from "./admin-users.queries.ts";
import { actionWords } from "./audit-words.ts";
import { PanelField, PanelSection, SidePanel } from "./SidePanel.tsx";
import { TimeOrNever } from "./State.tsx";
import { tierWords, UserState } from "./user-looks.tsx";
import { UserActions } from "./UserActions.tsx";

const route = getRouteApi("/app/admin/users/$userId");

/** Details of one user, next to the list. */
export function UserPanel() {
  const { userId } = route.useParams();
  const navigate = useNavigate();
  const query = useQuery(userQuery(userId));
  return (
    <SidePanel
      label="User"
      failed="Couldn't load this user"
      query={query}
      head={({ name, email, avatar_url }) => ({
        title: name,
        below: email,
        picture: <Avatar name={name} url={avatar_url} className="size-8" />,
      })}
      gone={{ title: "User not found", text: "The account may have been deleted." }}
      onClose={() => void navigate({ to: "/admin/users", search: (before) => before })}
    >
      {/* The key resets the panel for another user, so that a typed reason is not carried over. */}
      {(user) => <UserBody key={user.id} user={user} />}
    </SidePanel>
  );
}

function UserBody({ user }: { user: AdminUserDetail }) {
  return (
    <>
      {user.is_suspended ? (
        <Banner tone="warn" className="m-3 mb-0">
          {user.suspended_at ? (
            <>
              Suspended <TimeOrNever at={user.suspended_at} />: {user.suspended_reason}
            </>
          ) : (
            `Suspended: ${user.suspended_reason}`
          )}
        </Banner>
      ) : null}
      {user.is_deleted ? (
        <Banner tone="warn" className="m-3 mb-0">
          {user.deleted_reason ? (
            <>
              Deletion scheduled <TimeOrNever at={user.deleted_at} />: {user.deleted_reason}
            </>
          ) : (
            <>
              Deletion requested by the user <TimeOrNever at={user.deleted_at} />.
            </>
          )}
        </Banner>
      ) : null}
      <dl className="grid grid-cols-1 gap-1.5 px-4 py-3 text-xs">
        <PanelField name="State">
          <UserState user={user} />
        </PanelField>
        <PanelField name="Role">{user.is_superuser ? "Administrator" : user.is_creator ? "Creator" : "User"}</PanelField>
        <PanelField name="Username">{user.username}</PanelField>
        <PanelField name="ID">
          <span className="inline-flex items-center gap-1 font-mono">
            {user.id.slice(0, 8)}
            <CopyButton text={user.id} label="Copy ID" />
          </span>
        </PanelField>
        <PanelField name="Joined">
          <TimeOrNever at={user.created_at} />
        </PanelField>
        <PanelField name="Last active">
          <TimeOrNever at={user.last_active_at} />
        </PanelField>
        <PanelField name="Password">{user.has_password ? "Set" : "Not set"}</PanelField>
        <PanelField name="Email sign-in codes">{user.two_fa_enabled ? "On" : "Off"}</PanelField>
        <PanelField name="API keys">{user.api_key_count}</PanelField>
      </dl>
      <PanelSection title="Plan and credits">
        <dl className="grid grid-cols-1 gap-1.5 text-xs">
          <PanelField name="Plan">{tierWords[user.subscription_tier]}</PanelField>
          <PanelField name="Total credits">{formatNumber(user.total_credits)}</PanelField>
          <PanelField name="Daily credits">{formatNumber(user.daily_credits)}</PanelField>
          <PanelField name="Plan credits">{formatNumber(user.bundled_credits)}</PanelField>
          <PanelField name="Bonus credits">{formatNumber(user.signup_bonus_credits)}</PanelField>
          <PanelField name="Purchased credits">{formatNumber(user.purchased_credits)}</PanelField>
          {user.credits_reset_date ? <PanelField name="Next credit reset">{formatDateTime(user.credits_reset_date)}</PanelField> : null}
          <PanelField name="Total spent">{formatDollars(user.total_spend_cents)}</PanelField>
          <PanelField name="Model cost">{formatDollars(user.usage_stats.total_cost_cents)}</PanelField>
          <PanelField name="Input tokens">{formatNumber(user.usage_stats.total_tokens_input)}</PanelField>
          <PanelField name="Output tokens">{formatNumber(user.usage_stats.total_tokens_output)}</PanelField>
        </dl>
      </PanelSection>
      <PanelSection title="Actions">
        <UserActions user={user} />
      </PanelSection>
      <PanelSection title={`Projects: ${user.project_count}, ${user.running_project_count} running`}>
        {user.recent_projects.length === 0 ? (
          <p className="text-xs text-fg-2">No projects</p>
        ) : (
          <ul className="grid grid-cols-1 gap-1.5 text-xs">
            {user.recent_projects.map((project) => (
              <li key={project.id} className="flex justify-between gap-3">
                <span className="min-w-0 truncate text-fg-0">{project.name}</span>
                <span className="flex-none text-fg-2">
                  <TimeOrNever at={project.created_at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </PanelSection>
      <Sessions id={user.id} />
      <Trail id={user.id} />
    </>
  );
}

function Sessions({ id }: { id: string }) {
  const { data, error, refetch, isFetching } = useQuery(userSessionsQuery(id));
  return (
    <PanelSection title={data ? `Sessions: ${data.total}` : "Sessions"}>
      {error && !data ? (
        <LoadFailed className="p-0" title="Couldn't load sessions" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={2} label="Loading sessions…" />
      ) : data.items.length === 0 ? (
        <p className="text-xs text-fg-2">No active sessions</p>
      ) : (
        <ul className="grid grid-cols-1 gap-1.5 text-xs">
          {data.items.map((session) => (
            <li key={session.id} className="flex justify-between gap-3">
              <span className="min-w-0 truncate text-fg-0" title={session.user_agent ?? undefined}>
                {browserName(session.user_agent)}, {session.ip ?? "unknown IP"}
              </span>
              <span className="flex-none text-fg-2">
                <TimeOrNever at={session.last_used_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </PanelSection>
  );
}

function Trail({ id }: { id: string }) {
  const { data, error, refetch, isFetching } = useQuery(userTrailQuery(id));
  return (
    <PanelSection title="Admin activity">
      {error && !data ? (
        <LoadFailed className="p-0" title="Couldn't load admin activity" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={2} label="Loading admin activity…" />
      ) : data.items.length === 0 ? (
        <p className="text-xs text-fg-2">No activity</p>
      ) : (
        <ol className="grid grid-cols-1 gap-2 text-xs">
          {data.items.map((entry) => (
            <li key={entry.id}>
              <p className="flex justify-between gap-3">
                <span className="min-w-0 text-fg-0">
                  {actionWords[entry.action_type]} <span className="text-fg-2">by {entry.admin_name}</span>
                </span>
                <span className="flex-none text-fg-2">
                  <TimeOrNever at={entry.created_at} />
                </span>
              </p>
              {entry.reason ? <p className="break-words text-fg-2">“{entry.reason}”</p> : null}
            </li>
          ))}
        </ol>
      )}
      {data && data.total > data.items.length ? (
        <Link to="/admin/audit" search={{ target_id: id }} className="link mt-2 inline-block text-xs">
          View all {data.total}
        </Link>
      ) : null}
    </PanelSection>
  );
}
