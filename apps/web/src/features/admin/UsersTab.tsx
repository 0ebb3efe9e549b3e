import { Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { ShieldUser } from "lucide-react";
import type { AdminUser } from "@tesslate/contract";
import { urlOf } from "@tesslate/client/core";
import { api } from "../../api.ts";
import { cx } from "../../lib/cx.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { exportQueryOf, userQueryOf, usersKey } from "./admin-users.queries.ts";
import type { Column } from "../../ui/Table.tsx";
import { BulkUserDeletion } from "./BulkDeletion.tsx";
import { BulkSuspension } from "./BulkSuspension.tsx";
import { AdminTable, type Filter } from "./table/AdminTable.tsx";
import { tierOptions, tierWords, UserState } from "./user-looks.tsx";

const columns: Column<AdminUser>[] = [
  {
    id: "name",
    head: "User",
    sort: "name",
    isGreedy: true,
    cell: (user) => (
      <span className="flex min-w-0 items-center gap-2">
        <Avatar name={user.name} url={user.avatar_url} />
        <span className="min-w-0 truncate font-medium text-fg-0">{user.name}</span>
        {user.is_superuser ? <ShieldUser size={14} className="flex-none text-fg-2" aria-label="Administrator" /> : null}
      </span>
    ),
  },
  { id: "state", head: "State", cell: (user) => <UserState user={user} /> },
  {
    id: "email",
    head: "Email",
    sort: "email",
    isWideOnly: true,
    cell: ({ email }) => <span className="inline-block max-w-64 truncate align-bottom">{email}</span>,
  },
  { id: "tier", head: "Plan", sort: "subscription_tier", isWideOnly: true, cell: (user) => tierWords[user.subscription_tier] },
  {
    id: "projects",
    head: "Projects",
    sort: "project_count",
    isFigure: true,
    isWideOnly: true,
    cell: (user) => formatNumber(user.project_count),
  },
  {
    id: "credits",
    head: "Credits",
    sort: "purchased_credits",
    isFigure: true,
    isWideOnly: true,
    cell: (user) => formatNumber(user.total_credits),
  },
  {
    id: "seen",
    head: "Last active",
    sort: "last_active_at",
    isWideOnly: true,
    cell: ({ last_active_at }) => (last_active_at ? <RelativeTime at={last_active_at} /> : "Never"),
  },
];
const filters: Filter[] = [
  { id: "tier", label: "Plan", options: tierOptions },
  {
    id: "status",
    label: "State",
    options: [
      { value: "active", label: "Active" },
      { value: "suspended", label: "Suspended" },
      { value: "inactive", label: "Disabled" },
      { value: "deleted", label: "Deleted" },
    ],
  },
  {
    id: "is_superuser",
    label: "Role",
    options: [
      { value: "true", label: "Administrators" },
      { value: "false", label: "Other users" },
    ],
  },
];

/** All accounts. The open one is shown next to the list; on phones it replaces the list. */
export function UsersTab() {
  const navigate = useNavigate();
  const { userId } = useParams({ strict: false });
  return (
    <>
      <div className={cx("flex min-h-0 min-w-0 flex-1", userId && "narrow:hidden")}>
        <AdminTable
          label="Users"
          failed="Couldn't load users"
          searchBox={{ label: "Search users", placeholder: "Search by name, email or ID" }}
          columns={columns}
          filters={filters}
          queryKey={[...usersKey, "list"]}
          load={(request, signal) => api.adminUsers.list({ query: userQueryOf(request) }, { signal })}
          openId={userId}
          onOpen={({ id }) => void navigate({ to: "/admin/users/$userId", params: { userId: id }, search: (before) => before })}
          exportUrl={(request) => urlOf("/api/admin/users/export", { query: exportQueryOf(userQueryOf(request)) })}
          bulk={{
            labelOf: ({ name }) => `Select ${name}`,
            render: (users, clear) => (
              <>
                <BulkSuspension users={users} onDone={clear} />
                <BulkUserDeletion users={users} onDone={clear} />
              </>
            ),
          }}
          empty={{ title: "No users yet", text: "Users appear here after they sign up." }}
        />
      </div>
      <Outlet />
    </>
  );
}
