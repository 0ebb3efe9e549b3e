import { Outlet, useNavigate } from "@tanstack/react-router";
import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { CircleQuestionMark, Keyboard, LogOut, SunMoon } from "lucide-react";
import { Suspense, useEffect, useMemo, useState } from "react";
import { configQuery, signOut } from "../features/auth/index.ts";
import { BalanceRow, LimitDialog } from "../features/billing/index.ts";
import { HelpPanel, useHelpPaletteSource, useRouteHelp } from "../features/help/index.ts";
import { useSearchPaletteSources } from "../features/search/index.ts";
import { useAccountTheme, useThemesPaletteSource } from "../features/themes/index.ts";
import { useKeptPreferences, meQuery } from "../features/users/index.ts";
import { lazyComponent, preload } from "../lib/chunks.ts";
import { focusRegion } from "../lib/focus-region.ts";
import { whenIdle } from "../lib/idle.ts";
import { useShortcuts } from "../lib/use-shortcuts.ts";
import { LimitContext, type ReachedLimit } from "../project/limit-context.ts";
import { createPaletteRegistry, PaletteContext, usePaletteSource, type PaletteItem, type PaletteSource } from "../ui/page/palette.ts";
import { toggleTheme } from "../ui/page/ThemeButton.tsx";
import { toast } from "../ui/toast.tsx";
import { TooltipProvider } from "../ui/TooltipContent.tsx";
import { ConnectionPill } from "./ConnectionPill.tsx";
import { DemoStrip } from "./DemoStrip.tsx";
import { HelpFrame } from "./HelpFrame.tsx";
import { ImpersonationStrip } from "./ImpersonationStrip.tsx";
import { BottomBar, Rail } from "./Rail.tsx";

const loadPalette = async () => (await import("./Palette.tsx")).Palette;
const Palette = lazyComponent(loadPalette);
const loadHelpSheet = async () => (await import("../ui/page/HelpSheet.tsx")).HelpSheet;
const HelpSheet = lazyComponent(loadHelpSheet);
/** The palette first: what is typed right after its shortcut must not go to the page behind it. */
const idlePreloads = [() => preload(loadPalette), () => preload(loadHelpSheet)];

/** Everything around a signed-in page: rail, main, palette, help. */
export function AppFrame() {
  const { data: user } = useSuspenseQuery(meQuery);
  const [palette, setPalette] = useState<{ sources: readonly PaletteSource[]; text: string; isOpen: boolean; opening: number }>();
  const [limit, setLimit] = useState<ReachedLimit>();
  const registry = useMemo(() => {
    const made = createPaletteRegistry((text = "") =>
      setPalette((before) => ({ sources: made.sources(), text, isOpen: true, opening: (before?.opening ?? 0) + 1 })),
    );
    return made;
  }, []);
  return (
    <PaletteContext value={registry}>
      <TooltipProvider>
        <LimitContext value={setLimit}>
          <FrameBody openPalette={registry.open} />
        </LimitContext>
        {limit ? (
          <Suspense fallback={null}>
            <LimitDialog {...limit} onClose={() => setLimit(undefined)} />
          </Suspense>
        ) : null}
      </TooltipProvider>
      {palette ? (
        <Suspense fallback={null}>
          <Palette
            key={palette.opening}
            isOpen={palette.isOpen}
            sources={palette.sources}
            user={user}
            initialText={palette.text}
            onOpenChange={(isOpen) => setPalette({ ...palette, isOpen })}
          />
        </Suspense>
      ) : null}
    </PaletteContext>
  );
}

function FrameBody({ openPalette }: { openPalette: (text?: string) => void }) {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const isBilled = config?.features.billing ?? false;
  useKeptPreferences();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const [isSheetOpen, setIsSheetOpen] = useState(false);
  const help = useRouteHelp();
  // A page without help of its own is part of the help, or leads on.
  const toggleHelp = () => (help === undefined ? setIsSheetOpen(true) : setIsHelpOpen((isOpen) => !isOpen));
  const leave = async () => {
    try {
      await signOut(queryClient);
      await navigate({ to: "/login" });
    } catch {
      toast("Couldn't sign out. You're still signed in.", {
        kind: "failed",
        action: { label: "Retry", onSelect: () => void leave() },
      });
    }
  };

  useShortcuts({
    "palette.open": () => openPalette(),
    "help.open": toggleHelp,
    "help.shortcuts": () => setIsSheetOpen(true),
    "settings.open": () => void navigate({ to: "/settings/profile" }),
    "go.home": () => void navigate({ to: "/" }),
    "go.projects": () => void navigate({ to: "/projects" }),
    "go.marketplace": () => void navigate({ to: "/marketplace" }),
    "go.new": () => void navigate({ to: "/new" }),
    "go.settings": () => void navigate({ to: "/settings/profile" }),
    "theme.toggle": toggleTheme,
    "focus.next": () => focusRegion(1),
    "focus.previous": () => focusRegion(-1),
  });
  const commands: PaletteItem[] = [
    {
      id: "theme.toggle",
      title: "Toggle dark theme",
      words: "light night mode",
      icon: <SunMoon size={14} />,
      shortcut: "theme.toggle",
      run: toggleTheme,
    },
    {
      id: "help.open",
      title: "Help for this page",
      icon: <CircleQuestionMark size={14} />,
      shortcut: "help.open",
      run: toggleHelp,
    },
    {
      id: "help.shortcuts",
      title: "Show keyboard shortcuts",
      words: "help keys hotkeys",
      icon: <Keyboard size={14} />,
      shortcut: "help.shortcuts",
      run: () => setIsSheetOpen(true),
    },
    { id: "sign-out", title: "Sign out", words: "log out logout leave", icon: <LogOut size={14} />, run: () => void leave() },
  ];
  usePaletteSource({ id: "frame", heading: "Commands", kind: "commands", list: () => commands });
  useSearchPaletteSources();
  useHelpPaletteSource();
  useThemesPaletteSource();
  useAccountTheme(user.theme_preset);
  useEffect(() => whenIdle(idlePreloads), []);

  return (
    <div className="flex h-full narrow:flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50 focus:rounded-2 focus:bg-fg-0 focus:px-3 focus:py-2 focus:text-bg-1"
      >
        Skip to content
      </a>
      <Rail user={user} isBilled={isBilled} onHelp={toggleHelp} onSignOut={() => void leave()} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <ImpersonationStrip />
        <DemoStrip />
        {isBilled ? (
          <Suspense fallback={null}>
            <BalanceRow />
          </Suspense>
        ) : null}
        <Outlet />
      </div>
      {isHelpOpen && help !== undefined ? (
        <Suspense fallback={null}>
          <HelpPanel about={help} onClose={() => setIsHelpOpen(false)} onShortcuts={() => setIsSheetOpen(true)} />
        </Suspense>
      ) : null}
      <BottomBar user={user} onFind={() => openPalette()} onHelp={toggleHelp} onSignOut={() => void leave()} />
      <ConnectionPill />
      {isSheetOpen ? (
        <Suspense fallback={<HelpFrame onClose={() => setIsSheetOpen(false)} />}>
          <HelpSheet isOpen onOpenChange={setIsSheetOpen} />
        </Suspense>
      ) : null}
    </div>
  );
}
