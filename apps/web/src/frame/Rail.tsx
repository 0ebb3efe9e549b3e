import { Link, useMatchRoute, useNavigate } from "@tanstack/react-router";
import { CircleQuestionMark, House, LayoutGrid, Library, LogOut, Megaphone, Search, Settings, ShieldUser, Store } from "lucide-react";
import type { ReactNode } from "react";
import type { User } from "@tesslate/contract";
import { cx } from "../lib/cx.ts";
import { capsOf } from "../lib/shortcut-keys.ts";
import { shortcuts, type ShortcutId } from "../shortcuts.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { bottomBarCell, MoreCell } from "../ui/bottom-bar.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { smallIcon } from "../ui/icons.tsx";
import { Kbds } from "../ui/Kbd.tsx";
import { Menu, type MenuEntry } from "../ui/Menu.tsx";
import { Tooltip } from "../ui/Tooltip.tsx";
import { Mark } from "./Mark.tsx";

const Caps = ({ id }: { id: ShortcutId }) => <Kbds caps={capsOf(shortcuts[id].keys[0] ?? "").flat()} />;
const square =
  "relative grid size-9 place-items-center rounded-3 text-fg-2 transition-colors hover:bg-bg-3 hover:text-fg-0 aria-[current=page]:bg-bg-3 aria-[current=page]:text-fg-0";

interface Place {
  to: "/" | "/projects" | "/marketplace" | "/settings/profile" | "/admin" | "/feedback";
  label: string;
  icon: ReactNode;
  isHere: boolean;
  shortcut?: ShortcutId;
}

function usePlaces(): { home: Place; projects: Place; store: Place; settings: Place; admin: Place; feedback: Place } {
  const match = useMatchRoute();
  const isIn = (
    to: "/" | "/projects" | "/new" | "/marketplace" | "/library" | "/settings" | "/admin" | "/feedback" | "/p/$slug/{-$view}",
    isFuzzy = false,
  ) => match({ to, fuzzy: isFuzzy }) !== false;
  return {
    home: { to: "/", label: "Home", icon: <House />, isHere: isIn("/"), shortcut: "go.home" },
    projects: {
      to: "/projects",
      label: "Projects",
      icon: <LayoutGrid />,
      isHere: isIn("/projects") || isIn("/new") || isIn("/p/$slug/{-$view}"),
      shortcut: "go.projects",
    },
    store: {
      to: "/marketplace",
      label: "Store",
      icon: <Store />,
      isHere: isIn("/marketplace", true) || isIn("/library", true),
      shortcut: "go.marketplace",
    },
    settings: { to: "/settings/profile", label: "Settings", icon: <Settings />, isHere: isIn("/settings", true), shortcut: "go.settings" },
    admin: { to: "/admin", label: "Administration", icon: <ShieldUser />, isHere: isIn("/admin", true) },
    feedback: { to: "/feedback", label: "Feedback", icon: <Megaphone />, isHere: isIn("/feedback") },
  };
}

const RailLink = ({ place }: { place: Place }) => (
  <Tooltip text={place.label} side="right" {...(place.shortcut && { keys: <Caps id={place.shortcut} /> })}>
    <Link to={place.to} aria-label={place.label} aria-current={place.isHere ? "page" : undefined} className={square}>
      {place.icon}
    </Link>
  </Tooltip>
);

/** The 48 px rail at the left. */
export function Rail({ user, onHelp, onSignOut }: { user: User; onHelp: () => void; onSignOut: () => void }) {
  const places = usePlaces();
  return (
    <nav aria-label="Main" className="flex w-12 flex-none flex-col items-center gap-0.5 py-2 narrow:hidden">
      <Link to="/" aria-label="Tesslate Studio, home" className="mb-2 grid size-9 place-items-center rounded-3 text-fg-0">
        <Mark />
      </Link>
      <RailLink place={places.home} />
      <RailLink place={places.projects} />
      <RailLink place={places.store} />
      <span className="flex-1" />
      <RailLink place={places.feedback} />
      <IconButton
        label="Keyboard shortcuts"
        tooltipSide="right"
        keys={<Caps id="help.open" />}
        className="size-9 rounded-3"
        onClick={onHelp}
      >
        <CircleQuestionMark />
      </IconButton>
      {user.is_superuser ? <RailLink place={places.admin} /> : null}
      <RailLink place={places.settings} />
      <AccountMenu user={user} onSignOut={onSignOut} />
    </nav>
  );
}

function AccountMenu({ user, onSignOut }: { user: User; onSignOut: () => void }) {
  return (
    <Menu
      side="right"
      align="end"
      label="Account"
      trigger={
        <button type="button" aria-label={`${user.name}, account`} className={cx(square, "data-[state=open]:bg-bg-3")}>
          <Avatar name={user.name} url={user.avatar_url} />
        </button>
      }
      head={
        <div className="px-2 pt-1 pb-2">
          <div className="truncate font-medium">{user.name}</div>
          <div className="truncate text-xs text-fg-2">{user.email}</div>
        </div>
      }
      entries={["-", { label: "Sign out", icon: <LogOut size={14} />, onSelect: onSignOut }]}
    />
  );
}

/** The same links on a phone; "More" has the rest. The workbench hides this bar and has another one. */
export function BottomBar({ user, onFind, onSignOut }: { user: User; onFind: () => void; onSignOut: () => void }) {
  const { home, projects, store, settings, admin, feedback } = usePlaces();
  const navigate = useNavigate();
  const inMore = [feedback, ...(user.is_superuser ? [admin] : [])];
  const more: MenuEntry[] = [
    { label: "Search", icon: <Search size={14} />, onSelect: onFind },
    { label: "Library", icon: <Library size={14} />, onSelect: () => void navigate({ to: "/library" }) },
    ...inMore.map(({ to, label, icon }) => ({ label, icon: smallIcon(icon), onSelect: () => void navigate({ to }) })),
    "-",
    { label: "Sign out", icon: <LogOut size={14} />, onSelect: onSignOut },
  ];
  return (
    <nav
      aria-label="Main"
      className="hidden h-[calc(56px+env(safe-area-inset-bottom))] flex-none grid-cols-5 border-t border-line-0 bg-bg-1 pb-[env(safe-area-inset-bottom)] narrow:grid"
    >
      {[home, projects, store, settings].map((place) => (
        <Link key={place.label} to={place.to} aria-current={place.isHere ? "page" : undefined} className={bottomBarCell}>
          {place.icon}
          {place.label}
        </Link>
      ))}
      <MoreCell entries={more} isCurrent={inMore.some(({ isHere }) => isHere)} />
    </nav>
  );
}
