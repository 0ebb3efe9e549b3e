import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { CircleQuestionMark, LogOut, Search } from "lucide-react";
import { Suspense } from "react";
import type { User } from "@tesslate/contract";
import { BalanceLink } from "../features/billing/index.ts";
import { cx } from "../lib/cx.ts";
import { isLinked, mainPagesFor, type MainPage, type PagePath } from "../pages.tsx";
import { Avatar } from "../ui/Avatar.tsx";
import { bottomBarCell, MoreCell } from "../ui/bottom-bar.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { ShortcutKeys } from "../ui/ShortcutKeys.tsx";
import { Menu, type MenuEntry } from "../ui/Menu.tsx";
import { pageEntries } from "../ui/page/page-entries.tsx";
import { Tooltip } from "../ui/Tooltip.tsx";
import { Mark } from "./Mark.tsx";

const square =
  "relative grid size-9 place-items-center rounded-3 text-fg-2 transition-colors hover:bg-bg-3 hover:text-fg-0 aria-[current=page]:bg-bg-3 aria-[current=page]:text-fg-0";

interface Place extends MainPage {
  isHere: boolean;
}

/** The main pages that someone may open, and which of them is the current one. */
function usePlaces(user: Pick<User, "is_superuser">): Place[] {
  const pathname = useLocation({ select: (location) => location.pathname.replace(/(.)\/$/, "$1") });
  const covers = (pattern: string) => (pattern.endsWith("/*") ? `${pathname}/`.startsWith(pattern.slice(0, -1)) : pathname === pattern);
  return mainPagesFor(user).map((page) => ({ ...page, isHere: page.covers?.some(covers) === true }));
}

const RailLink = ({ place }: { place: Place & { to: PagePath } }) => (
  <Tooltip text={place.label} side="right" {...(place.shortcut && { keys: <ShortcutKeys id={place.shortcut} /> })}>
    <Link to={place.to} aria-label={place.label} aria-current={place.isHere ? "page" : undefined} className={square}>
      {place.icon}
    </Link>
  </Tooltip>
);

/** The 48 px rail at the left. */
export function Rail({
  user,
  isBilled,
  onHelp,
  onSignOut,
}: {
  user: User;
  /** Runs cost credits. */
  isBilled: boolean;
  onHelp: () => void;
  onSignOut: () => void;
}) {
  const places = usePlaces(user);
  const at = (end: MainPage["rail"]) =>
    places
      .filter(isLinked)
      .filter(({ rail }) => rail === end)
      .map((place) => <RailLink key={place.to} place={place} />);
  return (
    <nav
      aria-label="Main"
      data-region="navigation"
      className="flex w-12 flex-none flex-col items-center gap-0.5 py-2 narrow:hidden print:hidden"
    >
      <Link to="/" aria-label="Tesslate Studio, home" className="mb-2 grid size-9 place-items-center rounded-3 text-fg-0">
        <Mark />
      </Link>
      {at("top")}
      <span className="flex-1" />
      {isBilled ? (
        <Suspense fallback={null}>
          <BalanceLink />
        </Suspense>
      ) : null}
      <IconButton label="Help" tooltipSide="right" keys={<ShortcutKeys id="help.open" />} className="size-9 rounded-3" onClick={onHelp}>
        <CircleQuestionMark />
      </IconButton>
      {at("bottom")}
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
export function BottomBar({
  user,
  onFind,
  onHelp,
  onSignOut,
}: {
  user: User;
  onFind: () => void;
  onHelp: () => void;
  onSignOut: () => void;
}) {
  const places = usePlaces(user);
  const navigate = useNavigate();
  const inMore = places.filter(({ phone }) => phone === "more");
  const more: MenuEntry[] = [
    { label: "Search", icon: <Search size={14} />, onSelect: onFind },
    { label: "Help for this page", icon: <CircleQuestionMark size={14} />, onSelect: onHelp },
    "-",
    ...pageEntries(inMore, (to) => void navigate({ href: to })),
    "-",
    { label: "Sign out", icon: <LogOut size={14} />, onSelect: onSignOut },
  ];
  return (
    <nav
      aria-label="Main"
      data-region="navigation"
      className="hidden h-[calc(56px+env(safe-area-inset-bottom))] flex-none grid-cols-5 border-t border-line-0 bg-bg-1 pb-[env(safe-area-inset-bottom)] narrow:grid print:hidden"
    >
      {places
        .filter(isLinked)
        .filter(({ phone }) => phone === "bar")
        .map((place) => (
          <Link key={place.label} to={place.to} aria-current={place.isHere ? "page" : undefined} className={bottomBarCell}>
            {place.icon}
            {place.label}
          </Link>
        ))}
      <MoreCell entries={more} isCurrent={inMore.some(({ isHere }) => isHere)} />
    </nav>
  );
}
